"""Tokens of the local server's user, signed with the server's own secret (HS256)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Final

USER: Final = "local-user"
"""An ordinary user without any role; owner of the workspaces made here."""
HOME: Final = f"ws-user-{USER}"
"""The user's personal workspace, which the server makes by itself."""
_ISSUER = "https://amun.ai/"
_AUDIENCE = "https://amun-ai.eu.auth0.com/api/v2/"


def mint(secret: str, *, workspace: str, now: float, lifetime: float) -> str:
    """Make a token of the user: administrator of one workspace, nobody elsewhere.

    Args:
        secret: The server's JWT secret.
        workspace: The workspace it is for.
        now: Epoch seconds.
        lifetime: Seconds until it expires.

    Returns:
        The signed token.
    """
    claims: dict[str, object] = {
        "iss": _ISSUER,
        "aud": _AUDIENCE,
        "sub": USER,
        "iat": int(now),
        "exp": int(now + lifetime),
        "scope": f"ws:{workspace}#a wid:{workspace}",
        f"{_ISSUER}roles": [],
    }
    signed = f"{_encode({'alg': 'HS256', 'typ': 'JWT'})}.{_encode(claims)}"
    digest = hmac.digest(secret.encode(), signed.encode(), hashlib.sha256)
    return f"{signed}.{_base64(digest)}"


def _encode(part: Mapping[str, object]) -> str:
    return _base64(json.dumps(part).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
