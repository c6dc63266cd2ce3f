"""The engine's processes that tests start, and their end."""

from __future__ import annotations

import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from hypha_artifact.transfer.place import Place


def pid_of(place: Place) -> int | None:
    """Return the process that holds an engine's lock; None when it is free."""
    if not place.lock.exists():
        return None
    with place.lock.open("r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(lock.read() or 0) or None
        return None


def places(folder: Path) -> Iterator[Place]:
    """Find all engines' places below a folder."""
    for lock in folder.rglob("engine/lock"):
        yield Place(lock.parent.parent)


def end(place: Place, how: signal.Signals = signal.SIGTERM) -> None:
    """End an engine, and wait until it has ended."""
    pid = pid_of(place)
    if pid is None:
        return
    with suppress(ProcessLookupError):
        os.kill(pid, how)
    with place.lock.open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
