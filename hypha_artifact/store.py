"""Where links lead: bytes, put into the store and fetched from it."""

from __future__ import annotations

import base64
import mimetypes
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from urllib.parse import urlsplit

from msgspec import Struct
from typing_extensions import override

from hypha_artifact._api.data import cut, extent_of, range_header
from hypha_artifact._api.transport import Transport
from hypha_artifact.errors import InvalidInput, StoreError
from hypha_artifact.paths import RemotePath


class Link(Struct, frozen=True, kw_only=True):
    """Where to PUT or GET one file's bytes. Its URL is a secret: never show it.

    ``whole`` links take the file in one request only: names that break the S3 proxy
    go through the server's own file endpoint.
    """

    path: RemotePath
    url: str
    whole: bool = False
    is_part: bool = False

    @property
    def is_proxied(self) -> bool:
        """Whether it goes through the server's S3 proxy, which cuts off after 60 s."""
        return urlsplit(self.url).path.startswith("/s3/")

    @override
    def __repr__(self) -> str:
        return f"Link({self.path!r}, whole={self.whole})"


class Body(Struct, frozen=True, kw_only=True):
    """A (partial) answer of the store: its bytes come in pieces of about 1 MiB.

    ``start`` and ``size`` say where the first byte lies and how long the whole file
    is, in bytes; ``etag`` is unquoted.
    """

    start: int
    size: int
    etag: str | None
    chunks: AsyncIterator[bytes]


class Store:
    """Bytes behind links.

    Args:
        transport: An open connection.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def put(
        self,
        link: Link,
        body: AsyncIterator[bytes],
        length: int,
        *,
        subject: str,
        md5: bytes | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> str:
        """Send bytes to a link and return the ETag, unquoted.

        Args:
            link: Where to.
            body: The bytes, in pieces of about 1 MiB.
            length: How many bytes ``body`` gives.
            subject: What this is, for errors.
            md5: Their MD5 digest (16 bytes), sent along so that the store can check.
            headers: Sent along; they win over those that it would have.

        Raises:
            LinkExpired: The link is too old.
            IntegrityError: The store got other bytes than the digest says.
            StoreError: The store refused.
            NetworkError: No answer.
        """
        sent = {"Content-Type": _content_type(link.path), **headers}
        sent["Content-Length"] = str(length)
        if md5:
            sent["Content-MD5"] = base64.b64encode(md5).decode()
        answer = await self._transport.put(
            link.url, body, sent, subject=subject, signed=not link.whole
        )
        return answer.get("etag", "").strip('"')

    @asynccontextmanager
    async def fetch(
        self,
        link: Link,
        start: int = 0,
        stop: int | None = None,
        *,
        subject: str,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> AsyncGenerator[Body]:
        """Get bytes ``start`` up to, not including, ``stop`` (None: the end).

        Both forms of a partial answer are understood: 206, and 200 with
        Content-Range; and a whole file where a part was asked for.

        Raises:
            LinkExpired: The link is too old.
            NotFound: The file is gone.
            NetworkError: No answer, or the body ended early.
        """
        if stop is not None and stop < start:
            raise InvalidInput(f"{subject}: the range {start} to {stop} is not one.")
        asked = {
            **headers,
            "Accept-Encoding": "identity",
            **range_header(start, stop),
        }
        async with self._transport.get(
            link.url, asked, subject=subject, signed=not link.whole
        ) as answer:
            extent = extent_of(answer.headers)
            if extent is None:
                raise StoreError(f"{subject}: the store did not say how long it is.")
            end = extent.size if stop is None else min(stop, extent.size)
            yield Body(
                start=start,
                size=extent.size,
                etag=answer.headers.get("etag", "").strip('"') or None,
                chunks=cut(answer.pieces, extent, start, end, subject),
            )


def _content_type(path: RemotePath) -> str:
    return mimetypes.guess_type(path.name)[0] or "application/octet-stream"
