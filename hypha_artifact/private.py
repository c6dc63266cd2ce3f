"""Files that nobody but this user could ever read."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import platformdirs


def config_folder() -> Path:
    """Return the user's folder for profiles and tokens; it may not exist yet."""
    return platformdirs.user_config_path("hypha-artifact")


def write_private(path: Path, content: bytes) -> None:
    """Write a file with mode 0600 from its first byte, replacing the old one whole.

    Args:
        path: Where; its folder has to be there.
        content: The bytes.
    """
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


@contextmanager
def changing(folder: Path) -> Generator[None]:
    """Hold a folder's lock, so that two programs do not undo each other's changes.

    Args:
        folder: Made when it is not there, for this user alone.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
