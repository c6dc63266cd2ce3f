"""Keyring backends for tests: one that keeps in a folder, one that is locked."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.backends import fail
from keyring.errors import KeyringLocked
from typing_extensions import override

FOLDER_VARIABLE = "TEST_KEYRING_FOLDER"


class FolderKeyring(KeyringBackend):
    """Keeps each password in a file, so that several processes share them."""

    priority = 5

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def _file(self, service: str, username: str) -> Path:
        name = hashlib.sha256(f"{service} {username}".encode()).hexdigest()
        return Path(os.environ[FOLDER_VARIABLE]) / name

    @override
    def get_password(self, service: str, username: str) -> str | None:
        file = self._file(service, username)
        return file.read_text() if file.exists() else None

    @override
    def set_password(self, service: str, username: str, password: str) -> None:
        self._file(service, username).write_text(password)

    @override
    def delete_password(self, service: str, username: str) -> None:
        self._file(service, username).unlink()


class NoKeyring(fail.Keyring):
    """What keyring finds on a machine without any."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]


class LockedKeyring(FolderKeyring):
    """Refuses everything, as a keyring does whose dialog was cancelled."""

    @override
    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("the collection is locked")

    @override
    def set_password(self, service: str, username: str, password: str) -> None:
        raise KeyringLocked("the collection is locked")
