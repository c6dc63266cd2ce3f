"""Time as the engine sees it, so that tests can turn it themselves."""

from __future__ import annotations

import time
from datetime import datetime

import anyio

_JUMP = 1.0


class Clock:
    """The machine's clock: monotonic for the engine, epoch seconds for people."""

    def __init__(self) -> None:
        self._epoch = time.time() - time.monotonic()

    def now(self) -> float:
        """Seconds on a clock that only goes forward."""
        return time.monotonic()

    def epoch(self, at: float) -> float:
        """Turn a time of ``now`` into epoch seconds, as the wall clock counts now."""
        epoch = time.time() - time.monotonic()
        if abs(epoch - self._epoch) > _JUMP:  # it was set, or the machine slept
            self._epoch = epoch
        return self._epoch + at

    def local(self) -> datetime:
        """Return the local time, as a wall clock shows it."""
        return datetime.now().astimezone()

    async def wait(self, event: anyio.Event, until: float | None) -> None:
        """Wait for an event, at the longest until a time of ``now`` (None: ever)."""
        if until is None:
            await event.wait()
            return
        with anyio.move_on_after(max(0.0, until - self.now())):
            await event.wait()
