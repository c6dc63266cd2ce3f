"""The jobs of a batch that only the journal has whole: nine bytes of memory each.

A byte says how each of them is. What is done to all of a kind is done to the bytes in
one go; only what an engine is at, or was a moment ago, is a ``Job``.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from msgspec import Struct

from hypha_artifact.transfer.state import VISIBLE_JOBS, JobState

AWAKE, GONE = 0, 255
"""Instead of a mark: the job is in memory; it is off the books."""

LARGE, HELD, BEGUN = 8, 16, 32
"""Bits of a mark: its lane; paused by an error; it may have left something behind."""

KEPT = VISIBLE_JOBS
"""Of a batch, jobs that are in memory to be shown: its first ones, and what ended."""

_STATES = (
    JobState.QUEUED,
    JobState.PAUSED,
    JobState.DONE,
    JobState.FAILED,
    JobState.CANCELLED,
)
_PLAIN = 7


def mark_of(state: JobState, bits: int = 0) -> int:
    """Return the byte for a job in a state; ``LARGE | HELD | BEGUN`` are its bits."""
    return (_STATES.index(state) + 1) | bits


def state_of(mark: int) -> JobState:
    """Return the state that a mark stands for."""
    return _STATES[(mark & _PLAIN) - 1]


def marks_of(*states: JobState) -> list[int]:
    """Return all marks that stand for one of these states."""
    bits = [a | b | c for a in (0, LARGE) for b in (0, HELD) for c in (0, BEGUN)]
    return [mark_of(state, bit) for state in states for bit in bits]


def moved(state: JobState, marks: Iterable[int], more: int = 0) -> dict[int, int]:
    """Lead some marks to those of another state; only ``HELD`` is not kept."""
    return {mark: mark_of(state, mark & (LARGE | BEGUN) | more) for mark in marks}


class Change(Struct, frozen=True):
    """So many jobs, of so many bytes, went from one mark to another."""

    before: int
    after: int
    count: int
    size: int


class Rest:
    """Says of each job of a batch, by its number, how it is and how long.

    Args:
        first: The number of the batch's first job; the others follow it.
        count: How many there are; 0 for a batch whose jobs are all in memory.
        fill: What they are at first.
    """

    __slots__ = ("_bytes", "_counts", "_marks", "_sizes", "first")

    def __init__(self, first: int = 0, count: int = 0, fill: int = AWAKE) -> None:
        self.first = first
        self._marks = bytearray([fill]) * count
        self._sizes = array("q", bytes(8 * count))
        self._counts: Counter[int] = Counter({fill: count})
        self._bytes: Counter[int] = Counter()

    def __len__(self) -> int:
        """How many jobs rest."""
        return len(self._marks) - self.count(AWAKE, GONE)

    def __contains__(self, number: int) -> bool:
        """Whether a job rests."""
        return self.mark(number) not in {AWAKE, GONE}

    @property
    def is_kept(self) -> bool:
        """Whether jobs of this batch can rest at all."""
        return bool(self._marks)

    def covers(self, number: int) -> bool:
        """Whether this number is, or was, one of the batch's jobs."""
        return 0 <= number - self.first < len(self._marks)

    def mark(self, number: int) -> int:
        """Return a job's mark; GONE for one that is none."""
        return self._marks[number - self.first] if self.covers(number) else GONE

    def size(self, number: int) -> int:
        """Return a job's length in bytes."""
        return self._sizes[number - self.first]

    def put(self, number: int, mark: int, size: int = 0) -> None:
        """Set a job's mark."""
        at = number - self.first
        for each, count, length in (
            (self._marks[at], -1, -self._sizes[at]),
            (mark, 1, size),
        ):
            self._counts[each] += count
            self._bytes[each] += length
        self._marks[at], self._sizes[at] = mark, size

    def lay_out(self, start: int, marks: bytes, sizes: list[int]) -> None:
        """Set the marks of new jobs, ``start`` of which come before them."""
        span = slice(start, start + len(marks))
        for each, length in zip(marks, sizes, strict=True):
            self._bytes[each] += length
        self._counts[AWAKE] -= len(marks)
        self._counts.update(marks)
        self._marks[span], self._sizes[span] = marks, array("q", sizes)

    def leave(self, number: int, mark: int = AWAKE) -> None:
        """Let a job rest no longer, if it is one of this batch's."""
        if self.covers(number):
            self.put(number, mark)

    @property
    def last(self) -> int:
        """The number of the batch's last job; 0 if they are all in memory."""
        return self.first + len(self._marks) - 1 if self._marks else 0

    def sums(self) -> list[tuple[int, int, int]]:
        """Return how many jobs each mark has, and how many bytes these."""
        marks = [m for m, n in self._counts.items() if n and m not in {AWAKE, GONE}]
        return [(mark, self._counts[mark], self._bytes[mark]) for mark in marks]

    def count(self, *marks: int) -> int:
        """Count the jobs with these marks."""
        return sum(self._counts[mark] for mark in marks)

    def numbers(self, marks: Iterable[int], most: int) -> tuple[int, ...]:
        """Return the first jobs with one of these marks."""
        marks = [mark for mark in marks if self._counts[mark]]
        if not marks:
            return ()
        found = re.finditer(b"[%s]" % re.escape(bytes(marks)), self._marks)
        return tuple(self.first + each.start() for each in islice(found, most))

    @property
    def has_held(self) -> bool:
        """Whether a job rests that an error has paused."""
        held = [mark for mark in marks_of(JobState.PAUSED) if mark & HELD]
        return self.count(*held) > 0

    def queued(self, bits: int, most: int) -> tuple[int, ...]:
        """Return the first queued jobs of the lane with these bits."""
        return self.numbers(_queued(bits), most)

    def has_queued(self, bits: int) -> bool:
        """Whether a queued job of the lane with these bits rests."""
        return self.count(*_queued(bits)) > 0

    def change(self, table: Mapping[int, int]) -> list[Change]:
        """Give all jobs of some marks other ones.

        Args:
            table: The new mark of each old one.
        """
        found = [mark for mark in table if self._counts[mark]]
        changes = [
            Change(mark, table[mark], self._counts.pop(mark), self._bytes.pop(mark))
            for mark in found
        ]
        for each in changes:
            self._counts[each.after] += each.count
            self._bytes[each.after] += each.size
        if changes:
            new = bytes(table.get(mark, mark) for mark in range(256))
            self._marks = self._marks.translate(new)
        return changes

    def runs(self) -> Iterator[tuple[int, int]]:
        """Yield the first and the last number of each run without a job in memory."""
        for run in re.finditer(rb"[^\x00]+", self._marks):
            yield self.first + run.start(), self.first + run.end() - 1

    def page(self, offset: int, limit: int) -> tuple[int, ...]:
        """Return the numbers of some jobs that are on the books, in their order."""
        found: list[int] = []
        for run in re.finditer(rb"[^\xff]+", self._marks):
            length = run.end() - run.start()
            here = range(run.start(), run.end())[offset : offset + limit - len(found)]
            found += (self.first + at for at in here)
            offset = max(0, offset - length)
            if len(found) == limit:
                break
        return tuple(found)


def _queued(bits: int) -> list[int]:
    return [mark_of(JobState.QUEUED, bits | more) for more in (0, BEGUN)]
