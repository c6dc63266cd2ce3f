"""From the engine's jobs to the progress events of the public interface."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import anyio

from hypha_artifact.classes import (
    BytesEvent,
    FileErrorEvent,
    FileInfoEvent,
    FileSuccessEvent,
    PartErrorEvent,
    PartInfoEvent,
    PartSuccessEvent,
    ProgressEvent,
)
from hypha_artifact.paths import printable
from hypha_artifact.transfer.clock import Clock
from hypha_artifact.transfer.items import Problem
from hypha_artifact.transfer.plans import TransferPlan
from hypha_artifact.transfer.state import Direction, JobState, JobView

Callback: TypeAlias = Callable[[ProgressEvent], None]

PERIOD = 0.1
"""Seconds between two events that only count bytes, at the least."""

_DOING = {Direction.UPLOAD: "Uploading", Direction.DOWNLOAD: "Downloading"}
_DONE = {Direction.UPLOAD: "uploaded", Direction.DOWNLOAD: "downloaded"}


class Reporter:
    """Tells a callback what happens to the files of one plan.

    An exception of the callback stops the telling; ``broken`` is set, and ``error``
    holds it.

    Args:
        callback: Called with each event, on the loop of the transfer.
        plan: What is transferred.
        clock: So that bytes are not told too often.
    """

    def __init__(self, callback: Callback, plan: TransferPlan, clock: Clock) -> None:
        self._callback = callback
        self._clock = clock
        self._direction = plan.direction
        self._total = len(plan.items)
        self._size = plan.size
        self._done = 0
        self._begun = 0
        self._seen: dict[int, JobView] = {}
        self._ended: set[int] = set()
        self._next = 0.0
        self.broken = anyio.Event()
        self.error: BaseException | None = None

    def problem(self, problem: Problem) -> None:
        """Tell of a source that cannot be moved, or is left out."""
        if problem.is_note:
            self._note(problem)
            return
        message = f"Failed to {self._verb}: {printable(problem.source)}: "
        self._tell(
            FileErrorEvent(
                type="error", message=message + problem.reason, file=problem.source
            )
        )

    def _note(self, problem: Problem) -> None:
        message = f"Left out: {printable(problem.source)}: {problem.reason}"
        self._tell(
            FileInfoEvent(
                type="info",
                message=message,
                file=problem.source,
                total_files=self._total,
                current_file=self._begun,
            )
        )

    def see(self, job: JobView) -> None:
        """Take in a change of a file."""
        if job.id in self._ended:
            return
        before = self._seen.get(job.id)
        self._done += job.done - (before.done if before else 0)
        if before is None and job.state is JobState.RUNNING:
            self._begin(job)
        if before is not None and job.parts_done > before.parts_done:
            self._part(job)
        if before is None or before.state is not job.state:
            self._changed(job)
        elif job.done != before.done:
            self._bytes(job)
        if job.state.is_final:
            self._seen.pop(job.id, None)
            self._ended.add(job.id)
        else:
            self._seen[job.id] = job

    def _begin(self, job: JobView) -> None:
        self._begun += 1
        name = self._name(job)
        doing = f"{_DOING[self._direction]} file {self._begun}/{self._total}"
        self._tell(
            FileInfoEvent(
                type="info",
                message=f"{doing}: {printable(name)}",
                file=name,
                total_files=self._total,
                current_file=self._begun,
            )
        )
        self._part_begins(job, 1)

    def _part_begins(self, job: JobView, number: int) -> None:
        if job.parts == 1 or self._direction is Direction.DOWNLOAD:
            return
        name = self._name(job)
        doing = f"{_DOING[self._direction]} part {number}/{job.parts}"
        self._tell(
            PartInfoEvent(
                type="part_info",
                message=f"{doing} for {printable(name)}",
                file=name,
                current_part=number,
                total_parts=job.parts,
                part_size=-(-job.size // job.parts),
            )
        )

    def _part(self, job: JobView) -> None:
        if job.parts == 1 or self._direction is Direction.DOWNLOAD:
            return
        name, number = self._name(job), job.parts_done
        self._tell(
            PartSuccessEvent(
                type="part_success",
                message=f"Part {number}/{job.parts} {self._past}: {printable(name)}",
                file=name,
                current_part=number,
                total_parts=job.parts,
                part_size=-(-job.size // job.parts),
            )
        )
        if number < job.parts:
            self._part_begins(job, number + 1)

    def _changed(self, job: JobView) -> None:
        name = self._name(job)
        if job.state is JobState.DONE:
            self._bytes(job, now=True)
            message = f"Successfully {self._past}: {printable(name)}"
            self._tell(
                FileSuccessEvent(
                    type="success", message=message, file=name, bytes=job.size
                )
            )
        elif job.state is JobState.FAILED:
            message = f"Failed to {self._verb}: {printable(name)}: {job.reason}"
            self._tell(FileErrorEvent(type="error", message=message, file=name))
        elif job.state is JobState.WAITING and job.parts > 1:
            self._tell(
                PartErrorEvent(
                    type="part_error",
                    message=f"Trying again: {printable(name)}: {job.reason}",
                    file=name,
                    current_part=min(job.parts, job.parts_done + 1),
                    total_parts=job.parts,
                )
            )

    def _bytes(self, job: JobView, *, now: bool = False) -> None:
        if not now and self._clock.now() < self._next:
            return
        self._next = self._clock.now() + PERIOD
        name = self._name(job)
        self._tell(
            BytesEvent(
                type="progress",
                message=f"{self._done} of {self._size} bytes {self._past}",
                file=name,
                file_bytes=job.done,
                file_size=job.size,
                done_bytes=self._done,
                total_bytes=self._size,
            )
        )

    @property
    def _verb(self) -> str:
        return "upload" if self._direction is Direction.UPLOAD else "download"

    @property
    def _past(self) -> str:
        return _DONE[self._direction]

    def _name(self, job: JobView) -> str:
        up = self._direction is Direction.UPLOAD
        return str(job.local) if up else str(job.remote)

    def _tell(self, event: ProgressEvent) -> None:
        if self.error is not None:
            return
        try:
            self._callback(event)
        except BaseException as error:  # noqa: BLE001 - raised again by the transfer
            self.error = error
            self.broken.set()
