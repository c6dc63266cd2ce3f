"""What a user's command does to a job, by the state that it is in."""

from __future__ import annotations

from collections.abc import Callable

from hypha_artifact.errors import HyphaError
from hypha_artifact.transfer.board import Board
from hypha_artifact.transfer.jobs import Group, Job
from hypha_artifact.transfer.scheduler import Scheduler
from hypha_artifact.transfer.state import Action, Command, JobState

_PAUSABLE = frozenset({JobState.QUEUED, JobState.RUNNING, JobState.WAITING})


class Commands:
    """Pause, resume, cancel, retry, clear. It does no IO: it only gives orders.

    Args:
        board: The books.
        scheduler: The queues.
    """

    def __init__(self, board: Board, scheduler: Scheduler) -> None:
        self._board = board
        self._scheduler = scheduler
        self._verbs: dict[Action, Callable[[Job], None]] = {
            Action.PAUSE: self.pause,
            Action.RESUME: self.resume,
            Action.CANCEL: self.cancel,
            Action.RETRY: self.retry,
            Action.CLEAR: self.clear,
        }

    def run(self, command: Command) -> None:
        """Do it to every job it is about; a job it does not fit stays as it is."""
        jobs = list(self._board.select(command))
        for job in jobs:
            self._verbs[command.action](job)
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

    def clear(self, job: Job) -> None:
        """Forget a final job; what a failed one left behind is removed."""
        if job.state.is_final:
            if job.has_leftovers and job.state is not JobState.DONE:
                job.group.litter[job.id] = job
            self._board.forget(job)
            self._scheduler.drop(job.group)
