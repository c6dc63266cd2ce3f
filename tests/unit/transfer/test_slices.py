"""A hundred thousand files at once: everything else has its turn meanwhile."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest

from hypha_artifact.models import StageMode
from hypha_artifact.paths import ROOT, RemotePath
from hypha_artifact.transfer import slices
from hypha_artifact.transfer.engine import TransferEngine
from hypha_artifact.transfer.items import PlanItem
from hypha_artifact.transfer.journal import Journal
from hypha_artifact.transfer.ledger import BACKLOG
from hypha_artifact.transfer.slices import in_slices, long_lived
from hypha_artifact.transfer.state import Action, Command, JobState, UploadRequest
from hypha_artifact.transfer.submitting import Piece
from tests.unit.transfer.fakes import LAB, FakeRemote

FILES = 3 * BACKLOG


async def test_commands_for_many_files_let_others_work_and_survive_a_cancel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slices, "SLICE", 0.0)
    journal = Journal(tmp_path / "journal")
    remote = FakeRemote()
    request = UploadRequest(
        sources=(tmp_path,), artifact=LAB, folder=ROOT, mode=StageMode.NEW_VERSION
    )
    items = [
        PlanItem(local=tmp_path / f"{n}", remote=RemotePath(f"{n}"), size=1)
        for n in range(FILES)
    ]
    turns = 0
    most = 0

    async def others() -> None:
        nonlocal turns, most
        while True:
            turns += 1
            most = max(most, journal.backlog)
            await anyio.lowlevel.checkpoint()

    async with TransferEngine(lambda _: remote, journal=journal) as engine:
        paused = Command(action=Action.PAUSE)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(others)
            piece = Piece(request=request, items=items, start=0, total=FILES, key="one")
            taken = await engine.submit_piece(piece)
            assert await engine.submit_piece(piece) == taken
            await engine.control(paused)
            tasks.cancel_scope.cancel()
        assert turns > FILES / 100
        assert most < 2 * BACKLOG
        with anyio.move_on_after(0):
            await engine.control(Command(action=Action.CANCEL))
        (group,) = engine.snapshot(fresh=True).groups
        assert group.counts == {JobState.CANCELLED: FILES}, "not stopped half way"
    await anyio.to_thread.run_sync(journal.close)


async def test_a_slice_ends_with_what_is_given() -> None:
    seen: list[str] = []

    async def between() -> None:
        seen.append("between")

    def steps() -> Iterator[None]:
        for number in range(200):
            seen.append(str(number))
            yield

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slices, "SLICE", 0.0)
        await in_slices(steps(), between)
    assert seen.count("between") >= 6
    assert [name for name in seen if name != "between"] == list(map(str, range(200)))


def test_what_lives_long_is_not_looked_at_again() -> None:
    before = gc.get_freeze_count()
    try:
        with long_lived():
            assert not gc.isenabled()
            kept = [[n] for n in range(1000)]
        assert gc.isenabled()
        assert gc.get_freeze_count() >= before + len(kept)
    finally:
        gc.unfreeze()
