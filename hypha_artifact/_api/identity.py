"""Pure: whom a token speaks for, and on which server, as ``/assets/config.json`` says.

It is no call of the artifact manager, and the only one that needs no rights.
"""

from __future__ import annotations

from msgspec import Struct

from hypha_artifact._api.endpoints import Call


class Scope(Struct, frozen=True):
    """What a token is good for: levels ``r``, ``rw`` or ``a`` by workspace."""

    current_workspace: str | None = None
    workspaces: dict[str, str] = {}


class TokenUser(Struct, frozen=True):
    """The ``user`` of ``/assets/config.json``."""

    id: str
    parent: str | None = None
    email: str | None = None
    is_anonymous: bool = False
    expires_at: float | None = None
    scope: Scope | None = None


class ServerConfig(Struct, frozen=True):
    """The part that is read of ``/assets/config.json``."""

    user: TokenUser | None = None
    hypha_version: str = ""
    public_base_url: str = ""


def who() -> Call[ServerConfig]:
    """Ask whom the token speaks for; any token may."""
    return Call(
        path="/assets/config.json",
        subject="who am I",
        answer=ServerConfig,
        verb="GET",
    )
