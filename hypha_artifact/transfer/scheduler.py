"""What runs next: lanes, ranks, holds, and tries that are due later. It does no IO."""

from __future__ import annotations

import heapq
from collections import OrderedDict, defaultdict
from collections.abc import Iterator
from enum import Enum

from msgspec import Struct

from hypha_artifact.transfer.jobs import Group, Job, Lane, Step
from hypha_artifact.transfer.limits import Limits
from hypha_artifact.transfer.pace import Pace
from hypha_artifact.transfer.ready import Ready
from hypha_artifact.transfer.state import Direction, JobState
from hypha_artifact.transfer.ways import Way

FIRST_BATCH, LARGEST_BATCH = 500, 1000
"""Files that are signed in one call, at first and at most.

A call costs the server about 0.4 s, and 0.3 ms (upload) or 2 ms (download) a file. Each
announced file is one to take back on a cancel, so a batch's calls grow only while its
files wait for links.
"""

LARGE_AWAKE = 50
"""Large files that are brought into memory at a time."""

LARGE_AHEAD = 2
"""Linked large files that wait; below that, more links are asked for."""


_AHEAD = 1.0
"""Seconds that bytes may queue for the limit while more is started."""


class Task(Enum):
    """What a batch needs before, or beside, moving bytes."""

    WAKE = "wake"
    """Bring jobs into memory that rest in the journal."""
    PREPARE = "prepare"
    CLEAN = "clean"
    COMMIT = "commit"


class Chore(Struct, frozen=True):
    """One task for some jobs of a batch; a batch has one chore at a time."""

    task: Task
    group: Group
    jobs: tuple[Job, ...]
    numbers: tuple[int, ...] = ()
    """Of those that are to be woken."""


_Queue = tuple[Way, Lane]


