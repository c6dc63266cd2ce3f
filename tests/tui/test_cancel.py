"""Cancelling many transfers asks first; cancelling one does not."""

from __future__ import annotations

from pathlib import Path

from textual.pilot import Pilot

from hypha_artifact.transfer.state import (
    Action,
    Command,
    Direction,
    GroupView,
    JobState,
    Snapshot,
)
from hypha_tui.screens.main import MainScreen
from hypha_tui.widgets.transfers import TransfersPanel
from tests.tui.fakes import LAB, FakeSession, until
from tests.tui.test_flows import desk, dialog, said


def batch(files: int) -> Snapshot:
    group = GroupView(
        id=1,
        title="batch",
        direction=Direction.UPLOAD,
        artifact=LAB,
        size=4096,
        done=1024,
        counts={JobState.QUEUED: files, JobState.DONE: 2},
    )
    return Snapshot(revision=7, groups=(group,))


async def show(
    pilot: Pilot[None], screen: MainScreen, session: FakeSession, snapshot: Snapshot
) -> None:
    """Wait until the panel shows a snapshot and has the focus."""
    session.fake.shown = snapshot
    await until(pilot, lambda: screen._watch.snapshot is snapshot)
    await pilot.press("t")
    await until(pilot, lambda: isinstance(screen.focused, TransfersPanel))


async def test_all_are_cancelled_only_after_a_yes(
    session: FakeSession, local: Path
) -> None:
    async with desk(session, local) as (pilot, screen):
        await show(pilot, screen, session, batch(5))
        await pilot.press("X")
        await until(pilot, lambda: dialog(pilot) == "ConfirmScreen")
        await pilot.press("escape")
        await until(pilot, lambda: said(screen) == "Nothing was cancelled.")
        assert session.fake.commands == []
        await pilot.press("X")
        await until(pilot, lambda: dialog(pilot) == "ConfirmScreen")
        await pilot.press("y")
        await until(pilot, lambda: session.fake.commands)
        assert session.fake.commands == [Command(action=Action.CANCEL)]


async def test_one_is_cancelled_at_once(session: FakeSession, local: Path) -> None:
    async with desk(session, local) as (pilot, screen):
        await show(pilot, screen, session, batch(1))
        await pilot.press("X")
        await until(pilot, lambda: session.fake.commands)
        assert dialog(pilot) == "MainScreen"
