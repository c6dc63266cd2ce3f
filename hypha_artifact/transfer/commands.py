"""What a user's command does to a job, by the state that it is in."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import anyio

from hypha_artifact.errors import HyphaError
from hypha_artifact.transfer.board import Board
from hypha_artifact.transfer.effects import GIVEN_UP, effect_of, held_marks
from hypha_artifact.transfer.jobs import Group, Job
from hypha_artifact.transfer.outcome import CommitState, Outcome
from hypha_artifact.transfer.rest import GONE, HELD, marks_of, moved
from hypha_artifact.transfer.resting import Resting
from hypha_artifact.transfer.scheduler import Scheduler
from hypha_artifact.transfer.slices import in_slices
from hypha_artifact.transfer.state import (
    ORDERING,
    Action,
    Command,
    JobState,
    UploadRequest,
)

_PAUSABLE = frozenset({JobState.QUEUED, JobState.RUNNING, JobState.WAITING})


class Commands:
    """What a front end may ask. It does no IO: it only gives orders.

    Args:
        board: The books.
        scheduler: The queues.
    """

    def __init__(self, board: Board, scheduler: Scheduler) -> None:
        self._board = board
        self._scheduler = scheduler
        self._resting = Resting(board, scheduler)
        self._turn = anyio.Lock()
        self._verbs: dict[Action, Callable[[Job], None]] = {
            Action.PAUSE: self.pause,
            Action.RESUME: self.resume,
            Action.CANCEL: self.cancel,
            Action.RETRY: self.retry,
            Action.CLEAR: self.clear,
            Action.FIRST: self.first,
        }

    async def run(self, command: Command) -> None:
        """Do it to every job it is about; a job it does not fit stays as it is.

        Commands for very many jobs take their time, one after the other.
        """
        with anyio.CancelScope(shield=True):
            async with self._turn:
                await self._do(command)

    async def _do(self, command: Command) -> None:
        if command.action in ORDERING and command.jobs is None:
            self._order(command)
        elif command.action is Action.COMMIT:
            self._wish_commit(self._board.groups.get(command.group or 0))
        elif command.action in self._verbs:
            with self._board.still():
                if command.jobs is None:
                    for group in self._board.named(command):
                        await self._to_all(command.action, group)
                    return
                for group, numbers in self._board.homes(command.jobs).items():
                    await self._to_some(command.action, group, numbers)

    async def _to_all(self, action: Action, group: Group) -> None:
        """Do it to a whole batch: in one go to what rests, in slices to the others."""
        effect = effect_of(action, group)
        await self._resting.wake_all(group, effect.wakes)
        if action is Action.CLEAR and group.rest.count(*GIVEN_UP):
            self._drop_commit(group)
        self._resting.turn(group, effect.table)
        self._scheduler.drop(group)
        verb = self._verbs[action]

        def steps() -> Iterator[None]:
            for job in list(group.jobs.values()):
                if job.id in group.jobs:
                    verb(job)
                    yield

        await in_slices(steps(), self._board.ledger.room)
        if action is Action.RETRY:
            self._reopen(group)

    async def _to_some(self, action: Action, group: Group, numbers: list[int]) -> None:
        """Do it to some jobs of a batch."""
        effect = effect_of(action, group)
        wakes = {n for n in numbers if group.rest.mark(n) in effect.wakes}
        await self._resting.wake(group, wakes)
        verb = self._verbs[action]

        def steps() -> Iterator[None]:
            for number in numbers:
                if number in group.jobs:
                    verb(group.jobs[number])
                elif number in group.rest:
                    self._turn_one(group, number, effect.table)
                yield

        await in_slices(steps(), self._board.ledger.room)
        if action is Action.RETRY:
            self._reopen(group)

    def _turn_one(self, group: Group, number: int, table: dict[int, int]) -> None:
        mark = group.rest.mark(number)
        if table.get(mark) == GONE and mark in GIVEN_UP:
            self._drop_commit(group)
        self._resting.turn_one(group, number, table)
        self._scheduler.drop(group)

    def pause(self, job: Job) -> None:
        """Cut its requests off; what is acknowledged stays. Joining is not cut."""
        if job.state in _PAUSABLE:
            self._stop(job, JobState.PAUSED)

    def resume(self, job: Job) -> None:
        """Go on where it was."""
        if job.state is JobState.PAUSED:
            self._board.move(job, JobState.QUEUED)
            self._scheduler.enqueue(job)

    def cancel(self, job: Job) -> None:
        """Stop, and have its leftovers removed."""
        if not job.state.is_final:
            self._stop(job, JobState.CANCELLED)
            if job.has_leftovers:
                job.group.litter[job.id] = job

    def _stop(self, job: Job, state: JobState) -> None:
        self._board.move(job, state)
        self._scheduler.withdraw(job)
        if job.work is not None:
            job.work.cut()

    def retry(self, job: Job) -> None:
        """Begin again with all tries, also what a lost sign-in has stopped."""
        stopped = job.state is JobState.PAUSED and job.group.error is not None
        if job.state in {JobState.FAILED, JobState.CANCELLED} or stopped:
            job.tries, job.lost_since = 1, None
            self._board.move(job, JobState.QUEUED)
            self._scheduler.enqueue(job)

    def first(self, job: Job) -> None:
        """Let a file go before all others, now: neither a pause nor a wait counts."""
        if job.state.is_final or job.state is JobState.FINALISING:
            return
        self._board.first(job)
        if job.state in {JobState.WAITING, JobState.PAUSED}:
            self._board.move(job, JobState.QUEUED)
            job.due = None
        self._scheduler.withdraw(job)
        self._scheduler.enqueue(job)

    def _order(self, command: Command) -> None:
        """Change a batch's rank among those that have not ended."""
        group = self._board.groups.get(command.group or 0)
        if group is None:
            return
        others = [g for g in self._board.groups.values() if g is not group and g.left]
        ranks = [other.rank for other in others]
        action = command.action
        if action is Action.BEFORE:
            self._before(group, self._board.groups.get(command.other or 0), others)
        elif action is Action.FIRST:
            self._board.rank(group, max([group.rank, *(r + 1 for r in ranks)]))
        elif action is Action.LAST:
            self._board.rank(group, min([group.rank, *(r - 1 for r in ranks)]))
        else:
            step = 1 if action is Action.RAISE else -1
            self._board.rank(group, group.rank + step)

    def _wish_commit(self, group: Group | None) -> None:
        """Let an upload end with a commit, or not, as long as it is not under way."""
        if group is None or not isinstance(group.request, UploadRequest):
            return
        state = group.outcome.state if group.outcome else None
        if state is CommitState.WAITING:
            self._board.commit(group, None)
        elif state is not CommitState.COMMITTING:
            self._board.commit(group, Outcome())

    def _before(self, group: Group, other: Group | None, others: list[Group]) -> None:
        """Put a batch right before another; what is higher up stays there."""
        if other is None or other is group:
            return
        for higher in others:
            if higher.rank > other.rank:
                self._board.rank(higher, higher.rank + 1)
        self._board.rank(group, other.rank + 1)

    def hold(self, group: Group, error: HyphaError) -> None:
        """Pause what is left of a batch until ``release``, and say why."""
        self._resting.turn(group, held_marks(), error)
        for job in list(group.jobs.values()):
            if job.state in _PAUSABLE:
                self._scheduler.withdraw(job)
                self._board.move(job, JobState.PAUSED, error)
        group.error = error.explain()

    async def release(self, group: Group) -> None:
        """Let a batch go on that an error paused; what the user paused stays."""
        self._reopen(group)
        marks = [mark for mark in marks_of(JobState.PAUSED) if mark & HELD]
        self._resting.turn(group, moved(JobState.QUEUED, marks))

        def steps() -> Iterator[None]:
            for job in list(group.jobs.values()):
                if job.state is JobState.PAUSED and job.reason:
                    job.tries = 1
                    self._board.move(job, JobState.QUEUED)
                    self._scheduler.enqueue(job)
                yield

        await in_slices(steps(), self._board.ledger.room)

    def _reopen(self, group: Group) -> None:
        group.error = None
        group.is_open = False
        group.failures, group.lost_since = 0, None
        self._scheduler.hold_group(group, 0.0)
        if group.outcome and group.outcome.state is CommitState.FAILED:
            self._board.commit(group, Outcome())

    def clear(self, job: Job) -> None:
        """Forget a final job; what a failed one left behind is removed."""
        group = job.group
        if group.wants_commit:
            return  # it would be forgotten with its last file
        if job.state.is_final:
            if job.state is not JobState.DONE:
                self._drop_commit(group)
            if job.has_leftovers and job.state is not JobState.DONE:
                job.group.litter[job.id] = job
            self._board.forget(job)
            self._scheduler.drop(job.group)

    def _drop_commit(self, group: Group) -> None:
        """Make no commit of a batch without files that the user gave up."""
        if group.outcome and group.outcome.state.is_coming:
            reason = "Not committed: files that did not arrive were cleared."
            dropped = Outcome(state=CommitState.DROPPED, reason=reason)
            self._board.commit(group, dropped)
