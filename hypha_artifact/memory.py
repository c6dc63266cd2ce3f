"""What this user's programs have seen of an open staging session.

The server tells of a staged path neither its size nor whether its bytes came; asking
costs a listing for each folder. What was sent from here need not be asked for. The
engine sends in a process of its own, so what happens to a path is also appended to a
file, and other processes ``recall`` it from there.
"""

from __future__ import annotations

import hashlib
import logging
import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import anyio.to_thread
import msgspec
import platformdirs

from hypha_artifact.listings import Cache

_ANNOUNCED, _SENT, _CARRIED, _FORGOTTEN = "a", "s", "c", "f"

_lines = msgspec.json.Decoder(tuple[str, str, int])
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class StageMemory:
    """One session, known by the record's ``last_modified`` (see ``baseline``).

    ``announced`` are paths whose bytes have not all been acknowledged; ``sent`` has
    the sizes in bytes of those that have; ``carried`` are copies of files of the
    latest version; ``committed`` are listings of the latest
    version, which a new-version session does not change.
    """

    opened: float | None = None
    announced: set[str] = field(default_factory=set[str])
    sent: dict[str, int] = field(default_factory=dict[str, int])
    carried: set[str] = field(default_factory=set[str])
    committed: Cache = field(default_factory=Cache)
    file: Path | None = field(default=None, compare=False)
    """Where it is shared; None while no session was looked at."""
    read: int = field(default=0, compare=False)
    """Bytes of the file that are known."""

    async def recall(self) -> None:
        """Take in what happened in other processes since the last time."""
        if self.file is not None:
            lines, self.read = await anyio.to_thread.run_sync(
                _read_lines, self.file, self.read
            )
            for what, path, size in lines:
                self._happened(what, path, size)

    def _note(self, what: str, path: str, size: int = 0) -> None:
        """Take in what happens to a path here, and tell the others."""
        self._happened(what, path, size)
        if self.file is not None:
            # A RemotePath is more than a str to the encoder.
            line = msgspec.json.encode((what, str(path), size))
            _append(self.file, line + b"\n")

    def _happened(self, what: str, path: str, size: int) -> None:
        if what == _CARRIED:
            self.carried.add(path)
            return
        if what != _SENT:
            self.carried.discard(path)
        (self.announced.add if what == _ANNOUNCED else self.announced.discard)(path)
        if what == _SENT:
            self.sent[path] = size
        else:
            self.sent.pop(path, None)

    def reopen(self, opened: float | None) -> None:
        """Go on under the session's new mark, which each edit of the record moves."""
        self.opened = opened
        if self.file is not None:
            file = _file(self.file.name.partition("-")[0], opened)
            with suppress(OSError):
                self.file.replace(file)
            self.file = file

    def announce(self, path: str) -> None:
        """Note that bytes are to come; those of an older upload stay as they are."""
        self._note(_ANNOUNCED, path)

    def acknowledge(self, path: str, size: int) -> None:
        """Note that the store has a whole file."""
        self._note(_SENT, path, size)

    def carry(self, path: str) -> None:
        """Note that a staged file is a copy of the latest version's."""
        self._note(_CARRIED, path)

    def learn(self, path: str, size: int) -> None:
        """Note a size that a listing told, unless bytes are under way."""
        if path not in self.announced:
            self.sent[path] = size

    def forget(self, path: str) -> None:
        """Note that a path has left the stage."""
        self._note(_FORGOTTEN, path)


def _file(name: str, opened: float | None) -> Path:
    return platformdirs.user_state_path("hypha-tui") / "stages" / f"{name}-{opened}.log"


def _append(file: Path, line: bytes) -> None:
    """Add a line; where that cannot be, others ask the server instead."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, line)
        finally:
            os.close(descriptor)
    except OSError as error:
        _log.debug("the stage's memory is not shared: %s", error)


def _read_lines(file: Path, start: int) -> tuple[list[tuple[str, str, int]], int]:
    """Read whole lines from a position on; returns them and where they end. Blocks."""
    try:
        with file.open("rb") as log:
            log.seek(start)
            text = log.read()
    except OSError:
        return [], start
    end = text.rfind(b"\n") + 1
    try:
        lines = _lines.decode_lines(text[:end])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        _log.debug("the stage's memory is damaged: %s", error)
        lines = []
    return lines, start + end


_memories: dict[str, StageMemory] = {}


def stage_memory(key: str, opened: float | None) -> StageMemory:
    """Return the memory of an artifact's session; a new session starts empty.

    Args:
        key: Server and artifact.
        opened: The record's ``last_modified``.
    """
    known = _memories.get(key)
    if known is None or known.opened != opened:
        name = hashlib.sha256(key.encode()).hexdigest()[:32]
        file = _file(name, opened)
        for old in file.parent.glob(f"{name}-*.log"):
            if old != file:
                with suppress(OSError):
                    old.unlink()
        known = _memories[key] = StageMemory(opened, file=file)
    return known


def current_memory(key: str) -> StageMemory:
    """Return the memory of the session that was looked at last."""
    return _memories.setdefault(key, StageMemory())
