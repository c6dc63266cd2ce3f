"""Files that grow, shrink, vanish or become others while they are read or written."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import anyio
import pytest
from msgspec import structs

from hypha_artifact.paths import RemotePath
from hypha_artifact.transfer import download
from hypha_artifact.transfer.state import Action, JobState, UploadRequest
from tests.faults import Fault, FaultProxy
from tests.transfer.conftest import Bench, checksums, contents, stored

KIB = 1024
MIB = 1024 * KIB
WHOLE, PARTS = 5 * MIB // 4, 2 * MIB


def _grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def _shrink(path: Path) -> None:
    os.truncate(path, 1000)


def _become_another(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(os.urandom(MIB))


HOW: dict[str, Callable[[Path], None]] = {
    "grows": _grow,
    "shrinks": _shrink,
    "vanishes": Path.unlink,
    "other": _become_another,
}


async def test_sources_that_change_while_they_are_read(
    faulty: Bench, faults: FaultProxy
) -> None:
    """None arrives mixed; each is told, and goes through when it is left alone."""
    sources = {
        f"{kind}-{how}": faulty.write(f"{kind}-{how}", size)
        for kind, size in (("whole", WHOLE), ("parts", PARTS))
        for how in HOW
    }
    faulty.write("calm", WHOLE)
    before = checksums(faulty.source)
    changed: set[str] = set()

    def change(request: str) -> None:
        found = re.match(r"PUT \S*/((?:whole|parts)-(\w+))\?", request)
        if found is None or found[1] in changed:
            return
        if found[1].startswith("whole") or "partNumber=3&" in request:
            changed.add(found[1])
            HOW[found[2]](sources[found[1]])

    faults.on_request = change
    group = await faulty.client.submit(await faulty.client.plan(_request(faulty)))
    await faulty.final(group)
    assert changed == sources.keys()
    reasons = await _failed(faulty, group)
    # A file that is open stays what it is, also without a name.
    assert reasons.keys() == sources.keys() - {"whole-vanishes"}
    for name, reason in reasons.items():
        wanted = "not there any more" if "vanishes" in name else "changed|shorter"
        assert re.search(wanted, reason), (name, reason)
    await _tidy(faulty)
    kept = await _staged(faulty)
    assert kept.items() <= before.items(), "a mixed file is in the stage"
    assert kept.keys() >= {"calm", "whole-vanishes"}
    sources["whole-vanishes"].unlink(missing_ok=True)
    sources["parts-vanishes"].write_bytes(os.urandom(PARTS))
    await faulty.control(Action.RETRY)
    assert await faulty.final(group) == {JobState.DONE: 9}
    arrived = await _staged(faulty)
    assert arrived.pop("whole-vanishes") == before["whole-vanishes"]
    assert arrived == checksums(faulty.source)


async def test_what_changes_between_the_plan_and_its_turn(faulty: Bench) -> None:
    """It is sent as it is when its turn comes, or told that it is gone."""
    sources = {
        f"{size}-{how}": faulty.write(f"{size}-{how}", size)
        for size in (3000, PARTS)
        for how in HOW
    }
    plan = await faulty.client.plan(_request(faulty))
    for name, path in sources.items():
        HOW[name.partition("-")[2]](path)
    group = await faulty.client.submit(plan)
    assert await faulty.final(group) == {JobState.DONE: 6, JobState.FAILED: 2}
    assert await stored(faulty.remote, faulty.source) == checksums(faulty.source)
    view = faulty.group(group)
    assert view.done == sum(path.stat().st_size for path in faulty.source.iterdir())


async def test_what_changes_while_it_is_fetched(
    faulty: Bench, faults: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file in the store, or the one that is written, is not the same any more."""
    monkeypatch.setattr(download, "MULTIPART_ABOVE", MIB)
    monkeypatch.setattr(download, "RANGE", 512 * KIB)
    monkeypatch.setattr(download, "STREAMS", 8)
    for name in ("calm", "replaced", "removed", "target-gone"):
        faulty.write(name, PARTS)
    await faulty.final(await faulty.upload())
    holds = {
        name: faults.add(Fault(f"^GET .*/{name}", skip=2, stall=asyncio.Event()))
        for name in ("replaced", "removed", "target-gone")
    }
    group = await faulty.download()
    await faulty.until(lambda _: all(hold.hits for hold in holds.values()))
    content = faulty.write("replaced", PARTS).read_bytes()
    await _put(faulty, RemotePath("up/source/replaced"), content)
    await faulty.remote.remove_file(RemotePath("up/source/removed"))
    for path in faulty.leftovers():
        if "target-gone" in path.name:
            path.unlink()
    for hold in holds.values():
        assert hold.stall
        hold.stall.set()
    await faulty.final(group)
    failed = await _failed(faulty, group)
    assert failed.keys() == holds.keys(), failed
    assert all(failed.values())
    assert "changed" in failed["replaced"]
    await faulty.until(lambda _: not faulty.leftovers())
    assert [path.name for path in faulty.target.rglob("*") if path.is_file()] == [
        "calm"
    ]
    await faulty.control(Action.RETRY)
    assert await faulty.final(group) == {JobState.DONE: 3, JobState.FAILED: 1}
    faulty.source.joinpath("removed").unlink()
    assert checksums(faulty.target / "source") == checksums(faulty.source)
    assert not faulty.leftovers()


def _request(bench: Bench) -> UploadRequest:
    return structs.replace(bench.request(), part_size=512 * KIB, multipart_above=WHOLE)


async def _put(bench: Bench, path: RemotePath, content: bytes) -> None:
    link = (await bench.remote.sign_uploads([path]))[path]

    async def body() -> AsyncIterator[bytes]:
        yield content

    await bench.remote.put(link, body(), len(content))


async def _failed(bench: Bench, group: int) -> dict[str, str]:
    """Return the reasons of the files that failed, by their names."""
    jobs = await bench.client.page(group, 0, 20)
    return {j.local.name: j.reason or "" for j in jobs if j.state is JobState.FAILED}


async def _tidy(bench: Bench) -> None:
    """Wait until nothing is announced that has no bytes."""
    with anyio.fail_after(60):
        while await bench.pending():  # noqa: ASYNC110 - no event tells
            await anyio.sleep(0.1)


async def _staged(bench: Bench) -> dict[str, str]:
    """Return the checksums of all files that the stage has bytes of."""
    folder = RemotePath("up/source")
    entries = await bench.remote.list_folder(folder, version="stage")
    return await contents(bench.remote, [folder / entry.name for entry in entries])
