"""Rows of the panels and dialogs: every line fits, says it, and hides no control."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.cells import cell_len

from hypha_artifact.models import (
    Artifact,
    ChangeKind,
    CommitPreview,
    Fate,
    ResultingFile,
    StagedChange,
    StageMode,
    StageState,
    Version,
)
from hypha_artifact.paths import ArtifactId, RemotePath
from hypha_artifact.transfer.items import Existing, PlanItem, Problem
from hypha_artifact.transfer.plans import TransferPlan
from hypha_artifact.transfer.state import (
    Action,
    Command,
    Direction,
    GroupView,
    JobState,
    JobView,
    Overwrite,
    Snapshot,
    UploadRequest,
)
from hypha_tui.state import (
    commit_rows,
    conflict_rows,
    stage_rows,
    transfer_commands,
    transfer_lines,
    transfer_rows,
)
from hypha_tui.state.lines import Line, plain, wrap
from hypha_tui.themes import ASCII, UNICODE, Symbols

LAB = ArtifactId("ws-lab", "zebrafish")
WIDTHS = (50, 56, 58, 76, 78, 96, 116, 198)
SETS = (UNICODE, ASCII)
NAMES = (
    "a",
    "img_001.tif",
    "[red]x[/red].csv",
    "z\x1b[31m\u202e.txt",
    "表" * 60 + ".png",
    "n" * 250,
)


def job(number: int, state: JobState, name: str = "a", **more: object) -> JobView:
    known: dict[str, object] = {
        "id": number,
        "group": 1,
        "direction": Direction.DOWNLOAD,
        "local": Path("/data") / name,
        "remote": RemotePath("raw/a"),
        "state": state,
        "size": 5_000_000_000,
        "done": 1_000_000_000,
        "rate": 12e6,
        "reason": "503 Slow Down",
        "due": 1009.0,
    }
    return JobView(**(known | more))  # type: ignore[arg-type]


def group(*jobs: JobView, **more: object) -> GroupView:
    states = [one.state for one in jobs]
    known: dict[str, object] = {
        "id": 1,
        "title": "plate7",
        "direction": Direction.DOWNLOAD,
        "artifact": LAB,
        "size": 10_000_000_000,
        "done": 1_000_000_000,
        "counts": {state: states.count(state) for state in states},
        "rate": 12e6,
        "eta": 4000.0,
    }
    return GroupView(**(known | more))  # type: ignore[arg-type]


def snapshot(*jobs: JobView, **more: object) -> Snapshot:
    return Snapshot(groups=(group(*jobs, **more),), jobs=jobs)


def artifact(*versions: str) -> Artifact:
    known = [Version(version=version) for version in versions]
    return Artifact(id=str(LAB), workspace="ws-lab", alias="zebrafish", versions=known)


def stage(
    mode: StageMode | None, *changes: StagedChange, name: str = "v3"
) -> StageState:
    return StageState(artifact=artifact(name), mode=mode, changes=changes)


def plan(*items: PlanItem, problems: tuple[Problem, ...] = ()) -> TransferPlan:
    request = UploadRequest(
        sources=(), artifact=LAB, folder=RemotePath(), mode=StageMode.IN_PLACE
    )
    return TransferPlan(request=request, items=items, problems=problems)


def item(name: str, there: Existing | None, modified: float | None = 1.7e9) -> PlanItem:
    return PlanItem(
        local=Path("/data/a"),
        remote=RemotePath(name),
        size=5_000_000,
        modified=modified,
        existing=there,
    )


def drawn_transfers(width: int, symbols: Symbols) -> Iterator[Line]:
    jobs = [
        job(number, state, name)
        for number, (state, name) in enumerate(
            (state, name) for state in JobState for name in NAMES
        )
    ]
    for title in NAMES:
        shown = snapshot(*jobs, title=title, error=f"{title} is gone")
        for row in transfer_rows.transfer_rows(shown, width, symbols):
            yield transfer_lines.draw(row, width, symbols, 1000.0)


def stage_lines(width: int, symbols: Symbols) -> Iterator[Line]:
    changes = [
        StagedChange(path=name, kind=kind, size=5_000_000, live=live)
        for kind in ChangeKind
        for name in NAMES
        for live in (True, False)
    ]
    for mode in StageMode:
        state = stage(mode, *changes)
        for row in stage_rows.stage_rows(state, width, symbols):
            yield stage_rows.draw(row, width, symbols, "v3")


def commit_lines(width: int, symbols: Symbols) -> Iterator[Line]:
    for fate in Fate:
        for name in NAMES:
            row = ResultingFile(path=name, fate=fate, size_before=5, size_after=5_000)
            yield commit_rows.draw(row, width, symbols, stage(StageMode.NEW_VERSION))


def conflict_lines(width: int, symbols: Symbols) -> Iterator[Line]:
    yield ((conflict_rows.titles(width), "muted"),)
    blocked = Existing(size=1, modified=None, blocked="It is marked for removal.")
    for name in ("a", "[red]x", "表" * 60, "n" * 250):
        for there in (Existing(size=None, modified=None), blocked):
            shown = item(name, there)
            decisions = {shown.remote: Overwrite.REPLACE}
            yield conflict_rows.draw(shown, width, symbols, decisions)
    for name in NAMES:
        problem = Problem(source=name, reason=f"{name}: permission denied")
        yield conflict_rows.draw(problem, width, symbols, {})


@pytest.mark.parametrize("symbols", SETS, ids=["unicode", "ascii"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    "lines", [drawn_transfers, stage_lines, commit_lines, conflict_lines]
)
def test_no_line_is_wider_than_its_list_or_holds_a_control(
    lines: type[Iterator[Line]], width: int, symbols: Symbols
) -> None:
    drawn = [plain(line) for line in lines(width, symbols)]  # type: ignore[call-arg]
    assert drawn
    assert [text for text in drawn if cell_len(text) > width] == []
    assert [text for text in drawn if not text.isprintable()] == []


@pytest.mark.parametrize("width", [58, 76, 116])
def test_columns_of_transfers_stand_below_each_other(width: int) -> None:
    jobs = [job(number, state) for number, state in enumerate(JobState)]
    rows = transfer_rows.transfer_rows(snapshot(*jobs), width, UNICODE)
    lines = [
        plain(transfer_lines.draw(row, width, UNICODE, 1000.0))
        for row in rows
        if isinstance(row, transfer_rows.JobRow)
    ]
    assert len(lines) == len(JobState)
    assert len({line.index("4.7G") for line in lines}) == 1


def test_a_batch_that_is_over_shows_only_what_failed() -> None:
    jobs = (job(1, JobState.DONE), job(2, JobState.FAILED), job(3, JobState.CANCELLED))
    rows = transfer_rows.transfer_rows(snapshot(*jobs), 80, UNICODE)
    shown = [row.job.id for row in rows if isinstance(row, transfer_rows.JobRow)]
    assert shown == [2]


def test_equal_failures_have_one_reason_that_stands_for_all() -> None:
    jobs = tuple(job(number, JobState.FAILED, reason="No.") for number in range(12))
    rows = transfer_rows.transfer_rows(snapshot(*jobs), 80, UNICODE)
    reasons = [row for row in rows if isinstance(row, transfer_rows.ReasonRow)]
    assert [row.text for row in reasons] == ["All 12: No."]
    assert transfer_rows.jobs_of(reasons[0]) == jobs


def test_a_batch_at_work_comes_first_and_the_newest_that_is_over_next() -> None:
    groups = (
        group(id=1, counts={JobState.DONE: 2}),
        group(id=2, counts={JobState.DONE: 2}),
        group(id=3, counts={JobState.RUNNING: 2}),
    )
    rows = transfer_rows.transfer_rows(Snapshot(groups=groups), 80, UNICODE)
    heads = [row.group.id for row in rows if isinstance(row, transfer_rows.GroupRow)]
    assert heads == [3, 2, 1]


def test_files_that_are_not_listed_are_counted() -> None:
    counts = {JobState.RUNNING: 1, JobState.QUEUED: 4999, JobState.DONE: 7}
    shown = snapshot(job(1, JobState.RUNNING), counts=counts)
    rows = transfer_rows.transfer_rows(shown, 80, UNICODE)
    more = [row for row in rows if isinstance(row, transfer_rows.MoreRow)]
    assert [row.files for row in more] == [4999]


def test_a_file_of_no_bytes_is_full_when_it_is_there() -> None:
    shown = snapshot(job(1, JobState.RUNNING, size=0, done=0, rate=0.0))
    row = transfer_rows.transfer_rows(shown, 80, UNICODE)[0]
    assert "0%" in plain(transfer_lines.draw(row, 80, UNICODE, 0.0))


def test_the_next_try_is_counted_down_and_never_below_nothing() -> None:
    rows = transfer_rows.transfer_rows(snapshot(job(1, JobState.WAITING)), 80, UNICODE)
    texts = [
        plain(transfer_lines.draw(rows[0], 80, UNICODE, now)) for now in (1001, 1020)
    ]
    assert "in 8 s" in texts[0]
    assert "in 0 s" in texts[1]


@pytest.mark.parametrize(
    ("action", "states"),
    [
        (Action.PAUSE, {JobState.RUNNING, JobState.QUEUED}),
        (Action.RESUME, {JobState.PAUSED}),
        (Action.CANCEL, {JobState.RUNNING, JobState.QUEUED, JobState.PAUSED}),
        (Action.RETRY, {JobState.FAILED, JobState.CANCELLED}),
    ],
)
def test_a_command_names_only_files_that_it_can_change(
    action: Action, states: set[JobState]
) -> None:
    known = [
        JobState.RUNNING,
        JobState.QUEUED,
        JobState.PAUSED,
        JobState.FAILED,
        JobState.CANCELLED,
        JobState.DONE,
    ]
    jobs = tuple(job(number, state) for number, state in enumerate(known))
    rows = tuple(transfer_rows.JobRow(job=one, indent=2) for one in jobs)
    wanted = tuple(one.id for one in jobs if one.state in states)
    found = transfer_commands.commands(action, rows, snapshot(*jobs))
    assert found == [Command(action=action, jobs=wanted)]


@pytest.mark.parametrize("width", [0, 20, 40, 44, 60, 200])
def test_a_headline_leaves_out_whole_parts_and_never_a_failure(width: int) -> None:
    counts = dict.fromkeys(JobState, 1234)
    shown = Snapshot(
        groups=(group(counts=counts),), upload_rate=2e7, download_rate=2e7, eta=135.0
    )
    parts = plain(transfer_lines.headline(shown, UNICODE)).split("  ")
    kept = plain(transfer_lines.headline(shown, UNICODE, width)).split("  ")
    assert "1,234 failed" in kept
    assert [part for part in parts if part in kept] == kept
    assert width < 40 or cell_len("  ".join(kept)) <= width


def test_a_batch_is_one_command_that_takes_its_files_along() -> None:
    jobs = (job(1, JobState.RUNNING), job(2, JobState.QUEUED))
    shown = snapshot(*jobs)
    rows = transfer_rows.transfer_rows(shown, 80, UNICODE)
    found = transfer_commands.commands(Action.CANCEL, rows, shown)
    assert found == [Command(action=Action.CANCEL, group=1)]


def test_retrying_all_leaves_alone_what_was_cancelled() -> None:
    jobs = (job(1, JobState.FAILED), job(2, JobState.CANCELLED))
    assert transfer_commands.retries(snapshot(*jobs)) == [
        Command(action=Action.RETRY, jobs=(1,))
    ]
    assert transfer_commands.retries(snapshot(job(2, JobState.CANCELLED))) == []


def test_a_batch_that_lost_its_sign_in_can_be_retried() -> None:
    shown = snapshot(job(1, JobState.PAUSED), error="Sign in again.")
    rows = transfer_rows.transfer_rows(shown, 80, UNICODE)
    head = [Command(action=Action.RETRY, group=1)]
    file = [Command(action=Action.RETRY, jobs=(1,))]
    assert transfer_commands.retries(shown) == head
    assert transfer_commands.commands(Action.RETRY, rows[:1], shown) == head
    assert transfer_commands.commands(Action.RETRY, rows[-1:], shown) == file


def test_what_the_user_paused_is_not_retried() -> None:
    shown = snapshot(job(1, JobState.PAUSED), job(2, JobState.RUNNING))
    rows = transfer_rows.transfer_rows(shown, 80, UNICODE)
    assert transfer_commands.retries(shown) == []
    assert transfer_commands.commands(Action.RETRY, rows, shown) == []


@pytest.mark.parametrize("mode", StageMode)
def test_a_stage_says_what_readers_see_of_it(mode: StageMode) -> None:
    change = StagedChange(path="a", kind=ChangeKind.ADDED, live=True)
    said = stage_rows.meaning(stage(mode, change))
    words = {
        StageMode.NEW_VERSION: ("starts empty", "v3", "not be in it"),
        StageMode.IN_PLACE: ("LIVE", "v3", "before any commit"),
        StageMode.ON_BRANCH: ("after the commit", "v3 keeps its other files"),
    }
    assert all(word in said for word in words[mode])


def test_a_version_name_from_the_server_cannot_move_the_cursor() -> None:
    change = StagedChange(path="a", kind=ChangeKind.MODIFIED)
    for mode in StageMode:
        state = stage(mode, change, name="v\x1b[2J")
        texts = [stage_rows.meaning(state), plain(stage_rows.headline(state))]
        assert all(text.isprintable() for text in texts)


def test_commit_rows_put_changes_before_what_stays() -> None:
    fates = (Fate.KEPT, Fate.GONE, Fate.NEW, Fate.CHANGED)
    files = tuple(ResultingFile(path=f"{fate.value}", fate=fate) for fate in fates)
    preview = CommitPreview(state=stage(StageMode.IN_PLACE), files=files, findings=())
    rows = commit_rows.fate_rows(preview)
    assert [row.path for row in rows] == ["new", "changed", "gone", "kept"]


@pytest.mark.parametrize("name", ["v3", "stage", "latest", "a/b", " a", "a\x1b", "a\n"])
def test_a_version_name_that_the_server_would_misread_is_refused(name: str) -> None:
    assert commit_rows.wrong_version(name, artifact("v3"))


@pytest.mark.parametrize("name", ["", "v4", "rel-1", "naïve – copy"])
def test_other_version_names_are_taken(name: str) -> None:
    assert commit_rows.wrong_version(name, artifact("v3")) is None


@pytest.mark.parametrize(
    ("apart", "said"), [(60, "newer"), (-60, "older"), (0.4, "same age")]
)
def test_a_collision_says_which_side_is_newer(apart: float, said: str) -> None:
    there = Existing(size=1, modified=1.7e9)
    assert conflict_rows.age(item("a", there, 1.7e9 + apart), there) == said


def test_what_cannot_be_overwritten_comes_last_and_counts_as_skipped() -> None:
    free = item("a", Existing(size=1, modified=None))
    stuck = item("b", Existing(size=1, modified=None, blocked="No."))
    problem = Problem(source="c", reason="No.")
    batch = plan(stuck, free, item("d", None), problems=(problem,))
    assert list(conflict_rows.ConflictRows(batch)) == [free, stuck, problem]
    yes = dict.fromkeys((free.remote, stuck.remote), Overwrite.REPLACE)
    assert conflict_rows.outcome(batch, yes) == "1 new, 1 overwritten, 1 skipped"
    assert conflict_rows.outcome(batch, {}) == "1 new, 2 skipped"


def test_a_text_is_wrapped_to_its_width_and_ends_where_it_was_cut() -> None:
    lines = wrap("\x1b[31m" + "表 word " * 200, 30)
    assert len(lines) >= 4
    assert all(cell_len(line) <= 30 for line in lines)
    assert lines[-1].endswith("…")
