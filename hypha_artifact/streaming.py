"""Read a remote file by position; what can be waited out does not reach the reader."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus
from types import MappingProxyType
from typing import Protocol

import anyio

from hypha_artifact._api.retry import FIRST_WAIT, LONGEST_WAIT, TRIES
from hypha_artifact.errors import (
    ArtifactNotFound,
    HyphaError,
    IntegrityError,
    IsFolder,
    NotFound,
    RateLimited,
    Remedy,
    RemoteChanged,
    ServiceError,
    StoreError,
    VersionNotFound,
)
from hypha_artifact.models import Entry
from hypha_artifact.paths import RemotePath
from hypha_artifact.store import Body, Link

_MD5 = re.compile(r"[0-9a-f]{32}")
_CHECKED = 32 * 1024 * 1024
"""Bytes; longer files went up in parts, and their ETag says nothing of their bytes."""

_AGAIN = {Remedy.RETRY, Remedy.RETRY_AFTER, Remedy.NEW_LINK}


class Readable(Protocol):
    """What can be read: an artifact, for one."""

    def fetch(
        self,
        link: Link,
        start: int = 0,
        stop: int | None = None,
        *,
        headers: Mapping[str, str] = ...,
    ) -> AbstractAsyncContextManager[Body]:
        """Get bytes from a link; see ``Store.fetch``."""
        ...

    async def sign_downloads(
        self, paths: Sequence[RemotePath], *, version: str | None = None
    ) -> dict[RemotePath, Link]:
        """Sign links to GET files."""
        ...

    async def stat(self, path: RemotePath, *, version: str | None = None) -> Entry:
        """Tell of one path; raises ``NotFound``."""
        ...


class RemoteBytes:
    """One file's bytes on the server.

    A broken connection goes on where it was; an old link is signed anew; a file that
    is another one by then is never mixed with the first.

    Args:
        remote: The artifact, or what else has it.
        path: The file.
        version: A name, None for the latest, or ``"stage"``.
        headers: Sent along with each request for bytes.
        link: Where to read, where that needs not be signed.
    """

    def __init__(
        self,
        remote: Readable,
        path: RemotePath,
        *,
        version: str | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
        link: Link | None = None,
    ) -> None:
        self._remote = remote
        self._path = path
        self._version = version
        self._headers = headers
        self._link = link
        self._is_given = link is not None
        self.etag: str | None = None
        """What the store calls these bytes, once the first of them were asked for."""
        self.size: int | None = None
        """Bytes of the file, once the first of them were asked for."""

    async def chunks(
        self, start: int = 0, stop: int | None = None
    ) -> AsyncGenerator[bytes]:
        """Yield bytes ``start`` up to, not including, ``stop``, about 1 MiB at a time.

        Args:
            start: Position of the first byte.
            stop: Position after the last one; None for the end of the file.

        Raises:
            NotFound: There is no such file.
            IsFolder: It is a folder.
            RemoteChanged: It was replaced while it was read.
            IntegrityError: Other bytes came than the store was given.
            HyphaError: It cannot be read, and waiting did not help.
        """
        at, tries = start, 0
        digest = hashlib.md5(usedforsecurity=False) if start == 0 else None
        while self.size is None or at < min(self.size, stop or self.size):
            try:
                async for piece in self._request(at, stop):
                    at, tries = at + len(piece), 0
                    if digest is not None and (self.size or 0) <= _CHECKED:
                        digest.update(piece)
                    yield piece
            except HyphaError as error:
                tries += 1
                await self._recover(error, tries)
            else:
                break
        if digest is not None and at == self.size and 0 < at <= _CHECKED:
            self._compare(digest.hexdigest())

    async def _request(self, at: int, stop: int | None) -> AsyncGenerator[bytes]:
        """Yield what one request gives."""
        link = await self._signed()
        try:
            async with self._remote.fetch(
                link, at, stop, headers=self._headers
            ) as body:
                self._check(body)
                async for piece in body.chunks:
                    yield piece
        except (StoreError, ServiceError) as error:
            # Past the end; of an empty file, any range is.
            if error.status != HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                raise
            self.size = self.size if at else 0

    def _compare(self, digest: str) -> None:
        """See that these are the bytes that the store was given, where it can tell."""
        etag = (self.etag or "").lower()
        if _MD5.fullmatch(etag) and etag != digest:
            raise IntegrityError(
                f"'{self._path}' arrived with other bytes than the store has."
            )

    async def read(self, start: int = 0, stop: int | None = None) -> bytes:
        """Return bytes ``start`` up to, not including, ``stop``; as ``chunks``."""
        return b"".join([piece async for piece in self.chunks(start, stop)])

    async def _signed(self) -> Link:
        if self._link is None:
            try:
                links = await self._remote.sign_downloads(
                    [self._path], version=self._version
                )
            except (ArtifactNotFound, VersionNotFound):
                raise
            except NotFound as error:
                raise await self._explained(error) from error
            self._link = links[self._path]
        return self._link

    async def _explained(self, missing: NotFound) -> HyphaError:
        try:
            entry = await self._remote.stat(self._path, version=self._version)
        except NotFound as error:
            return error
        return IsFolder(f"'{self._path}' is a folder.") if entry.is_folder else missing

    def _check(self, body: Body) -> None:
        same = self.etag in {None, body.etag} or body.etag is None
        if not same or self.size not in {None, body.size}:
            raise RemoteChanged(f"'{self._path}' changed while it was read.")
        self.etag, self.size = self.etag or body.etag, body.size

    async def _recover(self, error: HyphaError, tries: int) -> None:
        """Wait before the next try, or give up."""
        stale = error.remedy is Remedy.NEW_LINK
        if error.remedy not in _AGAIN or tries >= TRIES or (stale and self._is_given):
            raise error
        if stale:
            self._link = None
        pause = FIRST_WAIT * 2.0 ** (tries - 1)
        if isinstance(error, RateLimited):
            pause = max(pause, error.retry_after)
        await anyio.sleep(min(LONGEST_WAIT, pause))
