"""Disks that are full, or that nobody may write to, and are mended later."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from hypha_artifact.transfer.place import Place
from hypha_artifact.transfer.state import Action, JobState
from tests import disks
from tests.engines import end
from tests.faults import Fault, FaultProxy
from tests.transfer.conftest import Bench, checksums

MIB = 1024 * 1024


async def test_a_target_without_room_then_read_only(
    small_disk: Path, bench: Bench
) -> None:
    bench.write("large.bin", 60 * MIB)
    bench.write("small.bin", 1000)
    await bench.final(await bench.upload())
    bench.target = small_disk
    group = await bench.download()
    counts = await bench.final(group)
    assert counts == {JobState.DONE: 1, JobState.FAILED: 1}
    (job,) = (j for j in bench.client.snapshot().jobs if j.state is JobState.FAILED)
    assert "No room left" in (job.reason or "")
    assert "Make room" in (job.hint or "")
    await bench.until(lambda _: not bench.leftovers())
    assert list(checksums(small_disk)) == ["source/small.bin"]

    disks.change(small_disk, "ro,size=100m")
    await bench.control(Action.RETRY)
    assert await bench.final(group) == counts
    (job,) = (j for j in bench.client.snapshot().jobs if j.state is JobState.FAILED)
    assert "the file system is read-only" in (job.reason or "")

    disks.change(small_disk, "rw,size=100m")
    await bench.control(Action.RETRY)
    assert await bench.final(group) == {JobState.DONE: 2}
    assert checksums(bench.target / "source") == checksums(bench.source)
    assert not bench.leftovers()
    await bench.client.aclose()


@pytest.fixture
def place(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """A state folder on a small disk, whose engine ends with the test."""
    monkeypatch.setenv("XDG_STATE_HOME", str(small_disk))
    place = Place()
    yield place
    end(place)


async def test_a_journal_without_room_holds_up_and_loses_nothing(
    outside: Bench, faults: FaultProxy, small_disk: Path
) -> None:
    hold = faults.add(Fault("^PUT /s3/", times=None, skip=10, stall=asyncio.Event()))
    for number in range(100):
        outside.write(f"{number}.bin", 2000)
    group = await outside.upload()
    await outside.until(lambda _: hold.hits > 2)
    ballast = disks.fill(small_disk)
    assert hold.stall
    hold.stall.set()
    await outside.until(lambda s: "Make room" in (s.notice or ""))
    assert not outside.group(group).is_final
    ballast.unlink()
    assert await outside.final(group) == {JobState.DONE: 100}
    await outside.until(lambda s: s.notice is None)
    assert faults.count("^PUT /s3/") == 100, "nothing was sent twice"
