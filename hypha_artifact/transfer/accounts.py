"""The connections of an engine that serves several servers, and their tokens."""

from __future__ import annotations

from functools import partial
from typing import Self

import msgspec
from msgspec import structs

from hypha_artifact._api.transport import Transport
from hypha_artifact.errors import SignInRequired
from hypha_artifact.paths import ArtifactId
from hypha_artifact.remote import RemoteArtifact
from hypha_artifact.settings import ConnectionSettings
from hypha_artifact.transfer.engine import RemoteFor


class Accounts:
    """One connection for each server and workspace; tokens are in memory only.

    An account is known by its settings without anything secret, as text: that text is
    what the journal has, and what the connection is made of again after a restart.
    An async context manager; leaving it closes the connections.
    """

    def __init__(self) -> None:
        self._open: dict[str, Transport] = {}
        self._known: dict[str, ConnectionSettings] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for transport in self._open.values():
            await transport.aclose()

    def sign_in(self, settings: ConnectionSettings) -> tuple[str, bool]:
        """Use these settings' token for their account from now on.

        Returns:
            The account, and whether its token was another one, or not known.
        """
        account = account_of(settings)
        if self._known.get(account) == settings:
            return account, False
        self._known[account] = settings
        self._transport(account).sign_in(settings)
        return account, True

    def missing(self, account: str) -> SignInRequired | None:
        """Say that nobody has signed in to an account since the engine started."""
        if account in self._known:
            return None
        server = _settings_of(account).server_url
        return SignInRequired(
            f"The engine was started again and has no token for {server} any more.",
            hint="Start hypha-tui, or hypha-artifact transfers, signed in there.",
        )

    def remote_for(self, account: str) -> RemoteFor:
        """Return what gives the remote side of an account's artifacts."""
        return partial(self._remote, account)

    def _remote(self, account: str, artifact: ArtifactId) -> RemoteArtifact:
        return RemoteArtifact(artifact, self._transport(account))

    def _transport(self, account: str) -> Transport:
        if account not in self._open:
            self._open[account] = Transport(_settings_of(account))
        return self._open[account]


def account_of(settings: ConnectionSettings) -> str:
    """Write down which connection settings mean, without their secrets."""
    public = structs.replace(settings, token=None, additional_headers={})
    return msgspec.json.encode(public, order="deterministic").decode()


def _settings_of(account: str) -> ConnectionSettings:
    return msgspec.json.decode(account, type=ConnectionSettings)
