"""How fast bytes and files go, over the last seconds, and when they are through."""

from __future__ import annotations

from collections import deque

from hypha_artifact.transfer.clock import Clock
from hypha_artifact.transfer.weight import EACH, weight

WINDOW = 10.0
"""Seconds that a rate looks back: several parts on a slow line."""

_SLOT = 0.25
_LEAST = 1.0


class Meter:
    """A windowed rate. Its memory is bounded: bytes are summed in short slots.

    Args:
        clock: Where the time comes from.
        window: Seconds to look back.
    """

    __slots__ = ("_clock", "_slots", "_started", "_sum", "_window")

    def __init__(self, clock: Clock, window: float = WINDOW) -> None:
        self._clock = clock
        self._window = window
        self._slots: deque[tuple[float, int]] = deque()
        self._sum = 0
        self._started: float | None = None

    def start(self) -> None:
        """Begin to measure, unless it has begun; the wait for byte one counts."""
        if self._started is None:
            self._started = self._clock.now()

    def add(self, count: int) -> None:
        """Count bytes that went through just now."""
        self.start()
        slot = self._clock.now() // _SLOT * _SLOT
        if self._slots and self._slots[-1][0] == slot:
            count_before = self._slots.pop()[1]
            self._slots.append((slot, count_before + count))
        else:
            self._slots.append((slot, count))
        self._sum += count

    def rate(self) -> float:
        """Bytes per second over the window; 0 once nothing came for its length."""
        now = self._clock.now()
        while self._slots and self._slots[0][0] <= now - self._window:
            self._sum -= self._slots.popleft()[1]
        if not self._slots or self._started is None:
            self._started = None if not self._slots else self._started
            return 0.0
        return self._sum / min(self._window, max(_LEAST, now - self._started))


class Speed:
    """How fast a batch, or all of a direction, goes.

    Many small files are not through when their bytes are, nearly: for the time to go
    each file has a weight, though not for the rate.

    Args:
        clock: Where the time comes from.
    """

    __slots__ = ("_weight", "bytes")

    def __init__(self, clock: Clock) -> None:
        self.bytes = Meter(clock)
        self._weight = Meter(clock)

    def start(self) -> None:
        """Begin to measure, unless it has begun."""
        self.bytes.start()
        self._weight.start()

    def moved(self, count: int) -> None:
        """Count bytes that went through just now."""
        self.bytes.add(count)
        self._weight.add(count)

    def ended(self) -> None:
        """Count a file that arrived just now."""
        self._weight.add(EACH)

    def eta(self, size: int, files: int) -> float | None:
        """Seconds until so many bytes and files are through; None: nobody knows."""
        return eta(weight(size, files), self._weight.rate())


def eta(left: int, rate: float) -> float | None:
    """Seconds until ``left`` bytes are through; None when it cannot be told."""
    if left <= 0:
        return 0.0
    return left / rate if rate > 0 else None