class Scheduler:
    """Queues of jobs. Times are those of the engine's clock, in seconds.

    Args:
        limits: The user's; nothing starts that would have to wait long for them.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits.of if limits else {}
        self._groups: OrderedDict[int, Group] = OrderedDict()
        self._busy: set[int] = set()
        self._linking: set[int] = set()
        self._held: dict[int, float] = {}
        self._ready: defaultdict[_Queue, Ready] = defaultdict(Ready)
        self._running: defaultdict[_Queue, int] = defaultdict(int)
        self.paces = _Paces(
            {way: Pace(sends=way is Direction.UPLOAD) for way in Direction}
        )
        self._starved = False
        self._hold_until = 0.0
        self._due: list[tuple[float, int, Job]] = []

    def add(self, group: Group) -> None:
        """Take a batch in, with all its queued jobs."""
        for _ in self.take_in(group):
            pass

    def take_in(self, group: Group) -> Iterator[Job]:
        """Take a batch in, with one of its queued jobs at each step."""
        for job in list(group.jobs.values()):
            if job.state is JobState.QUEUED:
                self.enqueue(job)
            yield job
        self._groups[group.id] = group

    def enqueue(self, job: Job) -> None:
        """Put a queued or running job where its next step comes from.

        One that is getting its link has to wait for that, whatever the user did
        meanwhile: it would get a second one.
        """
        work = job.work
        if job.id in self._linking:
            return
        if work is None or not work.is_linked or job.id in job.group.litter:
            job.group.unlinked[job.lane][job.id] = job
            if job.is_first:
                job.group.unlinked[job.lane].move_to_end(job.id, last=False)
        elif work.todo or (work.is_complete and not work.flying):
            self._ready[_queue_of(job)].add(job)

    def withdraw(self, job: Job) -> None:
        """Take a job out of all queues; what flies, flies on."""
        job.group.unlinked[job.lane].pop(job.id, None)
        self._ready[_queue_of(job)].discard(job)

    def next_step(self, now: float, *, here: bool = True) -> Step | None:
        """Take the next part.

        Lanes take turns, but no batch waits for one of a lower rank.

        Args:
            now: The time.
            here: Whether this machine may move it; clusters always may.
        """
        queues = [queue for queue, jobs in self._ready.items() if jobs]
        if not queues or now < self._hold_until:
            self._starved = self._starved or (here and not queues)
            return None
        for queue in sorted(queues, key=self._turn):
            job = self._ready[queue].next()
            if self._owes(queue[0]) > now:
                continue
            may = here or not isinstance(queue[0], Direction)
            if may and self.paces[queue[0]].allows(_next_length(job)):
                return self._take(queue, job, now)
        return None

    def _owes(self, way: Way) -> float:
        """Tell until when bytes are owed to the user's limit; clusters have none."""
        limiter = self._limits.get(way) if isinstance(way, Direction) else None
        return limiter.free_at - _AHEAD if limiter and limiter.rate else 0.0

    def _turn(self, queue: _Queue) -> tuple[bool, int]:
        way, lane = queue
        (other,) = (each for each in Lane if each is not lane)
        lower = self._ready[queue].rank < self._ready[way, other].rank
        return lower, self._running[queue]

    def _take(self, queue: _Queue, job: Job, now: float) -> Step:
        work = job.work
        if work is None:
            raise AssertionError("a job without work cannot be ready")
        part = work.todo.popleft() if work.todo else None
        step = Step(job, work, part)
        self._ready[queue].served(job, step.length)
        if not work.todo:
            self._ready[queue].discard(job)
        self._running[queue] += 1
        self.paces[queue[0]].start(step.length, now)
        return step

    def settle(self, step: Step, now: float, *, acknowledged: bool) -> None:
        """Give a worker's slot back, and its part unless it was acknowledged."""
        job, work = step.job, step.work
        queue = (job.group.way, step.lane)
        self._running[queue] -= 1
        self.paces[queue[0]].end(step.length, now, acknowledged=acknowledged)
        if step.part is not None and not acknowledged:
            work.todo.appendleft(step.part)
        if job.work is work and job.state in {JobState.QUEUED, JobState.RUNNING}:
            self.enqueue(job)

    def next_chore(self, now: float) -> Chore | None:
        """Take the next task of a batch: by rank, then the longest unserved first."""
        for group in sorted(self._groups.values(), key=lambda group: -group.rank):
            if group.id in self._busy or now < self._held.get(group.id, 0.0):
                continue
            chore = self._chore_of(group)
            if chore is not None:
                self._busy.add(group.id)
                self._groups.move_to_end(group.id)
                return chore
        return None

    def _chore_of(self, group: Group) -> Chore | None:
        if group.litter:
            # Links signed before the clean-up would be taken back by it.
            jobs = tuple(group.litter.values())
            flies = any(job.work and job.work.flying for job in jobs)
            return None if flies else Chore(Task.CLEAN, group, jobs)
        for lane in sorted(Lane, key=lambda lane: self._waiting(group, lane)):
            queue = group.unlinked[lane]
            is_first = bool(queue) and next(iter(queue.values())).is_first
            if not is_first and self._waiting(group, lane) >= self._ahead(group, lane):
                continue
            if not is_first and (numbers := self._sleepers(group, lane)):
                return Chore(Task.WAKE, group, (), numbers)
            if queue:
                return Chore(Task.PREPARE, group, self._unqueued(group, lane))
        if group.wants_commit and not self._is_shared(group):
            return Chore(Task.COMMIT, group, ())
        return None

    def _sleepers(self, group: Group, lane: Lane) -> tuple[int, ...]:
        """Return whom to wake: enough for a call, where there are not enough yet."""
        large = lane is Lane.LARGE
        if len(group.unlinked[lane]) >= (1 if large else self._ahead(group, lane)):
            return ()
        return group.rest.queued(lane.bits, LARGE_AWAKE if large else LARGEST_BATCH)

    def _unqueued(self, group: Group, lane: Lane) -> tuple[Job, ...]:
        queue = group.unlinked[lane]
        count = 1 if lane is Lane.LARGE else self._batch(group)
        count = min(count, len(queue))
        jobs = tuple(queue.popitem(last=False)[1] for _ in range(count))
        self._linking.update(job.id for job in jobs)
        return jobs

    def is_linking(self, job: Job) -> bool:
        """Whether a job is getting its link."""
        return job.id in self._linking

    def _is_shared(self, group: Group) -> bool:
        """Tell whether files of another batch are on their way to the same stage."""
        return any(
            other.request.artifact == group.request.artifact
            for other in self._groups.values()
            if other.direction is Direction.UPLOAD and not other.is_final
        )

    def _waiting(self, group: Group, lane: Lane) -> int:
        return self._ready[group.way, lane].count(group)

    def _ahead(self, group: Group, lane: Lane) -> int:
        return LARGE_AHEAD if lane is Lane.LARGE else group.batch or FIRST_BATCH

    def _batch(self, group: Group) -> int:
        """Sign twice as many as last time if workers had nothing to do since."""
        if not group.batch:
            group.batch = FIRST_BATCH
        elif self._starved:
            group.batch = min(2 * group.batch, LARGEST_BATCH)
        self._starved = False
        return group.batch

    def linked(self, chore: Chore) -> None:
        """Let a chore's jobs be queued again: each has its link, or an error."""
        self._linking.difference_update(job.id for job in chore.jobs)

    def done_with(self, chore: Chore) -> None:
        """Let the batch have its next chore; one without jobs is dropped."""
        self._busy.discard(chore.group.id)
        if not chore.group.files and not chore.group.litter:
            self._groups.pop(chore.group.id, None)

    def drop(self, group: Group) -> None:
        """Forget a batch that has no jobs, once nothing is left to clean up."""
        if not group.files and not group.litter and group.id not in self._busy:
            self._groups.pop(group.id, None)

    def hold(self, until: float) -> None:
        """Start no part before a time: the server asked for patience."""
        self._hold_until = max(self._hold_until, until)

    def hold_group(self, group: Group, until: float) -> None:
        """Give a batch no chore before a time."""
        self._held[group.id] = until

    def wait(self, job: Job, until: float) -> None:
        """Remember when a job is to be tried again."""
        job.due = until
        heapq.heappush(self._due, (until, job.id, job))

    def pop_due(self, now: float) -> list[Job]:
        """Take the waiting jobs whose time has come."""
        jobs: list[Job] = []
        while self._due and self._due[0][0] <= now:
            due, _, job = heapq.heappop(self._due)
            if job.state is JobState.WAITING and job.due == due:
                jobs.append(job)
        return jobs

    def next_time(self, now: float) -> float | None:
        """Tell when something may become possible without any event."""
        times = [at for at in self._held.values() if at > now]
        if self._hold_until > now:
            times.append(self._hold_until)
        times += [
            owed
            for (way, _), jobs in self._ready.items()
            if jobs and (owed := self._owes(way)) > now
        ]
        if self._due:
            times.append(self._due[0][0])
        return min(times, default=None)

    @property
    def is_tidy(self) -> bool:
        """Whether nothing flies and nothing is left to clean up."""
        litter = any(group.litter for group in self._groups.values())
        return not litter and not self._busy and not any(self._running.values())


class _Paces(dict[Way, Pace]):
    """One for each direction, and one for each that leads through a cluster."""

    def __missing__(self, way: Way) -> Pace:
        return self.setdefault(way, Pace(sends=False))


def _queue_of(job: Job) -> _Queue:
    return job.group.way, job.lane


def _next_length(job: Job) -> int:
    work = job.work
    return work.range_of(work.todo[0])[1] if work and work.todo else 0
