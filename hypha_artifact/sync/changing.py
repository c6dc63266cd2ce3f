"""Changes of the stage, without ``await``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from hypha_artifact.artifact import AsyncHyphaArtifact
from hypha_artifact.classes import OnError
from hypha_artifact.portal import run
from hypha_artifact.sync.base import Base
from hypha_artifact.sync.twins import twin_of


@twin_of(AsyncHyphaArtifact)
class Changing(Base):
    """Changes of the stage, without ``await``."""

    def rm(
        self,
        path: str | Sequence[str],
        maxdepth: int | None = None,
        *,
        recursive: bool = False,
    ) -> None:
        run(partial(self._async_artifact.rm, path, maxdepth, recursive=recursive))

    def rm_file(self, path: str) -> None:
        run(partial(self._async_artifact.rm_file, path))

    def rmdir(self, path: str) -> None:
        run(partial(self._async_artifact.rmdir, path))

    def mkdir(self, path: str, *, create_parents: bool = True) -> None:
        run(partial(self._async_artifact.mkdir, path, create_parents=create_parents))

    def makedirs(self, path: str, *, exist_ok: bool = True) -> None:
        run(partial(self._async_artifact.makedirs, path, exist_ok=exist_ok))

    def touch(self, path: str, *, truncate: bool = True) -> None:
        run(partial(self._async_artifact.touch, path, truncate=truncate))

    def copy(
        self,
        path1: str,
        path2: str,
        maxdepth: int | None = None,
        on_error: OnError | None = "raise",
        version: str | None = None,
        *,
        recursive: bool = False,
    ) -> None:
        run(
            partial(
                self._async_artifact.copy,
                path1,
                path2,
                maxdepth,
                on_error,
                version,
                recursive=recursive,
            )
        )

    def cp(
        self,
        path1: str,
        path2: str,
        on_error: OnError | None = None,
        version: str | None = None,
        maxdepth: int | None = None,
        *,
        recursive: bool = False,
    ) -> None:
        self.copy(path1, path2, maxdepth, on_error, version, recursive=recursive)

    def move(
        self,
        path1: str,
        path2: str,
        maxdepth: int | None = None,
        *,
        recursive: bool = False,
    ) -> None:
        run(
            partial(
                self._async_artifact.move, path1, path2, maxdepth, recursive=recursive
            )
        )

    def mv(
        self,
        path1: str,
        path2: str,
        maxdepth: int | None = None,
        *,
        recursive: bool = False,
    ) -> None:
        self.move(path1, path2, maxdepth, recursive=recursive)
