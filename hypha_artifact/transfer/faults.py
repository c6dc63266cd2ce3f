"""What an error does to a job and to its batch: the error's remedy decides."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator

from hypha_artifact.errors import (
    ArtifactNotFound,
    HyphaError,
    IntegrityError,
    NetworkError,
    NetworkTimeout,
    NotStaged,
    PermissionDenied,
    RateLimited,
    Remedy,
    ServerFault,
    StageError,
    StoreError,
    VersionNotFound,
)
from hypha_artifact.transfer.board import Board
from hypha_artifact.transfer.clock import Clock
from hypha_artifact.transfer.effects import failed_marks, held_marks
from hypha_artifact.transfer.jobs import TRIES, Group, Job
from hypha_artifact.transfer.resting import Resting
from hypha_artifact.transfer.scheduler import Chore, Scheduler
from hypha_artifact.transfer.slices import in_slices
from hypha_artifact.transfer.state import JobState

FIRST_WAIT = 1.0
LONGEST_WAIT = 60.0
OUTAGE_WAIT = 15.0
"""Longest time between two tries while nothing can be reached."""

_OVERLOADED = frozenset({408, 503, 504})
_NOT_BY_CHANCE = frozenset({400, 404, 409, 501})

_GATEWAY = frozenset({502, 503, 504})
"""What a gateway says while the server behind it is away."""

_AGAIN = frozenset({Remedy.RETRY, Remedy.RETRY_AFTER, Remedy.NEW_LINK})
_HITS_ALL = (
    PermissionDenied,
    StageError,
    NotStaged,
    ArtifactNotFound,
    VersionNotFound,
)
_PENDING = frozenset({JobState.QUEUED, JobState.RUNNING, JobState.WAITING})


class Faults:
    """Decides what comes after an error.

    Args:
        board: The books.
        scheduler: The queues.
        clock: For the due times.
        patience: Seconds that an outage may last before it costs tries.
    """

    def __init__(
        self, board: Board, scheduler: Scheduler, clock: Clock, *, patience: float = 0.0
    ) -> None:
        self._patience = patience
        self._board = board
        self._scheduler = scheduler
        self._clock = clock
        self._resting = Resting(board, scheduler)

    async def of_job(self, job: Job, error: HyphaError) -> None:
        """Take in that a step of a job failed."""
        if job.state is JobState.PAUSED or job.state.is_final:
            return
        if _is_too_much(error):
            pace = self._scheduler.paces[job.group.way]
            pace.trouble(self._clock.now())
        if error.remedy is Remedy.SIGN_IN:
            await self._stop(job.group, error)
        elif isinstance(error, RateLimited):
            self._hold(job, error)
        elif error.remedy in _AGAIN:
            self._try_again(job, error)
        else:
            self.fail(job, error)

    def _hold(self, job: Job, error: RateLimited) -> None:
        """Keep everything back for as long as the server asks; it costs no try."""
        until = self._clock.now() + error.retry_after
        self._scheduler.hold(until)
        self._wait(job, error, until)

    def _try_again(self, job: Job, error: HyphaError) -> None:
        if job.state is JobState.WAITING:
            return  # another part of it failed a moment ago
        if isinstance(error, IntegrityError) and job.state is JobState.FINALISING:
            job.group.litter[job.id] = job  # all its bytes have to come again
        stale = error.remedy is Remedy.NEW_LINK
        if (stale or _may_be_stale(job, error)) and not job.group.mover.renew(job):
            self._board.reset(job)
        elif _is_too_much(error) and job.work is not None and not job.work.upload:
            job.group.mover.renew(job)  # it may go in parts, now that the line is slow
        outage = self.outage_of(job, error)
        if outage is not None and (type(error) is not NetworkError or spent(job)):
            self._wait(job, error, self._clock.now() + outage)
            return
        if spent(job):
            self.fail(job, error)
            return
        pause = 0.0 if stale and job.tries == 1 else backoff(job.tries)
        job.tries += 1
        self._wait(job, error, self._clock.now() + pause)

    def outage_of(self, victim: Job | Group, error: HyphaError) -> float | None:
        """Seconds to wait for the other side to come back; None: no longer."""
        now = self._clock.now()
        if not _is_outage(error):
            return None
        if victim.lost_since is None:
            victim.lost_since = now
        lasted = now - victim.lost_since
        if lasted >= self._patience:
            return None
        pause = min(OUTAGE_WAIT, max(FIRST_WAIT, lasted / 2))
        return pause * random.uniform(0.75, 1.0)  # noqa: S311 - not a secret

    def _wait(self, job: Job, error: HyphaError, until: float) -> None:
        self._scheduler.withdraw(job)
        if job.state is not JobState.WAITING:
            self._board.move(job, JobState.WAITING, error)
        self._scheduler.wait(job, until)

    def fail(self, job: Job, error: HyphaError) -> None:
        """Give a job up. Where a later retry could go on, its parts are kept."""
        self._scheduler.withdraw(job)
        self._board.move(job, JobState.FAILED, error)
        if job.work is not None:
            job.work.cut()
        if error.remedy not in _AGAIN and job.work is not None:
            job.group.litter[job.id] = job

    async def _stop(self, group: Group, error: HyphaError) -> None:
        """Pause a batch until the user has signed in again."""
        group.error = error.explain()
        self._resting.turn(group, held_marks(), error)

        def pause(job: Job) -> None:
            self._scheduler.withdraw(job)
            self._board.move(job, JobState.PAUSED, error)
            if job.work is not None:
                job.work.cut()

        await self._to_all(group, _PENDING | {JobState.FINALISING}, pause)

    async def _to_all(
        self, group: Group, states: frozenset[JobState], do: Callable[[Job], None]
    ) -> None:
        def steps() -> Iterator[None]:
            for job in list(group.jobs.values()):
                if job.state in states and job.id in group.jobs:
                    do(job)
                yield

        with self._board.still():
            await in_slices(steps(), self._board.ledger.room)

    async def of_chore(self, chore: Chore, error: HyphaError) -> None:
        """Take in that a batch could not be opened, or its links not be signed."""
        group = chore.group
        outage = self.outage_of(group, error)
        if outage is not None:
            self._put_off(chore, error, outage)
            return
        group.failures += 1
        if error.remedy is Remedy.SIGN_IN:
            await self._stop(group, error)
        elif isinstance(error, _HITS_ALL) or group.failures >= TRIES:
            await self._fail_group(group, error)
        elif error.remedy in _AGAIN:
            self._postpone(chore, error)
        else:
            for job in _still(chore.jobs, JobState.QUEUED):
                self.fail(job, error)

    def _postpone(self, chore: Chore, error: HyphaError) -> None:
        pause = backoff(chore.group.failures)
        if isinstance(error, RateLimited):
            pause, chore.group.failures = error.retry_after, chore.group.failures - 1
        self._put_off(chore, error, pause)

    def _put_off(self, chore: Chore, error: HyphaError, pause: float) -> None:
        until = self._clock.now() + pause
        self._scheduler.hold_group(chore.group, until)
        for job in _still(chore.jobs, JobState.QUEUED):
            job.tries = min(TRIES, chore.group.failures + 1)
            self._wait(job, error, until)

    async def _fail_group(self, group: Group, error: HyphaError) -> None:
        group.error = error.explain()
        self._resting.turn(group, failed_marks(), error)
        await self._to_all(group, _PENDING, lambda job: self.fail(job, error))

    def of_cleaning(self, chore: Chore, error: HyphaError) -> None:
        """Take in that leftovers could not be removed; give up after some tries."""
        group = chore.group
        outage = self.outage_of(group, error)
        if outage is not None:
            self._scheduler.hold_group(group, self._clock.now() + outage)
            return
        group.failures += 1
        if error.remedy in _AGAIN and group.failures < TRIES:
            until = self._clock.now() + backoff(group.failures)
            self._scheduler.hold_group(group, until)
            return
        group.error = f"Not everything could be cleaned up: {error.explain()}"
        group.failures = 0
        group.litter.clear()


def spent(job: Job) -> bool:
    """Tell whether this was a job's last try."""
    return job.tries >= TRIES


