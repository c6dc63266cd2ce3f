"""Beside ``hypha_rpc``: take its connection over, or open one.

Artifacts need no RPC: every call of this library is plain HTTP. Whoever works with
other services of the server has a connection, or wants one without signing in again.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Protocol, TypeVar

from hypha_artifact.errors import (
    HyphaError,
    NetworkError,
    PermissionDenied,
    SignInRequired,
)
from hypha_artifact.models import JsonObject
from hypha_artifact.paths import printable
from hypha_artifact.settings import ConnectionSettings

if TYPE_CHECKING:
    from hypha_rpc.utils import ObjectProxy

HOUR = 3600
Token_co = TypeVar("Token_co", covariant=True)


class Config(Protocol):
    """Where a connection of ``hypha_rpc`` leads."""

    workspace: str
    public_base_url: str


class Connection(Protocol[Token_co]):
    """What is used of a connection of ``hypha_rpc``."""

    config: Config

    def generate_token(self, config: JsonObject) -> Token_co:
        """Make a token for the connection's workspace."""
        ...


AsyncConnection = Connection[Awaitable[str]]
"""What ``hypha_rpc.connect_to_server`` gives."""
SyncConnection = Connection[str]
"""What ``hypha_rpc.sync.connect_to_server`` gives."""


async def settings_of(
    connection: AsyncConnection, *, expires_in: int = HOUR
) -> ConnectionSettings:
    """Make settings for a connection's server and workspace, with a token of their own.

    Args:
        connection: From ``hypha_rpc.connect_to_server``.
        expires_in: Seconds that the token is good for.

    Raises:
        PermissionDenied: The server gives no token; only owners of a workspace get one.
        NetworkError: The connection is lost, or there is no answer.
    """
    try:
        token = await connection.generate_token({"expires_in": expires_in})
    except Exception as error:
        raise _refused(connection, error) from error
    return _settings(connection, token)


def settings_of_sync(
    connection: SyncConnection, *, expires_in: int = HOUR
) -> ConnectionSettings:
    """As ``settings_of``, for a connection of ``hypha_rpc.sync``."""
    try:
        token = connection.generate_token({"expires_in": expires_in})
    except Exception as error:
        raise _refused(connection, error) from error
    return _settings(connection, token)


@asynccontextmanager
async def opened(settings: ConnectionSettings) -> AsyncGenerator[ObjectProxy]:
    """Open a connection of ``hypha_rpc``, which other services are called through.

    Args:
        settings: The server, the workspace, and the token.

    Raises:
        SignInRequired: The token is wrong, or not for that workspace.
        NetworkError: No answer.
    """
    from hypha_rpc import connect_to_server  # noqa: PLC0415 - slow, and seldom wanted

    wanted = {
        "server_url": settings.server_url,
        "workspace": settings.workspace,
        "token": settings.token,
        "ssl": None if settings.verify else False,
    }
    try:
        server = await connect_to_server(
            {name: value for name, value in wanted.items() if value is not None}
        )
    except Exception as error:
        raise _unopened(settings, error) from error
    try:
        yield server
    finally:
        await server.disconnect()


def _settings(connection: Connection[object], token: str) -> ConnectionSettings:
    return ConnectionSettings.load(
        server_url=connection.config.public_base_url,
        workspace=connection.config.workspace,
        token=token,
    )


def _refused(connection: Connection[object], error: Exception) -> HyphaError:
    workspace, why = printable(str(connection.config.workspace)), _words(error)
    # An error of the server comes as words; its kind is their first one.
    if isinstance(error, PermissionError) or why.startswith(PermissionError.__name__):
        return PermissionDenied(
            f"The server gives no token for workspace {workspace}.",
            hint="Only its owner gets one. "
            "Give your own: AsyncHyphaWorkspace(token=…).",
            detail=why,
        )
    return NetworkError(
        f"The connection of hypha_rpc gives no token for workspace {workspace}: {why}",
        hint="Connect again.",
    )


def _unopened(settings: ConnectionSettings, error: Exception) -> HyphaError:
    # What the server refuses is "aborted" to hypha_rpc, whatever the reason.
    refused = isinstance(error, ConnectionAbortedError)
    kind = SignInRequired if refused else NetworkError
    return kind(f"{settings.server_url} opens no RPC connection: {_words(error)}")


def _words(error: Exception) -> str:
    """Say what went wrong without the other side's traceback, which comes first."""
    return printable((str(error).strip().splitlines() or [type(error).__name__])[-1])
