"""Where the engine's process keeps its files, and who may talk to it."""

from __future__ import annotations

import hashlib
import os
import socket
import stat
import struct
from pathlib import Path

import platformdirs

from hypha_artifact.errors import EngineError
from hypha_artifact.paths import printable

LONGEST_SOCKET = 100
"""Bytes that a Unix socket's path may have everywhere."""

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def has_sockets() -> bool:
    """Tell whether this system has Unix sockets."""
    return hasattr(socket, "AF_UNIX")


class Place:
    """One user's files of the engine, below one state folder.

    Args:
        state: The state folder; the user's own by default.
    """

    def __init__(self, state: Path | None = None) -> None:
        self.state = state or platformdirs.user_state_path("hypha-tui")
        self.folder = self.state / "engine"
        self.journal = self.folder / "journal.sqlite"
        self.lock = self.folder / "lock"
        self.log = self.folder / "log"

    def make(self) -> None:
        """Make the folder, for this user alone. Blocks.

        Raises:
            EngineError: The system refuses, or it is somebody else's.
        """
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if stat.S_IMODE(self.folder.stat().st_mode) & _OTHERS:
                self.folder.chmod(0o700)
        except OSError as error:
            shown = printable(str(self.folder))
            raise EngineError(
                f"The state folder '{shown}' cannot be used: {error.strerror}.",
                hint="Set XDG_STATE_HOME to a folder that can be written.",
            ) from error

    def socket(self) -> Path:
        """Return the socket's path, in a folder that only this user can enter. Blocks.

        Raises:
            EngineError: There is no such folder, and none can be made.
        """
        name = hashlib.sha256(os.fsencode(self.folder.absolute())).hexdigest()[:12]
        runtime = os.environ.get("XDG_RUNTIME_DIR", "")
        own = Path(runtime, "hypha-tui", f"{name}.sock")
        if runtime and len(os.fsencode(own)) < LONGEST_SOCKET and _is_ours(own.parent):
            return own
        shared = Path(f"/tmp/hypha-tui-{os.getuid()}", f"{name}.sock")  # noqa: S108
        if not _is_ours(shared.parent):
            raise EngineError(
                f"'{shared.parent}' is not yours alone, so no engine can listen there.",
                hint="Set XDG_RUNTIME_DIR to a folder of your own.",
            )
        return shared


def _is_ours(folder: Path) -> bool:
    """Make a folder for this user alone; tell whether it is one."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        info = folder.lstat()
    except OSError:
        return False
    private = not stat.S_IMODE(info.st_mode) & _OTHERS
    return stat.S_ISDIR(info.st_mode) and info.st_uid == os.getuid() and private


def is_same_user(connection: socket.socket) -> bool:
    """Tell whether this user is at the other end, as far as the system says so."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return True  # the socket's folder is closed to all others
    form = struct.Struct("3i")
    _, user, _ = form.unpack(
        connection.getsockopt(socket.SOL_SOCKET, option, form.size)
    )
    return bool(user == os.getuid())
