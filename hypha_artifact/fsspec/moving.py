"""Run a plan through the transfer engine, and say what became of each file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import anyio

from hypha_artifact.remote import RemoteArtifact
from hypha_artifact.transfer.engine import TransferEngine
from hypha_artifact.transfer.plans import TransferPlan
from hypha_artifact.transfer.state import JobState, JobView

Progress: TypeAlias = Callable[[int, int], None]
"""Called with the bytes done and the bytes in all."""

_ENDS = {JobState.DONE, JobState.FAILED, JobState.CANCELLED, JobState.PAUSED}
"""Paused is where a batch waits for a new token, which cannot come here."""


class _Watch:
    """Waits for the end of all files, and tells of each one's progress."""

    def __init__(self, count: int, told: Sequence[Progress | None]) -> None:
        self.finished = anyio.Event()
        self.broken: Exception | None = None
        self._left = count
        self._ended: set[int] = set()
        self._first: int | None = None
        self._told = told

    def start(self, first: int) -> None:
        self._first = first

    def see(self, job: JobView) -> None:
        if job.state in _ENDS and job.id not in self._ended:
            self._ended.add(job.id)
            if len(self._ended) == self._left:
                self.finished.set()
        if self._first is None or self.broken:
            return
        tell = self._told[job.id - self._first]
        try:
            if tell:
                tell(job.done, job.size)
        except Exception as error:  # noqa: BLE001 - a callback's, raised at the end
            self.broken = error


async def move(
    remote: RemoteArtifact, plan: TransferPlan, told: Sequence[Progress | None]
) -> list[Exception | None]:
    """Transfer the files of a plan.

    Args:
        remote: The artifact.
        plan: What to transfer; what is there is overwritten.
        told: For each file, whom to tell of its progress.

    Returns:
        For each file None, or why it did not arrive.

    Raises:
        Exception: What a progress callback raised.
    """
    if not plan.items:
        return []
    watch = _Watch(len(plan.items), told)
    async with TransferEngine(lambda _: remote, watch=watch.see) as engine:
        group = await engine.submit(plan)
        jobs = await engine.page(group, 0, len(plan.items))
        watch.start(jobs[0].id)
        await watch.finished.wait()
        errors = {job.id: error for job, error in engine.failures(group)}
    if watch.broken:
        raise watch.broken
    return [errors.get(job.id) for job in jobs]
