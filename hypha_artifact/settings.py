"""Where to connect: arguments, environment, ``.env`` file, profile, in this order."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dotenv import dotenv_values, find_dotenv
from msgspec import Struct
from typing_extensions import override

from hypha_artifact.errors import NotConfigured
from hypha_artifact.paths import printable
from hypha_artifact.profiles import Profile, Profiles

_SERVER, _WORKSPACE, _TOKEN = "HYPHA_SERVER_URL", "HYPHA_WORKSPACE", "HYPHA_TOKEN"
_ACCOUNT = (_SERVER, _WORKSPACE, _TOKEN)
_TRUE = {"true", "yes", "on", "1"}
_FALSE = {"false", "no", "off", "0"}


class ConnectionSettings(Struct, frozen=True, kw_only=True):
    """A server, and who is asking.

    Args:
        server_url: Base URL without a trailing slash.
        workspace: Workspace for names that have none.
        token: Bearer token; None reads public artifacts only.
        verify: Whether TLS certificates are checked, for calls and for bytes.
        use_proxy: Whether links go through the server's S3 proxy; None leaves it to
            the server.
        use_local_url: Whether links use the server's local address, or another base.
        additional_headers: Sent along when a file's bytes are read or written, and
            never with calls. What a transfer itself sets wins, and what describes one
            body (``Content-Length``, ``Range`` …) is left out.
    """

    server_url: str
    workspace: str | None = None
    token: str | None = None
    verify: bool = True
    use_proxy: bool | None = None
    use_local_url: bool | str | None = None
    additional_headers: Mapping[str, str] = {}

    @override
    def __repr__(self) -> str:
        known = "set" if self.token else "none"
        return f"ConnectionSettings({self.server_url}, {self.workspace}, token {known})"

    @override
    def __rich_repr__(self) -> list[tuple[str, Any]]:
        known = "set" if self.token else "none"
        return [
            ("server_url", self.server_url),
            ("workspace", self.workspace),
            ("token", known),
        ]

    @classmethod
    def load(
        cls,
        *,
        server_url: str | None = None,
        workspace: str | None = None,
        token: str | None = None,
        profile: str | None = None,
        use_proxy: bool | None = None,
        use_local_url: bool | str | None = None,
        disable_ssl: bool | None = None,
        additional_headers: Mapping[str, str] | None = None,
        environ: Mapping[str, str] | None = None,
        env_file: Path | None = None,
        profiles: Profiles | None = None,
    ) -> ConnectionSettings:
        """Put settings together; each argument overrides what is configured.

        The token and workspace of a profile are used with its own server only, and
        its workspace only with its own token. A profile that is named as an argument
        stands for all three: those of the environment are left out.

        Args:
            server_url: Overrides ``HYPHA_SERVER_URL``.
            workspace: Overrides ``HYPHA_WORKSPACE``.
            token: Overrides ``HYPHA_TOKEN``.
            profile: Overrides ``HYPHA_PROFILE``; by default the default profile, or
                the only one for the server.
            use_proxy: Overrides ``HYPHA_USE_PROXY`` (``true`` or ``false``).
            use_local_url: Overrides ``HYPHA_USE_LOCAL_URL`` (the same, or a URL).
            disable_ssl: Overrides ``HYPHA_DISABLE_SSL`` (``true`` or ``false``).
            additional_headers: See ``ConnectionSettings``.
            environ: The environment; the process's own by default.
            env_file: The ``.env`` file; by default the nearest one from the working
                directory upwards.
            profiles: The user's profiles; those of the configuration folder by
                default.

        Returns:
            The settings.

        Raises:
            NotConfigured: No server is named, its URL is not one, there is no such
                profile, or a value cannot be meant.
            SignInRequired: The profile's token is in a keyring that is locked.
        """
        given = as_given(
            server_url=server_url,
            workspace=workspace,
            token=token,
            profile=profile,
            use_proxy=use_proxy,
            use_local_url=use_local_url,
            disable_ssl=disable_ssl,
        )
        found = find_settings(
            given, environ=environ, env_file=env_file, profiles=profiles
        )
        return found.settings(additional_headers or {})


def as_given(
    *,
    server_url: str | None = None,
    workspace: str | None = None,
    token: str | None = None,
    profile: str | None = None,
    use_proxy: bool | None = None,
    use_local_url: bool | str | None = None,
    disable_ssl: bool | None = None,
) -> dict[str, str | None]:
    """Name arguments by the variables that they override, for ``find_settings``.

    The arguments are those of ``ConnectionSettings.load``.
    """
    return {
        _SERVER: server_url,
        _WORKSPACE: workspace,
        _TOKEN: token,
        "HYPHA_PROFILE": profile,
        "HYPHA_USE_PROXY": _text(use_proxy),
        "HYPHA_USE_LOCAL_URL": _text(use_local_url),
        "HYPHA_DISABLE_SSL": _text(disable_ssl),
    }


class Found(Struct, frozen=True, kw_only=True):
    """Values by the name of their environment variable, and where each is from.

    ``values`` may have the token in it: never show it as a whole.
    """

    values: dict[str, str]
    sources: dict[str, str]
    profile: Profile | None = None

    @override
    def __repr__(self) -> str:
        return f"Found({self.sources})"

    def settings(
        self, additional_headers: Mapping[str, str] | None = None
    ) -> ConnectionSettings:
        """Read the values.

        Raises:
            NotConfigured: No server is named, or a value cannot be meant.
        """
        where = self.values.get("HYPHA_USE_LOCAL_URL", "")
        is_url = urlsplit(where).scheme in {"http", "https"}
        return ConnectionSettings(
            server_url=self.server_url(),
            workspace=self.values.get(_WORKSPACE),
            token=self.values.get(_TOKEN),
            verify=not self._switch("HYPHA_DISABLE_SSL"),
            use_proxy=self._switch("HYPHA_USE_PROXY"),
            use_local_url=where if is_url else self._switch("HYPHA_USE_LOCAL_URL"),
            additional_headers=additional_headers or {},
        )

    def server_url(self) -> str:
        """Return the server's URL without a trailing slash.

        Raises:
            NotConfigured: None is named, or it is not one.
        """
        url = self.values.get(_SERVER)
        if not url:
            raise NotConfigured("No Hypha server is named.")
        if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).netloc:
            raise NotConfigured(
                f"'{printable(url)}' is not a server's URL.",
                hint="Write it like https://hypha.aicell.io.",
            )
        return url

    def _switch(self, name: str) -> bool | None:
        text = self.values.get(name, "").lower()
        if text not in {"", *_TRUE, *_FALSE}:
            kinds = "true, false or a URL" if "URL" in name else "true or false"
            raise NotConfigured(
                f"{name} is '{printable(text)}' ({self.sources[name]}).",
                hint=f"It must be {kinds}.",
            )
        return text in _TRUE if text else None


def find_settings(
    given: Mapping[str, str | None],
    *,
    environ: Mapping[str, str] | None = None,
    env_file: Path | None = None,
    profiles: Profiles | None = None,
    with_token: bool = True,
) -> Found:
    """Find every value that is set, and remember where; nothing is judged yet.

    Args:
        given: Arguments, by the name of the environment variable that they override.
        environ: As for ``ConnectionSettings.load``.
        env_file: As for ``ConnectionSettings.load``.
        profiles: As for ``ConnectionSettings.load``.
        with_token: Whether a profile's token is fetched, for which a keyring may ask
            to be unlocked.

    Returns:
        Values without blank ones, and their sources in words.

    Raises:
        NotConfigured: There is no such profile, or a file cannot be read.
        SignInRequired: The profile's token is in a keyring that is locked.
    """
    search = _Search(profiles or Profiles(), with_token=with_token)
    search.look("argument", given)
    named = search.values.get("HYPHA_PROFILE")
    if named:
        search.follow(search.profiles.get(named))
    skipped = _ACCOUNT if named else ()
    search.look("environment", os.environ if environ is None else environ, skipped)
    search.look(*_from_file(env_file), skipped)
    if not named:
        also = search.values.get("HYPHA_PROFILE")
        url = search.values.get(_SERVER, "")
        chosen = search.profiles.get(also) if also else search.profiles.fitting(url)
        if chosen:
            search.follow(chosen)
    return Found(values=search.values, sources=search.sources, profile=search.profile)


class _Search:
    def __init__(self, profiles: Profiles, *, with_token: bool) -> None:
        self.profiles = profiles
        self._with_token = with_token
        self.values: dict[str, str] = {}
        self.sources: dict[str, str] = {}
        self.profile: Profile | None = None

    def look(
        self, source: str, where: Mapping[str, str | None], skipped: Iterable[str] = ()
    ) -> None:
        """Take what is not found yet."""
        for name, value in where.items():
            text = (value or "").strip()
            if name == _SERVER:
                text = text.rstrip("/")
            if text and name.startswith("HYPHA_") and name not in skipped:
                self.sources.setdefault(name, source)
                self.values.setdefault(name, text)

    def follow(self, profile: Profile) -> None:
        """Take a profile's values, as far as they are for the server that is meant."""
        source = f"profile {profile.name}"
        self.look(source, {_SERVER: profile.server_url})
        if self.values[_SERVER] != profile.server_url:
            return
        self.profile = profile
        if _TOKEN in self.values:
            return
        self.look(source, {_WORKSPACE: profile.workspace})
        kind = f" ({profile.token.value})" if profile.token else ""
        if self._with_token:
            self.look(f"{source}{kind}", {_TOKEN: self.profiles.token(profile)})


def _from_file(env_file: Path | None) -> tuple[str, Mapping[str, str | None]]:
    path = str(env_file) if env_file else find_dotenv(usecwd=True)
    if not path:
        return "", {}
    try:
        return f"file {path}", dotenv_values(path, interpolate=False)
    except (OSError, UnicodeDecodeError) as error:
        raise NotConfigured(
            f"'{printable(path)}' cannot be read: {error}.",
            hint="Mend it, or work in another folder.",
        ) from error


def _text(value: bool | str | None) -> str | None:  # noqa: FBT001 - as it was given
    return str(value) if isinstance(value, bool) else value
