"""How much may be under way at a time, judged by how fast it goes. It does no IO.

The server's S3 proxy cuts a request off after 60 s (Hypha 0.21), whatever has come
through by then. What is sent has to be sent again; what is fetched goes on.
"""

from __future__ import annotations

from hypha_artifact.transfer.weight import weight

MIB = 1024 * 1024
START, MOST = 8, 16
"""Requests in flight at first and at most; the proxy itself takes 20."""

SECONDS = 25.0
"""How long a part may take to send: well under the proxy's 60."""

_UNKNOWN = 16 * MIB  # in flight while the rate is not known: it may be 300 KB/s
_BULKY = MIB
_WINDOW = 2.0
_CALM = 5.0
_FASTER, _SLOWER = 1.1, 0.8


class Pace:
    """The limits of one direction. Times are those of the engine's clock, in seconds.

    Args:
        sends: Whether a request that is cut off has to be sent again.
    """

    def __init__(self, *, sends: bool) -> None:
        self.limit: int = START
        self._start: int = START
        self._most: int = MOST
        self.rate: float | None = None
        """Bytes per second that were acknowledged lately; None until it is known."""
        self._sends = sends
        self._cap: float | None = None
        self._flying = 0
        self._bulk: list[int] = []
        self._mark = self._busy = 0.0
        self._landed = self._count = 0
        self._seen = (0.0, 0.0)
        self._score = 0.0
        self._troubled = -_CALM

    @property
    def budget(self) -> float:
        """Bytes that may be on their way, where they may have to be sent again."""
        if not self._sends:
            return float("inf")
        return _UNKNOWN if self.speed is None else self.speed * SECONDS

    @property
    def speed(self) -> float | None:
        """Bytes per second to reckon with: as measured, and as the user allows."""
        known = [rate for rate in (self.rate, self._cap) if rate is not None]
        return min(known, default=None)

    def cap(self, rate: float | None) -> None:
        """Take in the user's limit; what was measured under another one is no guide."""
        self._cap = rate
        self.rate, self._seen = None, (0.0, 0.0)

    def allows(self, length: int) -> bool:
        """Tell whether a request of so many bytes may start now; one always may."""
        if not self._flying:
            return True
        fits = not self._bulk or sum(self._bulk) + length <= self.budget
        return self._flying < self.limit and (length < _BULKY or fits)

    def start(self, length: int, now: float) -> None:
        """Take in that a request of so many bytes starts."""
        self._pass(now)
        self._flying += 1
        if length >= _BULKY:
            self._bulk.append(length)

    def end(self, length: int, now: float, *, acknowledged: bool) -> None:
        """Take in that it ended."""
        self._pass(now)
        self._flying -= 1
        if length >= _BULKY:
            self._bulk.remove(length)
        if acknowledged:
            self._landed += length
            self._count += 1
        if self._count and self._busy >= _WINDOW:
            self._look(now)

    def _pass(self, now: float) -> None:
        """Count the seconds in which something was under way."""
        self._busy += now - self._mark if self._flying else 0.0
        self._mark = now

    def _look(self, now: float) -> None:
        """Compare the last seconds with those before; more may be faster still."""
        if self._landed >= self._count * _BULKY / 2:  # small files do not fill a line
            landed, seconds = self._seen
            self._seen = landed / 2 + self._landed, seconds / 2 + self._busy
            self.rate = self._seen[0] / self._seen[1]
        score = weight(self._landed, self._count) / self._busy
        if now - self._troubled < _CALM:
            pass
        elif self.limit < self._start or score > self._score * _FASTER:
            self.limit = min(self._most, self.limit + 1)
        elif score < self._score * _SLOWER:
            self.limit = max(self._start, self.limit - 1)
        self._score = score
        self._busy, self._landed, self._count = 0.0, 0, 0

    def widen(self, count: int) -> None:
        """Have so many requests in flight, no more: a cluster offers as many."""
        if count != self._start:
            self.limit = self._start = self._most = count

    def trouble(self, now: float) -> None:
        """Take in a 429, 503 or timeout: have half as much under way for a while."""
        if now - self._troubled < _CALM:
            return  # requests that flew together fail together
        self._troubled = now
        self.limit = max(1, self.limit // 2)
        if self.rate is None:
            self.rate = _UNKNOWN / 60.0
