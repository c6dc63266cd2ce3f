"""A sequence of which only an index is in memory."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from operator import add
from typing import Generic, TypeVar, overload

from typing_extensions import override

from hypha_artifact.transfer.spool import Spool

T = TypeVar("T")

CHUNK = 256
"""Values that are read at a time by whoever goes through them all."""

_FAR = 1 << 16
"""Bytes that may be read for nothing, to read several values in one go."""


class Packed(Sequence[T], Generic[T]):
    """Values that are packed as they come, and unpacked as they are asked for.

    Twelve bytes of memory each. Whoever makes it adds to it; then it stays as it is.

    Args:
        pack: Makes bytes of a value.
        unpack: Makes a value of its bytes.
        spool: Where the bytes are; what is picked from others shares theirs.
    """

    def __init__(
        self,
        pack: Callable[[T], bytes],
        unpack: Callable[[bytes], T],
        spool: Spool | None = None,
    ) -> None:
        self._pack = pack
        self._unpack = unpack
        self.spool = spool or Spool()
        self._starts: array[int] = array("Q")
        self._lengths: array[int] = array("I")

    @override
    def __len__(self) -> int:
        return len(self._starts)

    @overload
    def __getitem__(self, at: int) -> T: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[T, ...]: ...
    @override
    def __getitem__(self, at: int | slice) -> T | tuple[T, ...]:
        if isinstance(at, slice):
            chosen = range(len(self))[at]
            if chosen.step == 1:
                return tuple(map(self._unpack, self.packed(chosen.start, chosen.stop)))
            return tuple(self[number] for number in chosen)
        number = range(len(self))[at]
        return self._unpack(*self.packed(number, number + 1))

    @override
    def __iter__(self) -> Iterator[T]:
        for start in range(0, len(self), CHUNK):
            yield from map(self._unpack, self.packed(start, start + CHUNK))

    def packed(self, start: int, stop: int) -> list[bytes]:
        """Return the bytes of some values, for each its own.

        Raises:
            EngineError: The disk does not give them back.
        """
        starts, lengths = self._starts[start:stop], self._lengths[start:stop]
        if not starts:
            return []
        ends = list(map(add, starts, lengths))
        first, end = min(starts), max(ends)
        if end - first > _FAR + 2 * sum(lengths):
            return list(map(self.spool.read, starts, ends))
        data = self.spool.read(first, end)
        return [
            data[at - first : to - first] for at, to in zip(starts, ends, strict=True)
        ]

    def add(self, value: T) -> None:
        """Put a value at the end.

        Raises:
            EngineError: The disk does not take it.
        """
        self._put(self._pack(value))

    def _put(self, data: bytes) -> None:
        self._starts.append(self.spool.add(data))
        self._lengths.append(len(data))
