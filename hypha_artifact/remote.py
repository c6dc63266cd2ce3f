"""One artifact on the server: its record and stage, and links to its bytes.

``RemoteArtifact`` is what everything above stands on. It is bound to the event loop
that its ``Transport`` is used on.
"""

from __future__ import annotations

import math
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from types import MappingProxyType

from msgspec import Struct, structs

from hypha_artifact._api import endpoints
from hypha_artifact._api.data import breaks_proxy
from hypha_artifact.errors import NetworkError, NotFound, UploadExpired
from hypha_artifact.memory import current_memory
from hypha_artifact.models import Artifact, JsonObject, StageMode
from hypha_artifact.paths import RemotePath
from hypha_artifact.record import STAGE, RemoteRecord
from hypha_artifact.settings import ConnectionSettings
from hypha_artifact.store import Body, Link, Store


class MultipartUpload(Struct, frozen=True, kw_only=True):
    """An open multipart upload: one link for each part, in order, part 1 first.

    ``expires`` is the time in epoch seconds until which it must be joined.
    """

    path: RemotePath
    upload_id: str
    links: tuple[Link, ...]
    expires: float = math.inf


class RemoteArtifact(RemoteRecord):
    """One artifact on the server.

    Args:
        artifact_id: Its full name.
        transport: An open connection; several artifacts may share it.
        baselines: Where in-place sessions are remembered; by default on disk, in the
            user's state folder.
    """

    @property
    def _store(self) -> Store:
        return Store(self._transport)

    def _where(self) -> JsonObject:
        settings = self._transport.settings
        chosen = {
            "use_proxy": settings.use_proxy,
            "use_local_url": settings.use_local_url,
        }
        return {name: value for name, value in chosen.items() if value is not None}

    async def sign_uploads(
        self, paths: Sequence[RemotePath], *, expires_in: int = 3600
    ) -> dict[RemotePath, Link]:
        """Announce files and sign links to PUT them whole, in one call.

        Safe for paths that carry a removal marker, too.

        Args:
            paths: At most about 1,000.
            expires_in: Seconds that the links are good for.

        Raises:
            NotStaged: No stage is open.
        """
        async with self.exclusive():
            await self._before_upload(paths)
            call = endpoints.put_file(self.id, paths, expires_in, self._where())
            urls = await self._transport.call(call)
        return {path: self._link(path, urls[path]) for path in paths}

    def _link(self, path: RemotePath, url: str) -> Link:
        proxied = self._transport.settings.use_proxy is not False
        if proxied and breaks_proxy(path):
            own = f"{self._transport.settings.server_url}{self._own_endpoint(path)}"
            return Link(path=path, url=own, whole=True)
        return Link(path=path, url=url)

    def _own_endpoint(self, path: RemotePath) -> str:
        return f"{endpoints.file_url(self.id, path)}?use_proxy=false"

    async def _before_upload(self, paths: Sequence[RemotePath]) -> None:
        artifact = await self._staged()
        if artifact.stage_mode is StageMode.IN_PLACE:
            await self._remember(artifact, {path.parent for path in paths})
        marked = {e.path for e in artifact.staging or () if e.remove}
        if artifact.is_git:
            marked.clear()  # a new upload wins over its marker there
        for path in marked.intersection(paths):
            await self._drop_marker(RemotePath(path or ""))
        memory = self.memory(artifact)
        for path in paths:
            memory.announce(path)

    async def _drop_marker(self, path: RemotePath) -> None:
        # A commit would delete a new upload under its marker; announcing first makes
        # the server keep a copy, so that a discard still brings the old bytes back.
        call = endpoints.put_file(self.id, [path], 60, self._where())
        await self._transport.call(call)
        await self.remove_file(path)

    async def _remember(self, artifact: Artifact, folders: set[RemotePath]) -> None:
        baseline = await self.baseline(artifact)
        uploads = (e for e in artifact.staging or () if not e.remove)
        staged = frozenset(e.path for e in uploads if e.path)
        unknown = sorted(folders - baseline.folders.keys())
        live = self.listings()
        for folder in unknown:
            baseline = baseline.listed(folder, await live.files(folder), staged)
        if unknown:
            await self._baselines.save(self._key, baseline)

    async def start_multipart(
        self, path: RemotePath, parts: int, *, expires_in: int = 86400
    ) -> MultipartUpload:
        """Announce one file and sign a link for each of its parts.

        Args:
            path: Not one that breaks the proxy, see ``takes_parts``.
            parts: 1 to 10,000.
            expires_in: Seconds in which all parts must be up and joined.

        Raises:
            NotStaged: No stage is open.
        """
        async with self.exclusive():
            await self._before_upload([path])
            started = time.time()
            call = endpoints.start_multipart(
                self.id, path, parts, expires_in, self._where()
            )
            answer = await self._transport.call(call)
        links = sorted(answer.parts, key=lambda part: part.part_number)
        return MultipartUpload(
            path=path,
            upload_id=answer.upload_id,
            links=tuple(Link(path=path, url=part.url, is_part=True) for part in links),
            expires=started + expires_in,
        )

    def note_carried(self, path: RemotePath) -> None:
        """Note that a staged file is a copy of the latest version's."""
        current_memory(self._key).carry(path)

    def note_sent(self, path: RemotePath, size: int) -> None:
        """Note that the store has a whole file, which another machine sent."""
        current_memory(self._key).acknowledge(path, size)

    @property
    def settings_for_bytes(self) -> ConnectionSettings:
        """What another machine needs to use links: no token."""
        return structs.replace(self._transport.settings, token=None)

    def takes_parts(self, path: RemotePath) -> bool:
        """Tell whether a name can be uploaded in parts."""
        return self._transport.settings.use_proxy is False or not breaks_proxy(path)

    async def complete_multipart(
        self,
        upload: MultipartUpload,
        etags: Sequence[str],
        *,
        size: int,
        replaces: float | None = None,
    ) -> None:
        """Join the parts; an answer that was lost is settled by looking at the file.

        Args:
            upload: From ``start_multipart``.
            etags: One for each part, in order.
            size: Bytes of the whole file.
            replaces: When the file that is replaced was modified, in epoch seconds.

        Raises:
            UploadExpired: The server has forgotten the upload.
        """
        call = endpoints.complete_multipart(self.id, upload.upload_id, etags)
        try:
            await self._transport.call(call)
        except (NetworkError, UploadExpired):
            if not await self.is_up(upload.path, size=size, replaces=replaces):
                raise
        current_memory(self._key).acknowledge(upload.path, size)

    async def is_up(
        self, path: RemotePath, *, size: int, replaces: float | None = None
    ) -> bool:
        """Tell whether a file is in the stage with all its bytes.

        Args:
            path: The file.
            size: Bytes that it must have.
            replaces: When an older file in its place was modified: if it is that one
                still, the new one is not up.
        """
        try:
            entry = await self.stat(path, version=STAGE)
        except NotFound:
            return False
        older = replaces is not None and entry.modified == replaces
        return entry.size == size and not older

    async def sign_downloads(
        self,
        paths: Sequence[RemotePath],
        *,
        version: str | None = None,
        expires_in: int = 3600,
    ) -> dict[RemotePath, Link]:
        """Sign links to GET files, without counting downloads.

        Args:
            paths: About 200: each one costs the server some milliseconds.
            version: A name, None for the latest, or ``"stage"``.
            expires_in: Seconds that the links are good for.

        Raises:
            NotFound: One of the paths is missing; none is signed then.
        """
        own = {path for path in paths if not self.takes_parts(path)}
        plain = [path for path in paths if path not in own]
        links = {path: self._own_download(path, version) for path in own}
        if plain:
            call = endpoints.get_file(
                self.id, plain, version, expires_in, self._where()
            )
            urls = await self._transport.call(call)
            links |= {path: Link(path=path, url=urls[path]) for path in plain}
        return links

    def _own_download(self, path: RemotePath, version: str | None) -> Link:
        base = f"{self._transport.settings.server_url}"
        query = endpoints.file_query(version)
        url = f"{base}{endpoints.file_url(self.id, path)}?{query}"
        return Link(path=path, url=url, whole=True)

    # Bytes.

    async def put(
        self,
        link: Link,
        body: AsyncIterator[bytes],
        length: int,
        *,
        md5: bytes | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> str:
        """Send bytes to a link and return the ETag, unquoted.

        Args:
            link: From ``sign_uploads`` or ``start_multipart``.
            body: The bytes, in pieces of about 1 MiB.
            length: How many bytes ``body`` gives.
            md5: Their MD5 digest (16 bytes), sent along so that the store can check.
            headers: Sent along; they win over those that it would have.

        Raises:
            LinkExpired: The link is too old.
            IntegrityError: The store got other bytes than the digest says.
            StoreError: The store refused.
            NetworkError: No answer.
        """
        subject = f"upload {self.id}/{link.path}"
        async with self.exclusive() if link.whole else nullcontext():
            etag = await self._store.put(
                link, body, length, subject=subject, md5=md5, headers=headers
            )
        if not link.is_part:
            current_memory(self._key).acknowledge(link.path, length)
        return etag

    def fetch(
        self,
        link: Link,
        start: int = 0,
        stop: int | None = None,
        *,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> AbstractAsyncContextManager[Body]:
        """Get bytes ``start`` up to, not including, ``stop`` (None: the end).

        Both forms of a partial answer are understood: 206, and 200 with
        Content-Range; and a whole file where a part was asked for.

        Raises:
            LinkExpired: The link is too old.
            NotFound: The file is gone.
            NetworkError: No answer, or the body ended early.
        """
        subject = f"download {self.id}/{link.path}"
        return self._store.fetch(link, start, stop, subject=subject, headers=headers)
