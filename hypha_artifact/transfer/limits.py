"""The rate limit: one bucket for each direction, for all that goes that way.

Bytes queue for their turn and drain at the limit; nobody holds the loop up, and a
limit that changes is felt at once. What the server's S3 proxy would cut off after 60 s
may go before its turn: then bytes are owed, and nothing new starts until they are paid.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import anyio

from hypha_artifact.transfer.clock import Clock
from hypha_artifact.transfer.pace import SECONDS
from hypha_artifact.transfer.state import Direction, Limit
from hypha_artifact.transfer.timetable import Timetable, parse

LATEST = 40.0
"""Seconds after which a request is let through, so that it ends within 60."""

LOOK = 30.0
"""Seconds between two looks at a timetable."""

_SLICES = 8.0
"""Pieces in which a second's bytes go, so that they go evenly."""

_SHORTEST = 16 * 1024
_RANGE = 64 * 1024


class Limiter:
    """One direction's bucket. Rates are in bytes per second.

    Args:
        clock: Where the time comes from.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._changed = anyio.Event()
        self.rate: float | None = None
        """The limit; None without one."""
        self._queued = self._drained = 0.0
        self._mark = clock.now()

    def set(self, rate: float | None) -> None:
        """Change the limit; whoever waits looks again."""
        self._drain()
        self.rate = rate
        self._drain()
        self._changed.set()

    def _drain(self) -> None:
        now = self._clock.now()
        gone = float("inf") if self.rate is None else (now - self._mark) * self.rate
        self._drained = min(self._queued, self._drained + gone)
        self._mark = now

    @property
    def free_at(self) -> float:
        """The time of the clock at which no byte is owed or waits."""
        self._drain()
        owed = self._queued - self._drained
        return self._mark + (owed / self.rate if self.rate else 0.0)

    async def take(self, count: int, latest: float | None = None) -> None:
        """Wait for the turn of so many bytes, at the longest until ``latest``."""
        self._drain()
        turn = self._queued
        self._queued += count
        while (at := self._turn(turn)) is not None:
            if self._changed.is_set():
                self._changed = anyio.Event()
            until = at if latest is None else min(at, latest)
            await self._clock.wait(self._changed, until)
            if latest is not None and self._clock.now() >= latest:
                return

    def _turn(self, turn: float) -> float | None:
        """Return when as much as that has drained; None where it has."""
        self._drain()
        if self.rate is None or turn - self._drained < 1.0:  # sums are not exact
            return None
        return self._mark + (turn - self._drained) / self.rate

    async def paced(
        self, body: AsyncIterator[bytes], *, proxied: bool
    ) -> AsyncIterator[bytes]:
        """Yield a body's pieces, each when it is its turn.

        Args:
            body: What is sent.
            proxied: Whether it would be cut off after 60 s.
        """
        latest = self._clock.now() + LATEST if proxied else None
        async for piece in body:
            start = 0
            while self.rate is not None and start < len(piece):
                stop = start + max(_SHORTEST, int(self.rate / _SLICES))
                await self.take(min(stop, len(piece)) - start, latest)
                yield piece[start:stop]
                start = stop
            if start < len(piece):
                yield piece[start:] if start else piece

    def range(self, streams: int) -> int | None:
        """Return how many bytes to ask for at once, so that it takes well under 60 s.

        Args:
            streams: How many requests share the limit.

        Returns:
            None without a limit.
        """
        if self.rate is None:
            return None
        return max(_RANGE, int(self.rate * SECONDS / max(1, streams)))


class Limits:
    """Both directions' limits, and when they change.

    Args:
        clock: Where the time comes from.
        changed: Called when one has another rate than before.
    """

    def __init__(
        self, clock: Clock, changed: Callable[[Direction], None] = lambda _: None
    ) -> None:
        self._clock = clock
        self._changed = changed
        self._tables = {way: Timetable() for way in Direction}
        self._looked = clock.now()
        self.of = {way: Limiter(clock) for way in Direction}

    def set(self, direction: Direction, text: str) -> Timetable:
        """Limit a direction.

        Args:
            direction: Which.
            text: See ``timetable.parse``.

        Raises:
            InvalidInput: It cannot be read.
        """
        self._tables[direction] = table = parse(text)
        self.look()
        return table

    def look(self) -> None:
        """Apply what the timetables say for now."""
        self._looked = self._clock.now()
        moment = self._clock.local()
        for way, table in self._tables.items():
            rate = table.at(moment)
            if rate != self.of[way].rate:
                self.of[way].set(rate)
                self._changed(way)

    def look_if_due(self) -> float | None:
        """Look from time to time; returns when the next time is, if there is one."""
        if not any(table.changes for table in self._tables.values()):
            return None
        if self._clock.now() >= self._looked + LOOK:
            self.look()
        return self._looked + LOOK

    def shown(self, direction: Direction) -> Limit:
        """Return what a front end shows of one."""
        table = self._tables[direction]
        return Limit(text=table.text, rate=self.of[direction].rate)
