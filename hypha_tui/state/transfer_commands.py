"""What can be done to the rows of a snapshot, as commands for the engine."""

from __future__ import annotations

from collections.abc import Iterable

from hypha_artifact.transfer.state import (
    Action,
    Command,
    Direction,
    GroupView,
    JobState,
    Snapshot,
)
from hypha_tui.state.transfer_rows import OPEN, GroupRow, JobRow, Row, jobs_of


def commands(action: Action, rows: Iterable[Row], snapshot: Snapshot) -> list[Command]:
    """Make the commands that do something to some rows.

    Args:
        action: What to do.
        rows: What was selected.
        snapshot: Where the rows are from.

    Returns:
        One command for each whole batch, one for the files; none if nothing applies.
    """
    rows = tuple(rows)
    names = {_group_of(r) for r in rows if not jobs_of(r)}
    groups = [g for g in snapshot.groups if g.id in names]
    states = _states(action, snapshot)
    found = [
        Command(action=action, group=group.id)
        for group in groups
        if group.count(*states[group.id])
    ]
    jobs = {job.id: job for row in rows for job in jobs_of(row)}
    ids = tuple(
        job.id
        for job in jobs.values()
        if job.group not in names and job.state in states.get(job.group, ())
    )
    return [*found, Command(action=action, jobs=ids)] if ids else found


def _states(action: Action, snapshot: Snapshot) -> dict[int, tuple[JobState, ...]]:
    known = _APPLIES[action]
    again = (*known, JobState.PAUSED) if action is Action.RETRY else known
    return {
        group.id: again if group.error is not None else known
        for group in snapshot.groups
    }


_APPLIES: dict[Action, tuple[JobState, ...]] = {
    Action.PAUSE: OPEN,
    Action.RESUME: (JobState.PAUSED,),
    Action.CANCEL: (*OPEN, JobState.PAUSED),
    Action.RETRY: (JobState.FAILED, JobState.CANCELLED),
    Action.CLEAR: (JobState.DONE, JobState.FAILED, JobState.CANCELLED),
}


def orders(action: Action, rows: Iterable[Row], snapshot: Snapshot) -> list[Command]:
    """Make the commands that let what is selected go earlier or later, or commit.

    Args:
        action: One of ``ORDERING``, or ``COMMIT``.
        rows: What was selected.
        snapshot: Where the rows are from.

    Returns:
        One for each batch that is not through; ``FIRST`` may be about files instead.
    """
    rows = tuple(rows)
    jobs = tuple(
        row.job.id
        for row in rows
        if isinstance(row, JobRow) and row.job.state in _APPLIES[Action.CANCEL]
    )
    if action is Action.FIRST and jobs:
        return [Command(action=action, jobs=jobs)]
    names = {_group_of(row) for row in rows}
    return [
        Command(action=action, group=group.id)
        for group in snapshot.groups
        if group.id in names and _orderable(action, group)
    ]


def _orderable(action: Action, group: GroupView) -> bool:
    if action is Action.COMMIT:
        return group.direction is Direction.UPLOAD
    return group.count(*_APPLIES[Action.CANCEL]) > 0


def commands_for_all(action: Action, snapshot: Snapshot) -> list[Command]:
    """Make the command that does something to everything, if anything applies."""
    return [Command(action=action)] if snapshot.count(*_APPLIES[action]) else []


def retries(snapshot: Snapshot) -> list[Command]:
    """Make the commands that try everything again that failed or was stopped.

    What the user cancelled stays cancelled: a batch with such files is not retried
    whole, but by those of its files that the snapshot lists.
    """
    found: list[Command] = []
    for group in snapshot.groups:
        failed = JobState.FAILED
        wanted = (failed, JobState.PAUSED) if group.error else (failed,)
        if not group.count(*wanted):
            continue
        jobs = tuple(
            job.id
            for job in snapshot.jobs
            if job.group == group.id and job.state in wanted
        )
        if not group.count(JobState.CANCELLED):
            found.append(Command(action=Action.RETRY, group=group.id))
        elif jobs:
            found.append(Command(action=Action.RETRY, jobs=jobs))
    return found


def _group_of(row: Row) -> int:
    match row:
        case GroupRow():
            return row.group.id
        case JobRow():
            return row.job.group
        case _:
            return row.group
