"""How the rows of a snapshot are written: columns, progress, and reasons."""

from __future__ import annotations

from msgspec import Struct
from rich.cells import cell_len, set_cell_size

from hypha_artifact.paths import printable
from hypha_artifact.transfer.outcome import CommitState
from hypha_artifact.transfer.state import (
    Direction,
    GroupView,
    JobState,
    JobView,
    Limit,
    Snapshot,
)
from hypha_tui.state.lines import Line, Role, Span, join, plain
from hypha_tui.state.text import count, duration, fit_name, fit_start, rate, size
from hypha_tui.state.transfer_rows import (
    MOVING,
    OPEN,
    GroupRow,
    JobRow,
    MoreRow,
    ReasonRow,
    Row,
)
from hypha_tui.themes import Symbols, bar


class _Columns(Struct, frozen=True, kw_only=True):
    name: int
    bar: int

    @property
    def rest(self) -> int:
        """Cells behind the size: bar, percent, rate, time to go."""
        return self.bar + 19 if self.bar else 12


def _columns(width: int) -> _Columns:
    fixed = 3 + 1 + 5 + 1 + 19
    if width < fixed + 18:
        return _Columns(name=max(8, width - 22), bar=0)
    free = width - fixed
    cells = max(8, min(24, free // 3))
    return _Columns(name=free - cells, bar=cells)


def draw(row: Row, width: int, symbols: Symbols, now: float) -> Line:
    """Write a row.

    Args:
        row: One of ``transfer_rows``.
        width: In cells.
        symbols: The set to write with.
        now: Epoch seconds, to count down to the next try.

    Returns:
        A line of ``width`` cells.
    """
    match row:
        case GroupRow():
            return _draw_group(row.group, _columns(width), symbols)
        case JobRow():
            return _draw_job(row, _columns(width), symbols, now)
        case ReasonRow():
            lead = " " * (row.indent + 3)
            return ((lead, "plain"), (row.text, "bad"))
        case MoreRow():
            return ((f"     + {count(row.files, 'more file')} to go", "muted"),)


def _draw_group(group: GroupView, columns: _Columns, symbols: Symbols) -> Line:
    done = group.count(JobState.DONE)
    tally = f" {done:,}/{group.files:,} files"
    length = f" {size(group.size):>5} "
    if columns.name < 40:  # noqa: PLR2004
        tally, length = f" {done:,}/{group.files:,}", " "
    # The end goes first: what comes before the arrow is what was selected.
    title = group.title.replace("\u2192", symbols.arrow)
    width = columns.name + 7 - len(length) - len(tally)
    return (
        _glyph(_group_state(group), group.direction, symbols),
        (fit_start(title, width, symbols.ellipsis), "strong"),
        (tally, "muted"),
        (length, "plain"),
        *_group_progress(group, columns, symbols),
    )


def _group_state(group: GroupView) -> JobState:
    if group.error or (group.is_final and group.count(JobState.FAILED)):
        return JobState.FAILED
    if not group.is_final:
        return JobState.RUNNING if group.count(*OPEN) else JobState.PAUSED
    return JobState.DONE if group.count(JobState.DONE) else JobState.CANCELLED


def _group_progress(group: GroupView, columns: _Columns, symbols: Symbols) -> Line:
    if not group.is_final and group.count(*OPEN):
        pace = _Pace(
            fraction=group.fraction,
            rate=group.rate,
            left=group.eta,
            direction=group.direction,
        )
        return _progress(pace, columns, symbols)
    return _status(*_ended(group), columns)


def _ended(group: GroupView) -> tuple[str, Role]:
    """Say what became of a batch in which nothing moves."""
    commit = group.commit
    if group.count(JobState.PAUSED):
        return "paused", "warn"
    if commit is not None and commit.state in _COMMIT:
        text, role = _COMMIT[commit.state]
        return f"{text} {printable(commit.version or '')}".rstrip(), role
    failed, cancelled = group.count(JobState.FAILED), group.count(JobState.CANCELLED)
    if failed:
        return f"{failed:,} failed", "bad"
    return (f"{cancelled:,} cancelled", "muted") if cancelled else ("all done", "good")


_COMMIT: dict[CommitState, tuple[str, Role]] = {
    CommitState.WAITING: ("waits to commit", "muted"),
    CommitState.COMMITTING: ("committing", "accent"),
    CommitState.DONE: ("committed", "good"),
    CommitState.FAILED: ("not committed", "bad"),
}


def _draw_job(row: JobRow, columns: _Columns, symbols: Symbols, now: float) -> Line:
    job = row.job
    name = fit_name(_shown_name(job), columns.name - row.indent, symbols.ellipsis)
    over = job.state in {JobState.DONE, JobState.CANCELLED}
    role: Role = "muted" if over else "plain"
    return (
        (" " * row.indent, "plain"),
        _glyph(job.state, job.direction, symbols),
        (name, role),
        (f" {size(job.size):>5} ", role),
        *_job_progress(job, columns, symbols, now),
    )


def _shown_name(job: JobView) -> str:
    return job.remote.name if job.direction is Direction.UPLOAD else job.local.name


def _job_progress(
    job: JobView, columns: _Columns, symbols: Symbols, now: float
) -> Line:
    if job.state is JobState.RUNNING:
        left = (job.size - job.done) / job.rate if job.rate >= 1 else None
        pace = _Pace(
            fraction=job.fraction, rate=job.rate, left=left, direction=job.direction
        )
        return _progress(pace, columns, symbols)
    text, role = _STATUS[job.state]
    if job.state is JobState.WAITING:
        text = _waiting(job, now)
    elif job.state is JobState.PAUSED and job.done:
        text = f"paused at {job.fraction:.0%}"
    elif job.state is JobState.FINALISING and job.parts > 1:
        text = f"joining {job.parts} parts"
    elif job.state is JobState.FAILED and job.try_ > 1:
        text = f"failed, try {job.try_}"
    return _status(text, role, columns, symbols.ellipsis)


_STATUS: dict[JobState, Span] = {
    JobState.QUEUED: ("waits its turn", "muted"),
    JobState.WAITING: ("waits", "warn"),
    JobState.PAUSED: ("paused", "warn"),
    JobState.FINALISING: ("finalising", "accent"),
    JobState.DONE: ("done", "good"),
    JobState.FAILED: ("failed", "bad"),
    JobState.CANCELLED: ("cancelled", "muted"),
}


def _waiting(job: JobView, now: float) -> str:
    seconds = max(0, round((job.due or now) - now))
    when = f"in {duration(seconds) if seconds > 99 else f'{seconds} s'}"  # noqa: PLR2004
    reason = f": {job.reason}" if job.reason else ""
    return f"try {job.try_}/{job.tries} {when}{reason}"


def _status(text: str, role: Role, columns: _Columns, ellipsis: str = "") -> Line:
    return ((fit_name(text, columns.rest, ellipsis), role),)


class _Pace(Struct, frozen=True, kw_only=True):
    fraction: float
    rate: float
    left: float | None
    direction: Direction


def _progress(pace: _Pace, columns: _Columns, symbols: Symbols) -> Line:
    role: Role = "up" if pace.direction is Direction.UPLOAD else "down"
    percent = f"{int(pace.fraction * 100):>3}%"
    speed = f" {rate(pace.rate):>7}"
    if not columns.bar:
        return ((percent, role), (speed, "plain"))
    drawn = bar(pace.fraction, columns.bar, symbols)
    filled = drawn.rstrip(symbols.bar_empty)
    return (
        (filled, role),
        (drawn[len(filled) :], "muted"),
        (f" {percent}", role),
        (speed, "plain"),
        (f" {duration(pace.left):>5}", "plain"),
    )


def _glyph(state: JobState, direction: Direction, symbols: Symbols) -> Span:
    upload = direction is Direction.UPLOAD
    moving: Span = (symbols.up, "up") if upload else (symbols.down, "down")
    known: dict[JobState, Span] = {
        JobState.QUEUED: (symbols.waiting, "muted"),
        JobState.WAITING: (symbols.warning, "warn"),
        JobState.PAUSED: (symbols.paused, "warn"),
        JobState.DONE: (symbols.done, "good"),
        JobState.FAILED: (symbols.failed, "bad"),
        JobState.CANCELLED: ("-", "muted"),
    }
    text, role = known.get(state, moving)
    return set_cell_size(text, 3), role


def headline(snapshot: Snapshot, symbols: Symbols, width: int | None = None) -> Line:
    """Say in one line what goes on: counts of states, rates, time to go.

    Args:
        snapshot: The engine's state.
        symbols: The set to write with.
        width: In cells; what matters least is left out, but nothing is cut. None for
            as much as it takes.

    Returns:
        The line; failures are always in it.
    """
    tallies: list[Span] = [
        (_tally(snapshot, "moving", *MOVING), "strong"),
        (_tally(snapshot, "to go", JobState.QUEUED, JobState.WAITING), "muted"),
        (_tally(snapshot, "paused", JobState.PAUSED), "warn"),
        (_tally(snapshot, "failed", JobState.FAILED), "bad"),
        (_tally(snapshot, "done", JobState.DONE), "good"),
        (_speed(symbols.up, snapshot.upload_rate, snapshot.upload_limit), "up"),
        (_speed(symbols.down, snapshot.download_rate, snapshot.download_limit), "down"),
        (f"{duration(snapshot.eta)} left" if snapshot.eta is not None else "", "muted"),
    ]
    for least in _LEAST:
        if width is not None and cell_len(plain(join(tallies))) > width:
            tallies[least] = ("", "plain")
    return join(tallies)


_LEAST = (4, 1, 7, 2, 6, 5)
"""What a headline leaves out first: done, to go, time, paused, then the rates."""


def _tally(snapshot: Snapshot, word: str, *states: JobState) -> str:
    number = snapshot.count(*states)
    return f"{number:,} {word}" if number else ""


def _speed(arrow: str, per_second: float, limit: Limit) -> str:
    most = f" of {rate(limit.rate)}" if limit.rate else ""
    return f"{arrow} {rate(per_second)}{most}" if per_second >= 1 else ""
