"""Tokens of profiles: in the system's keyring, else in a file of this user alone.

The keyring is used when the extra ``keyring`` is installed and a real store stands
behind it; on a cluster there is often none, and then the file is.
"""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from hypha_artifact.errors import LocalFileError, SignInRequired
from hypha_artifact.private import changing, config_folder, write_private

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

_SERVICE = "hypha-artifact"


class Kind(Enum):
    """Where a token is kept; the value is how profiles name it."""

    KEYRING = "keyring"
    FILE = "file"


class Place(Struct, frozen=True):
    """Where a token is kept, and the same for people."""

    kind: Kind
    text: str


class Keychain:
    """Keeps one token for each pair of profile and server.

    Args:
        folder: Where the file is; the user's configuration folder by default.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or config_folder()
        self._file = self._folder / "tokens.json"

    def place(self) -> Place:
        """Tell where a token would be kept now."""
        backend = _backend()
        if backend:
            return Place(Kind.KEYRING, f"the system's keyring ({backend.name})")
        return self._file_place()

    def _file_place(self) -> Place:
        return Place(Kind.FILE, f"{self._file} (readable by you alone)")

    def save(self, profile: str, server_url: str, token: str) -> Place:
        """Keep a token, in the file when the keyring does not take it.

        Args:
            profile: The profile that it is for.
            server_url: The server that it is for; it is never given to another.
            token: The token.

        Returns:
            Where it is now.

        Raises:
            LocalFileError: The file cannot be written.
        """
        key = _key(profile, server_url)
        place = self.place()
        if place.kind is Kind.KEYRING and _saved_in_keyring(key, token):
            self._change(key, None)
            return place
        self._change(key, token)
        return self._file_place()

    def load(self, profile: str, server_url: str, kind: Kind) -> str | None:
        """Return the token that was kept, None when it is gone.

        Args:
            profile: As it was saved.
            server_url: As it was saved.
            kind: Where it was saved.

        Raises:
            SignInRequired: The keyring is locked, or not there any more.
            LocalFileError: The file cannot be read.
        """
        key = _key(profile, server_url)
        if kind is Kind.FILE:
            return self._read().get(key)
        return _from_keyring(key, profile)

    def forget(self, profile: str, server_url: str, kind: Kind) -> None:
        """Remove a token; one that is gone is no error.

        Raises:
            SignInRequired: The keyring is locked, or not there any more.
            LocalFileError: The file cannot be changed.
        """
        key = _key(profile, server_url)
        if kind is Kind.FILE:
            self._change(key, None)
        elif _from_keyring(key, profile) is not None:
            _forget_in_keyring(key, profile)

    def _read(self) -> dict[str, str]:
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=dict[str, str])
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise self._refused("read", error) from error
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise LocalFileError(
                f"'{self._file}' is damaged.", hint="Remove it, then sign in again."
            ) from error

    def _change(self, key: str, token: str | None) -> None:
        if token is None and not self._file.exists():
            return
        try:
            with changing(self._folder):
                tokens = {k: v for k, v in self._read().items() if k != key}
                if token is not None:
                    tokens[key] = token
                write_private(self._file, msgspec.json.encode(tokens))
        except LocalFileError:
            raise
        except OSError as error:
            raise self._refused("written", error) from error

    def _refused(self, verb: str, error: OSError) -> LocalFileError:
        return LocalFileError(f"'{self._file}' cannot be {verb}: {error.strerror}.")


def _key(profile: str, server_url: str) -> str:
    return f"{profile} {server_url}"


def _backend() -> KeyringBackend | None:
    try:
        import keyring  # noqa: PLC0415 - an extra, and slow
    except ImportError:
        return None
    found = keyring.get_keyring()
    # keyring's own measure: below 1 nothing stands behind it, or a plain file.
    return found if found.priority >= 1 else None


def _saved_in_keyring(key: str, token: str) -> bool:
    import keyring  # noqa: PLC0415 - an extra, and slow
    from keyring.errors import KeyringError  # noqa: PLC0415 - an extra, and slow

    try:
        keyring.set_password(_SERVICE, key, token)
        return keyring.get_password(_SERVICE, key) == token
    except KeyringError:
        return False


def _from_keyring(key: str, profile: str) -> str | None:
    backend = _backend()
    if backend is None:
        raise SignInRequired(
            f"The token of profile '{profile}' is in a keyring that is not here.",
            hint=_again(profile),
        )
    from keyring.errors import KeyringError  # noqa: PLC0415 - an extra, and slow

    try:
        return backend.get_password(_SERVICE, key)
    except KeyringError as error:
        raise _locked(profile, error) from error


def _forget_in_keyring(key: str, profile: str) -> None:
    from keyring.errors import KeyringError  # noqa: PLC0415 - an extra, and slow

    backend = _backend()
    try:
        if backend:
            backend.delete_password(_SERVICE, key)
    except KeyringError as error:
        raise _locked(profile, error) from error


def _locked(profile: str, error: Exception) -> SignInRequired:
    why = str(error) or type(error).__name__
    return SignInRequired(
        f"The keyring does not give the token of profile '{profile}': {why}.",
        hint=f"Unlock it. Or: {_again(profile)}",
    )


def _again(profile: str) -> str:
    return f"Sign in again: hypha-artifact login --profile {profile}"
