"""The transfers panel and the staged changes: every key, the mouse, many rows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from msgspec import structs
from textual.geometry import Region

from hypha_artifact.models import (
    Artifact,
    ChangeKind,
    StagedChange,
    StageEntry,
    StageMode,
    StageState,
    Version,
)
from hypha_artifact.paths import ArtifactId, RemotePath
from hypha_artifact.transfer.state import (
    Action,
    Command,
    Direction,
    GroupView,
    JobState,
    JobView,
    Snapshot,
)
from hypha_tui.keymap import keys_of
from hypha_tui.state.lines import Line
from hypha_tui.themes import ASCII, UNICODE, Symbols
from hypha_tui.widgets.line_list import LineList
from hypha_tui.widgets.staged import StagedPanel
from hypha_tui.widgets.transfers import TransfersPanel
from tests.tui.stand import HOSTILE, Held, show

LAB = ArtifactId("ws-lab", "zebrafish")
SIZES = [(80, 24), (120, 40), (200, 60)]


def job(number: int, state: JobState, *, group: int = 1, **more: object) -> JobView:
    view = JobView(
        id=number,
        group=group,
        direction=Direction.UPLOAD,
        local=Path(f"img_{number}.tif"),
        remote=RemotePath(f"raw/img_{number}.tif"),
        state=state,
        size=1000,
    )
    return structs.replace(view, **more)


def group(number: int = 1, **counts: int) -> GroupView:
    return GroupView(
        id=number,
        title=f"plate{number}",
        direction=Direction.UPLOAD,
        artifact=LAB,
        size=1000,
        done=400,
        counts={JobState[name]: n for name, n in counts.items()},
    )


BUSY = Snapshot(
    revision=1,
    groups=(group(RUNNING=1, QUEUED=1, FAILED=1, PAUSED=1),),
    jobs=(
        job(1, JobState.RUNNING, done=400, rate=100.0),
        job(2, JobState.FAILED, reason="img_2.tif: no room.", hint="Make room."),
        job(3, JobState.PAUSED, done=500),
        job(4, JobState.QUEUED),
    ),
)
# Rows: 0 plate1, 1 img_1, 2 img_2, 3 why it failed, 4 img_3, 5 img_4.


async def transfers(
    held: Held[None], panel: TransfersPanel, snapshot: Snapshot
) -> None:
    panel.show(snapshot)
    await held.pilot.pause()


def commanded(held: Held[None]) -> list[Command]:
    said = held.app.heard(TransfersPanel.Commanded)
    return [message.command for message in said]


# Every key of the panel: which row, which key, what is commanded.

TRANSFER_CHECKS: dict[str, list[tuple[int, Command]]] = {
    "pause": [
        (1, Command(action=Action.PAUSE, jobs=(1,))),
        (4, Command(action=Action.RESUME, jobs=(3,))),
        (0, Command(action=Action.PAUSE, group=1)),
    ],
    "pause_all": [(4, Command(action=Action.PAUSE))],
    "cancel": [
        (5, Command(action=Action.CANCEL, jobs=(4,))),
        (0, Command(action=Action.CANCEL, group=1)),
    ],
    "cancel_all": [(2, Command(action=Action.CANCEL))],
    "retry": [
        (2, Command(action=Action.RETRY, jobs=(2,))),
        (3, Command(action=Action.RETRY, jobs=(2,))),
    ],
    "retry_all": [(0, Command(action=Action.RETRY, group=1))],
    "now": [
        (4, Command(action=Action.FIRST, jobs=(3,))),
        (0, Command(action=Action.FIRST, group=1)),
    ],
    "raise": [(1, Command(action=Action.RAISE, group=1))],
    "lower": [(0, Command(action=Action.LOWER, group=1))],
    "commit_after": [(5, Command(action=Action.COMMIT, group=1))],
    "limit": [],
    "clear": [(1, Command(action=Action.CLEAR))],
}
TRANSFER_CASES = [
    (key.action, name, row, command)
    for key in keys_of("transfers")
    for name in key.keys
    for row, command in TRANSFER_CHECKS.get(key.action, [])
]


def test_every_action_has_a_check() -> None:
    assert {key.action for key in keys_of("transfers")} == set(TRANSFER_CHECKS)
    assert {key.action for key in keys_of("staged")} == set(STAGED_CHECKS)


@pytest.mark.parametrize(("action", "key", "row", "command"), TRANSFER_CASES)
async def test_transfer_key(action: str, key: str, row: int, command: Command) -> None:
    panel = TransfersPanel(UNICODE)
    async with show(panel) as held:
        await transfers(held, panel, BUSY)
        panel.move_to(row)
        await held.press(key)
        assert commanded(held) == [command], action


@pytest.mark.parametrize("key", [n for k in keys_of("transfers") for n in k.keys])
async def test_no_key_does_anything_where_nothing_moves(key: str) -> None:
    panel = TransfersPanel(UNICODE)
    async with show(panel) as held:
        await transfers(held, panel, Snapshot(revision=1))
        await held.press(key)
        assert commanded(held) == []
        assert held.has("Nothing is moving.")


async def test_a_range_is_one_command() -> None:
    panel = TransfersPanel(UNICODE)
    async with show(panel) as held:
        await transfers(held, panel, BUSY)
        panel.move_to(4)
        await held.press("shift+down", "x")
        assert commanded(held) == [Command(action=Action.CANCEL, jobs=(3, 4))]


async def test_everything_paused_is_resumed() -> None:
    panel = TransfersPanel(UNICODE)
    async with show(panel) as held:
        still = Snapshot(groups=(group(PAUSED=1),), jobs=(job(1, JobState.PAUSED),))
        await transfers(held, panel, still)
        await held.press("P")
        assert commanded(held) == [Command(action=Action.RESUME)]


async def test_enter_and_double_click_go_to_the_file() -> None:
    panel = TransfersPanel(UNICODE)
    async with show(panel) as held:
        await transfers(held, panel, BUSY)
        await held.press("down", "enter")
        await held.pilot.click(panel, offset=(6, 5), times=2)
        gone = [message.job.id for message in held.app.heard(TransfersPanel.GoTo)]
        assert gone == [1, 3]


async def test_a_hint_in_the_border_is_a_button() -> None:
    panel = TransfersPanel(UNICODE)
    async with show(panel) as held:
        await transfers(held, panel, BUSY)
        await held.press("down")
        await held.click("Cancel")
        assert commanded(held) == [Command(action=Action.CANCEL, jobs=(1,))]


async def test_the_cursor_stays_on_its_file() -> None:
    panel = TransfersPanel(UNICODE)
    async with show(panel) as held:
        await transfers(held, panel, BUSY)
        panel.move_to(5)
        await transfers(held, panel, structs.replace(BUSY, jobs=BUSY.jobs[::-1]))
        await held.press("x")
        assert commanded(held) == [Command(action=Action.CANCEL, jobs=(4,))]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("symbols", [UNICODE, ASCII])
async def test_transfers_say_it_at_any_size(
    size: tuple[int, int], symbols: Symbols
) -> None:
    panel = TransfersPanel(symbols)
    async with show(panel, size, symbols) as held:
        await transfers(held, panel, BUSY)
        for text in ("plate1", "img_1.tif", " 40%", "no room. Make room.", "1 failed"):
            assert held.has(text), text
        assert symbols is UNICODE or held.app.text.isascii()


async def test_hostile_transfer_names_are_shown_as_they_are() -> None:
    panel = TransfersPanel(UNICODE)
    wicked = job(
        1,
        JobState.FAILED,
        local=Path(HOSTILE),
        reason=HOSTILE,
        direction=Direction.DOWNLOAD,
    )
    snapshot = Snapshot(
        groups=(structs.replace(group(FAILED=1, DONE=1), title=HOSTILE),),
        jobs=(wicked,),
    )
    async with show(panel) as held:
        await transfers(held, panel, snapshot)
        assert "[red]x[/red]" in held.app.text
        assert "\\x1b[31mz\\u202e" in held.app.text
        assert not {"\x1b", "\u202e"} & set(held.app.text)


# The stage.


def state(
    changes: tuple[StagedChange, ...], mode: StageMode = StageMode.NEW_VERSION
) -> StageState:
    artifact = Artifact(
        id=str(LAB),
        workspace=LAB.workspace,
        alias=LAB.alias,
        versions=[Version(version="v0")],
        staging=[StageEntry(intent="new_version")],
    )
    return StageState(artifact=artifact, mode=mode, changes=changes)


def change(
    path: str, kind: ChangeKind = ChangeKind.ADDED, **more: object
) -> StagedChange:
    return structs.replace(StagedChange(path=path, kind=kind, size=10), **more)


async def staged(held: Held[None], panel: StagedPanel, shown: StageState) -> None:
    panel.show(shown)
    await held.pilot.pause()


async def _unstages(held: Held[None], key: str) -> None:
    await held.press("down", key)
    (asked,) = held.app.heard(StagedPanel.UnstageRequested)
    assert [c.path for c in asked.changes] == ["b"]


async def _discards(held: Held[None], key: str) -> None:
    await held.press(key)
    assert len(held.app.heard(StagedPanel.DiscardRequested)) == 1


STAGED_CHECKS: dict[str, Callable[[Held[None], str], Awaitable[None]]] = {
    "unstage": _unstages,
    "discard": _discards,
}


@pytest.mark.parametrize(
    ("action", "key"), [(k.action, n) for k in keys_of("staged") for n in k.keys]
)
async def test_staged_key(action: str, key: str) -> None:
    panel = StagedPanel(UNICODE)
    async with show(panel) as held:
        await staged(held, panel, state((change("a"), change("b"))))
        await STAGED_CHECKS[action](held, key)


@pytest.mark.parametrize("key", [n for k in keys_of("staged") for n in k.keys])
async def test_no_key_does_anything_without_a_stage(key: str) -> None:
    panel = StagedPanel(UNICODE)
    async with show(panel) as held:
        panel.show(None)
        await held.press(key)
        asked = (StagedPanel.UnstageRequested, StagedPanel.DiscardRequested)
        assert not any(isinstance(message, asked) for message in held.app.messages)
        assert held.has("No artifact is open.")


async def test_notes_cannot_be_unstaged() -> None:
    panel = StagedPanel(UNICODE)
    async with show(panel) as held:
        await staged(held, panel, state((change("a"),)))
        await held.press("end", "space")
        assert not held.app.heard(StagedPanel.UnstageRequested)


async def test_commit_and_discard_by_mouse() -> None:
    panel = StagedPanel(UNICODE)
    async with show(panel) as held:
        await staged(held, panel, state((change("a"),)))
        await held.click("Commit")
        await held.click("Discard")
        assert len(held.app.heard(StagedPanel.CommitRequested)) == 1
        assert len(held.app.heard(StagedPanel.DiscardRequested)) == 1


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("symbols", [UNICODE, ASCII])
async def test_the_stage_says_it_at_any_size(
    size: tuple[int, int], symbols: Symbols
) -> None:
    panel = StagedPanel(symbols)
    changes = (
        change("a", ChangeKind.ADDED, live=True),
        change("m", ChangeKind.MODIFIED, live=True),
        change("d", ChangeKind.REMOVED, size=None),
        change("p", ChangeKind.PENDING, size=None),
        change("u", ChangeKind.UNKNOWN, live=True),
    )
    async with show(panel, size, symbols) as held:
        await staged(held, panel, state(changes, StageMode.IN_PLACE))
        for text in ("A a", "M m", "D d", "! p", "? u", "in place, in v0"):
            assert held.has(text), text
        assert held.has("LIVE: readers of v0 see these bytes already")
        assert "10B LIVE" in held.app.text
        assert symbols is UNICODE or held.app.text.isascii()


async def test_what_makes_a_commit_fail_comes_first() -> None:
    panel = StagedPanel(UNICODE)
    async with show(panel) as held:
        changes = (change("a"), change("z", ChangeKind.PENDING))
        await staged(held, panel, state(changes))
        assert "! z" in held.app.lines[1]


async def test_an_error_is_shown_where_the_changes_were() -> None:
    panel = StagedPanel(UNICODE)
    async with show(panel) as held:
        await staged(held, panel, state((change("a"),)))
        panel.show(None, error="ws-lab/zebrafish did not answer. Try again.")
        await held.pilot.pause()
        assert held.has("did not answer. Try again.")
        assert not held.has("A a")


async def test_hostile_paths_are_shown_as_they_are() -> None:
    panel = StagedPanel(UNICODE)
    async with show(panel) as held:
        await staged(held, panel, state((change(HOSTILE),)))
        assert (
            "[red]x[/red] [@click=app.quit]y[/] \\x1b[31mz\\u202e.txt" in held.app.text
        )


async def test_ten_thousand_changes() -> None:
    panel = StagedPanel(UNICODE)
    async with show(panel, (80, 24)) as held:
        many = tuple(change(f"f{i:05}") for i in range(10_000))
        await staged(held, panel, state(many))
        assert held.has("A 10,000")
        assert "f00000" in held.app.text
        await held.press("ctrl+a", "space")
        (asked,) = held.app.heard(StagedPanel.UnstageRequested)
        assert len(asked.changes) == 10_000


# The list under both.


async def test_a_cursor_move_draws_two_lines_of_ten_thousand() -> None:
    drawn: list[str] = []

    def draw(row: str, width: int) -> Line:
        drawn.append(row)
        return ((row.ljust(width), "plain"),)

    rows: LineList[str] = LineList(draw)
    async with show(rows, (80, 24)) as held:
        rows.set_rows([f"row {i}" for i in range(10_000)])
        await held.pilot.pause()
        assert set(drawn) == {f"row {i}" for i in range(24)}
        drawn.clear()
        await held.press("down")
        assert set(drawn) <= {"row 0", "row 1"}


async def test_an_update_draws_only_what_changed() -> None:
    drawn: list[str] = []

    def draw(row: str, width: int) -> Line:
        drawn.append(row)
        return ((row.ljust(width), "plain"),)

    rows: LineList[str] = LineList(draw)
    async with show(rows, (80, 24)) as held:
        old = [f"row {i}" for i in range(100)]
        rows.set_rows(old)
        await held.pilot.pause()
        drawn.clear()
        rows.set_rows([*old[:5], "changed", *old[6:]])
        await held.pilot.pause()
        assert drawn
        assert set(drawn) == {"changed"}
        assert "changed" in held.app.lines[5]


async def test_a_drag_marks_a_range_and_scrolls() -> None:
    rows: LineList[str] = LineList(lambda row, _: ((row, "plain"),), ranged=True)
    async with show(rows, (80, 10)) as held:
        rows.set_rows([f"row {i}" for i in range(50)])
        await held.pilot.pause()
        await held.pilot.mouse_down(rows, offset=(2, 3))
        await held.pilot.hover(rows, offset=(2, 6))
        assert rows.selected == ("row 3", "row 4", "row 5", "row 6")
        await held.pilot.mouse_up(rows, offset=(2, 6))
        await held.pilot.hover(rows, offset=(2, 8))
        assert len(rows.selected) == 4
        assert rows.region == Region(0, 0, 80, 10)
