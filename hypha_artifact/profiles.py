"""Profiles: servers and workspaces by name, in a TOML file of this user.

::

    default = "lab"

    [profiles."lab"]
    server_url = "https://hypha.aicell.io"
    workspace = "my-lab"
    token = "keyring"

``token`` says where the token is kept; the token itself is never in this file.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct, structs

from hypha_artifact.errors import (
    InvalidInput,
    LocalFileError,
    NotConfigured,
    SignInRequired,
)
from hypha_artifact.keychain import Keychain, Kind, Place
from hypha_artifact.paths import printable
from hypha_artifact.private import changing, config_folder, write_private

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Profile(Struct, frozen=True, kw_only=True):
    """A server and a workspace, and where the token for them is kept."""

    name: str = ""
    server_url: str
    workspace: str | None = None
    token: Kind | None = None


class _File(Struct, frozen=True, kw_only=True):
    default: str | None = None
    profiles: dict[str, Profile] = {}


class Profiles:
    """The user's profiles and their tokens.

    Args:
        folder: Where they are; the user's configuration folder by default.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or config_folder()
        self.path = self._folder / "profiles.toml"
        self.keychain = Keychain(self._folder)

    def all(self) -> tuple[Profile, ...]:
        """Return all profiles by name.

        Raises:
            NotConfigured: The file cannot be read, or is damaged.
        """
        found = self._read().profiles
        return tuple(structs.replace(found[name], name=name) for name in sorted(found))

    def get(self, name: str) -> Profile:
        """Return one profile.

        Raises:
            NotConfigured: There is none of that name.
        """
        known = {profile.name: profile for profile in self.all()}
        if name not in known:
            names = ", ".join(known) or "none"
            raise NotConfigured(
                f"There is no profile '{printable(name)}'.",
                hint=f"Profiles: {names}. New: hypha-artifact login --profile NAME",
            )
        return known[name]

    def default(self) -> Profile | None:
        """Return the profile that is used when none is named."""
        name = self._read().default
        return next((p for p in self.all() if p.name == name), None)

    def fitting(self, server_url: str) -> Profile | None:
        """Return the default profile, or the only one that is for a server.

        Args:
            server_url: Empty when none is known.
        """
        default = self.default()
        if not server_url or (default and default.server_url == server_url):
            return default
        fit = [p for p in self.all() if p.server_url == server_url]
        return fit[0] if len(fit) == 1 else None

    def save(self, profile: Profile, token: str | None = None) -> Place | None:
        """Add or replace a profile; the first one becomes the default.

        Args:
            profile: Its ``token`` is set here.
            token: Its token; None keeps none.

        Returns:
            Where the token is now.

        Raises:
            InvalidInput: The name is not one.
            LocalFileError: A file cannot be written.
        """
        if not _NAME.fullmatch(profile.name):
            raise InvalidInput(
                f"'{printable(profile.name)}' cannot be a profile's name.",
                hint="Use letters, digits, '.', '_' and '-'.",
            )
        known = {old.name: old for old in self.all()}
        if profile.name in known:
            self._forget_other(known[profile.name], profile)
        place = None
        if token is not None:
            place = self.keychain.save(profile.name, profile.server_url, token)
        kept = structs.replace(profile, token=place.kind if place else None)
        self._change(
            lambda old: _File(
                default=old.default or kept.name,
                profiles={**old.profiles, kept.name: kept},
            )
        )
        return place

    def use(self, name: str) -> None:
        """Make a profile the default.

        Raises:
            NotConfigured: There is none of that name.
        """
        self.get(name)
        self._change(lambda old: structs.replace(old, default=name))

    def remove(self, name: str) -> None:
        """Remove a profile and its token.

        Raises:
            NotConfigured: There is none of that name.
            SignInRequired: The keyring that has the token is locked.
        """
        self._forget_token(self.get(name))
        self._change(
            lambda old: _File(
                default=None if old.default == name else old.default,
                profiles={k: p for k, p in old.profiles.items() if k != name},
            )
        )

    def sign_out(self, name: str) -> bool:
        """Remove a profile's token and keep the rest.

        Returns:
            Whether there was one.

        Raises:
            NotConfigured: There is no profile of that name.
            SignInRequired: The keyring that has the token is locked.
        """
        profile = self.get(name)
        self._forget_token(profile)
        kept = structs.replace(profile, token=None)
        self._change(
            lambda old: structs.replace(old, profiles={**old.profiles, name: kept})
        )
        return profile.token is not None

    def token(self, profile: Profile) -> str | None:
        """Return a profile's token, None when it has none.

        Raises:
            SignInRequired: The keyring that has it is locked, or not there any more.
        """
        if profile.token is None:
            return None
        return self.keychain.load(profile.name, profile.server_url, profile.token)

    def _forget_token(self, profile: Profile) -> None:
        if profile.token:
            self.keychain.forget(profile.name, profile.server_url, profile.token)

    def _forget_other(self, old: Profile, new: Profile) -> None:
        # A token for the same server is replaced anyway. One for another server that
        # cannot be reached now stays in its keyring, where no profile names it.
        if old.server_url != new.server_url:
            with suppress(SignInRequired):
                self._forget_token(old)

    def _read(self) -> _File:
        try:
            data = tomllib.loads(self.path.read_text(encoding="utf-8"))
            return msgspec.convert(data, _File)
        except FileNotFoundError:
            return _File()
        except OSError as error:
            message = f"'{self.path}' cannot be read: {error.strerror}."
            raise NotConfigured(message, hint="Check its permissions.") from error
        except (ValueError, msgspec.MsgspecError) as error:
            message = f"'{self.path}' is damaged: {error}."
            raise NotConfigured(message, hint="Mend it, or remove it.") from error

    def _change(self, how: Callable[[_File], _File]) -> None:
        try:
            with changing(self._folder):
                write_private(self.path, _toml(how(self._read())).encode())
        except OSError as error:
            message = f"'{self.path}' cannot be written: {error.strerror}."
            raise LocalFileError(message) from error


def _toml(file: _File) -> str:
    lines = [f"default = {_quoted(file.default)}"] if file.default else []
    for name, profile in sorted(file.profiles.items()):
        lines += ["", f"[profiles.{_quoted(name)}]"]
        values = {
            "server_url": profile.server_url,
            "workspace": profile.workspace,
            "token": profile.token and profile.token.value,
        }
        lines += [f"{key} = {_quoted(text)}" for key, text in values.items() if text]
    return "\n".join(lines).lstrip() + "\n"


def _quoted(text: str) -> str:
    # A basic string of TOML is one of JSON, but for DEL.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
