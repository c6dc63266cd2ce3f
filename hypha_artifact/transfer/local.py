"""Local files as sources: know them again, read them by position."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio.to_thread
from msgspec import Struct, structs

from hypha_artifact.errors import (
    HyphaError,
    LocalFileError,
    SourceChanged,
)
from hypha_artifact.paths import printable
from hypha_artifact.transfer.guard import guard
from hypha_artifact.transfer.plan import SHORTEST_PART

PIECE = 1024 * 1024
"""Bytes read or sent at a time; nothing here holds more of a file."""

_OPEN = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK


ENDS = 64 * 1024
"""Bytes of the head, and of the tail, that a fingerprint may have a digest of."""


class Fingerprint(Struct, frozen=True):
    """What tells a file's content from its content at another time.

    ``ends`` is the digest of the head and tail of a file that may go in parts: it is
    read in several goes, maybe by another process after a crash.
    """

    size: int
    mtime_ns: int
    inode: int
    ends: bytes | None = None

    def fits(self, found: Fingerprint) -> bool:
        """Tell whether this is still the file that was found."""
        alike = (self.size, self.mtime_ns, self.inode) == (
            found.size,
            found.mtime_ns,
            found.inode,
        )
        return alike and (None in {self.ends, found.ends} or self.ends == found.ends)


def fingerprint(path: Path) -> Fingerprint:
    """Open a file to see that it can be read, and take its fingerprint. Blocks.

    Raises:
        LocalFileError: It cannot be read, or is no regular file.
    """
    with guard(path, "read"):
        fd = os.open(path, _OPEN)
        try:
            found = _fingerprint(fd, path)
            if found.size <= SHORTEST_PART:
                return found
            return structs.replace(found, ends=_ends(fd, found.size))
        finally:
            os.close(fd)


def _ends(fd: int, size: int) -> bytes:
    digest = hashlib.blake2b(os.pread(fd, ENDS, 0), digest_size=16)
    digest.update(os.pread(fd, ENDS, max(0, size - ENDS)))
    return digest.digest()


def _fingerprint(fd: int, path: Path) -> Fingerprint:
    info = os.fstat(fd)
    if not stat.S_ISREG(info.st_mode):
        raise LocalFileError(f"'{printable(str(path))}' is not a regular file.")
    return Fingerprint(info.st_size, info.st_mtime_ns, info.st_ino)


@asynccontextmanager
async def reading(path: Path, expected: Fingerprint) -> AsyncGenerator[int]:
    """Open a file, and see before and after that it is still the same.

    Args:
        path: The file.
        expected: Its fingerprint from when the transfer began.

    Yields:
        A file descriptor, closed at the end.

    Raises:
        SourceChanged: Its fingerprint differs, before or after.
        LocalFileError: It cannot be read.
    """
    fd = await anyio.to_thread.run_sync(_open, path, expected)
    try:
        try:
            yield fd
        except HyphaError:
            # A store that refuses a checksum may have got mixed content.
            await anyio.to_thread.run_sync(_check, fd, path, expected)
            raise
        await anyio.to_thread.run_sync(_check, fd, path, expected)
    finally:
        os.close(fd)


def _open(path: Path, expected: Fingerprint) -> int:
    with guard(path, "read"):
        fd = os.open(path, _OPEN)
        try:
            _check(fd, path, expected)
        except BaseException:
            os.close(fd)
            raise
        return fd


def _check(fd: int, path: Path, expected: Fingerprint) -> None:
    with guard(path, "read"):
        if not _fingerprint(fd, path).fits(expected):
            raise SourceChanged(f"'{printable(str(path))}' changed while it was read.")


def load(path: Path, expected: Fingerprint) -> tuple[bytes, bytes]:
    """Read a small file whole. Blocks: run it in a thread.

    Args:
        path: The file.
        expected: Its fingerprint from when the transfer began.

    Returns:
        Its bytes, and their MD5.

    Raises:
        SourceChanged: Its fingerprint differs, before or after.
        LocalFileError: It cannot be read.
    """
    fd = _open(path, expected)
    try:
        data = _read(fd, 0, expected.size) if expected.size else b""
        _check(fd, path, expected)
    finally:
        os.close(fd)
    if len(data) != expected.size:
        raise SourceChanged("The file became shorter while it was read.")
    return data, hashlib.md5(data, usedforsecurity=False).digest()


def digest(fd: int, start: int, length: int) -> bytes:
    """Return the MD5 of a range of an open file. Blocks: run it in a thread."""
    md5 = hashlib.md5(usedforsecurity=False)
    at, end = start, start + length
    while at < end:
        piece = _read(fd, at, min(PIECE, end - at))
        md5.update(piece)
        at += len(piece)
    return md5.digest()


async def pieces(fd: int, start: int, length: int) -> AsyncIterator[bytes]:
    """Yield a range of an open file in pieces of 1 MiB, read in threads.

    Args:
        fd: The open file.
        start: Position of the first byte.
        length: How many bytes.

    Raises:
        SourceChanged: The file ends before that.
    """
    at, end = start, start + length
    while at < end:
        piece = await anyio.to_thread.run_sync(_read, fd, at, min(PIECE, end - at))
        yield piece
        at += len(piece)


def _read(fd: int, at: int, count: int) -> bytes:
    with guard("the file", "read"):
        piece = os.pread(fd, count, at)
    if not piece:
        raise SourceChanged("The file became shorter while it was read.")
    return piece
