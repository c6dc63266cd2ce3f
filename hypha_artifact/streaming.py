"""Read a remote file by position; what can be waited out does not reach the reader."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from http import HTTPStatus
from types import MappingProxyType

import anyio

from hypha_artifact._api.retry import FIRST_WAIT, LONGEST_WAIT, TRIES
from hypha_artifact.errors import (
    ArtifactNotFound,
    HyphaError,
    IsFolder,
    NotFound,
    RateLimited,
    Remedy,
    RemoteChanged,
    StoreError,
    VersionNotFound,
)
from hypha_artifact.paths import RemotePath
from hypha_artifact.remote import Body, Link, RemoteArtifact

_AGAIN = {Remedy.RETRY, Remedy.RETRY_AFTER, Remedy.NEW_LINK}


class RemoteBytes:
    """One file's bytes on the server.

    A broken connection goes on where it was; an old link is signed anew; a file that
    is another one by then is never mixed with the first.

    Args:
        remote: The artifact.
        path: The file.
        version: A name, None for the latest, or ``"stage"``.
        headers: Sent along with each request for bytes.
        link: Where to read, where that needs not be signed.
    """

    def __init__(
        self,
        remote: RemoteArtifact,
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
        self._etag: str | None = None
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
            HyphaError: It cannot be read, and waiting did not help.
        """
        at, tries = start, 0
        while self.size is None or at < min(self.size, stop or self.size):
            try:
                link = await self._signed()
                # A range of an empty file is refused, so the first look is whole.
                last = stop if at or self.size else None
                async with self._remote.fetch(
                    link, at, last, headers=self._headers
                ) as body:
                    self._check(body)
                    end = min(body.size, body.size if stop is None else stop)
                    async for piece in body.chunks:
                        wanted = piece[: end - at]
                        at, tries = at + len(wanted), 0
                        if wanted:
                            yield wanted
                        if at >= end:
                            break
            except HyphaError as error:
                if _is_past_end(error):
                    return
                tries += 1
                await self._recover(error, tries)
            else:
                return

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
        same = self._etag in {None, body.etag} or body.etag is None
        if not same or self.size not in {None, body.size}:
            raise RemoteChanged(f"'{self._path}' changed while it was read.")
        self._etag, self.size = self._etag or body.etag, body.size

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


def _is_past_end(error: HyphaError) -> bool:
    status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
    return isinstance(error, StoreError) and error.status == status
