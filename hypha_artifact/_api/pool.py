"""The connections that files' bytes go through, and the mapping of their errors.

aiohttp, because it spends a fifth of httpx's processor time on a small file and less
than half on a large one (docs/performance.md).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from ssl import SSLContext
from time import monotonic
from typing import Never
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import anyio
from aiohttp.abc import AbstractStreamWriter
from typing_extensions import override
from yarl import URL

from hypha_artifact._api.refusals import not_trusted
from hypha_artifact.errors import (
    HyphaError,
    InvalidInput,
    NetworkError,
    NetworkTimeout,
    Unreachable,
)

PIECE = 1 << 20
"""Bytes of a body that are handled at a time."""

_BUFFER = PIECE // 2  # aiohttp reads on up to twice as much
_PROMPT = 0.25  # seconds that bytes wait for more, because each piece costs a thread
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class BytePool:
    """Connections for bodies, on one event loop.

    Args:
        connections: Most connections at a time.
        verify: What to check TLS certificates with; False for no check.
        connect: Seconds that connecting may take.
        idle: Seconds without a byte after which a request is given up.
        headers: Sent with every request that has no other value for them.
    """

    def __init__(
        self,
        *,
        connections: int,
        verify: SSLContext | bool,
        connect: float,
        idle: float,
        headers: Mapping[str, str],
    ) -> None:
        self._idle = idle
        self._proxy_for = cache(_proxy_for)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=connections, ssl=verify),
            timeout=aiohttp.ClientTimeout(
                total=None, connect=None, sock_connect=connect, sock_read=idle
            ),
            headers={"Accept-Encoding": "identity", **headers},
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            read_bufsize=_BUFFER,
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._session.close()

    @asynccontextmanager
    async def request(
        self,
        verb: str,
        url: str,
        headers: Mapping[str, str],
        *,
        subject: str,
        body: bytes | AsyncIterator[bytes] | None = None,
    ) -> AsyncGenerator[Reply]:
        """Send a request as it is, without following redirects.

        Args:
            verb: ``GET`` or ``PUT``.
            url: Where to; its quoting is kept.
            headers: Sent as they are; with a Content-Length for an iterated body.
            subject: What for, for error texts.
            body: What to send.

        Raises:
            NetworkError: No answer.
        """
        data = _Sent(body, self._idle) if isinstance(body, AsyncIterator) else body
        with _network_errors(subject, url):
            answer = await self._session.request(
                verb,
                URL(url, encoded=True),
                headers=headers,
                data=data,
                allow_redirects=False,
                proxy=self._proxy_for(*_origin(url)),
            )
        try:
            yield Reply(answer, subject, url)
        finally:
            if not answer.content.is_eof():
                answer.close()  # the rest of the body would block the connection
            await answer.__aexit__(None, None, None)


class Reply:
    """An answer whose body is still to be read. ``headers`` know any case."""

    def __init__(self, answer: aiohttp.ClientResponse, subject: str, url: str) -> None:
        self.status = answer.status
        self.headers: Mapping[str, str] = answer.headers
        self._answer = answer
        self._subject = subject
        self._url = url

    async def read(self, limit: int) -> bytes:
        """Read the body, up to about ``limit`` bytes of it."""
        start = b""
        async for piece in self.pieces():
            start += piece
            if len(start) >= limit:
                break
        return start

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes, in pieces of about 1 MiB; shorter on slow lines.

        What came before the connection broke is yielded before that is raised.
        """
        held: list[bytes] = []
        with _network_errors(self._subject, self._url):
            since = monotonic()
            try:
                async for piece in self._answer.content.iter_chunked(PIECE):
                    held.append(piece)
                    if _is_due(held, since):
                        yield b"".join(held)
                        held, since = [], monotonic()
            except (aiohttp.ClientError, OSError):
                if held:
                    yield b"".join(held)
                raise
        if held:
            yield b"".join(held)


def _is_due(held: list[bytes], since: float) -> bool:
    return sum(map(len, held)) >= PIECE // 2 or monotonic() - since > _PROMPT


class _Sent(aiohttp.Payload):
    """A body that is sent once, piece by piece, and given up when nobody reads it."""

    def __init__(self, body: AsyncIterator[bytes], idle: float) -> None:
        super().__init__(body)
        self._body = body
        self._idle = idle

    @override
    async def write(self, writer: AbstractStreamWriter) -> None:
        await self.write_with_length(writer, None)

    @override
    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        self._consumed = True  # aiohttp must not send the rest of it again
        async for piece in self._body:
            with anyio.fail_after(self._idle):
                await writer.write(piece)

    @override
    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> Never:
        raise TypeError("A body that is streamed cannot be shown.")


@contextmanager
def _network_errors(subject: str, url: str) -> Generator[None]:
    """Turn every exception of aiohttp into one of ours."""
    try:
        yield
    except (aiohttp.ClientError, OSError, ValueError) as error:
        ours = _of_the_body(error)
        if ours is not None:
            raise ours from ours.__cause__
        raise _named(error, subject, url) from error


def _named(error: Exception, subject: str, url: str) -> HyphaError:
    """Name an error, most specific first."""
    if isinstance(error, TimeoutError):
        return NetworkTimeout(f"{subject}: no answer in time.")
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return not_trusted(subject, urlsplit(url).netloc, error.certificate_error)
    if isinstance(error, ValueError | aiohttp.NonHttpUrlClientError):
        return InvalidInput(f"{subject}: the URL is not valid.")
    if isinstance(error, aiohttp.ClientConnectorError):
        why = error.strerror or error.os_error
        return Unreachable(
            f"{subject}: no connection to {urlsplit(url).netloc} ({why})."
        )
    why = type(error).__name__
    return NetworkError(f"{subject}: the connection broke ({why}).")


def _of_the_body(error: BaseException) -> HyphaError | None:
    """Find what went wrong where the body came from, as aiohttp wraps that."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, HyphaError):
        cause = cause.__cause__
    return cause


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or ""


def _proxy_for(scheme: str, host: str) -> str | None:
    """Return the proxy that the environment names for a host, if any.

    HTTP_PROXY is often set without NO_PROXY; a proxy cannot reach this machine's own.
    """
    if host in _LOOPBACK or proxy_bypass(host):
        return None
    proxies = getproxies()
    return proxies.get(scheme) or proxies.get("all")
