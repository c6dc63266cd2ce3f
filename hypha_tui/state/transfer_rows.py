"""A snapshot of the engine as rows: which there are, and what each stands for."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TypeAlias

from msgspec import Struct

from hypha_artifact.transfer.state import GroupView, JobState, JobView, Snapshot
from hypha_tui.state.lines import wrap
from hypha_tui.themes import Symbols

MOVING = (JobState.RUNNING, JobState.FINALISING)
OPEN = (*MOVING, JobState.QUEUED, JobState.WAITING)
"""States in which a job goes on by itself."""


class GroupRow(Struct, frozen=True, kw_only=True):
    """The headline of a batch."""

    group: GroupView


class JobRow(Struct, frozen=True, kw_only=True):
    """One file, indented under its batch's headline."""

    job: JobView
    indent: int


class ReasonRow(Struct, frozen=True, kw_only=True):
    """A line of why these files failed."""

    text: str
    jobs: tuple[JobView, ...]
    group: int
    line: int
    indent: int


class MoreRow(Struct, frozen=True, kw_only=True):
    """Files of a batch that are not listed one by one."""

    group: int
    files: int


Row: TypeAlias = GroupRow | JobRow | ReasonRow | MoreRow


def identify(row: Row) -> tuple[str, int, int]:
    """Return what a row is, whatever it says at the moment."""
    match row:
        case GroupRow():
            return "group", row.group.id, 0
        case JobRow():
            return "job", row.job.id, 0
        case ReasonRow():
            return "reason", row.jobs[0].id if row.jobs else -row.group, row.line
        case MoreRow():
            return "more", row.group, 0


def jobs_of(row: Row) -> tuple[JobView, ...]:
    """Return the files that a row stands for; none for whole batches."""
    match row:
        case JobRow():
            return (row.job,)
        case ReasonRow():
            return row.jobs
        case _:
            return ()


def transfer_rows(snapshot: Snapshot, width: int, symbols: Symbols) -> tuple[Row, ...]:
    """List a snapshot: batches at work first, then the finished, newest first.

    Args:
        snapshot: The engine's state.
        width: Cells of a line, to break reasons at.
        symbols: The set to write with.

    Returns:
        The rows, in order.
    """
    jobs: dict[int, list[JobView]] = {}
    for job in snapshot.jobs:
        jobs.setdefault(job.group, []).append(job)
    running = [group for group in snapshot.groups if not group.is_final]
    final = [group for group in reversed(snapshot.groups) if group.is_final]
    layout = _Layout(width=width, symbols=symbols)
    return tuple(
        row
        for group in (*running, *final)
        for row in _group_rows(group, jobs.get(group.id, []), layout)
    )


class _Layout(Struct, frozen=True, kw_only=True):
    width: int
    symbols: Symbols


def _group_rows(
    group: GroupView, jobs: list[JobView], layout: _Layout
) -> Iterator[Row]:
    alone = group.files == 1 and len(jobs) == 1 and not group.error
    indent = 0 if alone else 2
    if not alone:
        yield GroupRow(group=group)
    if group.error:
        yield from _reason_rows(group.error, (), group.id, indent, layout)
    if group.is_final and not alone:
        jobs = [job for job in jobs if job.state is JobState.FAILED]
    for reason, run in groupby(jobs, _failure):
        same = tuple(run)
        yield from (JobRow(job=job, indent=indent) for job in same)
        if reason:
            yield from _reason_rows(reason, same, group.id, indent, layout)
    hidden = group.count(*OPEN, JobState.PAUSED) - sum(
        not job.state.is_final for job in jobs
    )
    if hidden > 0 and not alone:
        yield MoreRow(group=group.id, files=hidden)


def _failure(job: JobView) -> str:
    if job.state is not JobState.FAILED:
        return ""
    reason = job.reason or "It failed without a reason."
    return f"{reason} {job.hint or ''}".strip()


def _reason_rows(
    reason: str, jobs: tuple[JobView, ...], group: int, indent: int, layout: _Layout
) -> Iterator[ReasonRow]:
    text = f"All {len(jobs)}: {reason}" if len(jobs) > 1 else reason
    lines = wrap(text, layout.width - indent - 4, layout.symbols.ellipsis)
    for number, line in enumerate(lines):
        yield ReasonRow(text=line, jobs=jobs, group=group, line=number, indent=indent)
