"""Signing in over plain HTTP: show a URL, wait until somebody signs in there.

The flow is that of Hypha's ``hypha-login`` service, which every server has: ``start``
gives a URL and a key, ``check`` gives the token once.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

import anyio
from msgspec import Struct, structs
from typing_extensions import override

from hypha_artifact._api import auth, identity
from hypha_artifact._api.transport import Transport
from hypha_artifact.errors import (
    NotFound,
    PermissionDenied,
    ServiceError,
    SignInRequired,
)
from hypha_artifact.models import User
from hypha_artifact.settings import ConnectionSettings

WAIT = 180.0
"""Seconds that the server keeps a sign-in open."""
_PAUSE = 1.0
_NO_SERVICE = {HTTPStatus.OK, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}
_GONE = "Invalid key"


class SignedIn(Struct, frozen=True, kw_only=True):
    """A token that works, and whom it speaks for. Never show the token."""

    token: str
    user: User

    @property
    def workspace(self) -> str:
        """The workspace that the token is for."""
        return self.user.workspace or self.user.home

    @override
    def __repr__(self) -> str:
        return f"SignedIn({self.user.id})"


async def sign_in(
    settings: ConnectionSettings,
    show: Callable[[str], None],
    *,
    expires_in: int | None = None,
    wait: float = WAIT,
) -> SignedIn:
    """Get a token from somebody who signs in with a browser.

    Args:
        settings: The server; ``workspace`` is the one that the token is to be for,
            by default the user's own. The token is not used.
        show: Called once with the URL to open.
        expires_in: Seconds that the token is to be good for; else as the server has
            it.
        wait: Seconds to wait; the server forgets the sign-in after ``WAIT``.

    Returns:
        The token, and whom it speaks for.

    Raises:
        SignInRequired: Nobody signed in in time.
        PermissionDenied: The user may not enter that workspace.
        NotFound: The server has no login service.
        NetworkError: No answer.
    """
    async with Transport(structs.replace(settings, token=None)) as transport:
        start = await _start(transport)
        show(auth.login_page(start, settings.workspace, expires_in))
        token = None
        with anyio.move_on_after(wait):
            token = await _wait(transport, start.key)
    if not token:
        raise SignInRequired(
            f"Nobody signed in within {wait:.0f} seconds.",
            hint="Start again: hypha-artifact login.",
        )
    return await accept(structs.replace(settings, token=token), expires_in=expires_in)


async def accept(
    settings: ConnectionSettings, *, expires_in: int | None = None
) -> SignedIn:
    """Try a token, and trade it for one of the workspace where that is needed.

    A token of the login page opens the user's own workspace only (Hypha 0.21).

    Args:
        settings: With the token, and the workspace that it is to be for.
        expires_in: Seconds that the token is to be good for; None keeps it.

    Raises:
        SignInRequired: The server does not accept the token.
        PermissionDenied: The user may not enter that workspace.
    """
    async with Transport(settings) as transport:
        user = await who_am_i(transport)
        if user.is_anonymous:
            raise SignInRequired("The token is nobody's.")
        wanted = settings.workspace or user.workspace or user.home
        if user.level(wanted) and not expires_in:
            return SignedIn(token=settings.token or "", user=user)
        token = await _trade(transport, user, wanted, expires_in)
    fresh = structs.replace(settings, token=token)
    async with Transport(fresh) as transport:
        return SignedIn(token=token, user=await who_am_i(transport))


async def who_am_i(transport: Transport) -> User:
    """Tell whom a connection's token speaks for.

    Args:
        transport: The connection.

    Raises:
        SignInRequired: The token is wrong or expired.
    """
    user = (await transport.call(identity.who())).user
    if user is None:
        return User(id="anonymous", is_anonymous=True)
    scope = user.scope or identity.Scope()
    return User(
        id=user.id,
        parent=user.parent,
        email=user.email,
        workspace=scope.current_workspace,
        is_anonymous=user.is_anonymous,
        expires_at=user.expires_at,
        scopes=scope.workspaces,
    )


async def _start(transport: Transport) -> auth.LoginStart:
    try:
        return await transport.call(auth.start_login())
    except ServiceError as error:
        if error.status not in _NO_SERVICE:
            raise
        raise NotFound(
            f"{transport.settings.server_url} has no login service.",
            hint="Check the server's URL, or give a token: login --token -",
            status=error.status,
        ) from error


async def _wait(transport: Transport, key: str) -> str:
    # Asked again and again, not once for long: the token is given out with the first
    # answer, so the time in which an answer can be lost has to be short.
    while True:
        try:
            token = await transport.call(auth.check_login(key))
        except ServiceError as error:
            if _GONE not in error.detail:
                raise
            raise SignInRequired(
                "The server has forgotten this sign-in, or given its token out.",
                hint="Start again: hypha-artifact login.",
            ) from error
        if token:
            return token
        await anyio.sleep(_PAUSE)


async def _trade(
    transport: Transport, user: User, workspace: str, expires_in: int | None
) -> str:
    home = user.workspace or user.home
    try:
        return await transport.call(auth.generate_token(home, workspace, expires_in))
    except PermissionDenied as error:
        raise PermissionDenied(
            f"{user.person} gets no token for workspace {workspace}.",
            hint="Only its owner does. Choose another: hypha-artifact workspaces.",
            status=error.status,
            detail=error.detail,
        ) from error
