"""Bytes between here and there, without ``await``."""

from __future__ import annotations

from collections.abc import Sequence

from hypha_artifact.artifact import AsyncHyphaArtifact
from hypha_artifact.artifact.events import Callback
from hypha_artifact.artifact.requests import LocalPath
from hypha_artifact.classes import (
    MultipartConfig,
    OnError,
)
from hypha_artifact.portal import run_telling
from hypha_artifact.sync.base import Base
from hypha_artifact.sync.twins import twin_of


@twin_of(AsyncHyphaArtifact)
class Moving(Base):
    """Bytes between here and there, without ``await``."""

    def put(
        self,
        lpath: LocalPath | Sequence[LocalPath] | bytes,
        rpath: str | Sequence[str] | None = None,
        callback: Callback | None = None,
        maxdepth: int | None = None,
        on_error: OnError = "raise",
        multipart_config: MultipartConfig | None = None,
        *,
        recursive: bool = False,
        batch_size: int | None = None,
    ) -> None:
        run_telling(
            lambda tell: self._async_artifact.put(
                lpath,
                rpath,
                tell if callback else None,
                maxdepth,
                on_error,
                recursive=recursive,
                multipart_config=multipart_config,
                batch_size=batch_size,
            ),
            callback,
        )

    def get(
        self,
        rpath: str | Sequence[str],
        lpath: LocalPath | Sequence[LocalPath] | None = None,
        callback: Callback | None = None,
        maxdepth: int | None = None,
        on_error: OnError = "raise",
        version: str | None = None,
        *,
        recursive: bool = False,
    ) -> None:
        run_telling(
            lambda tell: self._async_artifact.get(
                rpath,
                lpath,
                tell if callback else None,
                maxdepth,
                on_error,
                version,
                recursive=recursive,
            ),
            callback,
        )

    def upload(
        self,
        local_path: LocalPath | Sequence[LocalPath],
        remote_path: str = "",
        *,
        recursive: bool = True,
        enable_multipart: bool = False,
        multipart_threshold: int | None = None,
        chunk_size: int | None = None,
        max_parallel_uploads: int | None = None,
        callback: Callback | None = None,
        maxdepth: int | None = None,
        on_error: OnError = "raise",
    ) -> None:
        run_telling(
            lambda tell: self._async_artifact.upload(
                local_path,
                remote_path,
                recursive=recursive,
                enable_multipart=enable_multipart,
                multipart_threshold=multipart_threshold,
                chunk_size=chunk_size,
                max_parallel_uploads=max_parallel_uploads,
                callback=tell if callback else None,
                maxdepth=maxdepth,
                on_error=on_error,
            ),
            callback,
        )

    def download(
        self,
        remote_path: str | Sequence[str],
        local_path: LocalPath = ".",
        *,
        recursive: bool = True,
        version: str | None = None,
        callback: Callback | None = None,
        maxdepth: int | None = None,
        on_error: OnError = "raise",
    ) -> None:
        run_telling(
            lambda tell: self._async_artifact.download(
                remote_path,
                local_path,
                recursive=recursive,
                version=version,
                callback=tell if callback else None,
                maxdepth=maxdepth,
                on_error=on_error,
            ),
            callback,
        )