def _is_outage(error: HyphaError) -> bool:
    """Tell whether the other side seems to be away as a whole."""
    if isinstance(error, ServerFault | StoreError):
        return error.status in _GATEWAY
    return isinstance(error, NetworkError) and error.remedy is Remedy.RETRY


def _is_too_much(error: HyphaError) -> bool:
    """Tell whether fewer requests at a time may help."""
    if isinstance(error, StoreError):
        return error.status in _OVERLOADED
    return isinstance(error, RateLimited | NetworkTimeout)


def _may_be_stale(job: Job, error: HyphaError) -> bool:
    """Suspect the upload itself before the last try.

    A store that has forgotten an upload may hang up on its parts instead of saying so
    (rclone behind Hypha's proxy, after a restart).
    """
    hung_up = type(error) is NetworkError
    refused = isinstance(error, StoreError) and error.status in _NOT_BY_CHANCE
    return job.tries == TRIES - 1 and (hung_up or refused)


def backoff(tries: int) -> float:
    """Seconds to wait after so many tries: doubling, with jitter."""
    longest = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** (tries - 1))
    return longest * random.uniform(0.75, 1.25)  # noqa: S311 - not a secret


def _still(jobs: Iterable[Job], state: JobState) -> list[Job]:
    return [job for job in jobs if job.state is state]
