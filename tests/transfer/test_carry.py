"""Files of the last version carried into a new one, which starts empty."""

from __future__ import annotations

import msgspec

from hypha_artifact import staging
from hypha_artifact.models import Fate, StageMode
from hypha_artifact.paths import RemotePath
from hypha_artifact.transfer.rules import resolve
from hypha_artifact.transfer.state import CarryRequest, JobState
from tests.transfer.conftest import Bench, checksums

MIB = 1024 * 1024


async def test_what_is_left_out_can_be_carried(bench: Bench) -> None:
    bench.write("small/a.bin", 5000)
    bench.write("#odd?.txt", 10)
    bench.write("empty", 0)
    bench.write("large.bin", 40 * MIB + 7)
    changed = bench.write("changed.txt", 100)
    await bench.final(await bench.upload())
    committed = await staging.commit(bench.remote, comment="first")
    version = (committed.versions or [])[-1].version

    changed.write_bytes(b"the second version's")
    await bench.remote.open_stage(StageMode.NEW_VERSION)
    request = msgspec.structs.replace(
        bench.request(folder="up/source"), sources=(changed,)
    )
    plan = await bench.client.plan(request)
    await bench.final(await bench.client.submit(plan))
    gone = [
        RemotePath(file.path)
        for file in (await staging.preview_commit(bench.remote)).files
        if file.fate is Fate.GONE
    ]
    assert len(gone) == 4

    carry = CarryRequest(
        artifact=bench.remote.id,
        version=version,
        paths=(*gone, RemotePath("up/source/changed.txt"), RemotePath("not/there")),
    )
    plan = await bench.client.plan(carry)
    assert [problem.source for problem in plan.problems] == ["not/there"]
    assert [item.remote for item in plan.collisions] == ["up/source/changed.txt"]
    group = await bench.client.submit(resolve(plan, {}))
    assert await bench.final(group) == {JobState.DONE: 4}
    preview = await staging.preview_commit(bench.remote)
    assert preview.count(Fate.GONE) == 0
    assert preview.count(Fate.KEPT) == 4
    assert preview.count(Fate.CHANGED) == 1

    await staging.commit(bench.remote, comment="second")
    await bench.final(await bench.download(version="latest"))
    assert checksums(bench.target / "source") == checksums(bench.source)
