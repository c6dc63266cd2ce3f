"""Bytes on a pile: in memory while they are few, then in a file without a name."""

from __future__ import annotations

import os
import tempfile
import threading
import weakref
from pathlib import Path

from hypha_artifact.errors import EngineError
from hypha_artifact.paths import printable
from hypha_artifact.transfer.place import Place

IN_MEMORY = 1 << 20
"""Bytes that are held before they are written to the file."""


class Spool:
    """A pile of bytes that only grows; any part of it can be read, from any thread.

    The file has no name from the start, so that nobody else can open it and nothing
    is left of it, whatever ends the program. It goes with the object.

    Args:
        folder: Where the file is; the state folder of the engine by default, and the
            system's folder for such files where that cannot be written.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._guard = threading.Lock()
        self._file: int | None = None
        self._written = 0
        self._tail = bytearray()

    def add(self, data: bytes) -> int:
        """Put bytes on the pile, and return where they begin.

        Raises:
            EngineError: The disk does not take them.
        """
        with self._guard:
            tail = self._tail
            held = len(tail)
            start = self._written + held
            tail += data
            if held >= IN_MEMORY:
                self._write()
        return start

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes from a place to another.

        Raises:
            EngineError: The disk does not give them back.
        """
        with self._guard:
            written = self._written
            tail = bytes(self._tail[max(0, start - written) : max(0, end - written)])
        return self._read(start, min(end, written)) + tail

    def _read(self, start: int, end: int) -> bytes:
        found = b""
        while self._file is not None and start + len(found) < end:
            at = start + len(found)
            try:
                more = os.pread(self._file, end - at, at)
            except OSError as error:
                raise _refused(error) from error
            if not more:
                raise EngineError("A part of the plan has gone from the disk.")
            found += more
        return found

    def _write(self) -> None:
        if self._file is None:
            self._file = _unnamed(self._folder)
            weakref.finalize(self, os.close, self._file)
        view, sent = memoryview(self._tail), 0
        try:
            while sent < len(view):
                sent += os.pwrite(self._file, view[sent:], self._written + sent)
        except OSError as error:
            raise _refused(error) from error
        finally:
            view.release()
        self._written += sent
        self._tail.clear()


def _unnamed(folder: Path | None) -> int:
    """Open a file that has no name, for this user alone."""
    try:
        if folder is None:
            place = Place()
            place.make()
            folder = place.folder
        return _opened(folder)
    except (OSError, EngineError):
        pass
    try:
        return _opened(None)
    except OSError as error:
        raise _refused(error) from error


def _opened(folder: Path | None) -> int:
    with tempfile.TemporaryFile(dir=folder) as file:
        return os.dup(file.fileno())


def _refused(error: OSError) -> EngineError:
    return EngineError(
        f"The plan cannot be kept on the disk: {printable(str(error.strerror))}.",
        hint="Make room in the state folder, or set XDG_STATE_HOME to another one.",
    )
