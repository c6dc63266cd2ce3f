"""The jobs of one lane that could run now, and whose turn it is."""

from __future__ import annotations

from collections import OrderedDict

from hypha_artifact.transfer.jobs import Group, Job
from hypha_artifact.transfer.weight import EACH


class Ready:
    """Linked jobs, batch by batch.

    First comes what the user wants now; then the batches of the highest rank, and of
    those the one that was served least, so that a large batch holds up no small one.
    """

    def __init__(self) -> None:
        self._now: OrderedDict[int, Job] = OrderedDict()
        self._groups: dict[Group, OrderedDict[int, Job]] = {}
        self._served = 0.0

    def __bool__(self) -> bool:
        return bool(self._groups)

    def count(self, group: Group) -> int:
        """Return how many jobs of a batch are here."""
        return len(self._groups.get(group, ()))

    def add(self, job: Job) -> None:
        """Take a job in, behind those of its batch."""
        jobs = self._groups.get(job.group)
        if jobs is None:
            jobs = self._groups[job.group] = OrderedDict()
            # Who comes back has no claim on what others had meanwhile.
            job.group.served = max(job.group.served, self._served)
        jobs[job.id] = job
        if job.is_first:
            self._now[job.id] = job

    def discard(self, job: Job) -> None:
        """Take a job out, if it is here."""
        self._now.pop(job.id, None)
        jobs = self._groups.get(job.group)
        if jobs is not None:
            jobs.pop(job.id, None)
            if not jobs:
                del self._groups[job.group]

    @property
    def rank(self) -> float:
        """The rank of the next job; it is endless for what the user wants now."""
        if self._now:
            return float("inf")
        return max((group.rank for group in self._groups), default=-float("inf"))

    def next(self) -> Job:
        """Return the next job; there must be one."""
        if self._now:
            return next(iter(self._now.values()))
        group = min(self._groups, key=lambda group: (-group.rank, group.served))
        return next(iter(self._groups[group].values()))

    def served(self, job: Job, length: int) -> None:
        """Take in that so many bytes of a job are on their way."""
        self._served = max(self._served, job.group.served)
        job.group.served += length + EACH
