"""The folder that a local server keeps its data in: one server at a time."""

from __future__ import annotations

import fcntl
import os
import secrets
from pathlib import Path

import msgspec
from msgspec import Struct

from hypha_artifact.errors import LocalServerError
from hypha_artifact.private import write_private


class Keys(Struct, frozen=True, kw_only=True):
    """The server's secrets. The same ones after a restart keep old tokens valid."""

    jwt: str
    s3_id: str
    s3_secret: str

    @classmethod
    def new(cls) -> Keys:
        """Make random ones."""
        return cls(
            jwt=secrets.token_urlsafe(48),
            s3_id=secrets.token_hex(10),
            s3_secret=secrets.token_hex(20),
        )


class DataFolder:
    """Paths, secrets and the lock of one server's data.

    Args:
        root: The folder; made when it is not there, for this user alone.

    Raises:
        LocalServerError: It cannot be written, is damaged, or is in use.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.store = self.root / "s3"
        self.database = self.root / "hypha.sqlite"
        self.lock = -1
        try:
            self._open()
        except OSError as error:
            self.close()
            reason = error.strerror or error
            message = f"The data folder '{root}' cannot be used: {reason}."
            raise LocalServerError(message) from error

    def _open(self) -> None:
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.store.mkdir(exist_ok=True)
        self.lock = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise LocalServerError(
                f"The data folder '{self.root}' is in use by another local server.",
                hint="Stop that one first, or give another folder.",
            ) from None
        self.keys = self._keys()

    def _keys(self) -> Keys:
        path = self.root / "keys.json"
        try:
            return msgspec.json.decode(path.read_bytes(), type=Keys)
        except FileNotFoundError:
            keys = Keys.new()
            write_private(path, msgspec.json.encode(keys))
            return keys
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            message = f"'{path}' is damaged: {error}."
            hint = "Remove it: tokens given out before will stop working."
            raise LocalServerError(message, hint=hint) from error

    def log(self, name: str) -> Path:
        """Where a child's output goes."""
        return self.root / f"{name}.log"

    def close(self) -> None:
        """Let the next server have it."""
        if self.lock >= 0:
            os.close(self.lock)
            self.lock = -1
