"""What a user's command does to a job, by the state that it is in."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import anyio

from hypha_artifact.errors import HyphaError
from hypha_artifact.transfer.board import Board
from hypha_artifact.transfer.jobs import Group, Job
from hypha_artifact.transfer.outcome import CommitState, Outcome
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
                steps = self._steps(command)
                await in_slices(steps, self._board.ledger.room)

    def _steps(self, command: Command) -> Iterator[None]:
        if command.action in ORDERING and command.jobs is None:
            self._order(command)
            return
        if command.action is Action.COMMIT:
            self._wish_commit(self._board.groups.get(command.group or 0))
            return
        if command.action not in self._verbs:
            return
        jobs = list(self._board.select(command))
        verb = self._verbs[command.action]
        for job in jobs:
            if job.id in self._board.jobs:
                verb(job)
                yield
        if command.action is Action.RETRY:
            for group in {job.group for job in jobs}:
                self._reopen(group)

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
        job.is_first = True
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
        for job in list(group.jobs.values()):
            if job.state in _PAUSABLE:
                self._scheduler.withdraw(job)
                self._board.move(job, JobState.PAUSED, error)
        group.error = error.explain()

    def release(self, group: Group) -> None:
        """Let a batch go on that an error paused; what the user paused stays."""
        self._reopen(group)
        for job in list(group.jobs.values()):
            if job.state is JobState.PAUSED and job.reason:
                job.tries = 1
                self._board.move(job, JobState.QUEUED)
                self._scheduler.enqueue(job)

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
            self._drop_commit(job)
            if job.has_leftovers and job.state is not JobState.DONE:
                job.group.litter[job.id] = job
            self._board.forget(job)
            self._scheduler.drop(job.group)

    def _drop_commit(self, job: Job) -> None:
        """Make no commit of a batch without files that the user gave up."""
        found = job.group.outcome
        if found and found.state.is_coming and job.state is not JobState.DONE:
            reason = "Not committed: files that did not arrive were cleared."
            dropped = Outcome(state=CommitState.DROPPED, reason=reason)
            self._board.commit(job.group, dropped)
