"""Every key of the contexts main and list; a key without a test fails."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from hypha_artifact.models import StageMode
from hypha_artifact.transfer.state import DownloadRequest, Snapshot
from hypha_tui.keymap import keys_of
from hypha_tui.screens.main import MainScreen
from hypha_tui.widgets.file_list import FileList
from hypha_tui.widgets.key_bar import KeyBar, label_of
from tests.tui.fakes import FakeSession, added, make_app, ready, until


class Desk:
    """The running app, as the tests below see it."""

    def __init__(
        self, pilot: Pilot[None], screen: MainScreen, session: FakeSession, local: Path
    ) -> None:
        self.pilot = pilot
        self.screen = screen
        self.session = session
        self.local = local

    @property
    def files(self) -> FileList:
        return self.screen.panes[0].files

    @property
    def name(self) -> str:
        return self.files.current.name if self.files.current else ""

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def until(self, condition: Callable[[], object]) -> None:
        await until(self.pilot, condition)

    async def dialog(self, name: str) -> None:
        await self.until(lambda: type(self.pilot.app.screen).__name__ == name)


Check = Callable[[Desk, str], Awaitable[None]]
CHECKS: dict[str, Check] = {}


def check(action: str) -> Callable[[Check], Check]:
    def register(function: Check) -> Check:
        CHECKS[action] = function
        return function

    return register


TESTED = ("main", "list")
CASES = [
    (f"{key.context}.{key.action}", name)
    for context in TESTED
    for key in keys_of(context)
    for name in key.keys
]


def test_every_action_has_a_check() -> None:
    assert {action for action, _ in CASES} == set(CHECKS)


def test_no_key_is_bound_twice_in_a_context() -> None:
    for context in ("main", "list", "transfers", "staged"):
        names = [name for key in keys_of(context) for name in key.keys]
        assert len(names) == len(set(names))


@pytest.mark.parametrize(("action", "key"), CASES)
async def test_key(action: str, key: str, session: FakeSession, local: Path) -> None:
    app = make_app(session, local)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await ready(pilot)
        await CHECKS[action](Desk(pilot, screen, session, local), key)


# The key line: what is named of each context, whatever the width.

ESSENTIAL = {
    "list": ["? Help", "Space Mark", "F5 Copy", "C Commit", "t Transfers", "q Quit"],
    "transfers": ["? Help", "Space Pause", "x Cancel", "r Retry", "n Now", "q Quit"],
    "staged": ["? Help", "Space Unstage", "d Discard", "t Transfers", "q Quit"],
}


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
async def test_the_key_line_names_whole_keys_and_the_most_important_ones(
    session: FakeSession, local: Path, size: tuple[int, int]
) -> None:
    async with make_app(session, local).run_test(size=size) as pilot:
        screen = await ready(pilot)
        bar = screen.query_one(KeyBar)

        def named() -> list[str]:
            lines = [bar.render_line(y).text for y in range(bar.size.height)]
            assert all(len(line) == size[0] for line in lines)
            return [
                each.replace("/c", "")
                for line in lines
                for each in re.split(" {2,}", line.strip())
            ]

        for key, context in (("", "list"), ("t", "transfers"), ("s", "staged")):
            if key:
                await pilot.press(key)
                await pilot.pause()
                assert bar._contexts[0] == context
            keys = [*keys_of(context), *keys_of("main")]
            known = {
                label_of(each, twins=twins) for each in keys for twins in (True, False)
            }
            assert set(named()) <= {each.replace("/c", "") for each in known}
            assert set(ESSENTIAL[context]) <= set(named())
            assert ("F8" in " ".join(named())) == (context == "list")
        if size[0] == 200:
            assert len(named()) == 9, "all that work there"


# The list. Its rows: .., sub/, .hidden, file_0.txt … file_9.txt


@check("list.cursor_down")
async def _(desk: Desk, key: str) -> None:
    await desk.press(key, key)
    assert desk.files.cursor == 2


@check("list.cursor_up")
async def _(desk: Desk, key: str) -> None:
    await desk.press("down", "down", key)
    assert desk.files.cursor == 1


@check("list.page_down")
async def _(desk: Desk, key: str) -> None:
    await desk.press(key)
    assert desk.files.cursor > 5


@check("list.page_up")
async def _(desk: Desk, key: str) -> None:
    await desk.press("end", key)
    assert desk.files.cursor == 0


@check("list.first")
async def _(desk: Desk, key: str) -> None:
    await desk.press("down", "down", key)
    assert desk.name == ".."


@check("list.last")
async def _(desk: Desk, key: str) -> None:
    await desk.press(key)
    assert desk.name == "file_9.txt"


@check("list.open")
async def _(desk: Desk, key: str) -> None:
    await desk.press("down", key)
    await desk.until(lambda: len(desk.files.rows) == 2)
    assert desk.files.rows[1].name == "inner.txt"
    await desk.press("down", key)
    await desk.dialog("ViewScreen")
    await desk.press("escape")
    await desk.dialog("MainScreen")
    assert desk.name == "inner.txt"


@check("list.leave")
async def _(desk: Desk, key: str) -> None:
    await desk.press(key)
    await desk.until(lambda: desk.name == desk.local.name)


@check("list.mark")
async def _(desk: Desk, key: str) -> None:
    await desk.press(key, key)
    assert desk.files.selection.marked == {"sub"}
    assert desk.files.cursor == 2


@check("list.extend_down")
async def _(desk: Desk, key: str) -> None:
    await desk.press(key, key)
    assert desk.files.selection.marked == {"sub", ".hidden"}


@check("list.extend_up")
async def _(desk: Desk, key: str) -> None:
    await desk.press("end", key, key, "shift+down")
    assert desk.files.selection.marked == {"file_9.txt", "file_8.txt"}


@check("list.select_all")
async def _(desk: Desk, key: str) -> None:
    await desk.press(key)
    assert len(desk.files.selection) == 12


@check("list.invert")
async def _(desk: Desk, key: str) -> None:
    await desk.press("down", "space", key)
    assert "sub" not in desk.files.selection
    assert len(desk.files.selection) == 11


@check("list.again")
async def _(desk: Desk, key: str) -> None:
    (desk.local / "newer").write_text("x")
    await desk.press(key)
    await desk.until(lambda: desk.files.rows[-1].name == "newer")


@check("list.back")
async def _(desk: Desk, key: str) -> None:
    await desk.press("ctrl+a", "slash", "9", "enter")
    assert len(desk.files.rows) == 2
    await desk.press(key)
    assert len(desk.files.rows) == 13
    assert len(desk.files.selection) == 12
    await desk.press(key)
    assert not desk.files.selection.marked


# The main screen.


@check("main.view")
async def _(desk: Desk, key: str) -> None:
    (desk.local / "file_0.txt").write_text("\x1b[31mred\ttext")
    await desk.press("home", "down", "down", key)
    await desk.dialog("ViewScreen")
    await desk.press("escape")
    await desk.dialog("MainScreen")


@check("main.help")
async def _(desk: Desk, key: str) -> None:
    await desk.press(key)
    await desk.dialog("HelpScreen")
    await desk.press("escape")
    await desk.dialog("MainScreen")


@check("main.switch_pane")
async def _(desk: Desk, key: str) -> None:
    await desk.press(key)
    await desk.until(lambda: desk.screen.panes[1].files.has_focus)
    await desk.press(key)
    await desk.until(lambda: desk.files.has_focus)


@check("main.copy")
async def _(desk: Desk, key: str) -> None:
    await desk.press("tab")
    await desk.until(lambda: desk.screen.panes[1].files.has_focus)
    await desk.press("end", "space", "up", "space", key)
    await desk.until(lambda: desk.session.fake.asked)
    request = desk.session.fake.asked[0]
    assert isinstance(request, DownloadRequest)
    assert set(request.sources) == {"e", "f"}
    assert request.folder == desk.local


@check("main.make_folder")
async def _(desk: Desk, key: str) -> None:
    await desk.press(key)
    await desk.dialog("NameScreen")
    await desk.press(*"fresh", "enter")
    await desk.until((desk.local / "fresh").is_dir)
    await desk.until(lambda: desk.name == "fresh")


@check("main.remove")
async def _(desk: Desk, key: str) -> None:
    await desk.press("end", key)
    await desk.dialog("ConfirmScreen")
    assert (desk.local / "file_9.txt").exists()
    await desk.press("y")
    await desk.until(lambda: not (desk.local / "file_9.txt").exists())
    await desk.until(lambda: desk.name == "file_8.txt")


@check("main.filter")
async def _(desk: Desk, key: str) -> None:
    await desk.press(key, *"_3", "enter")
    assert [row.name for row in desk.files.rows] == ["..", "file_3.txt"]
    assert desk.files.has_focus


@check("main.transfers")
async def _(desk: Desk, key: str) -> None:
    await desk.press(key)
    await desk.until(lambda: desk.screen.focused is desk.screen.query_one("#transfers"))
    await desk.press(key)
    await desk.until(lambda: desk.files.has_focus)


@check("main.staged")
async def _(desk: Desk, key: str) -> None:
    await desk.press(key)
    await desk.until(lambda: desk.screen.focused is desk.screen.query_one("#staged"))
    await desk.press("tab")
    await desk.until(lambda: desk.files.has_focus)


@check("main.commit")
async def _(desk: Desk, key: str) -> None:
    await desk.press(key)
    await desk.dialog("CommitScreen")
    await desk.press("escape")
    await desk.dialog("MainScreen")


@check("main.pick")
async def _(desk: Desk, key: str) -> None:
    await desk.press(key)
    await desk.dialog("PickerScreen")


@check("main.versions")
async def _(desk: Desk, key: str) -> None:
    await desk.press(key)
    await desk.dialog("PickerScreen")
    await desk.press("down", "enter")
    await desk.until(lambda: ("", "v0") in desk.session.listed)


@check("main.refresh")
async def _(desk: Desk, key: str) -> None:
    (desk.local / "newer").write_text("x")
    desk.session.mode = StageMode.IN_PLACE
    desk.session.changes = (added("a", live=True),)
    await desk.press(key)
    await desk.until(lambda: desk.files.rows[-1].name == "newer")
    right = desk.screen.panes[1].files
    await desk.until(lambda: any(row.live and row.badge == "A" for row in right.rows))


@check("main.swap_panes")
async def _(desk: Desk, key: str) -> None:
    left, right = desk.screen.panes
    await desk.press(key)
    await desk.until(lambda: desk.screen.panes == (right, left))
    await desk.until(lambda: right.region.x < left.region.x)


@check("main.toggle_hidden")
async def _(desk: Desk, key: str) -> None:
    await desk.press(key)
    assert ".hidden" not in {row.name for row in desk.files.rows}


@check("main.sort")
async def _(desk: Desk, key: str) -> None:
    await desk.press(key)
    await desk.until(lambda: desk.files.rows[2].name == "file_9.txt")


@check("main.history_back")
async def _(desk: Desk, key: str) -> None:
    await desk.press("down", "enter")
    await desk.until(lambda: len(desk.files.rows) == 2)
    await desk.press(key)
    await desk.until(lambda: len(desk.files.rows) == 13)
    assert desk.name == "sub"


@check("main.history_forward")
async def _(desk: Desk, key: str) -> None:
    await desk.press("down", "enter")
    await desk.until(lambda: len(desk.files.rows) == 2)
    await desk.press("alt+left")
    await desk.until(lambda: len(desk.files.rows) == 13)
    await desk.press(key)
    await desk.until(lambda: len(desk.files.rows) == 2)


@check("main.zoom")
async def _(desk: Desk, key: str) -> None:
    await desk.press(key)
    await desk.until(lambda: desk.screen.panes[0].size.width > 100)
    await desk.press(key)
    await desk.until(lambda: desk.screen.panes[0].size.width < 70)


@check("main.quit")
async def _(desk: Desk, key: str) -> None:
    assert desk.session.fake.shown == Snapshot()
    await desk.press(key)
    await desk.until(lambda: not desk.pilot.app.is_running or desk.pilot.app._exit)
