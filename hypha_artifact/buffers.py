"""Between an open file and its bytes: what was fetched ahead, what waits to be sent."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from pathlib import Path
from tempfile import mkstemp
from typing import Generic, TypeVar

import anyio.to_thread
from msgspec import Struct

from hypha_artifact.errors import InvalidInput
from hypha_artifact.streaming import RemoteBytes

PIECE = 1 << 20
LONGEST_WINDOW = 32 * PIECE

Data = TypeVar("Data", bytes, str)


class Mode(Struct, frozen=True, kw_only=True):
    """What a mode such as ``"rb"`` or ``"a+"`` means, as Python's ``open`` has it.

    ``keeps`` says whether a file begins with the bytes that are there.
    """

    name: str
    text: bool
    reads: bool
    writes: bool
    appends: bool
    keeps: bool
    must_exist: bool
    must_not_exist: bool

    @classmethod
    def parse(cls, mode: str) -> Mode:
        """Read a mode.

        Raises:
            InvalidInput: It is none.
        """
        kinds = set(mode) & set("rwax")
        odd = set(mode) - set("rwaxbt+")
        if len(kinds) != 1 or odd or len(set(mode)) < len(mode) or {*"bt"} <= {*mode}:
            raise InvalidInput(
                f"'{mode}' is no mode to open a file in.",
                hint="Use r, w, a or x, with b for bytes and + for both ways.",
            )
        both = "+" in mode
        return cls(
            name=mode,
            text="b" not in mode,
            reads="r" in kinds or both,
            writes="r" not in kinds or both,
            appends="a" in kinds,
            keeps=bool(kinds & set("ra")),
            must_exist="r" in kinds,
            must_not_exist="x" in kinds,
        )


class Ahead(Generic[Data]):
    """Bytes, or text, that were fetched and not given out yet.

    Args:
        nothing: ``b""`` or ``""``.
    """

    def __init__(self, nothing: Data) -> None:
        self._nothing: Data = nothing
        self._data: Data = nothing
        self._at = 0

    def __len__(self) -> int:
        return len(self._data) - self._at

    @property
    def rest(self) -> Data:
        """All that is left."""
        return self._data[self._at :]

    def add(self, data: Data) -> None:
        """Append what was fetched."""
        self._data, self._at = self.rest + data, 0

    def give_back(self, data: Data) -> None:
        """Put what was given out in front again."""
        self._data, self._at = data + self.rest, 0

    def take(self, count: int) -> Data:
        """Give out the next ones."""
        taken = self._data[self._at : self._at + count]
        self._at += len(taken)
        return taken

    def line(self, newline: Data, start: int) -> int:
        """Return the length of the next line with its end; 0 while it has none.

        Args:
            newline: What ends a line.
            start: How much was searched before.
        """
        found = self._data.find(newline, self._at + start)
        return 0 if found < 0 else found + 1 - self._at

    def clear(self) -> None:
        """Forget all."""
        self._data, self._at = self._nothing, 0


class Download:
    """A remote file to read, in ranges that grow while reading goes straight on.

    Args:
        source: Where its bytes are.
    """

    def __init__(self, source: RemoteBytes) -> None:
        self._source = source
        self._chunks: AsyncGenerator[bytes] | None = None
        self._window = PIECE
        self._next = 0

    @property
    def size(self) -> int:
        """Its length in bytes, known after the first ``pull``."""
        return self._source.size or 0

    async def pull(self, at: int, wanted: int) -> bytes:
        """Return some of the bytes from a position on; none at the end.

        Args:
            at: The position.
            wanted: How many will be read in all, as far as is known.
        """
        if at != self._next:
            await self.aclose()
            self._next, self._window = at, PIECE
        while self._source.size is None or self._next < self._source.size:
            if self._chunks is None:
                stop = self._next + max(wanted, self._window)
                self._window = min(LONGEST_WINDOW, self._window * 2)
                self._chunks = self._source.chunks(self._next, stop)
            piece = await anext(self._chunks, b"")
            self._next += len(piece)
            if piece:
                return piece
            await self.aclose()
        return b""

    async def aclose(self) -> None:
        """Stop to read."""
        chunks, self._chunks = self._chunks, None
        if chunks is not None:
            await chunks.aclose()


class Spool:
    """A temporary file that takes what is written until it is sent."""

    def __init__(self) -> None:
        self._fd, name = mkstemp(prefix="hypha-")
        self.path = Path(name)
        self.size = 0
        self._waiting = bytearray()
        self._at = 0

    async def pull(self, at: int, wanted: int) -> bytes:
        """Return some of the bytes from a position on; none at the end."""
        await self.flush()
        count = min(max(wanted, PIECE), LONGEST_WINDOW)
        return await anyio.to_thread.run_sync(os.pread, self._fd, count, at)

    async def push(self, at: int, data: bytes) -> None:
        """Write bytes at a position; they are held back until there are many."""
        if at != self._at + len(self._waiting):
            await self.flush()
            self._at = at
        self._waiting += data
        self.size = max(self.size, at + len(data))
        if len(self._waiting) >= PIECE:
            await self.flush()

    async def flush(self) -> None:
        """Write what was held back."""
        data, self._waiting = bytes(self._waiting), bytearray()
        if data:
            await anyio.to_thread.run_sync(self._write, data)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            count = os.pwrite(self._fd, view, self._at)
            self._at += count
            view = view[count:]

    async def truncate(self, size: int) -> None:
        """Cut it off, or fill it up with zeros."""
        await self.flush()
        await anyio.to_thread.run_sync(os.ftruncate, self._fd, size)
        self.size = size

    def close(self) -> None:
        """Remove it."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)
            self.path.unlink(missing_ok=True)
