"""The loop that gives out what is next, and the tasks that do it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

import anyio
from anyio.abc import TaskGroup

from hypha_artifact.errors import HyphaError, redact
from hypha_artifact.remote import RemoteArtifact
from hypha_artifact.transfer.board import Board
from hypha_artifact.transfer.clock import Clock
from hypha_artifact.transfer.committing import Committer
from hypha_artifact.transfer.faults import Faults
from hypha_artifact.transfer.jobs import Group, Job, Step
from hypha_artifact.transfer.limits import Limits
from hypha_artifact.transfer.resting import Resting
from hypha_artifact.transfer.scheduler import Chore, Scheduler, Task
from hypha_artifact.transfer.state import Direction, JobState

PREPARERS = 2
"""Batches that get their links at the same time."""

AGAIN = 2.0
"""Seconds after which the journal is asked again for jobs that it did not give."""

_log = logging.getLogger(__name__)


class Workers:
    """Tasks that move parts, and some that prepare and clean up.

    Args:
        board: The books.
        scheduler: The queues.
        clock: Where the time comes from.
        limits: The user's.
        count: Most parts to move at a time; ``Pace`` may have fewer.
        remote_of: Gives the remote side of a batch.
        patience: Seconds that an outage may last before it costs tries.
    """

    def __init__(
        self,
        board: Board,
        scheduler: Scheduler,
        clock: Clock,
        limits: Limits,
        count: int,
        *,
        remote_of: Callable[[Group], RemoteArtifact],
        patience: float = 0.0,
    ) -> None:
        self._board = board
        self._scheduler = scheduler
        self._clock = clock
        self._limits = limits
        self._count = count
        self._moving = self._preparing = 0
        self._resting = Resting(board, scheduler)
        self._faults = Faults(board, scheduler, clock, patience=patience)
        self._committer = Committer(board, scheduler, clock, self._faults, remote_of)
        self._wake = anyio.Event()

    def start(self, tasks: TaskGroup) -> None:
        """Begin to work, until the task group is cancelled."""
        tasks.start_soon(self._give_out, tasks)

    def wake(self) -> None:
        """Let everybody look again for what there is to do."""
        self._wake.set()
        self._wake = anyio.Event()

    def trim(self, direction: Direction) -> None:
        """Cut off what would take too long under a limit that is lower now."""
        left = budget = self._scheduler.paces[direction].budget
        running = self._board.by_state[JobState.RUNNING].values()
        works = [j.work for j in running if j.work and j.group.way is direction]
        for step, scope in [each for work in works for each in work.flying.items()]:
            if left < step.length and left < budget and not step.is_sent:
                scope.cancel()
            else:
                left -= step.length
        self.wake()

    async def tidied(self) -> None:
        """Wait until nothing is under way and nothing is left to clean up."""
        while not self._scheduler.is_tidy:
            await self._wake.wait()

    async def _give_out(self, tasks: TaskGroup) -> None:
        while True:
            next_look = self._limits.look_if_due()
            now = self._clock.now()
            self._requeue_due()
            self._resting.lay_down()
            while step := self._scheduler.next_step(
                now, here=self._moving < self._count
            ):
                self._moving += step.is_here
                tasks.start_soon(self._run, step)
            while self._preparing < PREPARERS and (
                chore := self._scheduler.next_chore(now)
            ):
                self._preparing += 1
                tasks.start_soon(self._attend, chore)
            times = (next_look, self._scheduler.next_time(now))
            until = min((at for at in times if at is not None), default=None)
            await self._clock.wait(self._wake, until)

    # Moving parts.

    def _requeue_due(self) -> None:
        for job in self._scheduler.pop_due(self._clock.now()):
            self._board.move(job, JobState.QUEUED)
            job.due = None
            self._scheduler.enqueue(job)

    async def _run(self, step: Step) -> None:
        if step.job.state is JobState.QUEUED:
            self._board.move(step.job, JobState.RUNNING)
        try:
            with anyio.CancelScope() as scope:
                step.work.flying[step] = scope
                await self._carry(step)
        finally:
            step.work.flying.pop(step, None)
            acknowledged = step.part is None or step.part in step.work.acknowledged
            now = self._clock.now()
            self._scheduler.settle(step, now, acknowledged=acknowledged)
            self._moving -= step.is_here
            self.wake()

    async def _carry(self, step: Step) -> None:
        try:
            if step.part is not None:
                await self._move(step, step.part)
            if step.work.is_complete and step.job.work is step.work:
                await self._finish(step)
        except HyphaError as error:
            await self._fault(step, error)
        except Exception as error:  # noqa: BLE001 - one file's bug stops no other
            await self._fault(step, _unexpected(error))

    async def _move(self, step: Step, part: int) -> None:
        ledger = self._board.ledger

        def credit(count: int) -> None:
            if step.job.work is step.work:
                self._board.credit(step.job, count)
                ledger.written(step.job, step.work, part, count)

        etag = await step.job.group.mover.move(step, part, credit)
        step.work.acknowledged[part] = etag
        if step.job.work is step.work and step.work.parts > 1:
            ledger.part(step.job, step.work, part)
            await ledger.settled()

    async def _finish(self, step: Step) -> None:
        job = step.job
        if not job.is_in(JobState.RUNNING):
            return  # paused, or cancelled, as the last part arrived
        self._board.move(job, JobState.FINALISING)
        self._board.ledger.finishing(job, step.work)
        await self._board.ledger.settled()
        await job.group.mover.finish(job, step.work)
        if job.is_in(JobState.FINALISING):
            job.etag = step.work.acknowledged.get(0) if step.work.parts == 1 else None
            self._board.move(job, JobState.DONE)
            job.work = None
            await self._board.ledger.settled()

    async def _fault(self, step: Step, error: HyphaError) -> None:
        # A cut-off request may fail in its own way before it is cancelled.
        if step.job.work is step.work:
            await self._faults.of_job(step.job, error)

    # Opening, signing, cleaning up.

    async def _attend(self, chore: Chore) -> None:
        try:
            await self._do(chore)
        finally:
            self._scheduler.done_with(chore)
            self._preparing -= 1
            self.wake()

    async def _do(self, chore: Chore) -> None:
        try:
            if chore.task is Task.WAKE:
                await self._bring(chore)
            elif chore.task is Task.CLEAN:
                await self._clean(chore)
            elif chore.task is Task.COMMIT:
                await self._committer.run(chore.group)
            else:
                await self._prepare(chore)
        except HyphaError as error:
            await self._chore_failed(chore, error)
        except Exception as error:  # noqa: BLE001 - one batch's bug stops no other
            await self._chore_failed(chore, _unexpected(error))

    async def _chore_failed(self, chore: Chore, error: HyphaError) -> None:
        if chore.task is Task.WAKE:
            chore.group.error = error.explain()
            self._scheduler.hold_group(chore.group, self._clock.now() + AGAIN)
            self._board.touch()
        elif chore.task is Task.CLEAN:
            self._faults.of_cleaning(chore, error)
        else:
            await self._faults.of_chore(chore, error)
            self._sort_out(chore)

    async def _bring(self, chore: Chore) -> None:
        for job in await self._resting.wake(chore.group, chore.numbers):
            if job.state is JobState.QUEUED:
                self._scheduler.enqueue(job)

    async def _prepare(self, chore: Chore) -> None:
        group = chore.group
        if not group.is_open:
            await group.mover.open()
            group.is_open = True
        self._board.ledger.begin(chore.jobs)
        await self._revive(chore.jobs)
        failed = await group.mover.prepare(chore.jobs)
        self._board.ledger.prepared(chore.jobs)
        await self._board.ledger.settled()
        group.failures, group.lost_since = 0, None
        for job, error in failed.items():
            if job.state is JobState.QUEUED:
                self._faults.fail(job, error)
        self._sort_out(chore)

    async def _revive(self, jobs: Iterable[Job]) -> None:
        """Let files from a journal go on where they were, or start again."""
        await self._board.ledger.settled()
        for job in jobs:
            if job.work is not None and job.work.is_restored:
                job.note = await job.group.mover.revive(job, job.work)
                job.work.is_restored = False
                if job.note is not None:
                    self._board.reset(job)

    def _sort_out(self, chore: Chore) -> None:
        """Queue what got its link; what was cancelled meanwhile leaves litter."""
        self._scheduler.linked(chore)
        for job in chore.jobs:
            if job.state is JobState.QUEUED:
                self._scheduler.enqueue(job)
            elif job.state is JobState.CANCELLED and job.has_leftovers:
                chore.group.litter[job.id] = job

    async def _clean(self, chore: Chore) -> None:
        await chore.group.mover.forget(chore.jobs)
        chore.group.failures, chore.group.lost_since = 0, None
        for job in chore.jobs:
            self._cleaned(job)

    def _cleaned(self, job: Job) -> None:
        job.group.litter.pop(job.id, None)
        job.is_touched = False
        self._board.cleaned(job)
        if job.id in self._board.jobs and job.state is not JobState.DONE:
            self._board.reset(job)
            if job.state is JobState.QUEUED:
                self._scheduler.withdraw(job)
                self._scheduler.enqueue(job)


def _unexpected(error: Exception) -> HyphaError:
    _log.error("unexpected: %s", redact(repr(error)), exc_info=True)
    return HyphaError(
        f"Unexpected {type(error).__name__}: {error}",
        hint="This is a bug; please report it.",
    )
