"""``TransferProgress``: a callback that draws a bar on stderr."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Self

from hypha_artifact.classes import ProgressEvent
from hypha_artifact.paths import printable

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class TransferProgress:
    """Draws one bar for all files of a call; silent where stderr is no terminal.

    Pass it as ``callback``. It draws from the first event on; leave it as a context
    manager, or call ``close``, to give the terminal back.

    Args:
        operation: What is shown before the bar, such as ``"upload"``.
    """

    def __init__(self, operation: str = "transfer") -> None:
        self._operation = operation
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __call__(self, event: ProgressEvent) -> None:
        """Take in an event."""
        if not sys.stderr.isatty():
            return
        bar, task = self._shown()
        if event["type"] == "progress":
            bar.update(task, completed=event["done_bytes"], total=event["total_bytes"])
        elif event["type"] == "error":
            bar.console.print(printable(event["message"]), markup=False)

    def _shown(self) -> tuple[Progress, TaskID]:
        if self._bar is None or self._task is None:
            self._bar = _new_bar()
            self._task = self._bar.add_task(self._operation, total=None)
            self._bar.start()
        return self._bar, self._task

    def close(self) -> None:
        """Stop to draw."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = self._task = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _new_bar() -> Progress:
    from rich.console import Console  # noqa: PLC0415 - only who draws waits for it
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
