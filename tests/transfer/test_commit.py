"""The commit that a batch ends with: one, and only if every file has arrived."""

from __future__ import annotations

import asyncio
import signal

import pytest
from msgspec import structs

from hypha_artifact.models import StageMode
from hypha_artifact.paths import RemotePath
from hypha_artifact.transfer.outcome import CommitOption, CommitState
from hypha_artifact.transfer.place import Place
from hypha_artifact.transfer.state import Action, Command, JobState
from tests.engines import end
from tests.faults import Fault, FaultProxy
from tests.transfer.conftest import Bench

COMMIT = "artifact-manager/commit"


async def _upload(bench: Bench, comment: str, folder: str = "up") -> int:
    mode = StageMode.NEW_VERSION
    request = bench.request(mode, folder)
    request = structs.replace(request, commit=CommitOption(comment=comment))
    return await bench.client.submit(await bench.client.plan(request))


def _state(bench: Bench, group: int) -> CommitState | None:
    commit = bench.group(group).commit
    return commit.state if commit else None


async def _comments(bench: Bench) -> list[str | None]:
    versions = (await bench.remote.read()).versions or []
    return [version.comment for version in versions[1:]]


async def test_it_waits_for_every_file_and_for_other_batches(
    outside: Bench, faults: FaultProxy
) -> None:
    for number in range(5):
        outside.write(f"{number}.bin", 3000)
    faults.add(Fault("^PUT /s3/.*a/source/3.bin", times=None, status=403))
    stall = asyncio.Event()
    faults.add(Fault("^PUT /s3/.*b/source/4.bin", times=None, stall=stall))
    first = await _upload(outside, "both", "a")
    second = await _upload(outside, "both", "b")
    counts = {JobState.DONE: 4, JobState.FAILED: 1}
    assert await outside.final(first) == counts
    held = outside.group(first).commit
    assert held is not None
    assert held.state is CommitState.HELD
    assert "1 file has not arrived" in (held.reason or "")
    await outside.until(lambda _: outside.group(second).count(JobState.DONE) == 4)
    assert faults.count(COMMIT) == 0
    faults.clear()
    await outside.control(Action.RETRY, first)
    await outside.until(lambda _: outside.group(first).count(JobState.DONE) == 5)
    await outside.control(Action.CLEAR, first)
    assert outside.group(first).files == 5, "its commit is to come"
    assert faults.count(COMMIT) == 0, "the other's files would stand in its way"
    stall.set()
    for group in (first, second):
        await outside.final(group)
        commit = outside.group(group).commit
        assert commit is not None
        assert (commit.state, commit.version) == (CommitState.DONE, "v1")
    assert faults.count(COMMIT) == 1
    assert await _comments(outside) == ["both"]
    assert await outside.client.history()


async def test_it_comes_once_though_most_of_the_files_rest(
    window: int, outside: Bench, faults: FaultProxy
) -> None:
    for number in range(many := 3 * window // 2):
        outside.write(f"{number:02}.bin", 3000)
    faults.add(Fault("^PUT /s3/.*source/03.bin", times=None, status=403))
    stall = asyncio.Event()
    faults.add(Fault("^PUT /s3/.*source/20.bin", stall=stall))
    group = await _upload(outside, "all of them")
    await outside.until(lambda _: outside.group(group).count(JobState.DONE) == many - 2)
    assert len(outside.client.snapshot().jobs) <= window
    assert _state(outside, group) is CommitState.WAITING
    stall.set()
    counts = {JobState.DONE: many - 1, JobState.FAILED: 1}
    assert await outside.final(group) == counts
    assert _state(outside, group) is CommitState.HELD
    assert faults.count(COMMIT) == 0
    faults.clear()
    await outside.control(Action.RETRY, group)
    await outside.until(lambda _: _state(outside, group) is CommitState.DONE)
    assert outside.group(group).counts == {JobState.DONE: many}
    assert faults.count(COMMIT) == 1
    assert await _comments(outside) == ["all of them"]
    found = await outside.remote.list_folder(RemotePath("up/source"), version="v1")
    assert sum(entry.size == 3000 for entry in found) == many


async def test_what_stands_in_its_way_is_told_and_can_be_mended(
    outside: Bench, faults: FaultProxy
) -> None:
    outside.write("a.bin", 100)
    await outside.remote.open_stage(StageMode.NEW_VERSION)
    (ghost,) = await outside.remote.sign_uploads([RemotePath("ghost")])
    group = await _upload(outside, "mended")
    await outside.final(group)
    commit = outside.group(group).commit
    assert commit is not None
    assert commit.state is CommitState.FAILED
    assert "announced" in (commit.reason or "")
    assert faults.count(COMMIT) == 0
    await outside.remote.clear_pending([ghost])
    await outside.control(Action.RETRY, group)
    await outside.until(lambda _: _state(outside, group) is CommitState.DONE)
    assert await _comments(outside) == ["mended"]

    faults.add(Fault("^PUT /s3/.*a.bin", times=None, status=403))
    outside.write("b.bin", 10)
    group = await _upload(outside, "never")
    assert await outside.final(group) == {JobState.DONE: 1, JobState.FAILED: 1}
    page = await outside.client.page(group, 0, 10)
    failed = tuple(job.id for job in page if job.state is JobState.FAILED)
    await outside.client.control(Command(action=Action.CLEAR, jobs=failed))
    assert await outside.final(group) == {JobState.DONE: 1}
    assert _state(outside, group) is CommitState.DROPPED
    assert faults.count(COMMIT) == 1
    await outside.control(Action.COMMIT, group)
    await outside.until(lambda _: _state(outside, group) is CommitState.DONE)
    assert len(await _comments(outside)) == 2


@pytest.mark.parametrize("arrives", [True, False])
async def test_a_commit_that_was_cut_off_is_looked_up(
    outside: Bench, faults: FaultProxy, place: Place, *, arrives: bool
) -> None:
    outside.write("a.bin", 100)
    stall = asyncio.Event()
    cut = None if arrives else 0
    faults.add(Fault(COMMIT, times=1, stall=stall, cut_request=cut))
    group = await _upload(outside, "once")
    await outside.until(lambda _: faults.count(COMMIT) == 1)
    assert _state(outside, group) is CommitState.COMMITTING
    end(place, signal.SIGKILL)
    stall.set()
    await outside.until(lambda _: _state(outside, group) is CommitState.DONE)
    assert faults.count(COMMIT) == (1 if arrives else 2)
    assert await _comments(outside) == ["once"]
