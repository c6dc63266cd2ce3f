"""One artifact on the server: reads, staging calls in order, links, and bytes.

``RemoteArtifact`` is what everything above stands on. It is bound to the event loop
that its ``Transport`` was opened on; calls that touch the staging record are
serialised per artifact across all loops and threads of this process, because the
server loses staging entries when they overlap (verified, Hypha 0.21).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AbstractAsyncContextManager

from msgspec import Struct

from hypha_artifact._api.transport import Transport
from hypha_artifact.models import Artifact, Entry, JsonObject, StageMode
from hypha_artifact.paths import ROOT, ArtifactId, RemotePath


class Link(Struct, frozen=True, kw_only=True):
    """Where to PUT or GET one file's bytes. Its URL is a secret: never show it.

    ``whole`` links take or give the file in one request only (names that break the
    S3 proxy go through the server's own file endpoint); others may be ranged.
    """

    path: RemotePath
    url: str
    whole: bool = False


class MultipartUpload(Struct, frozen=True, kw_only=True):
    """An open multipart upload: one link for each part, in order, part 1 first."""

    path: RemotePath
    upload_id: str
    links: tuple[Link, ...]


class Body(Struct, frozen=True, kw_only=True):
    """A (partial) answer of the store: its bytes come in pieces of about 1 MiB.

    ``start`` and ``size`` say where the first byte lies and how long the whole file
    is, in bytes; ``etag`` is unquoted.
    """

    start: int
    size: int
    etag: str | None
    chunks: AsyncIterator[bytes]


class RemoteArtifact:
    """One artifact on the server.

    Args:
        artifact_id: Its full name.
        transport: An open connection; several artifacts may share it.
    """

    def __init__(self, artifact_id: ArtifactId, transport: Transport) -> None:
        self.id = artifact_id
        self._transport = transport

    async def read(self, *, version: str | None = None) -> Artifact:
        """Read the artifact's record (``version="stage"``: with its staging list)."""
        raise NotImplementedError

    async def list_folder(
        self,
        folder: RemotePath = ROOT,
        *,
        version: str | None = None,
        pending: bool = False,
    ) -> tuple[Entry, ...]:
        """List a folder of any size; folders first, then by name.

        ``version`` is a name, None for the latest, or ``"stage"``; ``pending`` adds
        announced files without bytes. A folder that does not exist is empty.
        """
        raise NotImplementedError

    def walk(
        self, folder: RemotePath = ROOT, *, version: str | None = None
    ) -> AsyncIterator[tuple[RemotePath, Entry]]:
        """Yield every file below a folder, with its full path."""
        raise NotImplementedError

    async def stat(self, path: RemotePath, *, version: str | None = None) -> Entry:
        """Return the entry of a file or folder; NotFound if there is none."""
        raise NotImplementedError

    async def open_stage(self, mode: StageMode) -> Artifact:
        """Open a stage, or join one of the same kind; StageConflict for the other."""
        raise NotImplementedError

    async def edit(
        self,
        *,
        manifest: JsonObject | None = None,
        config: JsonObject | None = None,
        stage: bool = True,
        version: str | None = None,
    ) -> Artifact:
        """Change the record; each argument given replaces the old value wholly."""
        raise NotImplementedError

    async def commit(
        self, *, comment: str | None = None, version: str | None = None
    ) -> Artifact:
        """Make the stage final; an answer that was lost is looked up, not repeated."""
        raise NotImplementedError

    async def discard(self) -> Artifact:
        """Throw the stage away."""
        raise NotImplementedError

    async def remove(self, path: RemotePath) -> None:
        """Call ``remove_file``, without any check: go through ``staging`` instead."""
        raise NotImplementedError

    async def clear_pending(self, paths: Iterable[RemotePath]) -> tuple[str, ...]:
        """Take back announcements whose bytes never came; returns those cleared."""
        raise NotImplementedError

    async def sign_uploads(
        self, paths: Sequence[RemotePath], *, expires_in: int = 3600
    ) -> dict[RemotePath, Link]:
        """Announce files and sign links to PUT them whole, in one call.

        Safe for paths that carry a removal marker, too.
        """
        raise NotImplementedError

    async def start_multipart(
        self, path: RemotePath, parts: int, *, expires_in: int = 86400
    ) -> MultipartUpload:
        """Announce one file and sign a link for each of its parts (1 to 10,000)."""
        raise NotImplementedError

    async def complete_multipart(
        self, upload: MultipartUpload, etags: Sequence[str], *, size: int
    ) -> None:
        """Join the parts; a lost answer is settled by the file's size."""
        raise NotImplementedError

    async def sign_downloads(
        self,
        paths: Sequence[RemotePath],
        *,
        version: str | None = None,
        expires_in: int = 3600,
    ) -> dict[RemotePath, Link]:
        """Sign links to GET files; one missing path fails the call with NotFound."""
        raise NotImplementedError

    async def put(
        self,
        link: Link,
        body: AsyncIterator[bytes],
        length: int,
        *,
        md5: bytes | None = None,
    ) -> str:
        """Send bytes to a link and return the ETag, unquoted.

        Args:
            link: From ``sign_uploads`` or ``start_multipart``.
            body: The bytes, in pieces of about 1 MiB.
            length: How many bytes ``body`` gives.
            md5: Their MD5 digest (16 bytes), sent along so that the store can check.

        Raises:
            LinkExpired: The link is too old.
            StoreError: The store refused.
            NetworkError: No answer.
        """
        raise NotImplementedError

    def fetch(
        self, link: Link, start: int = 0, stop: int | None = None
    ) -> AbstractAsyncContextManager[Body]:
        """Get bytes ``start`` up to, not including, ``stop`` (None: the end).

        Both forms of a partial answer are understood: 206, and 200 with
        Content-Range. A body that ends early raises NetworkError.
        """
        raise NotImplementedError
