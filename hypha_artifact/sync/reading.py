"""Files to read and to write, without ``await``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal, cast, overload

from hypha_artifact.artifact import AsyncHyphaArtifact
from hypha_artifact.artifact.reading import BinaryMode, TextMode
from hypha_artifact.artifact_file import ArtifactHttpFile
from hypha_artifact.classes import OnError
from hypha_artifact.portal import run
from hypha_artifact.sync.base import Base
from hypha_artifact.sync.twins import twin_of

if TYPE_CHECKING:
    from hypha_artifact.async_artifact_file import AsyncArtifactHttpFile


@twin_of(AsyncHyphaArtifact)
class Reading(Base):
    """Files to read and to write, without ``await``."""

    @overload
    def open(
        self,
        urlpath: str,
        mode: TextMode = "r",
        version: str | None = None,
        *,
        content_type: str | None = None,
        additional_headers: Mapping[str, str] | None = None,
        encoding: str | None = None,
    ) -> ArtifactHttpFile[str]: ...
    @overload
    def open(
        self,
        urlpath: str,
        mode: BinaryMode,
        version: str | None = None,
        *,
        content_type: str | None = None,
        additional_headers: Mapping[str, str] | None = None,
        encoding: str | None = None,
    ) -> ArtifactHttpFile[bytes]: ...
    @overload
    def open(
        self,
        urlpath: str,
        mode: str,
        version: str | None = None,
        *,
        content_type: str | None = None,
        additional_headers: Mapping[str, str] | None = None,
        encoding: str | None = None,
    ) -> ArtifactHttpFile[str] | ArtifactHttpFile[bytes]: ...
    def open(
        self,
        urlpath: str,
        mode: str = "r",
        version: str | None = None,
        *,
        content_type: str | None = None,
        additional_headers: Mapping[str, str] | None = None,
        encoding: str | None = None,
    ) -> ArtifactHttpFile[str] | ArtifactHttpFile[bytes]:
        def make() -> AsyncArtifactHttpFile[bytes]:
            opened = self._async_artifact.open(
                urlpath,
                mode,
                content_type,
                version,
                additional_headers=additional_headers,
                encoding=encoding,
            )
            return cast("AsyncArtifactHttpFile[bytes]", opened)

        return ArtifactHttpFile(make=make)

    def read_bytes(
        self,
        path: str,
        start: int = 0,
        stop: int | None = None,
        version: str | None = None,
    ) -> bytes:
        return run(partial(self._async_artifact.read_bytes, path, start, stop, version))

    def head(self, path: str, size: int = 1024, version: str | None = None) -> bytes:
        return run(partial(self._async_artifact.head, path, size, version))

    @overload
    def cat(
        self,
        path: str,
        on_error: OnError = "raise",
        version: str | None = None,
        *,
        recursive: Literal[False] = False,
    ) -> str: ...
    @overload
    def cat(
        self,
        path: str | Sequence[str],
        on_error: OnError = "raise",
        version: str | None = None,
        *,
        recursive: bool = False,
    ) -> str | dict[str, str | None] | None: ...
    def cat(
        self,
        path: str | Sequence[str],
        on_error: OnError = "raise",
        version: str | None = None,
        *,
        recursive: bool = False,
    ) -> str | dict[str, str | None] | None:
        return run(
            partial(
                self._async_artifact.cat, path, on_error, version, recursive=recursive
            )
        )
