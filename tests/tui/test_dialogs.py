"""Every dialog by keys and by mouse, at three sizes, with hostile names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from msgspec import structs
from textual.screen import ModalScreen
from textual.widgets import Input, TextArea

from hypha_artifact.models import (
    Artifact,
    ChangeKind,
    CommitPreview,
    Fate,
    Finding,
    ResultingFile,
    Severity,
    StagedChange,
    StageEntry,
    StageMode,
    StageState,
    Version,
)
from hypha_artifact.paths import ArtifactId, RemotePath
from hypha_artifact.transfer.items import Content, Existing, PlanItem, Problem
from hypha_artifact.transfer.outcome import CommitOption
from hypha_artifact.transfer.plans import TransferPlan
from hypha_artifact.transfer.state import (
    Direction,
    DownloadRequest,
    GroupView,
    JobState,
    Limit,
    Overwrite,
    Snapshot,
    UploadRequest,
)
from hypha_tui.screens.commit import CarryWanted, CommitDecision, CommitScreen
from hypha_tui.screens.confirm import ConfirmScreen
from hypha_tui.screens.conflict import ConflictList, ConflictScreen
from hypha_tui.screens.limit import LimitScreen
from hypha_tui.screens.name import NameScreen
from hypha_tui.screens.problems import ProblemsScreen
from hypha_tui.screens.quit import QuitChoice, QuitScreen
from hypha_tui.screens.stage_mode import StageModeScreen
from hypha_tui.state.conflict_rows import outcome
from hypha_tui.themes import ASCII, UNICODE, Symbols
from tests.tui.fakes import until
from tests.tui.stand import HOSTILE, UNANSWERED, hold

LAB = ArtifactId("ws-lab", "zebrafish")
SIZES = [(80, 24), (120, 40), (200, 60)]
REPLACE, SKIP, RENAME = Overwrite.REPLACE, Overwrite.SKIP, Overwrite.RENAME


def artifact(mode: StageMode | None = None, versions: int = 4) -> Artifact:
    intents = {StageMode.NEW_VERSION: "new_version", StageMode.IN_PLACE: "edit"}
    return Artifact(
        id=str(LAB),
        workspace=LAB.workspace,
        alias=LAB.alias,
        file_count=12,
        versions=[Version(version=f"v{i}") for i in range(versions)],
        staging=[StageEntry(intent=intents[mode])] if mode else None,
    )


# Confirm.


def confirm(typed: int | None = None) -> ConfirmScreen:
    body = f"Remove 3 files, 4.1G?\n  {HOSTILE[:12]}"
    return ConfirmScreen("Remove", body, key="y", label="Remove", typed=typed)


async def test_confirm_by_its_own_key_only() -> None:
    async with hold(confirm()) as held:
        await held.press("enter", "space", "d", "f8", "delete")
        assert held.answer is UNANSWERED
        await held.press("y")
        assert held.answer is True


async def test_confirm_says_no_on_escape_and_by_mouse() -> None:
    async with hold(confirm()) as held:
        await held.press("escape")
        assert held.answer is False
    async with hold(confirm()) as held:
        await held.click("Back")
        assert held.answer is False
    async with hold(confirm()) as held:
        await held.click("Remove")
        assert held.answer is True


async def test_many_files_want_their_number_typed() -> None:
    async with hold(confirm(typed=128)) as held:
        await held.press("y", "enter", "1", "2", "enter")
        await held.click("Remove")
        assert held.answer is UNANSWERED
        await held.press("8", "enter")
        assert held.answer is True


# Name.


def name(initial: str = "") -> NameScreen:
    return NameScreen("New folder", initial=initial, check=_no_slash)


def _no_slash(text: str) -> str | None:
    return None if text and "/" not in text else f"Type a name without '/': {HOSTILE}"


async def test_name_says_what_is_wrong_and_takes_what_is_right() -> None:
    async with hold(name()) as held:
        assert not held.has("without")
        await held.press("a", "slash", "enter")
        assert held.has("Type a name without '/': [red]x[/red]")
        assert held.answer is UNANSWERED
        await held.press("backspace", "b", "enter")
        assert held.answer == "ab"


async def test_limit_says_what_is_wrong_and_takes_what_is_right() -> None:
    shown = Snapshot(upload_limit=Limit(text="5M", rate=5.0 * 1024**2))
    async with hold(LimitScreen(shown)) as held:
        await held.press("0", "enter")
        assert held.has("'5M0' is no limit.")
        assert held.answer is UNANSWERED
        await held.press("backspace", "tab", "home", "shift+end", "1", "M", "enter")
        assert held.answer == {Direction.UPLOAD: "5M", Direction.DOWNLOAD: "1M"}


async def test_name_by_mouse() -> None:
    async with hold(name("old")) as held:
        await held.press("X")
        await held.click("OK")
        assert held.answer == "oldX"
    async with hold(name("old")) as held:
        await held.click("Cancel")
        assert held.answer is None


# Stage mode.


@pytest.mark.parametrize(
    ("keys", "mode"),
    [
        (["n"], StageMode.NEW_VERSION),
        (["i"], StageMode.IN_PLACE),
        (["enter"], StageMode.NEW_VERSION),
        (["down", "enter"], StageMode.IN_PLACE),
        (["tab", "space"], StageMode.IN_PLACE),
        (["escape"], None),
    ],
)
async def test_stage_mode_keys(keys: list[str], mode: StageMode | None) -> None:
    async with hold(StageModeScreen(artifact())) as held:
        await held.press(*keys)
        assert held.answer is mode


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("A new version, v4", StageMode.NEW_VERSION),
        ("LIVE", StageMode.IN_PLACE),
        ("In place", StageMode.IN_PLACE),
        ("Cancel", None),
    ],
)
async def test_stage_mode_by_mouse(text: str, mode: StageMode | None) -> None:
    async with hold(StageModeScreen(artifact())) as held:
        await held.click(text)
        assert held.answer is mode


# The commit that an upload may end with.


async def test_the_wish_to_commit_is_off_until_it_is_ticked() -> None:
    dialog = StageModeScreen(artifact())
    async with hold(dialog, (80, 24)) as held:
        assert held.has("[ ] Commit when every file has arrived: the whole stage")
        assert dialog.commit is None
        await held.press("c", *"Plate 7, in", "enter", "down", "enter")
        assert held.answer is StageMode.IN_PLACE
    assert dialog.commit == CommitOption(comment="Plate 7, in")


async def test_the_wish_to_commit_by_mouse() -> None:
    dialog = StageModeScreen(artifact())
    async with hold(dialog, (80, 24)) as held:
        await held.click("Commit when every")
        assert held.has("[x] Commit when every")
        await held.click("Message:")
        await held.press("x", "space")
        await held.click("Commit after")
        assert dialog.commit is None
        assert not held.has("x Commit")
        await held.click("Commit after")
        await held.click("A new version, v4")
        assert held.answer is StageMode.NEW_VERSION
    assert dialog.commit == CommitOption(comment="x")


async def test_the_wish_to_commit_beside_conflicts() -> None:
    wished = structs.replace(MIXED.request, commit=CommitOption(comment="given"))
    dialog = conflict(structs.replace(MIXED, request=wished))
    async with hold(dialog, (80, 24)) as held:
        await held.press("o")
        assert held.has("[x] Commit when every file has arrived")
        assert held.has("given")
        await held.click("given")
        await held.press("end", "C", "enter")
        assert held.answer == {A: REPLACE}
    assert dialog.commit == CommitOption(comment="givenC")
    dialog = conflict(plan(item("a", THERE), down=True))
    async with hold(dialog) as held:
        await held.press("c", "enter")
        assert not held.has("Commit when")
    assert dialog.commit is None


# Quit.


def busy(**counts: int) -> Snapshot:
    group = GroupView(
        id=1,
        title="plate7",
        direction=Direction.UPLOAD,
        artifact=LAB,
        size=5 * 2**30,
        done=2**30,
        counts={JobState[state]: n for state, n in counts.items()},
    )
    return Snapshot(groups=(group,), eta=160)


@pytest.mark.parametrize(
    ("keys", "choice"),
    [
        (["f"], QuitChoice.FINISH),
        (["s"], QuitChoice.STOP),
        (["enter"], QuitChoice.FINISH),
        (["down", "enter"], QuitChoice.STOP),
        (["escape"], QuitChoice.BACK),
        (["b"], QuitChoice.BACK),
    ],
)
async def test_quit_keys(keys: list[str], choice: QuitChoice) -> None:
    async with hold(QuitScreen(busy(RUNNING=2, QUEUED=5))) as held:
        assert held.has("2 files moving, 5 waiting: 4.0G to go, about 2:40.")
        await held.press("q", "x", "d", *keys)
        assert held.answer is choice


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("Finish, then quit", QuitChoice.FINISH),
        ("Stop and quit", QuitChoice.STOP),
        ("Back", QuitChoice.BACK),
    ],
)
async def test_quit_by_mouse(text: str, choice: QuitChoice) -> None:
    async with hold(QuitScreen(busy(RUNNING=1))) as held:
        await held.click(text)
        assert held.answer is choice


@pytest.mark.parametrize(
    ("keys", "choice"),
    [
        (["enter"], QuitChoice.DETACH),
        (["d"], QuitChoice.DETACH),
        (["down", "enter"], QuitChoice.FINISH),
    ],
)
async def test_quit_leaves_an_engine_that_goes_on(
    keys: list[str], choice: QuitChoice
) -> None:
    async with hold(QuitScreen(busy(RUNNING=1), outlives=True)) as held:
        assert held.has("The transfers go on")
        await held.press(*keys)
        assert held.answer is choice


async def test_quit_says_that_paused_files_do_not_finish() -> None:
    async with hold(QuitScreen(busy(PAUSED=1))) as held:
        assert held.has("Paused files do not finish by themselves")


# Problems.


async def test_problems_are_shown_in_full() -> None:
    lines = [f"{HOSTILE}: Permission denied. " + "Ask its owner. " * 6, "b: gone"]
    async with hold(ProblemsScreen("2 files", lines), (80, 24)) as held:
        assert held.has("\\x1b[31mz\\u202e.txt: Permission denied.")
        assert held.has("Ask its owner. ! b: gone")
        await held.press("escape")
        assert held.answer is None


async def test_ten_thousand_problems() -> None:
    lines = [f"file {i}: gone" for i in range(10_000)]
    async with hold(ProblemsScreen("10,000 files", lines), (80, 24)) as held:
        assert held.has("file 0: gone")
        await held.press("end")
        assert held.has("file 9999: gone")
        assert held.has("Esc Close")


# Conflicts.


def item(path: str, existing: Existing | None = None) -> PlanItem:
    return PlanItem(
        local=Path("/d") / path,
        remote=RemotePath(path),
        size=1000,
        modified=1.7e9,
        existing=existing,
    )


THERE = Existing(size=4000, modified=1.6e9)
BLOCKED = Existing(
    size=1, modified=None, blocked="Marked for removal. Discard first.", free=2
)


def plan(*items: PlanItem, problems: int = 0, down: bool = False) -> TransferPlan:
    up = UploadRequest(
        sources=(Path("/d"),),
        artifact=LAB,
        folder=RemotePath(),
        mode=StageMode.IN_PLACE,
    )
    get = DownloadRequest(sources=(RemotePath("a"),), artifact=LAB, folder=Path("/d"))
    return TransferPlan(
        request=get if down else up,
        items=items,
        problems=tuple(
            Problem(source=f"/d/{HOSTILE}", reason=f"No right to read it ({i}).")
            for i in range(problems)
        ),
    )


MIXED = plan(item("a", THERE), item("b", THERE), item("c", BLOCKED), item("d"))


def conflict(
    asked: TransferPlan = MIXED, *, live: bool = False, symbols: Symbols = UNICODE
) -> ConflictScreen:
    return ConflictScreen(asked, live=live, symbols=symbols)


A, B = RemotePath("a"), RemotePath("b")


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        ([], {}),
        (["o"], {A: REPLACE}),
        (["o", "o"], {A: REPLACE, B: REPLACE}),
        (["o", "up", "s"], {A: SKIP}),
        (["O"], {A: REPLACE, B: REPLACE}),
        (["O", "S"], {A: SKIP, B: SKIP}),
        (["down", "down", "o"], {}),
        (["shift+down", "o"], {A: REPLACE, B: REPLACE}),
        (["b"], {A: RENAME}),
        (["end", "b"], {RemotePath("c"): RENAME}),
        (["B", "O"], {A: REPLACE, B: REPLACE}),
        (["N"], {A: REPLACE, B: REPLACE}),
        (["Z"], {A: REPLACE, B: REPLACE}),
        (["C"], {}),
        (["space"], {A: REPLACE}),
        (["space", "space"], {A: SKIP}),
    ],
)
async def test_conflict_keys(
    keys: list[str], answer: dict[RemotePath, Overwrite]
) -> None:
    async with hold(conflict()) as held:
        await held.press(*keys)
        assert held.answer is UNANSWERED
        await held.press("enter")
        assert held.answer == answer


async def test_content_decides_once_it_is_compared() -> None:
    ask = anyio.Event()
    found = [
        item(name, Existing(size=1000, modified=1.6e9, content=content, free=2))
        for name, content in zip("abc", Content, strict=True)
    ]

    async def compare() -> TransferPlan:
        await ask.wait()
        return plan(*found, item("d"))

    screen = ConflictScreen(MIXED, live=False, symbols=UNICODE, compare=compare)
    async with hold(screen) as held:
        assert held.has("1 new, 2 different, 1 conflict")
        await held.press("O", "C", "enter")
        assert held.has("Comparing the content")
        decided = outcome(MIXED, {A: REPLACE, B: REPLACE})
        assert held.has(decided)
        await held.press("s")
        assert held.has(decided), "what is under way decides about all"
        assert held.answer is UNANSWERED
        ask.set()
        said = "1 file cannot be compared: the store has no checksum"
        await until(held.pilot, lambda: held.has(said))
        assert held.has("1 new, 1 same, 1 different, 1 unknown")
        assert held.has("1 new, 2 overwritten, 1 skipped")
        assert held.has("the same content")
        await held.press("enter")
        assert held.answer == {A: SKIP, B: REPLACE, RemotePath("c"): REPLACE}
    assert screen.plan.items[0].existing == found[0].existing


async def test_all_of_very_many_are_decided_beside_the_loop() -> None:
    many = plan(*(item(f"{number:05}", THERE) for number in range(5000)), item("d"))
    async with hold(conflict(many)) as held:
        await held.press("O")
        await until(held.pilot, lambda: held.has("1 new, 5,000 overwritten"))
        assert not held.has("Deciding")
        await held.press("S")
        await until(held.pilot, lambda: held.has("1 new, 5,000 skipped"))
        await held.press("enter")
        answer = held.answer
        assert isinstance(answer, dict)
        assert set(answer.values()) == {SKIP}
        assert len(answer) == 5000


async def test_escape_cancels_the_batch() -> None:
    async with hold(conflict()) as held:
        await held.press("O", "escape")
        assert held.answer is None


async def test_conflict_by_mouse() -> None:
    async with hold(conflict()) as held:
        rows = held.app.screen.query_one(ConflictList)
        await held.pilot.click(rows, offset=(20, 1), times=2)
        assert held.has("1 overwritten")
        await held.click("Enter")
        assert held.answer == {B: REPLACE}
    async with hold(conflict()) as held:
        await held.click("Overwrite all")
        await held.click("Enter")
        assert held.answer == {A: REPLACE, B: REPLACE}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("symbols", [UNICODE, ASCII])
async def test_conflict_says_it_at_any_size(
    size: tuple[int, int], symbols: Symbols
) -> None:
    asked = plan(*MIXED.items, problems=2)
    async with hold(conflict(asked, live=True, symbols=symbols), size) as held:
        await held.press("o")
        assert held.has("3 are there already. 2 more cannot be copied.")
        assert held.has("Readers see what you overwrite as soon as it is uploaded")
        assert held.has("1 new, 1 overwritten, 2 skipped")
        await held.press("down")
        assert held.has("Cannot be overwritten: Marked for removal. Discard first.")
        await held.press("down")
        assert held.has("\\x1b[31mz\\u202e.txt No right to read it (0).")
        assert "Cancel" in held.app.text


async def test_a_download_tells_of_this_machine() -> None:
    async with hold(conflict(plan(item("a", THERE), down=True))) as held:
        assert held.has("What you overwrite on this machine is gone.")


async def test_ten_thousand_conflicts() -> None:
    many = [item(f"f{i:05}", THERE) for i in range(10_000)]
    async with hold(conflict(plan(*many)), (80, 24)) as held:
        await held.press("O", "end", "s")
        assert held.has("9,999 overwritten, 1 skipped")
        assert held.has("f09999")
        await held.press("enter")
        assert isinstance(held.answer, dict)
        assert list(held.answer.values()).count(REPLACE) == 9_999


# Commit.


@pytest.fixture(autouse=True)
def _no_drafts() -> Iterator[None]:
    yield
    CommitScreen.drafts.clear()


ASKS = Finding(
    code="not_carried",
    severity=Severity.ASKS,
    text="1 file is in v3 but not in the new version.",
    paths=("old.csv",),
)
BLOCKS = Finding(
    code="pending",
    severity=Severity.BLOCKS,
    text="1 file is announced, but the bytes never came.",
    paths=(HOSTILE,),
)
FILES = (
    ResultingFile(path=f"raw/{HOSTILE}", fate=Fate.NEW, size_after=2048),
    ResultingFile(path="meta.json", fate=Fate.CHANGED, size_before=10, size_after=20),
    ResultingFile(path="old.csv", fate=Fate.GONE, size_before=1024),
    ResultingFile(path="README.md", fate=Fate.KEPT, size_before=30, size_after=30),
)


def preview(
    *findings: Finding,
    mode: StageMode | None = StageMode.NEW_VERSION,
    files: tuple[ResultingFile, ...] = FILES,
    versions: int = 4,
) -> CommitPreview:
    change = StagedChange(path="meta.json", kind=ChangeKind.MODIFIED, size=20)
    state = StageState(
        artifact=artifact(mode, versions), mode=mode, changes=(change,) if mode else ()
    )
    return CommitPreview(state=state, files=files, findings=findings)


def commit(
    *findings: Finding,
    mode: StageMode | None = StageMode.NEW_VERSION,
    symbols: Symbols = UNICODE,
) -> CommitScreen:
    return CommitScreen(preview(*findings, mode=mode), symbols=symbols)


@pytest.mark.parametrize("key", ["ctrl+d", "ctrl+enter"])
async def test_commit_with_a_message(key: str) -> None:
    async with hold(commit()) as held:
        await held.press(*"plate", "enter", *"seven", key)
        assert held.answer == CommitDecision(
            mode=StageMode.NEW_VERSION, comment="plate\nseven"
        )


async def test_commit_under_a_name() -> None:
    async with hold(commit()) as held:
        await held.press("tab", *"v3")
        assert held.has("There is a version 'v3' already")
        await held.press("ctrl+d")
        assert held.answer is UNANSWERED
        await held.press(*".1", "ctrl+d")
        assert held.answer == CommitDecision(
            mode=StageMode.NEW_VERSION, comment="", version="v3.1"
        )


async def test_every_question_needs_its_yes() -> None:
    live = Finding(code="foreign", severity=Severity.ASKS, text="2 files are foreign.")
    async with hold(commit(ASKS, live)) as held:
        await held.press("ctrl+d")
        assert held.has("not ticked yet (2)")
        await held.press("space", "ctrl+d")
        assert held.has("not ticked yet (1)")
        await held.click("Commit")
        assert held.answer is UNANSWERED
        await held.press("down", "space", "space", "space", "ctrl+d")
        assert isinstance(held.answer, CommitDecision)


async def test_a_question_by_mouse() -> None:
    async with hold(commit(ASKS)) as held:
        await held.click("1 file is in v3")
        await held.click("^D")
        assert isinstance(held.answer, CommitDecision)


async def test_a_blocked_commit_cannot_be_made() -> None:
    async with hold(commit(BLOCKS)) as held:
        assert held.has("the bytes never came. ([red]x[/red] [@click=app.quit]y[/]")
        await held.press("ctrl+d")
        await held.click("^D")
        assert held.has("It cannot be committed: see the lines with a '!'.")
        assert held.answer is UNANSWERED
        await held.press("escape")
        assert held.answer is None


async def test_in_place_has_no_version_name() -> None:
    note = Finding(code="comment", severity=Severity.NOTE, text="Replaces a comment.")
    async with hold(commit(note, mode=StageMode.IN_PLACE)) as held:
        assert held.has("After the commit, readers of v3 see 3 files, 2.0K.")
        assert held.has("In place: uploads are live already.")
        assert held.has("Replaces a comment.")
        assert not held.has("Name of the new version")
        await held.press("ctrl+d")
        assert held.answer == CommitDecision(mode=StageMode.IN_PLACE, comment="")


async def test_the_kind_is_free_while_nothing_is_staged() -> None:
    nothing = Finding(
        code="nothing_staged", severity=Severity.BLOCKS, text="Nothing is staged."
    )
    async with hold(commit(nothing, mode=None)) as held:
        assert held.has("(*) New version")
        await held.click("In place")
        assert held.has("(*) In place")
        assert held.has("( ) New version")
        assert held.has("^D Open the stage")
        assert not held.has("^D Commit")
        await held.press("ctrl+d")
        assert held.answer == CommitDecision(mode=StageMode.IN_PLACE, comment="")


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("a", "[red]x[/red]"),
        ("m", "meta.json"),
        ("d", "old.csv"),
        ("equals_sign", "README.md"),
    ],
)
async def test_files_are_filtered_by_fate(key: str, shown: str) -> None:
    names = {"[red]x[/red]", "meta.json", "old.csv", "README.md"}
    async with hold(commit(BLOCKS)) as held:
        assert all(name in held.app.text for name in names)
        await held.press(key)
        listed = [line for line in held.app.lines if "never came" not in line]
        assert shown in "\n".join(listed)
        assert not any(
            name in "\n".join(listed) for name in names - {shown, "[red]x[/red]"}
        )
        await held.press("asterisk")
        assert all(name in held.app.text for name in names)


async def test_a_fate_by_mouse() -> None:
    async with hold(commit()) as held:
        await held.click("1 gone")
        assert held.has("not in v4")
        assert not held.has("README.md")


async def test_the_draft_survives_escape_and_a_refused_commit() -> None:
    async with hold(commit()) as held:
        await held.press(*"half", "tab", *"v9", "escape")
        assert held.answer is None
    async with hold(commit()) as held:
        await held.press("ctrl+d")
        assert held.answer == CommitDecision(
            mode=StageMode.NEW_VERSION, comment="half", version="v9"
        )
    async with hold(commit()) as held:
        assert held.app.screen.query_one(TextArea).text == "half"
        CommitScreen.forget(LAB)
    async with hold(commit()) as held:
        assert held.app.screen.query_one(TextArea).text == ""
        assert held.app.screen.query_one(Input).value == ""


async def test_files_left_out_can_be_carried_over() -> None:
    async with hold(commit(ASKS)) as held:
        await held.press("k")
        assert held.answer == CarryWanted(paths=("old.csv",))
    async with hold(commit(ASKS)) as held:
        await held.click("Carry 1 file over")
        assert held.answer == CarryWanted(paths=("old.csv",))
    async with hold(commit(BLOCKS)) as held:
        await held.press("k")
        assert held.answer is UNANSWERED
        assert not held.has("Carry")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("symbols", [UNICODE, ASCII])
async def test_commit_says_it_at_any_size(
    size: tuple[int, int], symbols: Symbols
) -> None:
    async with hold(commit(ASKS, symbols=symbols), size, symbols) as held:
        assert held.has("Readers will see v4: 3 files, 2.0K. v3 stays as it is.")
        assert held.has("New version: hidden until you commit.")
        for chip in (
            "A 1 new 2.0K",
            "M 1 changed 20B",
            "D 1 gone 1.0K",
            "= 1 kept 30B",
        ):
            assert held.has(chip), chip
        assert held.has("not in v4")
        assert held.has("[ ] 1 file is in v3 but not in the new version.")
        assert held.has("Message")
        assert held.has("Name of the new version v4")
        assert held.has("^D Commit")
        assert held.has("Space on its line.")
        assert symbols is UNICODE or held.app.text.isascii()


async def test_ten_thousand_files() -> None:
    files = tuple(
        ResultingFile(path=f"f{i:05}", fate=Fate.NEW, size_after=1)
        for i in range(10_000)
    )
    screen = CommitScreen(preview(BLOCKS, files=files), symbols=UNICODE)
    async with hold(screen, (80, 24)) as held:
        assert held.has("A 10,000 new 9.8K")
        await held.press("end")
        assert held.has("f09999")


async def test_a_first_version_has_nothing_to_choose() -> None:
    screen = CommitScreen(preview(versions=0), symbols=UNICODE)
    async with hold(screen) as held:
        assert held.has("Readers will see v0, the first version: 3 files")
        assert not held.has("An open stage keeps its kind")


# All of them.

ALL: dict[str, Callable[[Symbols], ModalScreen[Any]]] = {
    "confirm": lambda _: confirm(typed=11),
    "name": lambda _: name(),
    "mode": lambda _: StageModeScreen(artifact()),
    "quit": lambda _: QuitScreen(busy(RUNNING=1)),
    "problems": lambda _: ProblemsScreen("1 file", [HOSTILE]),
    "conflict": lambda symbols: conflict(symbols=symbols),
    "commit": lambda symbols: commit(ASKS, symbols=symbols),
}


@pytest.mark.parametrize("dialog", ALL)
@pytest.mark.parametrize("size", [*SIZES, (60, 18)])
async def test_a_dialog_fits_with_its_keys_and_plain_characters(
    dialog: str, size: tuple[int, int]
) -> None:
    async with hold(ALL[dialog](ASCII), size, ASCII) as held:
        width, height = size
        frame = held.app.screen.query_one("#dialog").region
        assert frame.width <= width
        assert frame.height <= height
        assert held.app.text.isascii()
        assert " Esc " in held.app.text
        assert not {"\x1b", "\u202e"} & set(held.app.text)


@pytest.mark.parametrize("dialog", ALL)
async def test_a_click_beside_a_dialog_does_nothing(dialog: str) -> None:
    async with hold(ALL[dialog](UNICODE)) as held:
        await held.pilot.click(offset=(0, 0))
        assert held.answer is UNANSWERED
