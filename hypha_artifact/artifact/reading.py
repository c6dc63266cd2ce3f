"""The verbs that give a file's bytes: open, cat, head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Literal, TypeAlias, overload

from hypha_artifact.artifact.browsing import Browsing
from hypha_artifact.artifact.moving import Moving
from hypha_artifact.async_artifact_file import AsyncArtifactHttpFile
from hypha_artifact.behind import InArtifact, name_in
from hypha_artifact.classes import OnError
from hypha_artifact.errors import HyphaError, IsFolder, NotStaged
from hypha_artifact.paths import RemotePath
from hypha_artifact.record import STAGE
from hypha_artifact.store import Link
from hypha_artifact.streaming import RemoteBytes

TextMode: TypeAlias = Literal[
    "r", "w", "a", "x", "r+", "w+", "a+", "x+", "rt", "wt", "at", "xt"
]
BinaryMode: TypeAlias = Literal["rb", "wb", "ab", "xb", "rb+", "wb+", "ab+", "r+b"]


class Reading(Browsing, Moving):
    """Open files, and read them."""

    @overload
    def open(
        self,
        urlpath: str,
        mode: TextMode = "r",
        content_type: str | None = None,
        version: str | None = None,
        *,
        additional_headers: Mapping[str, str] | None = None,
        encoding: str | None = None,
    ) -> AsyncArtifactHttpFile[str]: ...
    @overload
    def open(
        self,
        urlpath: str,
        mode: BinaryMode,
        content_type: str | None = None,
        version: str | None = None,
        *,
        additional_headers: Mapping[str, str] | None = None,
        encoding: str | None = None,
    ) -> AsyncArtifactHttpFile[bytes]: ...
    @overload
    def open(
        self,
        urlpath: str,
        mode: str,
        content_type: str | None = None,
        version: str | None = None,
        *,
        additional_headers: Mapping[str, str] | None = None,
        encoding: str | None = None,
    ) -> AsyncArtifactHttpFile[str] | AsyncArtifactHttpFile[bytes]: ...
    def open(
        self,
        urlpath: str,
        mode: str = "r",
        content_type: str | None = None,
        version: str | None = None,
        *,
        additional_headers: Mapping[str, str] | None = None,
        encoding: str | None = None,
    ) -> AsyncArtifactHttpFile[str] | AsyncArtifactHttpFile[bytes]:
        """Open a file; with ``async with``, or with ``await``.

        Writing needs an open stage. What is written is sent when the file is closed,
        in parts if it is large, and not at all after an exception. Appending sends the
        whole file again: the store cannot append.

        Args:
            urlpath: The file, or a URL to read.
            mode: As for Python's ``open``.
            content_type: MIME type of what is written; by default guessed by name.
            version: Which version to read: a name, None for the latest, or
                ``"stage"``. Writing always goes to the stage.
            additional_headers: Sent along with the bytes' requests.
            encoding: For text; UTF-8 by default. Line ends stay as they are.

        Raises:
            InvalidInput: That is no mode, or no path.
        """
        headers = dict(additional_headers or {})
        if urlpath.startswith(("http://", "https://")):
            return self._open_url(urlpath, mode, headers, encoding)
        path = RemotePath(urlpath)
        kept = (STAGE, None) if set(mode) & set("wax+") else (version,)
        typed = {"Content-Type": content_type} if content_type else {}
        sent = {**typed, **headers}
        behind = InArtifact(
            kept=tuple(self._bytes(path, each, headers) for each in kept),
            sender=partial(self._send, remote=path, headers=sent),
            checker=partial(self._check_writable, path),
        )
        return AsyncArtifactHttpFile(None, mode, encoding, name=path, behind=behind)

    def _open_url(
        self, url: str, mode: str, headers: Mapping[str, str], encoding: str | None
    ) -> AsyncArtifactHttpFile[str] | AsyncArtifactHttpFile[bytes]:
        path = RemotePath(name_in(url))
        link = Link(path=path, url=url)
        source = RemoteBytes(self.remote, path, headers=headers, link=link)

        async def refuse() -> None:
            raise NotStaged(f"'{path}' is a URL: it can only be read.")

        behind = InArtifact(
            kept=(source,), sender=partial(self._send, remote=path), checker=refuse
        )
        return AsyncArtifactHttpFile(None, mode, encoding, name=path, behind=behind)

    def _bytes(
        self,
        path: RemotePath,
        version: str | None,
        headers: Mapping[str, str] | None = None,
    ) -> RemoteBytes:
        return RemoteBytes(self.remote, path, version=version, headers=headers or {})

    async def _check_writable(self, path: RemotePath) -> None:
        """See before a long writing that it can be sent."""
        await self._stage_mode()
        entry = await self._entry(path, STAGE)
        if entry is not None and entry.is_folder:
            raise IsFolder(f"'{path}' is a folder.")

    async def read_bytes(
        self,
        path: str,
        start: int = 0,
        stop: int | None = None,
        version: str | None = None,
    ) -> bytes:
        """Read a file, or bytes ``start`` up to, not including, ``stop`` of it.

        Raises:
            NotFound: There is no such file.
            IsFolder: It is a folder.
        """
        return await self._bytes(RemotePath(path), version).read(start, stop)

    async def head(
        self, path: str, size: int = 1024, version: str | None = None
    ) -> bytes:
        """Read a file's first bytes; raises as ``read_bytes`` does."""
        return await self.read_bytes(path, 0, max(0, size), version) if size else b""

    @overload
    async def cat(
        self,
        path: str,
        on_error: OnError = "raise",
        version: str | None = None,
        *,
        recursive: Literal[False] = False,
    ) -> str: ...
    @overload
    async def cat(
        self,
        path: str | Sequence[str],
        on_error: OnError = "raise",
        version: str | None = None,
        *,
        recursive: bool = False,
    ) -> str | dict[str, str | None] | None: ...
    async def cat(
        self,
        path: str | Sequence[str],
        on_error: OnError = "raise",
        version: str | None = None,
        *,
        recursive: bool = False,
    ) -> str | dict[str, str | None] | None:
        """Read files as text in UTF-8.

        Args:
            path: A file; several; or, with ``recursive``, a folder.
            on_error: ``"ignore"`` gives None for a file that cannot be read.
            version: A name, None for the latest, or ``"stage"``.
            recursive: Read all files below a folder.

        Returns:
            The text; for several files, or a folder, a mapping from their paths.

        Raises:
            NotFound: There is no such file.
            IsFolder: It is a folder, and ``recursive`` is not set.
            UnicodeDecodeError: It is no text; ``open`` and ``head`` give bytes.
        """
        if not isinstance(path, str):
            return {each: await self._text(each, on_error, version) for each in path}
        if recursive and await self.isdir(path, version):
            found = await self.find(path, version=version)
            return {each: await self._text(each, on_error, version) for each in found}
        return await self._text(path, on_error, version)

    async def _text(
        self, path: str, on_error: OnError, version: str | None
    ) -> str | None:
        try:
            return (await self.read_bytes(path, version=version)).decode()
        except (HyphaError, UnicodeDecodeError):
            if on_error == "ignore":
                return None
            raise
