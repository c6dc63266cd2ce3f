"""Whether a local file has the bytes that a store's checksum stands for."""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Self

import anyio.from_thread
import platformdirs

from hypha_artifact.transfer.guard import guard
from hypha_artifact.transfer.plan import MIB, part_size

_SCHEMA = """
CREATE TABLE IF NOT EXISTS etags (
    path BLOB NOT NULL,
    part INTEGER NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    etag TEXT NOT NULL,
    made INTEGER NOT NULL,
    PRIMARY KEY (path, part)
) WITHOUT ROWID;
"""
_KEPT = 90 * 24 * 3600
"""Seconds; what is older is computed again."""
_FRESH = 2_000_000_000
"""Nanoseconds; a file that was just written may change and keep its time."""

_ETAG = re.compile(r"[0-9a-f]{32}(-[1-9][0-9]{0,4})?")
_PART_SIZES = (8, 5, 6, 7, 16, 10, 20, 32, 50, 64, 100)
"""MiB; parts that clients of Hypha make, the likeliest first."""

_OPEN = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
_md5 = partial(hashlib.md5, usedforsecurity=False)


class Hashes:
    """Checksums of local files, remembered by path, size, time and inode.

    They are kept in the user's cache folder. Without it, or while it cannot be used,
    everything is read again. Its methods block, and may be called from any thread.

    Args:
        path: The file; by default in the user's cache folder.
    """

    def __init__(self, path: Path | None = None) -> None:
        folder = platformdirs.user_cache_path("hypha-artifact")
        self._database = _open(path or folder / "checksums.sqlite")
        self._turn = threading.Lock()
        self.computed = 0
        """How many checksums had to be computed."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        with self._turn:
            if self._database is not None:
                self._database.close()
            self._database = None

    def etag(self, path: Path, part: int | None = None) -> str:
        """Return the ETag that S3 gives a file that is put whole, or in parts.

        Args:
            path: The file.
            part: Bytes of a part; None for a file that is put whole.

        Raises:
            LocalFileError: It cannot be read.
        """
        with guard(path, "read"):
            fd = os.open(path, _OPEN)
            try:
                before = os.fstat(fd)
                known = self._known(path, part, before)
                if known is not None:
                    return known
                found = _etag(fd, part)
                self.computed += 1
                if _stamp(os.fstat(fd)) == _stamp(before):
                    self._remember(path, part, before, found)
                return found
            finally:
                os.close(fd)

    def _known(self, path: Path, part: int | None, info: os.stat_result) -> str | None:
        sql = (
            "SELECT etag FROM etags WHERE path = ? AND part = ? AND size = ? "
            "AND mtime_ns = ? AND inode = ?"
        )
        key = os.fsencode(path), part or 0, *_stamp(info)
        with self._turn, suppress(sqlite3.Error):
            if self._database is not None:
                row = self._database.execute(sql, key).fetchone()
                return str(row[0]) if row else None
        return None

    def _remember(
        self, path: Path, part: int | None, info: os.stat_result, etag: str
    ) -> None:
        if time.time_ns() - info.st_mtime_ns < _FRESH:
            return
        row = os.fsencode(path), part or 0, *_stamp(info), etag, int(time.time())
        with self._turn, suppress(sqlite3.Error):
            if self._database is not None:
                sql = "REPLACE INTO etags VALUES (?, ?, ?, ?, ?, ?, ?)"
                self._database.execute(sql, row)


def has_content(
    path: Path, etag: str | None, hashes: Hashes, own_part: int | None = None
) -> bool | None:
    """Tell whether a local file has the content that an ETag stands for. Blocks.

    The ETag of a file that came in parts says how many, not how long they were: where
    none of the usual lengths gives it, nothing is known.

    Args:
        path: The file.
        etag: What the store says, unquoted.
        hashes: What is known of local files.
        own_part: Bytes of a part as the user has chosen them.

    Returns:
        None where it cannot be told.

    Raises:
        LocalFileError: It cannot be read.
    """
    wanted = (etag or "").lower()
    if not _ETAG.fullmatch(wanted):
        return None
    parts = wanted.partition("-")[2]
    if not parts:
        return hashes.etag(path) == wanted
    with guard(path, "read"):
        size = path.stat().st_size
    lengths = _lengths(size, int(parts), own_part)
    if any(hashes.etag(path, length) == wanted for length in lengths):
        return True
    return False if parts == "1" else None


def _lengths(size: int, parts: int, own: int | None) -> Iterator[int]:
    """Yield how long the parts of a file may have been, each length once."""
    if parts == 1:
        yield max(1, size)
        return
    likely = [part_size(size), *(each * MIB for each in _PART_SIZES)]
    if own is not None:
        likely[:0] = part_size(size, own), own
    yield from (each for each in dict.fromkeys(likely) if -(-size // each) == parts)


def _etag(fd: int, part: int | None) -> str:
    if part is None:
        return _digest(fd, 0, None).hex()
    size = os.fstat(fd).st_size
    starts = range(0, max(1, size), part)
    digests = [_digest(fd, start, part) for start in starts]
    return f"{_md5(b''.join(digests)).hexdigest()}-{len(digests)}"


def _digest(fd: int, at: int, length: int | None) -> bytes:
    """Return the MD5 of a range, or of all; it ends when nobody waits for it."""
    found, left = _md5(), length
    while left is None or left:
        _end_if_cancelled()
        piece = os.pread(fd, MIB if left is None else min(left, MIB), at)
        if not piece:
            break
        found.update(piece)
        at += len(piece)
        left = None if left is None else left - len(piece)
    return found.digest()


def _end_if_cancelled() -> None:
    with suppress(RuntimeError):  # in no thread of the event loop's
        anyio.from_thread.check_cancelled()


def _stamp(info: os.stat_result) -> tuple[int, int, int]:
    return info.st_size, info.st_mtime_ns, info.st_ino


def _open(path: Path) -> sqlite3.Connection | None:
    """Open the cache, for this user alone; one that is broken is made anew."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _connect(path)
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode not in {
            sqlite3.SQLITE_CORRUPT,
            sqlite3.SQLITE_NOTADB,
        }:
            return None
    except OSError:
        return None
    with suppress(OSError, sqlite3.Error):
        for suffix in ("-wal", "-shm", ""):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        return _connect(path)
    return None


def _connect(path: Path) -> sqlite3.Connection:
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    os.close(os.open(path, flags, 0o600))
    database = sqlite3.connect(
        path, timeout=1.0, isolation_level=None, check_same_thread=False
    )
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = OFF")
        database.executescript(_SCHEMA)
        oldest = int(time.time()) - _KEPT
        database.execute("DELETE FROM etags WHERE made < ?", (oldest,))
    except sqlite3.Error:
        database.close()
        raise
    return database
