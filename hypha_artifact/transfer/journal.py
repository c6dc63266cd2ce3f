"""The journal: an SQLite file that knows after a crash what an engine was doing.

One thread writes it, many statements to a transaction; the event loop only queues
them, and waits for the commit where something must not be forgotten. A commit is in
the system's hands (WAL, ``synchronous=NORMAL``): it survives ``kill -9`` of the
program; a power cut may take the last ones back, never the file's order.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing, suppress
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path
from typing import TypeAlias

from hypha_artifact.errors import JournalDamaged, JournalError, JournalNewer
from hypha_artifact.paths import printable
from hypha_artifact.transfer.guard import reason

Value: TypeAlias = str | int | float | bytes | None
Row: TypeAlias = Sequence[Value]
Statement: TypeAlias = tuple[str, Iterable[Row]]

APPLICATION = 0x48795472
"""Tells our files from other SQLite files ("HyTr")."""

RETRY_SECONDS = 2.0
"""Between two tries to write, while the disk refuses."""

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE batches (
        id INTEGER PRIMARY KEY,
        key TEXT NOT NULL,
        account TEXT NOT NULL,
        title TEXT NOT NULL,
        request BLOB NOT NULL,
        started REAL NOT NULL
    );
    CREATE TABLE jobs (
        id INTEGER PRIMARY KEY,
        batch INTEGER NOT NULL,
        state TEXT NOT NULL,
        begun INTEGER NOT NULL DEFAULT 0,
        size INTEGER NOT NULL,
        reason TEXT,
        hint TEXT,
        item BLOB NOT NULL
    );
    CREATE INDEX jobs_of_batch ON jobs (batch);
    CREATE TABLE works (
        job INTEGER PRIMARY KEY,
        size INTEGER NOT NULL,
        part_size INTEGER NOT NULL,
        etag TEXT,
        fingerprint BLOB,
        target BLOB,
        upload BLOB
    );
    CREATE TABLE parts (
        job INTEGER NOT NULL,
        part INTEGER NOT NULL,
        etag TEXT NOT NULL,
        PRIMARY KEY (job, part)
    ) WITHOUT ROWID;
    CREATE TABLE written (
        job INTEGER NOT NULL,
        part INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        PRIMARY KEY (job, part)
    ) WITHOUT ROWID;
    CREATE TRIGGER work_ended AFTER DELETE ON works BEGIN
        DELETE FROM parts WHERE job = old.job;
        DELETE FROM written WHERE job = old.job;
    END;
    CREATE TABLE history (
        key TEXT PRIMARY KEY,
        account TEXT NOT NULL,
        direction TEXT NOT NULL,
        artifact TEXT NOT NULL,
        title TEXT NOT NULL,
        size INTEGER NOT NULL,
        done INTEGER NOT NULL,
        counts BLOB NOT NULL,
        error TEXT,
        started REAL NOT NULL,
        ended REAL NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    """,
    """
    ALTER TABLE batches ADD COLUMN rank INTEGER NOT NULL DEFAULT 0;
    """,
    """
    ALTER TABLE batches ADD COLUMN committing TEXT;
    ALTER TABLE batches ADD COLUMN outcome BLOB;
    """,
    """
    ALTER TABLE jobs ADD COLUMN first INTEGER NOT NULL DEFAULT 0;
    """,
)
"""What leads from one version of the schema to the next; only ever appended to."""

VERSION = len(MIGRATIONS)

_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CANTOPEN}


