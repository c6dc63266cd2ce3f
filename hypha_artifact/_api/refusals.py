"""From a refusal of the server or the store to the error that says what to do.

The server's only error code is the text of ``detail`` (artifact manager, Hypha 0.21),
so the words decide where the status does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from math import isfinite
from time import time

import msgspec

from hypha_artifact.errors import (
    AlreadyExists,
    ArtifactNotFound,
    HyphaError,
    IntegrityError,
    LinkExpired,
    NotFound,
    NotStaged,
    NotTrusted,
    PermissionDenied,
    RateLimited,
    ServerFault,
    ServiceError,
    SignInRequired,
    StoreError,
    UploadExpired,
    VersionNotFound,
)

LONGEST_WAIT = 600.0
"""Seconds; a server that asks for more is asked again after these."""

_BUSY = "e3q8"  # SQLAlchemy's page for "database is locked"
_WORDS: tuple[tuple[tuple[str, ...], type[ServiceError]], ...] = (
    (("Artifact with ID",), ArtifactNotFound),
    (("WorkspaceNotFoundError",), ArtifactNotFound),
    (("Upload session expired",), UploadExpired),
    (("NoSuchUpload",), UploadExpired),
    (("InvalidPart",), UploadExpired),
    (("staging mode",), NotStaged),
    (("No staged changes",), NotStaged),
    (("Artifact version", "does not exist"), VersionNotFound),
    (("already exists",), AlreadyExists),
    (("does not exist",), NotFound),
    (("not found",), NotFound),
)


class _Detail(msgspec.Struct):
    detail: str = ""


def detail_of(body: bytes) -> str:
    """Take the server's own words out of an error body."""
    try:
        text = msgspec.json.decode(body, type=_Detail).detail
    except (msgspec.MsgspecError, UnicodeDecodeError):
        text = body.decode(errors="replace")
    lines = text.removeprefix("RemoteException: ").strip().splitlines()
    return lines[-1][:500] if lines else ""


def refusal(
    subject: str, status: int, headers: Mapping[str, str], body: bytes
) -> ServiceError:
    """Name a refusal of the Hypha server.

    Args:
        subject: What was asked of which object, e.g. ``commit lab/demo``.
        status: HTTP status.
        headers: The answer's headers, with lower-case names.
        body: The answer's body, or its beginning.
    """
    detail = detail_of(body)
    said = f"{subject}: {_plain(detail) or f'status {status}'}"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RateLimited(f"{subject}: too many requests.", retry_after=_wait(headers))
    if status == HTTPStatus.UNAUTHORIZED:
        return SignInRequired(
            f"The server does not accept the token: {_plain(detail)}",
            status=status,
            detail=detail,
        )
    return _class_of(status, detail)(said, status=status, detail=detail)


def _class_of(status: int, detail: str) -> type[ServiceError]:
    if status == HTTPStatus.FORBIDDEN:
        return PermissionDenied
    if _BUSY not in detail:
        for words, error in _WORDS:
            if all(word in detail for word in words):
                return error
    if status == HTTPStatus.NOT_FOUND:
        return NotFound
    server_side = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return ServerFault if server_side else ServiceError


def _plain(detail: str) -> str:
    name, colon, rest = detail.partition(": ")
    text = rest if colon and name.isidentifier() else detail
    if _BUSY in text:
        text = "the server's database is busy."
    return text.partition(" Note: ")[0].strip().strip('"')


def _wait(headers: Mapping[str, str]) -> float:
    """Return the seconds that ``Retry-After`` asks for: a number, or a date."""
    text = headers.get("retry-after", "1")
    try:
        seconds = float(text)
    except ValueError:
        seconds = _until(text, headers.get("date"))
    return min(max(0.0, seconds), LONGEST_WAIT) if isfinite(seconds) else 1.0


def _until(date: str, now: str | None) -> float:
    """Return the seconds up to a date, by the clock of who named it if it is told."""
    try:
        start = parsedate_to_datetime(now).timestamp() if now else time()
        return parsedate_to_datetime(date).timestamp() - start
    except ValueError:
        return 1.0


def store_refusal(
    subject: str, status: int, headers: Mapping[str, str], body: bytes
) -> HyphaError:
    """Name a refusal of the object store, or of the proxy before it."""
    code = _between(body.decode(errors="replace"), "<Code>", "</Code>")
    said = f"{subject}: the store answered {status} {code}".rstrip()
    asks = status == HTTPStatus.SERVICE_UNAVAILABLE and "retry-after" in headers
    if asks or status == HTTPStatus.TOO_MANY_REQUESTS:
        said = f"{subject}: too many requests."
        return RateLimited(said, retry_after=_wait(headers), status=status)
    if code in {"BadDigest", "InvalidDigest"}:
        return IntegrityError(f"{subject}: the bytes changed on their way.")
    if status == HTTPStatus.NOT_FOUND:
        gone = UploadExpired if code == "NoSuchUpload" else NotFound
        return gone(f"{said}: it is not in the store.", status=status)
    if status == HTTPStatus.FORBIDDEN or code in {"AccessDenied", "ExpiredToken"}:
        return LinkExpired(f"{said}: the link is too old or not valid.", status=status)
    return StoreError(f"{said}.", status=status)


def _between(text: str, start: str, stop: str) -> str:
    return text.partition(start)[2].partition(stop)[0][:60]


def not_trusted(subject: str, host: str, error: Exception) -> NotTrusted:
    """Say what is wrong with a certificate.

    Args:
        subject: What the request was for.
        host: Whose certificate it is.
        error: Says why, as ``ssl`` does.
    """
    why = getattr(error, "verify_message", "") or type(error).__name__
    return NotTrusted(f"{subject}: the certificate of {host} is not trusted ({why}).")
