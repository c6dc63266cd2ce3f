"""The mouse grammar: click, mark, drag, carry, drop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from textual.pilot import Pilot
from textual.widget import Widget

from hypha_artifact.models import StageMode
from hypha_artifact.transfer.state import DownloadRequest, UploadRequest
from hypha_tui.screens.main import MainScreen
from hypha_tui.widgets.column_titles import ColumnTitles
from hypha_tui.widgets.key_bar import KeyBar
from hypha_tui.widgets.mouse import FASTEST, SLOW_TICKS, scroll_step
from tests.tui.fakes import FakeSession, make_app, ready, until


@asynccontextmanager
async def desk(
    session: FakeSession, local: Path
) -> AsyncIterator[tuple[Pilot[None], MainScreen]]:
    app = make_app(session, local)
    async with app.run_test(size=(120, 40)) as pilot:
        yield pilot, await ready(pilot)


async def drag(pilot: Pilot[None], widget: Widget, *rows: int, x: int = 10) -> None:
    await pilot.mouse_down(widget, offset=(x, rows[0]))
    for row in rows[1:]:
        await pilot.hover(widget, offset=(x, row))


async def test_a_click_moves_the_cursor_and_the_focus(
    session: FakeSession, local: Path
) -> None:
    async with desk(session, local) as (pilot, screen):
        right = screen.panes[1].files
        await pilot.click(right, offset=(10, 3))
        assert right.cursor == 3
        assert right.has_focus
        assert not right.selection.marked


async def test_a_double_click_opens(session: FakeSession, local: Path) -> None:
    async with desk(session, local) as (pilot, screen):
        files = screen.panes[0].files
        await pilot.click(files, offset=(10, 1), times=2)
        await until(pilot, lambda: files.rows[-1].name == "inner.txt")


@pytest.mark.parametrize(("x", "control"), [(0, False), (10, True)])
async def test_one_row_is_marked_in_the_first_column_or_with_ctrl(
    session: FakeSession,
    local: Path,
    x: int,
    control: bool,  # noqa: FBT001
) -> None:
    async with desk(session, local) as (pilot, screen):
        files = screen.panes[0].files
        await pilot.click(files, offset=(x, 3), control=control)
        assert files.selection.marked == {"file_0.txt"}
        await pilot.click(files, offset=(x, 3), control=control)
        assert not files.selection.marked


async def test_the_way_up_is_never_marked(session: FakeSession, local: Path) -> None:
    async with desk(session, local) as (pilot, screen):
        files = screen.panes[0].files
        await pilot.click(files, offset=(0, 0))
        await drag(pilot, files, 0, 2)
        assert ".." not in files.selection


async def test_a_drag_marks_what_it_covers_and_no_more(
    session: FakeSession, local: Path
) -> None:
    async with desk(session, local) as (pilot, screen):
        files = screen.panes[0].files
        await drag(pilot, files, 3, 5, 7, 4)
        await pilot.mouse_up(files, offset=(10, 4))
        assert files.selection.marked == {"file_0.txt", "file_1.txt"}
        await drag(pilot, files, 8, 9)
        await pilot.mouse_up(files, offset=(10, 9))
        assert len(files.selection) == 4


async def test_escape_gives_up_a_drag(session: FakeSession, local: Path) -> None:
    async with desk(session, local) as (pilot, screen):
        files = screen.panes[0].files
        await drag(pilot, files, 3, 6)
        assert len(files.selection) == 4
        await pilot.press("escape")
        assert not files.selection.marked
        await pilot.hover(files, offset=(10, 8))
        assert not files.selection.marked


async def test_a_drag_beyond_the_edge_scrolls_and_marks(
    session: FakeSession, local: Path
) -> None:
    for number in range(100):
        (local / f"more_{number:03}").touch()
    async with desk(session, local) as (pilot, screen):
        files = screen.panes[0].files
        below = screen.query_one("#transfers")
        await pilot.mouse_down(files, offset=(10, 2))
        await pilot.hover(below, offset=(10, 3))
        await until(pilot, lambda: files.scroll_y > 30)
        await pilot.hover(files, offset=(10, 5))
        await pilot.mouse_up(files, offset=(10, 5))
        top = round(files.scroll_y)
        assert len(files.selection) == top + 5 - 2 + 1
        assert files.cursor == top + 5


async def test_marked_rows_are_carried_to_the_other_pane(
    session: FakeSession, local: Path
) -> None:
    session.modes = {}
    session.mode = StageMode.NEW_VERSION
    async with desk(session, local) as (pilot, screen):
        left, right = (pane.files for pane in screen.panes)
        await drag(pilot, left, 3, 4)
        await pilot.mouse_up(left, offset=(10, 4))
        await pilot.mouse_down(left, offset=(10, 3))
        await pilot.hover(right, offset=(10, 1))
        await until(pilot, lambda: right.drop_row == 1)
        await pilot.hover(right, offset=(10, 8))
        await until(pilot, lambda: right.drop_row is None)
        await pilot.mouse_up(right, offset=(10, 8))
        await until(pilot, lambda: session.fake.asked)
        request = session.fake.asked[0]
        assert isinstance(request, UploadRequest)
        assert request.folder == ""
        assert [path.name for path in request.sources] == ["file_0.txt", "file_1.txt"]


async def test_a_drop_on_a_folder_copies_into_it(
    session: FakeSession, local: Path
) -> None:
    async with desk(session, local) as (pilot, screen):
        left, right = (pane.files for pane in screen.panes)
        await pilot.click(right, offset=(0, 3))
        await pilot.mouse_down(right, offset=(10, 3))
        await pilot.hover(left, offset=(10, 1))
        assert left.drop_row == 1
        await pilot.mouse_up(left, offset=(10, 1))
        await until(pilot, lambda: session.fake.asked)
        request = session.fake.asked[0]
        assert isinstance(request, DownloadRequest)
        assert request.folder == local / "sub"
        assert left.drop_row is None


async def test_a_drop_beside_the_pane_copies_nothing(
    session: FakeSession, local: Path
) -> None:
    async with desk(session, local) as (pilot, screen):
        left = screen.panes[0].files
        panel = screen.query_one("#transfers")
        await pilot.click(left, offset=(0, 3))
        await pilot.mouse_down(left, offset=(10, 3))
        await pilot.hover(panel, offset=(5, 5))
        await pilot.mouse_up(panel, offset=(5, 5))
        await pilot.pause()
        assert not session.fake.asked


async def test_the_path_can_be_clicked(session: FakeSession, local: Path) -> None:
    async with desk(session, local) as (pilot, screen):
        pane = screen.panes[1]
        await pilot.press("tab", "enter")
        await until(pilot, lambda: pane.place and pane.place.folder == "labels")
        title = pane._path.text
        await pilot.click(pane, offset=(2 + title.index("/"), 0))
        await until(pilot, lambda: pane.place and pane.place.folder == "")


async def test_titles_sort_and_reverse(session: FakeSession, local: Path) -> None:
    async with desk(session, local) as (pilot, screen):
        pane = screen.panes[0]
        titles = pane.query_one(ColumnTitles)
        at = (pane.files.columns.size_end - 2, 0)
        await pilot.click(titles, offset=at)
        await until(pilot, lambda: pane.files.rows[2].name == "file_9.txt")
        await pilot.click(titles, offset=at)
        await until(pilot, lambda: pane.files.rows[2].name == "file_0.txt")


async def test_the_key_bar_can_be_clicked(session: FakeSession, local: Path) -> None:
    async with desk(session, local) as (pilot, screen):
        bar = screen.query_one(KeyBar)
        label = bar._lines[0][0]
        assert label.key.action == "help"
        await pilot.click(bar, offset=(label.start, 0))
        await until(pilot, lambda: type(pilot.app.screen).__name__ == "HelpScreen")


@given(st.integers(0, 500), st.integers(1, 60))
def test_autoscroll_is_slow_then_fast_and_the_same_both_ways(
    ticks: int, distance: int
) -> None:
    step = scroll_step(ticks, distance)
    assert 0 <= step <= FASTEST
    assert scroll_step(ticks, -distance) == -step
    assert step <= scroll_step(ticks + 2 * SLOW_TICKS, distance) or step == FASTEST
