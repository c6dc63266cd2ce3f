"""Pure: ranges, and names that break the S3 proxy."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping

from msgspec import Struct

from hypha_artifact.errors import NetworkError

_BREAKS_PROXY = re.compile(r"[#?]|%[0-9A-Fa-f]{2}")
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


def breaks_proxy(path: str) -> bool:
    """Tell whether the server's S3 proxy mangles a name: ``#``, ``?``, %xx."""
    return bool(_BREAKS_PROXY.search(path))


class Extent(Struct, frozen=True):
    """Which bytes an answer holds: ``start`` up to ``stop`` of ``size``."""

    start: int
    stop: int
    size: int


def extent_of(headers: Mapping[str, str]) -> Extent | None:
    """Read what an answer holds; None when the headers do not say.

    A partial body is known by Content-Range, whether its status is 206 or 200.
    """
    match = _CONTENT_RANGE.match(headers.get("content-range", ""))
    if match:
        first, last, size = map(int, match.groups())
        return Extent(first, last + 1, size)
    length = headers.get("content-length", "").partition(",")[0]
    return Extent(0, int(length), int(length)) if length.isdigit() else None


def range_header(start: int, stop: int | None) -> dict[str, str]:
    """Ask for bytes ``start`` up to, not including, ``stop``; for all, say nothing."""
    if not start and stop is None:
        return {}
    return {"Range": f"bytes={start}-{'' if stop is None else stop - 1}"}


async def cut(
    pieces: AsyncIterator[bytes], extent: Extent, start: int, stop: int, subject: str
) -> AsyncIterator[bytes]:
    """Give exactly the bytes asked for, also from an answer that holds more.

    Raises:
        NetworkError: The body ended before all of them came.
    """
    position = extent.start
    async for piece in pieces:
        wanted = piece[max(0, start - position) : max(0, stop - position)]
        position += len(piece)
        if wanted:
            yield wanted
    if position < stop:
        raise NetworkError(f"{subject}: the body ended at byte {position} of {stop}.")
