"""From the books to what a front end shows: O(visible), never O(all jobs)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice

from hypha_artifact.transfer.board import LIVE, Board
from hypha_artifact.transfer.clock import Clock
from hypha_artifact.transfer.jobs import TRIES, Group, Job
from hypha_artifact.transfer.limits import Limits
from hypha_artifact.transfer.outcome import CommitState, Outcome
from hypha_artifact.transfer.state import (
    VISIBLE_JOBS,
    Direction,
    GroupView,
    JobState,
    JobView,
    Snapshot,
)

_FIRST = (
    JobState.RUNNING,
    JobState.FINALISING,
    JobState.WAITING,
    JobState.FAILED,
    JobState.PAUSED,
    JobState.QUEUED,
)
_LAST = (JobState.DONE, JobState.CANCELLED)

EVIDENCE = 8 * 1024 * 1024
EVIDENCE_SHARE = 0.02
"""Bytes, or the share of a batch, after which a time to go is more than a guess."""


def snapshot(board: Board, clock: Clock, limits: Limits, revision: int) -> Snapshot:
    """Freeze what there is to see.

    Args:
        board: The books.
        clock: Turns times into epoch seconds.
        limits: The user's.
        revision: The new snapshot's number.
    """
    return Snapshot(
        revision=revision,
        groups=tuple(group_view(group) for group in _by_rank(board)),
        jobs=tuple(
            job_view(job, clock) for job in islice(_in_order(board), VISIBLE_JOBS)
        ),
        upload_rate=_rate(board, Direction.UPLOAD),
        download_rate=_rate(board, Direction.DOWNLOAD),
        upload_limit=limits.shown(Direction.UPLOAD),
        download_limit=limits.shown(Direction.DOWNLOAD),
        eta=_longest(board),
        notice=board.ledger.trouble,
    )


def _by_rank(board: Board) -> list[Group]:
    return sorted(board.groups.values(), key=lambda group: -group.rank)


def _in_order(board: Board) -> Iterator[Job]:
    first = chain.from_iterable(board.by_state[s].values() for s in _FIRST)
    last = chain.from_iterable(reversed(board.by_state[s].values()) for s in _LAST)
    return chain(first, last)


def _is_moving(board: Board, direction: Direction) -> bool:
    groups = board.groups.values()
    return any(_live(group) for group in groups if group.direction is direction)


def _rate(board: Board, direction: Direction) -> float:
    moving = _is_moving(board, direction)
    return board.speeds[direction].bytes.rate() if moving else 0.0


def _live(group: Group) -> int:
    return sum(group.counts[state] for state in LIVE)


def _longest(board: Board) -> float | None:
    times = [_time_to_go(board, d) for d in Direction if _is_moving(board, d)]
    known = [time for time in times if time is not None]
    return max(known) if known and len(known) == len(times) else None


def _time_to_go(board: Board, direction: Direction) -> float | None:
    groups = [g for g in board.groups.values() if g.direction is direction and _live(g)]
    size, done = sum(g.size for g in groups), sum(g.done for g in groups)
    if not _is_telling(done, size):
        return None
    left, files = sum(g.left for g in groups), sum(_live(g) for g in groups)
    return board.speeds[direction].eta(left, files)


def _is_telling(done: int, size: int) -> bool:
    """Tell whether enough went through for its rate to say when the rest will."""
    return done >= min(EVIDENCE, size * EVIDENCE_SHARE)


def group_view(group: Group) -> GroupView:
    """Freeze a batch."""
    files = _live(group)
    rate = group.speed.bytes.rate() if files else 0.0
    telling = files and _is_telling(group.done, group.size)
    return GroupView(
        id=group.id,
        title=group.title,
        direction=group.direction,
        artifact=group.request.artifact,
        size=group.size,
        done=group.done,
        counts={state: n for state, n in group.counts.items() if n},
        rate=rate,
        eta=group.speed.eta(group.left, files) if telling else None,
        error=group.error,
        rank=group.rank,
        commit=_outcome(group),
    )


def _outcome(group: Group) -> Outcome | None:
    """Say so where a commit waits for files that have ended otherwise."""
    found = group.outcome
    if found is None or found.state is not CommitState.WAITING or not group.is_final:
        return found
    if group.wants_commit:
        return found
    left = group.files - group.counts[JobState.DONE]
    files = "1 file has" if left == 1 else f"{left:,} files have"
    reason = f"Not committed: {files} not arrived. Retry, or commit by hand."
    return Outcome(state=CommitState.HELD, reason=reason)


def job_view(job: Job, clock: Clock) -> JobView:
    """Freeze a job."""
    work = job.work
    return JobView(
        id=job.id,
        group=job.group.id,
        direction=job.group.direction,
        local=job.item.local,
        remote=job.item.remote,
        state=job.state,
        size=job.size,
        done=job.done,
        rate=job.meter.rate() if job.meter else 0.0,
        parts=work.parts if work else 1,
        parts_done=len(work.acknowledged) if work else 0,
        try_=job.tries,
        tries=TRIES,
        due=None if job.due is None else clock.epoch(job.due),
        reason=job.reason or job.note,
        hint=job.hint,
        etag=job.etag,
    )
