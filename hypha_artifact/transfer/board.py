"""The engine's books: every job and batch, with counts kept as they change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import anyio

from hypha_artifact.errors import HyphaError
from hypha_artifact.paths import printable
from hypha_artifact.transfer.clock import Clock
from hypha_artifact.transfer.jobs import Group, Job, Mover
from hypha_artifact.transfer.ledger import Ledger
from hypha_artifact.transfer.meter import Meter
from hypha_artifact.transfer.outcome import Outcome
from hypha_artifact.transfer.state import (
    TRANSITIONS,
    CarryRequest,
    Command,
    Direction,
    JobState,
    PlanItem,
    Request,
    UploadRequest,
    direction_of,
)

LIVE = frozenset(
    {JobState.QUEUED, JobState.RUNNING, JobState.FINALISING, JobState.WAITING}
)


class Board:
    """All jobs. Whoever changes one, changes it here, so that the sums stay right.

    Args:
        clock: For the rates.
        ledger: Where changes are written down.
    """

    def __init__(self, clock: Clock, ledger: Ledger | None = None) -> None:
        self._clock = clock
        self.ledger = ledger or Ledger()
        self._last_id = 0
        self.groups: dict[int, Group] = {}
        self.jobs: dict[int, Job] = {}
        self.by_state: dict[JobState, dict[int, Job]] = {s: {} for s in JobState}
        self.meters = {direction: Meter(clock) for direction in Direction}
        self.changes = 0
        self.watch: Callable[[Job], None] | None = None
        """Called after each change of a job's state or bytes; it must not raise."""
        self._news = anyio.Event()

    def add(
        self,
        request: Request,
        items: Sequence[PlanItem | bytes],
        mover: Mover,
        account: str = "",
        key: str | None = None,
    ) -> Group:
        """Enter a batch, with all its jobs queued; items may be packed."""
        group = self.draft(request, len(items), mover, account, key)
        for _ in self.fill(group, items):
            pass
        for _ in self.enter(group):
            pass
        return group

    def draft(
        self,
        request: Request,
        count: int,
        mover: Mover,
        account: str = "",
        key: str | None = None,
    ) -> Group:
        """Make a batch of so many files that is on no book yet."""
        direction = direction_of(request)
        if not any(g.left for g in self._groups_of(direction)):
            # The pause since the last batch is no part of this one's rate.
            self.meters[direction] = Meter(self._clock)
        title = title_of(request, count)
        group = Group(self._next_id(), request, mover, title, Meter(self._clock))
        group.account = account
        group.key = key or group.key
        return group

    def fill(self, group: Group, items: Sequence[PlanItem | bytes]) -> Iterator[Job]:
        """Make a batch's jobs, one with each step."""
        for item in items:
            job = Job(self._next_id(), group, item)
            group.jobs[job.id] = job
            group.size += job.size
            yield job

    def enter(self, group: Group) -> Iterator[Job]:
        """Enter a batch that is whole, and then its jobs, one with each step."""
        group.counts[JobState.QUEUED] = len(group.jobs)
        group.left = group.size
        self.groups[group.id] = group
        self.ledger.add(group)
        queued = self.by_state[JobState.QUEUED]
        for job in group.jobs.values():
            self.jobs[job.id] = queued[job.id] = job
            yield job
        self.touch()

    def restore(self, group: Group, jobs: Iterable[Job]) -> None:
        """Enter a batch as a journal has it; its number becomes its old one."""
        for job in jobs:
            group.jobs[job.id] = self.jobs[job.id] = job
            self.by_state[job.state][job.id] = job
            group.counts[job.state] += 1
            group.size += job.size
            group.done += job.done
            group.left += job.size - job.done if job.state in LIVE else 0
            self._last_id = max(self._last_id, job.id)
        self._last_id = max(self._last_id, group.id)
        if group.jobs:
            self.groups[group.id] = group
            if group.is_final:
                self.ledger.ended(group, anew=False)
        self.touch()

    def touch(self, job: Job | None = None) -> None:
        """Count a change, and tell whoever waits for one."""
        self.changes += 1
        self._news.set()
        if job is not None and self.watch is not None:
            self.watch(job)

    def news(self) -> anyio.Event:
        """Return an event that is set by the next change."""
        if self._news.is_set():
            self._news = anyio.Event()
        return self._news

    def _groups_of(self, direction: Direction) -> Iterator[Group]:
        return (g for g in self.groups.values() if g.direction is direction)

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def select(self, command: Command) -> Iterator[Job]:
        """Yield the jobs that a command is about; unknown numbers are no jobs."""
        if command.jobs is not None:
            found = (self.jobs.get(number) for number in command.jobs)
            return iter([job for job in found if job is not None])
        if command.group is not None:
            group = self.groups.get(command.group)
            return iter(list(group.jobs.values()) if group else [])
        return iter(list(self.jobs.values()))

    def move(self, job: Job, state: JobState, error: HyphaError | None = None) -> None:
        """Change a job's state.

        Args:
            job: The job.
            state: Its next state; must be a legal transition.
            error: Why, where it waits or failed.
        """
        if state not in TRANSITIONS[job.state]:
            raise AssertionError(f"{job.state} to {state} is no transition")
        group = job.group
        del self.by_state[job.state][job.id]
        self.by_state[state][job.id] = job
        group.counts[job.state] -= 1
        group.counts[state] += 1
        if (job.state in LIVE) != (state in LIVE):
            left = job.size - job.done
            group.left += left if state in LIVE else -left
        job.state = state
        job.reason, job.hint = (error.message, error.hint) if error else (None, None)
        job.error = error
        if state is JobState.RUNNING:
            self._measure(job)
        elif state not in {JobState.FINALISING, JobState.WAITING, JobState.QUEUED}:
            job.meter = None
        if state.is_final:
            job.shrink()
        self._note(job)
        self.touch(job)

    def _note(self, job: Job) -> None:
        if job.state is not JobState.FINALISING:
            self.ledger.state(job)
        if job.group.is_final:
            self.ledger.ended(job.group)

    def _measure(self, job: Job) -> None:
        job.due = None
        job.meter = job.meter or Meter(self._clock)
        for meter in (job.meter, job.group.meter, self.meters[job.group.direction]):
            meter.start()

    def credit(self, job: Job, count: int) -> None:
        """Count acknowledged bytes; negative: those that have to be moved again."""
        self._shift(job, count)
        if count <= 0:
            return
        if job.state is JobState.RUNNING and job.done > job.furthest:
            job.furthest, job.tries = job.done, 1  # it is getting on
        if job.meter is not None:
            job.meter.add(count)
        job.group.meter.add(count)
        self.meters[job.group.direction].add(count)

    def _shift(self, job: Job, count: int) -> None:
        job.done += count
        job.group.done += count
        if job.state in LIVE:
            job.group.left -= count
        self.touch(job)

    def resize(self, job: Job, size: int) -> None:
        """Set a file's length in bytes, where it differs from the plan's."""
        job.group.size += size - job.size
        if job.state in LIVE:
            job.group.left += size - job.size
        job.size = size
        self.touch()

    def rank(self, group: Group, rank: int) -> None:
        """Set a batch's rank."""
        if group.rank != rank:
            group.rank = rank
            self.ledger.rank(group)
            self.touch()

    def commit(self, group: Group, outcome: Outcome | None) -> None:
        """Note what became of a batch's commit; None: it is not wanted."""
        group.outcome = outcome
        self.ledger.commit(group)
        if outcome is not None and not outcome.state.is_coming:
            group.error = outcome.reason
            self.ledger.ended(group)
        self.touch()

    def reset(self, job: Job) -> None:
        """Let a job start from its first byte again."""
        self._shift(job, -job.done)
        job.work = None
        self.ledger.reset(job)

    def cleaned(self, job: Job) -> None:
        """Note that nothing of a job is left anywhere."""
        if job.id in self.jobs:
            self.ledger.cleaned(job)
        else:
            self.ledger.forget(job, littered=False)
            self.ledger.drop(job.group)

    def forget(self, job: Job) -> None:
        """Take a job off the books, and its batch with its last job."""
        group = job.group
        del self.jobs[job.id], group.jobs[job.id], self.by_state[job.state][job.id]
        group.counts[job.state] -= 1
        group.size -= job.size
        group.done -= job.done
        self.ledger.forget(job, littered=job.id in group.litter)
        if not group.jobs:
            self.groups.pop(group.id, None)
            self.ledger.drop(group)
        self.touch()


def title_of(request: Request, count: int) -> str:
    """Name a batch of so many files for people; safe to show."""
    if isinstance(request, CarryRequest):
        files = "1 file" if count == 1 else f"{count:,} files"
        return printable(f"{files} of {request.version} → {request.artifact}")
    names = [source.name or str(source) for source in request.sources]
    what = printable(names[0]) if len(names) == 1 else f"{len(names)} selected"
    if isinstance(request, UploadRequest):
        folder = f":{request.folder}" if request.folder else ""
        return f"{what} → {printable(f'{request.artifact}{folder}')}"
    what = what or str(request.artifact)
    return f"{what} → {printable(str(request.folder))}"