class Journal:
    """One open journal file. Its thread runs until ``close``.

    Args:
        path: The file; made when it is not there. Its folder has to be there.

    Raises:
        JournalDamaged: It is no journal, or broken. It stays as it is.
        JournalNewer: A newer version of this program wrote it. It stays as it is.
        JournalError: The system refuses, or there is no room.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.trouble: str | None = None
        """Why it cannot be written just now, for people."""
        self.on_trouble: Callable[[], None] = _nothing
        """Called from the journal's thread when ``trouble`` changes."""
        self._guard = threading.Condition()
        self._queue: list[Statement] = []
        self._queued = self._committed = 0
        self._waiting: list[tuple[int, Future[None]]] = []
        self._closing = False
        self.is_broken = False
        """Whether it is given up: nothing is written any more."""
        self._database = _open(path)
        self._thread = threading.Thread(
            target=self._write_on, name="journal", daemon=True
        )
        self._thread.start()

    def read(self, sql: str, values: Row = ()) -> list[tuple[Value, ...]]:
        """Return all rows of a query, as of the last commit. Blocks.

        Raises:
            JournalDamaged: The file is broken.
            JournalError: The system refuses.
        """
        return list(self.each(sql, values))

    def each(self, sql: str, values: Row = ()) -> Iterator[tuple[Value, ...]]:
        """Yield the rows of a query, as of the last commit. Blocks.

        Raises:
            JournalDamaged: The file is broken.
            JournalError: The system refuses.
        """
        try:
            with closing(sqlite3.connect(self.path)) as database:
                yield from database.execute(sql, values)
        except sqlite3.Error as error:
            raise _ours(error, self.path) from error

    def write(self, sql: str, rows: Iterable[Row]) -> None:
        """Queue a statement; it is committed soon, and in the order of the calls.

        Args:
            sql: The statement.
            rows: Values for each time that it is done. They are asked for in another
                thread, and once more when a commit fails.
        """
        with self._guard:
            self._queue.append((sql, rows))
            self._queued += 1
            self._guard.notify_all()

    @property
    def backlog(self) -> int:
        """How many statements are not committed yet."""
        return self._queued - self._committed

    async def settled(self) -> None:
        """Wait until all that was queued so far is committed."""
        done = self._commit_of_all()
        if done is not None:
            await asyncio.wrap_future(done)

    def flush(self) -> None:
        """Wait until all that was queued so far is committed. Blocks."""
        done = self._commit_of_all()
        if done is not None:
            done.result()

    def _commit_of_all(self) -> Future[None] | None:
        done: Future[None] = Future()
        with self._guard:
            if self._committed >= self._queued or self.is_broken or self._closing:
                return None
            self._waiting.append((self._queued, done))
        return done

    def close(self) -> None:
        """Write what is queued, and end. Blocks."""
        with self._guard:
            self._closing = True
            self._guard.notify_all()
        self._thread.join()
        with suppress(sqlite3.Error):
            self._database.close()

    # In the journal's own thread.

    def _write_on(self) -> None:
        while True:
            with self._guard:
                while not self._queue and not self._closing:
                    self._guard.wait()
                batch, self._queue = self._queue, []
                upto = self._queued
            if not batch:
                return
            self._commit(batch)
            self._tell(upto)

    def _commit(self, batch: list[Statement]) -> None:
        while not self.is_broken:
            try:
                with self._database:
                    for sql, alike in groupby(batch, key=itemgetter(0)):
                        rows = chain.from_iterable(rows for _, rows in alike)
                        self._database.executemany(sql, rows)
            except sqlite3.Error as error:
                if not self._may_try_again(error):
                    return
            else:
                self._set_trouble(None)
                return

    def _may_try_again(self, error: sqlite3.Error) -> bool:
        """Say what is wrong, and wait where that can pass."""
        ours = _ours(error, self.path)
        self.is_broken = _code(error) not in _FULL | _BUSY
        after = " Transfers go on, but will not be resumed." if self.is_broken else ""
        self._set_trouble(f"{ours.explain()}{after}")
        with self._guard:
            return not self._guard.wait_for(lambda: self._closing, RETRY_SECONDS)

    def _set_trouble(self, text: str | None) -> None:
        if text != self.trouble and not (text is None and self.is_broken):
            self.trouble = text
            self.on_trouble()

    def _tell(self, upto: int) -> None:
        with self._guard:
            self._committed = upto
            done = [each for each in self._waiting if each[0] <= upto]
            self._waiting = [each for each in self._waiting if each[0] > upto]
        for _, future in done:
            if future.set_running_or_notify_cancel():
                future.set_result(None)


