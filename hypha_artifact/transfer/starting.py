"""Start the engine's process: apart from the terminal, with a log instead of it."""

from __future__ import annotations

import os
import subprocess
import sys

import msgspec
from msgspec import Struct

from hypha_artifact.errors import EngineError, HyphaError
from hypha_artifact.transfer.place import Place

LONGEST_LOG = 1 << 20
"""Bytes of a log after which the next engine begins a new one; one old one is kept."""

_PACKAGE = "hypha_artifact.transfer.service"
_SECRET = "HYPHA_TOKEN"  # noqa: S105 - the variable's name


class Status(Struct, frozen=True):
    """What a new process says of its start, once.

    ``taken``: another one has the lock. ``failure`` and ``hint``: why there is none.
    """

    taken: bool = False
    failure: str | None = None
    hint: str = ""


def start_process(place: Place) -> bool:
    """Start the engine and wait until it listens. Blocks.

    Returns:
        Whether it is this one that listens; otherwise another has just been started,
        or has not quite ended.

    Raises:
        EngineError: It does not start.
    """
    place.make()
    try:
        # One that says nothing was killed; the next one goes on from the journal.
        said = _started(place) or _started(place)
    except OSError as error:
        raise EngineError(f"The engine does not start: {error.strerror}.") from error
    return _understood(said, place)


def _started(place: Place) -> bytes:
    """Start it once, and return what it says."""
    come, go = os.pipe()
    try:
        _spawn(place, go)
        os.close(go)
        go = -1
        return _read_all(come)
    finally:
        for each in (come, go):
            if each >= 0:
                os.close(each)


def _understood(said: bytes, place: Place) -> bool:
    try:
        status = msgspec.json.decode(said, type=Status)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        status = Status(failure="it ended at once", hint=f"See '{place.log}'.")
    if status.failure is not None:
        text = f"The engine does not start: {status.failure}"
        raise EngineError(text, hint=status.hint or None)
    return not status.taken


def _spawn(place: Place, status: int) -> None:
    if place.log.exists() and place.log.stat().st_size > LONGEST_LOG:
        place.log.replace(place.log.with_suffix(".old"))
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    log = os.open(place.log, flags, 0o600)
    environ = {name: value for name, value in os.environ.items() if name != _SECRET}
    try:
        # The child starts the engine as a child of its own and ends.
        subprocess.run(
            [sys.executable, "-P", "-m", _PACKAGE, str(place.state), str(status)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=environ,
            pass_fds=[status],
            start_new_session=True,
            check=False,
        )
    finally:
        os.close(log)


def _read_all(descriptor: int) -> bytes:
    said = b""
    while piece := os.read(descriptor, 1 << 16):
        said += piece
    return said


def tell(descriptor: int, status: Status) -> None:
    """Say, in the new process, how the start went."""
    with os.fdopen(descriptor, "wb") as pipe:
        pipe.write(msgspec.json.encode(status))


def failed(error: HyphaError) -> Status:
    """Make an error a status."""
    return Status(failure=error.message, hint=error.hint)
