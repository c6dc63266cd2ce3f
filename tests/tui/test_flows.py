"""Copying, removing, making folders: what is asked, refused, and handed on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
from textual.pilot import Pilot

from hypha_artifact.models import ChangeKind, StagedChange, StageMode
from hypha_artifact.paths import RemotePath
from hypha_artifact.transfer.items import PlanItem
from hypha_artifact.transfer.outcome import CommitOption
from hypha_artifact.transfer.plans import TransferPlan
from hypha_artifact.transfer.state import (
    Direction,
    DownloadRequest,
    GroupView,
    JobState,
    Snapshot,
    UploadRequest,
)
from hypha_tui.screens.main import MainScreen
from hypha_tui.widgets.key_bar import KeyBar
from hypha_tui.widgets.status_bar import StatusLine
from tests.tui.fakes import LAB, FakeSession, added, make_app, ready, until


@asynccontextmanager
async def desk(
    session: FakeSession, local: Path
) -> AsyncIterator[tuple[Pilot[None], MainScreen]]:
    app = make_app(session, local)
    async with app.run_test(size=(120, 40)) as pilot:
        yield pilot, await ready(pilot)


def said(screen: MainScreen) -> str:
    return screen.query_one(StatusLine).text


def dialog(pilot: Pilot[None]) -> str:
    return type(pilot.app.screen).__name__


def plan_one(session: FakeSession) -> None:
    """Let each upload be of one file."""

    async def plan(request: UploadRequest) -> TransferPlan:
        item = PlanItem(local=request.sources[0], remote=RemotePath("x"), size=1)
        return TransferPlan(request=request, items=(item,))

    session.fake.plan = plan  # type: ignore[method-assign,assignment]


async def test_the_kind_of_stage_is_asked_once(
    session: FakeSession, local: Path
) -> None:
    async with desk(session, local) as (pilot, screen):
        await pilot.press("end", "space", "c")
        await until(pilot, lambda: dialog(pilot) == "StageModeScreen")
        await pilot.press("i")
        await until(pilot, lambda: session.fake.asked)
        request = session.fake.asked[0]
        assert isinstance(request, UploadRequest)
        assert request.mode is StageMode.IN_PLACE
        assert request.sources == (local / "file_9.txt",)
        await until(pilot, lambda: dialog(pilot) == "MainScreen")
        await pilot.press("c")
        await until(pilot, lambda: len(session.fake.asked) == 2)
        assert said(screen) == "Nothing is left to copy."


async def test_a_wish_to_commit_goes_along_and_the_kind_is_asked_again(
    session: FakeSession, local: Path
) -> None:
    plan_one(session)
    async with desk(session, local) as (pilot, screen):
        for number in (1, 2):
            await pilot.press("end", "c")
            await until(pilot, lambda: dialog(pilot) == "StageModeScreen")
            await pilot.press("c", *"Done", "enter", "n")
            await until(pilot, lambda: "(a commit follows)" in said(screen))
            assert len(session.fake.submitted) == number
            screen.say("")
    for plan in session.fake.submitted:
        assert isinstance(plan.request, UploadRequest)
        assert plan.request.commit == CommitOption(comment="Done")


async def test_a_cancelled_question_copies_nothing(
    session: FakeSession, local: Path
) -> None:
    async with desk(session, local) as (pilot, screen):
        await pilot.press("end", "c")
        await until(pilot, lambda: dialog(pilot) == "StageModeScreen")
        await pilot.press("escape")
        await until(pilot, lambda: said(screen) == "Nothing was copied.")
        assert not session.fake.asked
        assert not session.modes


async def test_an_open_stage_is_joined_without_asking(
    session: FakeSession, local: Path
) -> None:
    session.mode = StageMode.IN_PLACE
    plan_one(session)
    async with make_app(session, local).run_test(size=(80, 24)) as pilot:
        screen = await ready(pilot)
        await pilot.press("end", "c")
        await until(pilot, lambda: session.fake.submitted)
        request = session.fake.submitted[0].request
        assert isinstance(request, UploadRequest)
        assert request.mode is StageMode.IN_PLACE
        assert request.commit is None
        # How to get a commit after all is told, and named again where the key works.
        await until(pilot, lambda: "Copying 1 file" in said(screen))
        shown = screen.query_one(StatusLine).render_line(0).text
        assert "(t, then c = commit after it)" in shown
        await pilot.press("t")
        bar = screen.query_one(KeyBar)
        keys = [bar.render_line(y).text for y in range(bar.size.height)]
        assert "c Commit after" in "".join(keys)


async def test_marks_go_when_the_batch_is_submitted_and_the_pane_follows_the_stage(
    session: FakeSession, local: Path
) -> None:
    session.mode = StageMode.NEW_VERSION
    plan_one(session)
    async with desk(session, local) as (pilot, screen):
        left, right = screen.panes
        await pilot.press("end", "space", "c")
        await until(pilot, lambda: session.fake.submitted)
        await until(pilot, lambda: not left.files.selection.marked)
        session.changes = (added("x"),)
        group = GroupView(
            id=1,
            title="t",
            direction=Direction.UPLOAD,
            artifact=LAB,
            size=1,
            done=1,
            counts={JobState.DONE: 1},
        )
        session.fake.shown = Snapshot(revision=1, groups=(group,))
        await until(
            pilot, lambda: right.place and right.place.provider.state == "stage > v2"
        )
        assert "1 file uploaded" in said(screen)


async def test_an_older_version_takes_nothing(
    session: FakeSession, local: Path
) -> None:
    async with desk(session, local) as (pilot, screen):
        right = screen.panes[1]
        await pilot.press("V")
        await until(pilot, lambda: dialog(pilot) == "PickerScreen")
        await pilot.press("down", "enter")
        await until(pilot, lambda: right.place and right.place.provider.state == "v0")
        await pilot.press("end", "c")
        await until(pilot, lambda: "older version" in said(screen))
        assert not session.fake.asked


async def test_copies_between_equals_are_refused_with_a_way_out(
    session: FakeSession, local: Path
) -> None:
    async with desk(session, local) as (pilot, screen):
        await pilot.press("tab", "at")
        await until(pilot, lambda: dialog(pilot) == "PickerScreen")
        await pilot.press(*"local", "enter")
        await until(pilot, lambda: not screen.panes[1].place.provider.is_remote)  # type: ignore[union-attr]
        await pilot.press("end", "c")
        await until(pilot, lambda: "@ = open one" in said(screen))
        assert not session.fake.asked


async def test_rows_without_bytes_are_left_out(
    session: FakeSession, local: Path
) -> None:
    session.mode = StageMode.IN_PLACE
    session.changes = (StagedChange(path="gone", kind=ChangeKind.REMOVED),)
    async with desk(session, local) as (pilot, screen):
        right = screen.panes[1]
        await pilot.press("tab", "V")
        await until(pilot, lambda: dialog(pilot) == "PickerScreen")
        await pilot.press("down", "enter")
        await until(pilot, lambda: right.files.rows[-1].name == "gone")
        await pilot.press("end", "c")
        await until(pilot, lambda: "removed in the stage" in said(screen))
        await pilot.press("ctrl+a", "c")
        await until(pilot, lambda: session.fake.asked)
        request = session.fake.asked[0]
        assert isinstance(request, DownloadRequest)
        assert "gone" not in request.sources
        assert len(request.sources) == 8
        assert request.version == "stage"


async def test_a_remote_folder_is_only_planned_and_says_so(
    session: FakeSession, local: Path
) -> None:
    async with desk(session, local) as (pilot, screen):
        files = screen.panes[1].files
        await pilot.press("tab", "f7")
        await until(pilot, lambda: dialog(pilot) == "NameScreen")
        await pilot.press(*"fresh", "enter")
        await until(pilot, lambda: files.current and files.current.name == "fresh")
        assert "only planned" in said(screen)
        await pilot.press("enter")
        await until(pilot, lambda: ("fresh", None) in session.listed)


async def test_a_removal_in_a_new_version_is_refused_with_the_reason(
    session: FakeSession, local: Path
) -> None:
    session.mode = StageMode.NEW_VERSION
    async with desk(session, local) as (pilot, screen):
        await pilot.press("tab", "end", "f8")
        await until(pilot, lambda: "would delete it from v1" in said(screen))
        assert dialog(pilot) == "MainScreen"


async def test_many_files_need_their_number_typed(
    session: FakeSession, local: Path
) -> None:
    (local / "extra").touch()
    async with desk(session, local) as (pilot, screen):
        await pilot.press("ctrl+r")
        await until(pilot, lambda: len(screen.panes[0].files.rows) == 14)
        await pilot.press("ctrl+a", "f8")
        await until(pilot, lambda: dialog(pilot) == "ConfirmScreen")
        await pilot.press("y")
        assert dialog(pilot) == "ConfirmScreen"
        await pilot.press(*"13", "enter")
        await until(pilot, lambda: not any(local.iterdir()))


async def test_keys_for_files_do_nothing_in_a_panel(
    session: FakeSession, local: Path
) -> None:
    async with desk(session, local) as (pilot, screen):
        await pilot.press("t")
        await until(pilot, lambda: screen.query_one("#transfers").has_focus)
        await pilot.press("f8")
        assert "go to a pane" in said(screen)
        assert dialog(pilot) == "MainScreen"


async def test_quitting_with_work_pending_asks(
    session: FakeSession, local: Path
) -> None:
    group = GroupView(
        id=1,
        title="t",
        direction=Direction.UPLOAD,
        artifact=LAB,
        size=1,
        done=0,
        counts={JobState.RUNNING: 1},
    )
    async with desk(session, local) as (pilot, screen):
        session.fake.shown = Snapshot(revision=1, groups=(group,))
        await until(pilot, lambda: screen._watch.snapshot.revision == 1)
        await pilot.press("q")
        await until(pilot, lambda: dialog(pilot) == "QuitScreen")
        await pilot.press("f")
        await until(pilot, lambda: "Leaves when" in said(screen))
        session.fake.shown = Snapshot(revision=2)
        await until(pilot, lambda: pilot.app._exit)


async def test_a_slow_commit_preview_opens_nothing_over_another_dialog(
    session: FakeSession, local: Path
) -> None:
    async with desk(session, local) as (pilot, screen):
        session.gate = anyio.Event()
        session.mode = StageMode.IN_PLACE
        await pilot.press("C")
        await until(pilot, lambda: "what readers will see" in said(screen))
        await pilot.press("question_mark")
        await until(pilot, lambda: dialog(pilot) == "HelpScreen")
        session.gate.set()
        await until(pilot, lambda: "C shows it" in said(screen))
        assert dialog(pilot) == "HelpScreen"
