"""Pure: when a token is of use, and the calls of signing in and of accounts."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from msgspec import Struct

from hypha_artifact._api.endpoints import Call
from hypha_artifact.errors import SignInRequired

LOGIN = "/public/services/hypha-login"
PAGE = 256
"""Most workspaces that the server names in one answer."""
_LEEWAY = 60.0


def require_fresh(expires: float | None, now: float) -> None:
    """Refuse an expired token before anything is sent.

    A minute is left to this machine's clock; the server refuses such a token itself.

    Args:
        expires: The token's ``exp``, in epoch seconds.
        now: Epoch seconds.

    Raises:
        SignInRequired: It has expired.
    """
    if expires is None or now <= expires + _LEEWAY:
        return
    when = datetime.fromtimestamp(expires, UTC).astimezone()
    raise SignInRequired(f"The token expired on {when:%Y-%m-%d at %H:%M}.")


class LoginStart(Struct, frozen=True):
    """Where to sign in, and the key to ask for the token with."""

    login_url: str
    key: str


def start_login() -> Call[LoginStart]:
    """Begin to sign in; the key is good for three minutes (Hypha 0.21)."""
    return Call(path=f"{LOGIN}/start", subject="start to sign in", answer=LoginStart)


def login_page(start: LoginStart, workspace: str | None, expires_in: int | None) -> str:
    """Return the page's URL; the server takes these two from it, not from the call."""
    wanted = {"workspace": workspace, "expires_in": expires_in}
    query = urlencode({name: value for name, value in wanted.items() if value})
    return f"{start.login_url}&{query}" if query else start.login_url


def check_login(key: str) -> Call[str | None]:
    """Ask for the token. Answers at once; the token is given out once only."""
    return Call(
        path=f"{LOGIN}/check",
        subject="wait for the sign-in",
        answer=str | None,  # type: ignore[arg-type] # a union is a type to msgspec
        arguments={"key": key, "timeout": 0},
    )


def generate_token(home: str, workspace: str, expires_in: int | None) -> Call[str]:
    """Ask for a token of another workspace, which the user must own."""
    config = {"workspace": workspace, "expires_in": expires_in}
    return Call(
        path=f"/{quote(home, safe='')}/services/ws/generate_token",
        subject=f"get a token for {workspace}",
        answer=str,
        arguments={"config": {k: v for k, v in config.items() if v is not None}},
    )


class WorkspaceRecord(Struct, frozen=True):
    """One of ``list_workspaces``."""

    id: str
    description: str | None = None
    owners: list[str] = []


def list_workspaces(home: str, offset: int) -> Call[list[WorkspaceRecord]]:
    """Name workspaces that the server has in memory and that this user may read."""
    return Call(
        path=f"/{quote(home, safe='')}/services/ws/list_workspaces",
        subject="list workspaces",
        answer=list[WorkspaceRecord],
        arguments={"offset": offset, "limit": PAGE},
    )


class Bookmark(Struct, frozen=True):
    """A workspace that the user made, in the record of the personal one."""

    bookmark_type: str = ""
    id: str = ""
    description: str | None = None


class HomeConfig(Struct, frozen=True):
    """The part that is read of a personal workspace's ``config``."""

    bookmarks: list[Bookmark] = []


class HomeRecord(Struct, frozen=True):
    """The part that is read of a personal workspace's record."""

    config: HomeConfig | None = None


def read_home(home: str) -> Call[HomeRecord]:
    """Read the personal workspace's record, which survives the server's restart."""
    return Call(
        path=f"/{quote(home, safe='')}/info",
        subject=f"read workspace {home}",
        answer=HomeRecord,
        verb="GET",
    )
