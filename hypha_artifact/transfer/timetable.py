"""How fast bytes may go at what time: ``5M``, ``off``, ``08:00,512k 18:00,off``. Pure.

The form is that of rclone's ``--bwlimit``; only a bare number, which means KiB there
and bytes elsewhere, is refused.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from datetime import datetime

from msgspec import Struct

from hypha_artifact.errors import InvalidInput
from hypha_artifact.paths import printable

OFF = "off"

LEAST = 1024
"""Bytes per second; less than that is more likely a mistake."""

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = 24 * 60
_POWERS = {"b": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_RATE = re.compile(r"(\d+(?:\.\d+)?)([bkmgt])(?:i?b)?(?:/s)?", re.IGNORECASE)
_ENTRY = re.compile(r"(?:([a-z]{3})-)?(\d\d?):(\d\d),(\S+)", re.IGNORECASE)
_HINT = "Say 5M, 512k, 'off', or a timetable: '08:00,512k 18:00,off'."


class Timetable(Struct, frozen=True):
    """A limit that may change with the time of the week.

    ``text`` is as it was written; ``entries`` are minutes of the week (from Monday,
    local time) with the rate from then on, in bytes per second, None for none.
    """

    text: str = OFF
    entries: tuple[tuple[int, float | None], ...] = ((0, None),)

    @property
    def changes(self) -> bool:
        """Whether it is not the same at all times."""
        return len({rate for _, rate in self.entries}) > 1

    def at(self, moment: datetime) -> float | None:
        """Return the rate at a local time; the first entry follows on the last."""
        minute = moment.weekday() * _DAY + moment.hour * 60 + moment.minute
        starts = [start for start, _ in self.entries]
        return self.entries[bisect_right(starts, minute) - 1][1]


def parse(text: str) -> Timetable:
    """Read a limit.

    Args:
        text: A rate, ``off``, or entries of a timetable: ``HH:MM,RATE`` for every day,
            or ``Mon-HH:MM,RATE``. A rate is a number with B, k, M, G or T: bytes per
            second, in powers of 1024.

    Raises:
        InvalidInput: It cannot be read.
    """
    words = text.split()
    if len(words) == 1 and "," not in words[0]:
        rate = _rate(words[0])
        return Timetable(OFF if rate is None else words[0], ((0, rate),))
    if not words:
        raise InvalidInput("No limit is given.", hint=_HINT)
    entries: dict[int, float | None] = {}
    for word in words:
        entries |= _entry(word)
    return Timetable(" ".join(words), tuple(sorted(entries.items())))


def _entry(word: str) -> dict[int, float | None]:
    found = _ENTRY.fullmatch(word)
    if found is None:
        raise _wrong(word)
    day, hour, minute, rate = found.groups()
    if int(hour) > 23 or int(minute) > 59 or (day and day.lower() not in _DAYS):  # noqa: PLR2004
        raise _wrong(word)
    days = range(7) if day is None else [_DAYS.index(day.lower())]
    at = int(hour) * 60 + int(minute)
    return dict.fromkeys((each * _DAY + at for each in days), _rate(rate))


def _rate(word: str) -> float | None:
    if word.lower() == OFF:
        return None
    found = _RATE.fullmatch(word)
    if found is None:
        raise _wrong(word)
    rate = float(found[1]) * 1024.0 ** _POWERS[found[2].lower()]
    if rate < LEAST:
        raise InvalidInput(
            f"'{printable(word)}' is less than 1 KiB per second.",
            hint="To stop transfers, pause them; to lift a limit, say 'off'.",
        )
    return rate


def _wrong(word: str) -> InvalidInput:
    return InvalidInput(f"'{printable(word)}' is no limit.", hint=_HINT)
