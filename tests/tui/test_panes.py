"""What a pane shows while it lists, when that fails, and what it keeps."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from hypha_artifact.errors import NetworkError, SignInRequired
from hypha_artifact.models import ChangeKind, StagedChange, StageMode
from hypha_tui.screens.main import MainScreen
from hypha_tui.themes import ASCII
from hypha_tui.widgets.file_list import FileList
from hypha_tui.widgets.status_bar import Link
from tests.tui.fakes import LAB, FakeSession, added, file, make_app, ready, until

WIDE = (120, 40)


@asynccontextmanager
async def desk(
    session: FakeSession, local: Path, size: tuple[int, int] = WIDE
) -> AsyncIterator[tuple[Pilot[None], MainScreen]]:
    app = make_app(session, local)
    async with app.run_test(size=size) as pilot:
        yield pilot, await ready(pilot)


def text(files: FileList) -> str:
    lines = (files.render_line(y).text for y in range(files.size.height))
    return "\n".join(line.rstrip() for line in lines)


async def test_the_cursor_answers_while_a_folder_is_listed(
    session: FakeSession, local: Path
) -> None:
    async with desk(session, local) as (pilot, screen):
        pane = screen.panes[1]
        await pilot.press("tab", "home", "down")
        session.gate = anyio.Event()
        await pilot.press("enter", "down", "space", "down")
        assert pane.place
        assert pane.place.folder == ""
        assert pane.files.cursor == 4
        assert len(pane.files.selection) == 1
        session.gate.set()
        await until(pilot, lambda: pane.place and pane.place.folder == "raw")
        assert not pane.files.selection.marked


async def test_escape_gives_up_a_slow_listing(
    session: FakeSession, local: Path
) -> None:
    async with desk(session, local) as (pilot, screen):
        pane = screen.panes[1]
        await pilot.press("tab", "home", "down")
        session.gate = anyio.Event()
        await pilot.press("enter", "escape")
        session.gate.set()
        await pilot.press("end")
        assert pane.place
        assert pane.place.folder == ""
        assert pane.files.current
        assert pane.files.current.name == "f"


async def test_the_cursor_is_on_the_folder_one_came_from(
    session: FakeSession, local: Path
) -> None:
    async with desk(session, local) as (pilot, screen):
        files = screen.panes[1].files
        await pilot.press("tab", "home", "down", "enter")
        await until(pilot, lambda: len(files.rows) == 31)
        await pilot.press("backspace")
        await until(pilot, lambda: len(files.rows) == 8)
        assert files.current
        assert files.current.name == "raw"


async def test_a_failed_listing_says_why_and_can_be_tried_again(
    session: FakeSession, local: Path
) -> None:
    async with desk(session, local) as (pilot, screen):
        pane = screen.panes[1]
        await pilot.press("tab", "home", "down")
        session.error = NetworkError("The server \x1b[31mdid not answer.")
        await pilot.press("enter")
        await until(pilot, lambda: "did not answer" in text(pane.files))
        assert "Check the connection" in text(pane.files)
        assert "\x1b" not in text(pane.files)
        assert screen._head.link is Link.DOWN
        session.error = None
        await pilot.press("r")
        await until(pilot, lambda: len(pane.files.rows) == 31)
        assert screen._head.link.value == "ok"


async def test_a_wrong_token_is_told_in_the_pane(
    session: FakeSession, local: Path
) -> None:
    session.refuses = SignInRequired("The token has expired.")
    app = make_app(session, local)
    async with app.run_test(size=WIDE) as pilot:
        screen = app.screen
        assert isinstance(screen, MainScreen)
        files = screen.panes[1].files
        await until(pilot, lambda: "has expired" in text(files))
        assert "HYPHA_TOKEN" in text(files)
        session.refuses = None
        await pilot.press("tab", "r")
        await until(pilot, lambda: "raw/" in text(files))


async def test_without_an_artifact_the_picker_asks(
    session: FakeSession, local: Path
) -> None:
    app = make_app(session, local, remote=False)
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: type(app.screen).__name__ == "PickerScreen")
        main = app.screen_stack[0]
        assert isinstance(main, MainScreen)
        await pilot.press(*"zebra")
        await pilot.press("enter")
        await until(
            pilot,
            lambda: "versions" in str(app.screen.query("#picker")[0].border_title),
        )
        await pilot.press("enter")
        await until(pilot, lambda: main.panes[1].view)
        place = main.panes[1].place
        assert place
        assert place.provider.title == LAB.alias


async def test_reloading_keeps_cursor_and_marks(
    session: FakeSession, local: Path
) -> None:
    async with desk(session, local) as (pilot, screen):
        files = screen.panes[1].files
        await pilot.press("tab", "end", "space", "up")
        session.tree[""].insert(0, file("0_first"))
        del session.tree[""][3]
        await pilot.press("ctrl+r")
        await until(pilot, lambda: any(row.name == "0_first" for row in files.rows))
        assert files.current
        assert files.current.name == "e"
        assert files.selection.marked == {"f"}


async def test_badges_and_live_are_letters(session: FakeSession, local: Path) -> None:
    session.mode = StageMode.IN_PLACE
    session.changes = (
        added("a", live=True),
        StagedChange(path="gone", kind=ChangeKind.REMOVED),
    )
    async with desk(session, local) as (pilot, screen):
        files = screen.panes[1].files
        line = next(line for line in text(files).splitlines() if " a " in line)
        assert "A a" in line
        assert "LIVE" in line
        assert "gone" not in text(files)
        await pilot.press("tab", "V", "down", "enter")
        await until(pilot, lambda: "D gone" in text(files))


async def test_filtering_shows_as_it_is_typed(
    session: FakeSession, local: Path
) -> None:
    async with desk(session, local) as (pilot, screen):
        pane = screen.panes[0]
        await pilot.press("slash", "_", "7")
        await until(pilot, lambda: len(pane.files.rows) == 2)
        assert "filter _7" in str(pane.border_subtitle)
        await pilot.press("escape")
        assert len(pane.files.rows) == 13
        assert not pane.query_one(Input).display
        assert pane.files.has_focus


@pytest.mark.parametrize(
    ("size", "panes", "panels"),
    [((50, 20), 1, 0), ((80, 24), 2, 0), ((120, 40), 2, 2), ((200, 60), 2, 2)],
)
async def test_the_layout_follows_the_size(
    session: FakeSession, local: Path, size: tuple[int, int], panes: int, panels: int
) -> None:
    async with desk(session, local, size) as (_, screen):
        assert sum(bool(pane.region) for pane in screen.panes) == panes
        shown = [
            bool(screen.query_one(f"#{name}").region)
            for name in ("transfers", "staged")
        ]
        assert sum(shown) == panels


async def test_in_a_narrow_terminal_tab_shows_the_other_pane(
    session: FakeSession, local: Path
) -> None:
    async with desk(session, local, (50, 20)) as (pilot, screen):
        left, right = screen.panes
        await pilot.press("tab")
        await until(pilot, lambda: right.files.has_focus and right.region)
        assert not left.region
        await pilot.press("tab")
        await until(pilot, lambda: left.files.has_focus and left.region)


async def test_panels_open_full_size_where_there_is_no_room(
    session: FakeSession, local: Path
) -> None:
    async with desk(session, local, (80, 24)) as (pilot, screen):
        panel = screen.query_one("#staged")
        await pilot.press("s")
        await until(pilot, lambda: panel.has_focus and panel.region.height > 10)
        assert not screen.panes[0].region
        await pilot.press("s")
        await until(pilot, lambda: screen.panes[0].files.has_focus)
        assert not panel.region


async def test_ascii_needs_no_other_character(
    session: FakeSession, local: Path
) -> None:
    app = make_app(session, local, symbols=ASCII)
    async with app.run_test(size=WIDE) as pilot:
        await ready(pilot)
        await pilot.press("down", "space")
        await pilot.pause()
        shown = "\n".join(
            strip.text for strip in app.screen._compositor.render_strips()
        )
        assert shown.isascii()


async def test_fifty_thousand_rows_are_listed_and_moved_through(
    session: FakeSession, local: Path
) -> None:
    session.tree[""] = [file(f"n{number}") for number in range(50_000)]
    async with desk(session, local) as (pilot, screen):
        files = screen.panes[1].files
        await pilot.press("tab", "end")
        assert files.cursor == 49_999
        assert "n49999" in text(files)
        await pilot.press("ctrl+a")
        assert len(files.selection) == 50_000