class Lazy:
    """Rows that are made when the journal's thread asks for them.

    Args:
        make: Returns them; it must use nothing that changes.
    """

    def __init__(self, make: Callable[[], Iterable[Row]]) -> None:
        self._make = make

    def __iter__(self) -> Iterator[Row]:
        return iter(self._make())


def has_work(path: Path) -> bool:
    """Tell whether a journal has batches that did not go well yet. Blocks.

    One that cannot be read may have some.
    """
    if not path.exists():
        return False
    try:
        with closing(sqlite3.connect(path)) as database:
            sql = (
                "SELECT 1 FROM jobs WHERE state <> 'done' UNION ALL "
                "SELECT 1 FROM batches WHERE committing IN ('waiting', 'committing') "
                "LIMIT 1"
            )
            return database.execute(sql).fetchone() is not None
    except sqlite3.Error:
        return True


def set_aside(path: Path) -> Path:
    """Give a journal that cannot be used another name; nothing is deleted. Blocks.

    Returns:
        Its new name.

    Raises:
        JournalError: The system refuses.
    """
    aside = path.with_name(f"{path.name}.damaged-{time.time_ns()}")
    try:
        for suffix in ("-wal", "-shm", ""):
            with suppress(FileNotFoundError):
                path.with_name(path.name + suffix).rename(
                    aside.with_name(aside.name + suffix)
                )
    except OSError as error:
        raise JournalError(
            f"The journal '{printable(str(path))}' is damaged and cannot be renamed: "
            f"{reason(error)}."
        ) from error
    return aside


def _nothing() -> None:
    pass


def _open(path: Path) -> sqlite3.Connection:
    try:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(path, flags, 0o600)
        os.fchmod(descriptor, 0o600)
        os.close(descriptor)
        database = sqlite3.connect(path, check_same_thread=False)
    except OSError as error:
        raise JournalError(
            f"The journal '{printable(str(path))}' cannot be opened: {reason(error)}."
        ) from error
    try:
        _check(database, path)
        _migrate(database)
    except sqlite3.Error as error:
        database.close()
        raise _ours(error, path) from error
    except JournalError:
        database.close()
        raise
    return database


def _check(database: sqlite3.Connection, path: Path) -> None:
    """See that it is ours, sound, and not newer than this program."""
    shown = printable(str(path))
    version = _pragma(database, "user_version")
    if _pragma(database, "application_id") not in ({APPLICATION} if version else {0}):
        raise JournalDamaged(f"'{shown}' is no journal of this program.")
    if version > VERSION:
        raise JournalNewer(
            f"The journal '{shown}' was written by a newer version of this program "
            f"(format {version}; this one knows {VERSION})."
        )
    (found,) = database.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise JournalDamaged(f"The journal '{shown}' is damaged: {found}.")


def _pragma(database: sqlite3.Connection, name: str) -> int:
    (value,) = database.execute(f"PRAGMA {name}").fetchone()
    return int(value)


def _migrate(database: sqlite3.Connection) -> None:
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    for number in range(_pragma(database, "user_version"), VERSION):
        database.executescript(
            f"BEGIN; {MIGRATIONS[number]} PRAGMA user_version = {number + 1}; "
            f"PRAGMA application_id = {APPLICATION}; COMMIT;"
        )


def _code(error: sqlite3.Error) -> int:
    """Return SQLite's primary result code."""
    return int(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)) & 0xFF


def _ours(error: sqlite3.Error, path: Path) -> JournalError:
    shown, code = printable(str(path)), _code(error)
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return JournalDamaged(f"The journal '{shown}' is damaged: {error}.")
    hint = None
    if code == sqlite3.SQLITE_FULL:
        hint = "Make room on the disk; what waits goes on by itself."
    return JournalError(f"The journal '{shown}' cannot be used: {error}.", hint=hint)
