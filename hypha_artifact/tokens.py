"""What a token says of itself; nothing here checks its signature."""

from __future__ import annotations

import base64
import binascii

import msgspec

_ANYONE = "public"
"""Where a bare alias is looked up without a token for a workspace."""


class Claims(msgspec.Struct, frozen=True):
    """The part of a JWT that is read. ``exp`` in epoch seconds."""

    sub: str | None = None
    exp: float | None = None
    scope: str = ""


def claims_of(token: str | None) -> Claims:
    """Read a token; one that is no JWT says nothing."""
    payload = (token or "").split(".")[1:2]
    if not payload:
        return Claims()
    padded = payload[0] + "=" * (-len(payload[0]) % 4)
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(padded), type=Claims)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        return Claims()


def workspace_of(token: str | None) -> str:
    """Return the workspace in which the server looks a bare alias up.

    A token with ``wid:`` in its scope runs in that workspace, any other in the public
    one (verified, Hypha 0.21).
    """
    for part in claims_of(token).scope.split():
        kind, _, name = part.partition(":")
        if kind == "wid" and name:
            return name
    return _ANYONE
