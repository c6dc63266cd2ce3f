"""Whole batches through the real server and its store."""

from __future__ import annotations

import pytest

from hypha_artifact._api.transport import Transport
from hypha_artifact.models import StageMode
from hypha_artifact.paths import RemotePath
from hypha_artifact.remote import RemoteArtifact
from hypha_artifact.settings import ConnectionSettings
from hypha_artifact.transfer.client import TransferClient
from hypha_artifact.transfer.state import Action, JobState, Snapshot
from hypha_artifact.transfer.upload import Upload
from tests.faults import FaultProxy
from tests.transfer.conftest import ODD_NAMES, Bench, checksums, new_artifact

MIB = 1024 * 1024


def fill(bench: Bench) -> None:
    for number in range(60):
        bench.write(f"small/{number:03}.bin", 4096)
    for name in ODD_NAMES:
        bench.write(name, 100)
    bench.write("empty", 0)
    bench.write("large.bin", 45 * MIB + 11)
    bench.write("larger.bin", 70 * MIB)


@pytest.mark.parametrize("mode", list(StageMode))
async def test_a_tree_is_the_same_after_both_ways(
    bench: Bench, mode: StageMode
) -> None:
    fill(bench)
    group = await bench.upload(mode)
    assert await bench.final(group) == {JobState.DONE: 67}
    view = bench.group(group)
    assert view.done == view.size
    assert await bench.pending() == []
    await bench.remote.commit(comment="all of it")
    version = (await bench.remote.read()).versions
    assert version
    group = await bench.download(version=version[-1].version)
    assert await bench.final(group) == {JobState.DONE: 67}
    assert checksums(bench.target / "source") == checksums(bench.source)
    assert not bench.leftovers()


async def test_a_large_file_of_a_git_artifact_goes_whole(
    faulty: Bench, faults: FaultProxy, settings: ConnectionSettings
) -> None:
    """In parts it would be lost without a word (Hypha 0.21)."""
    async with Transport(settings) as transport:
        name = await new_artifact(transport, config={"storage": "git"})
        faulty.remote = RemoteArtifact(name, transport)
        faulty.write("large.bin", 33 * MIB)
        group = await faulty.upload()
        counts = await faulty.final(group)
        reasons = [job.reason for job in faulty.client.snapshot().jobs]
        assert counts == {JobState.DONE: 1}, reasons
        assert faults.count("partNumber") == 0
        await faulty.remote.commit(comment="whole")
        (entry,) = await faulty.remote.list_folder(RemotePath("up/source"))
        assert entry.name == "large.bin"
        assert entry.size == 33 * MIB


async def test_a_second_upload_collides_and_replaces(bench: Bench) -> None:
    path = bench.write("a.txt", 10)
    assert await bench.final(await bench.upload()) == {JobState.DONE: 1}
    path.write_bytes(b"quite another content")
    group = await bench.upload()
    assert await bench.final(group) == {JobState.DONE: 1}
    await bench.final(await bench.download())
    assert checksums(bench.target / "source") == checksums(bench.source)


async def test_pause_keeps_acknowledged_parts(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    move = Upload.move

    async def counted(self: Upload, step: object, part: int, credit: object) -> str:
        etag = await move(self, step, part, credit)  # type: ignore[arg-type]
        sent.append(part)
        return etag

    monkeypatch.setattr(Upload, "move", counted)
    bench.write("large.bin", 200 * MIB)
    group = await bench.upload()
    await bench.until(lambda _: bench.group(group).done > 0)
    await bench.control(Action.PAUSE)
    await bench.until(lambda s: s.count(JobState.PAUSED) == 1)
    kept = bench.group(group).done
    assert 0 < kept < 200 * MIB
    await bench.control(Action.RESUME)
    assert await bench.final(group) == {JobState.DONE: 1}
    assert sorted(sent) == list(range(25)), "no finished part was sent again"
    await bench.final(await bench.download())
    assert checksums(bench.target / "source") == checksums(bench.source)


async def test_cancel_leaves_no_phantom(bench: Bench) -> None:
    for number in range(40):
        bench.write(f"{number:03}.bin", 256 * 1024)
    bench.write("large.bin", 300 * MIB)
    group = await bench.upload()
    await bench.until(lambda _: bench.group(group).done > 0)
    await bench.control(Action.CANCEL)
    assert bench.group(group).is_final
    await bench.client.aclose()
    assert await bench.pending() == []
    await bench.remote.commit(comment="what had arrived")


async def test_cancel_leaves_no_temporary_file(bench: Bench) -> None:
    bench.write("large.bin", 300 * MIB)
    await bench.final(await bench.upload())
    group = await bench.download()
    await bench.until(lambda _: bench.group(group).done > 0)
    await bench.control(Action.CANCEL)
    await bench.client.aclose()
    assert checksums(bench.target) == {}


async def test_a_file_that_cannot_be_read_fails_alone(bench: Bench) -> None:
    bench.write("a", 10)
    gone = bench.write("b", 10)
    group_files = 30
    for number in range(group_files):
        bench.write(f"c{number}", 10)
    plan = await bench.client.plan(bench.request())
    gone.unlink()
    group = await bench.client.submit(plan)
    counts = await bench.final(group)
    assert counts == {JobState.DONE: group_files + 1, JobState.FAILED: 1}
    job = next(j for j in bench.client.snapshot().jobs if j.state is JobState.FAILED)
    assert "not there any more" in (job.reason or "")
    assert await bench.pending() == [], "it was never announced"


async def test_the_snapshot_after_a_command_shows_it(bench: Bench) -> None:
    bench.write("a", 10)
    before = bench.client.snapshot()
    group = await bench.upload()
    after = bench.client.snapshot()
    assert after.revision > before.revision
    assert [g.id for g in after.groups] == [group]
    await bench.final(group)
    await bench.control(Action.CLEAR)
    assert bench.client.snapshot().groups == ()


async def test_two_batches_run_beside_each_other(bench: Bench) -> None:
    bench.write("a", 300 * 1024)
    first = await bench.upload(folder="one")
    second = await bench.upload(folder="two")
    assert await bench.final(first) == {JobState.DONE: 1}
    assert await bench.final(second) == {JobState.DONE: 1}


async def test_a_client_that_did_nothing_closes(
    settings_client: TransferClient,
) -> None:
    assert settings_client.snapshot() == Snapshot()
    await settings_client.aclose()
