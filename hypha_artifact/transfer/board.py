"""The engine's books: every job and batch, with counts kept as they change."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager

import anyio

from hypha_artifact.errors import HyphaError
from hypha_artifact.paths import printable
from hypha_artifact.transfer.clock import Clock
from hypha_artifact.transfer.items import PlanItem
from hypha_artifact.transfer.jobs import Group, Job, Mover, lane_of, planned_size
from hypha_artifact.transfer.ledger import Ledger
from hypha_artifact.transfer.meter import Meter, Speed
from hypha_artifact.transfer.outcome import Outcome
from hypha_artifact.transfer.rest import GONE, Rest, mark_of, state_of
from hypha_artifact.transfer.state import (
    TRANSITIONS,
    CarryRequest,
    Command,
    Direction,
    JobState,
    Request,
    UploadRequest,
    direction_of,
)

LIVE = frozenset(
    {JobState.QUEUED, JobState.RUNNING, JobState.FINALISING, JobState.WAITING}
)


_CHUNK = 200
"""Jobs that go to rest in one step."""


class Board:
    """All jobs. Whoever changes one, changes it here, so that the sums stay right.

    Args:
        clock: For the rates.
        ledger: Where changes are written down.
    """

    def __init__(self, clock: Clock, ledger: Ledger | None = None) -> None:
        self._clock = clock
        self.ledger = ledger or Ledger()
        self.last_batch = 0
        """The number of the newest batch; none is given twice."""
        self._last_job = 0
        self.groups: dict[int, Group] = {}
        self.jobs: dict[int, Job] = {}
        self.by_state: dict[JobState, dict[int, Job]] = {s: {} for s in JobState}
        self.speeds = {direction: Speed(clock) for direction in Direction}
        self.ended: deque[Job] = deque()
        """Jobs that were final when they came here, the longest there first."""
        self.hands = 0
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
        for step in (self.fill(group, items), self.enter(group)):
            for _ in step:
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
            self.speeds[direction] = Speed(self._clock)
        title = title_of(request, count)
        self.last_batch += 1
        group = Group(self.last_batch, request, mover, title, Speed(self._clock))
        group.account = account
        group.key = key or group.key
        first, self._last_job = self._last_job + 1, self._last_job + count
        group.rest = Rest(first, count if self.ledger.is_sound else 0)
        return group

    def fill(
        self,
        group: Group,
        items: Sequence[PlanItem | bytes],
        start: int = 0,
        awake: int | None = None,
    ) -> Iterator[None]:
        """Make some of a batch's jobs, one with each step, and write them down.

        Args:
            group: The batch, from ``draft``.
            items: The next ones of its plan.
            start: How many there were before them.
            awake: How many of the batch are to be in memory; None for all.
        """
        rest = group.rest
        most = len(items) if awake is None or not rest.is_kept else awake - start
        for at, item in enumerate(items[: max(0, most)], start):
            job = Job(rest.first + at, group, item)
            group.jobs[job.id] = job
            self._count(group, [job.size])
            yield
        for at in range(max(0, most), len(items), _CHUNK):
            sizes = [_size_of(item) for item in items[at : at + _CHUNK]]
            marks = bytes(
                mark_of(JobState.QUEUED, lane_of(size).bits) for size in sizes
            )
            rest.lay_out(start + at, marks, sizes)
            self._count(group, sizes)
            yield
        self.ledger.fill(group, rest.first + start, items)

    def _count(self, group: Group, sizes: list[int]) -> None:
        group.size += sum(sizes)
        group.counts[JobState.QUEUED] += len(sizes)

    def enter(self, group: Group) -> Iterator[None]:
        """Enter a batch that is whole, and then its jobs, one with each step."""
        group.left = group.size
        self.groups[group.id] = group
        self.ledger.add(group)
        queued = self.by_state[JobState.QUEUED]
        for job in group.jobs.values():
            self.jobs[job.id] = queued[job.id] = job
            yield
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
            self._last_job = max(self._last_job, job.id)
        self._last_job = max(self._last_job, group.rest.last)
        self.last_batch = max(self.last_batch, group.id)
        for mark, count, size in group.rest.sums():
            state = state_of(mark)
            group.counts[state] += count
            group.size += size
            group.done += size if state is JobState.DONE else 0
            group.left += size if state in LIVE else 0
        if group.files:
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

    def named(self, command: Command) -> list[Group]:
        """Return the batches that a command is about."""
        if command.group is None:
            return list(self.groups.values())
        group = self.groups.get(command.group)
        return [group] if group else []

    def stopped(self) -> list[Group]:
        """Return the batches of which something was paused by an error."""
        held = {
            job.group for job in self.by_state[JobState.PAUSED].values() if job.reason
        }
        return [g for g in self.groups.values() if g in held or g.rest.has_held]

    def homes(self, numbers: Iterable[int]) -> dict[Group, list[int]]:
        """Sort some jobs by their batches; unknown numbers are no jobs."""
        found: dict[Group, list[int]] = {}
        for number in numbers:
            job = self.jobs.get(number)
            home = job.group if job else self._home_of(number)
            if home is not None:
                found.setdefault(home, []).append(number)
        return found

    def _home_of(self, number: int) -> Group | None:
        groups = self.groups.values()
        return next((each for each in groups if number in each.rest), None)

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
        elif state is JobState.DONE:
            for speed in self._speeds_of(job):
                speed.ended()
        if state not in LIVE:
            job.meter = None
        self._note(job)
        if state.is_final:
            self.end(job)
        self.touch(job)

    def end(self, job: Job) -> None:
        """Let a job that is final rest by and by."""
        job.shrink()
        if job.group.rest.is_kept:
            self.ended.append(job)

    @contextmanager
    def still(self) -> Generator[None]:
        """Let no job go to rest meanwhile: somebody goes through them all."""
        self.hands += 1
        try:
            yield
        finally:
            self.hands -= 1

    def _note(self, job: Job) -> None:
        if job.state is not JobState.FINALISING:
            self.ledger.state(job)
        if job.group.is_final:
            self.ledger.ended(job.group)

    def _measure(self, job: Job) -> None:
        job.due = None
        job.meter = job.meter or Meter(self._clock)
        job.meter.start()
        for speed in self._speeds_of(job):
            speed.start()

    def credit(self, job: Job, count: int) -> None:
        """Count acknowledged bytes; negative: those that have to be moved again."""
        self._shift(job, count)
        if count <= 0:
            return
        if job.state is JobState.RUNNING and job.done > job.furthest:
            job.furthest, job.tries = job.done, 1  # it is getting on
        if job.meter is not None:
            job.meter.add(count)
        for speed in self._speeds_of(job):
            speed.moved(count)

    def _speeds_of(self, job: Job) -> tuple[Speed, Speed]:
        return job.group.speed, self.speeds[job.group.direction]

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

    def first(self, job: Job) -> None:
        """Set that a file goes before all others."""
        job.is_first = True
        self.ledger.first(job)

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
            if job.state.is_final:
                self.end(job)
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
        group.rest.leave(job.id, GONE)
        self.ledger.forget(job, littered=job.id in group.litter)
        self.forgotten(group)

    def forgotten(self, group: Group) -> None:
        """Take a batch off the books if it has no jobs any more."""
        if not group.files:
            self.groups.pop(group.id, None)
            self.ledger.drop(group)
        self.touch()


def _size_of(item: PlanItem | bytes) -> int:
    return item.size if isinstance(item, PlanItem) else planned_size(item)


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
