"""What is behind an open file: one of an artifact, or one at a URL."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, TypeAlias
from urllib.parse import unquote, urlsplit

import anyio
from msgspec import Struct
from typing_extensions import override

from hypha_artifact._api.transport import Transport
from hypha_artifact.errors import InvalidInput, NotFound
from hypha_artifact.models import Entry
from hypha_artifact.paths import RemotePath, printable
from hypha_artifact.settings import ConnectionSettings
from hypha_artifact.store import Body, Link, Store
from hypha_artifact.streaming import RemoteBytes

_PIECE = 1 << 20
_UNNAMED = RemotePath("file")
UrlFactory: TypeAlias = Callable[[], str | Awaitable[str]]
"""Gives a URL, anew each time that one has expired."""


class Behind(Protocol):
    """Where an open file's bytes come from, and go to."""

    async def sources(self) -> tuple[RemoteBytes, ...]:
        """Say where to read, in the order to try."""
        ...

    async def check(self) -> None:
        """Raise, before a long writing, if it could not be sent."""
        ...

    async def send(self, file: Path) -> str | None:
        """Upload a finished local file, and return its ETag if it went as a whole."""
        ...

    async def aclose(self) -> None:
        """Close what was opened for it."""
        ...


class InArtifact(Struct, frozen=True, kw_only=True):
    """A file of an artifact that is open.

    Args:
        kept: Where to read, in the order to try.
        sender: Uploads a finished local file, and returns its ETag.
        checker: Raises if it could not be sent.
    """

    kept: tuple[RemoteBytes, ...]
    sender: Callable[[Path], Awaitable[str | None]]
    checker: Callable[[], Awaitable[None]]

    async def sources(self) -> tuple[RemoteBytes, ...]:  # noqa: D102
        return self.kept

    async def check(self) -> None:  # noqa: D102
        await self.checker()

    async def send(self, file: Path) -> str | None:  # noqa: D102
        return await self.sender(file)

    async def aclose(self) -> None:
        """Do nothing: the artifact is its user's."""


class AtUrl:
    """A file at a URL, which needs no artifact; the URL may be a secret.

    Args:
        url: Where it is; or None, and
        factory: gives the URL when the file is opened.
        ssl: False to leave TLS certificates unchecked.
        headers: Sent along with each request.
    """

    def __init__(
        self,
        url: str | None,
        *,
        factory: UrlFactory | None = None,
        ssl: bool | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        if url is None and factory is None:
            raise ValueError("A file needs a URL, or what gives one.")
        self._url = url
        self._factory = factory
        self._ssl = ssl
        self._headers = headers
        self._transport: Transport | None = None

    async def sources(self) -> tuple[RemoteBytes, ...]:  # noqa: D102
        if self._factory:  # it is asked when the bytes are
            return (RemoteBytes(self, _UNNAMED, headers=self._headers),)
        link = await self._link()
        return (RemoteBytes(self, link.path, headers=self._headers, link=link),)

    async def check(self) -> None:
        """Look at a URL that is known; whether it takes bytes is seen later."""
        if self._url is not None:
            await self._link()

    async def send(self, file: Path) -> str | None:  # noqa: D102
        link = await self._link()
        local = anyio.Path(file)
        size = (await local.stat()).st_size
        async with aclosing(_pieces(local)) as pieces:
            return await self._store(link).put(
                link,
                pieces,
                size,
                subject=f"upload to {link.path}",
                headers=self._headers,
            )

    async def aclose(self) -> None:  # noqa: D102
        if self._transport is not None:
            await self._transport.aclose()
            self._transport = None

    # What RemoteBytes asks of an artifact.

    def fetch(
        self,
        link: Link,
        start: int = 0,
        stop: int | None = None,
        *,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> AbstractAsyncContextManager[Body]:
        """Get bytes, as ``Store.fetch`` does."""
        subject = f"download {link.path}"
        return self._store(link).fetch(
            link, start, stop, subject=subject, headers=headers
        )

    async def sign_downloads(
        self, paths: Sequence[RemotePath], *, version: str | None = None
    ) -> dict[RemotePath, Link]:
        """Ask the factory for a URL."""
        _ = version
        link = await self._link()
        return dict.fromkeys(paths, link)

    async def stat(self, path: RemotePath, *, version: str | None = None) -> Entry:
        """Know of nothing but the URL."""
        _ = version
        raise NotFound(f"'{path}' is not there.", status=404)

    async def _link(self) -> Link:
        url = self._url
        if self._factory is not None:
            made = self._factory()
            url = await made if inspect.isawaitable(made) else made
        parts = urlsplit(url or "")
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise InvalidInput(
                "That is no URL of a file: it begins with http or https."
            )
        return Link(path=RemotePath(name_in(url or "")), url=url or "")

    def _store(self, link: Link) -> Store:
        if self._transport is None:
            parts = urlsplit(link.url)
            server = f"{parts.scheme}://{parts.netloc}"
            verify = self._ssl is not False
            self._transport = Transport(
                ConnectionSettings(server_url=server, verify=verify)
            )
        return Store(self._transport)

    @override
    def __repr__(self) -> str:
        return "AtUrl()"


def name_in(url: str) -> str:
    """Return what a file at a URL is called, safe to show."""
    return printable(unquote(urlsplit(url).path).rpartition("/")[2])


async def _pieces(file: anyio.Path) -> AsyncGenerator[bytes]:
    async with await file.open("rb") as opened:
        while piece := await opened.read(_PIECE):
            yield piece
