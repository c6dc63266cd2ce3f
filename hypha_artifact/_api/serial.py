"""Locks that hold across event loops, threads and processes of this user.

The UI and the engine's process both talk to one artifact, and the server loses
staging entries when two metadata calls overlap (verified: 30 parallel ``put_file``
calls left 4 entries).
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import logging
import os
import threading
from collections import deque
from collections.abc import AsyncGenerator
from concurrent.futures import Future
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import platformdirs

_PAUSE = 0.02
"""Seconds between two looks at a lock that another process holds."""

_log = logging.getLogger(__name__)


class SerialLock:
    """A lock for coroutines on any loop; never blocks a thread.

    It is fair in one process; between processes, whoever looks first has the turn.

    Args:
        file: What other processes lock, too; None for this process only.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._guard = threading.Lock()
        self._held = False
        self._waiting: deque[Future[None]] = deque()

    @asynccontextmanager
    async def hold(self) -> AsyncGenerator[None]:
        """Wait for the turn, and give it on afterwards."""
        await self._acquire()
        try:
            async with self._alone():
                yield
        finally:
            self._release()

    @asynccontextmanager
    async def _alone(self) -> AsyncGenerator[None]:
        """Wait for the other processes' turns."""
        if self._file is None:
            yield
            return
        held = _open(self._file)
        try:
            # Another process cannot set an event here.
            while held >= 0 and not _is_locked(held):  # noqa: ASYNC110
                await anyio.sleep(_PAUSE)
            yield
        finally:
            if held >= 0:
                # A process that was forked meanwhile has it open, too.
                fcntl.flock(held, fcntl.LOCK_UN)
                os.close(held)

    async def _acquire(self) -> None:
        with self._guard:
            if not self._held:
                self._held = True
                return
            turn: Future[None] = Future()
            self._waiting.append(turn)
        try:
            await asyncio.wrap_future(turn)
        except asyncio.CancelledError:
            if not turn.cancel() and not turn.cancelled():
                self._release()
            raise

    def _release(self) -> None:
        with self._guard:
            while self._waiting:
                turn = self._waiting.popleft()
                if turn.set_running_or_notify_cancel():
                    turn.set_result(None)
                    return
            self._held = False


def _open(file: Path) -> int:
    """Open a lock's file; -1 where this user can keep no files."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        _log.debug("no lock between processes: %s", error)
        return -1


def _is_locked(held: int) -> bool:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


_locks: dict[Path, SerialLock] = {}
# In a forked process nobody is there to give on what was held before.
os.register_at_fork(after_in_child=_locks.clear)


def serial_lock(key: str) -> SerialLock:
    """Return the one lock of this user for a key."""
    name = hashlib.sha256(key.encode()).hexdigest()[:32]
    file = platformdirs.user_state_path("hypha-tui") / "turns" / name
    return _locks.setdefault(file, SerialLock(file))  # one step, for all threads
