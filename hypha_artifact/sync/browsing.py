"""Looking at names, without ``await``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Literal, overload

from hypha_artifact.artifact import AsyncHyphaArtifact
from hypha_artifact.artifact.items import ListedName
from hypha_artifact.classes import ArtifactItem
from hypha_artifact.portal import iterate, run
from hypha_artifact.sync.base import Base
from hypha_artifact.sync.twins import twin_of


@twin_of(AsyncHyphaArtifact)
class Browsing(Base):
    """Looking at names, without ``await``."""

    @overload
    def ls(
        self,
        path: str = ".",
        version: str | None = None,
        *,
        detail: Literal[True],
        limit: int | None = None,
    ) -> list[ArtifactItem]: ...
    @overload
    def ls(
        self,
        path: str = ".",
        version: str | None = None,
        *,
        detail: Literal[False],
        limit: int | None = None,
    ) -> list[str]: ...
    @overload
    def ls(
        self,
        path: str = ".",
        version: str | None = None,
        *,
        detail: None = None,
        limit: int | None = None,
    ) -> list[ListedName]: ...
    def ls(
        self,
        path: str = ".",
        version: str | None = None,
        *,
        detail: bool | None = None,
        limit: int | None = None,
    ) -> list[ArtifactItem] | list[str] | list[ListedName]:
        if detail is None:
            return run(partial(self._async_artifact.ls, path, limit, version))
        if detail:
            return run(
                partial(self._async_artifact.ls, path, limit, version, detail=True)
            )
        return run(partial(self._async_artifact.ls, path, limit, version, detail=False))

    def listdir(self, path: str = ".", version: str | None = None) -> list[str]:
        return run(partial(self._async_artifact.listdir, path, version))

    def info(self, path: str, version: str | None = None) -> ArtifactItem:
        return run(partial(self._async_artifact.info, path, version))

    def exists(self, path: str, version: str | None = None) -> bool:
        return run(partial(self._async_artifact.exists, path, version))

    def isfile(self, path: str, version: str | None = None) -> bool:
        return run(partial(self._async_artifact.isfile, path, version))

    def isdir(self, path: str, version: str | None = None) -> bool:
        return run(partial(self._async_artifact.isdir, path, version))

    @overload
    def find(
        self,
        path: str = "",
        maxdepth: int | None = None,
        version: str | None = None,
        *,
        withdirs: bool = False,
        detail: Literal[True],
        hide_keep: bool = True,
    ) -> dict[str, ArtifactItem]: ...
    @overload
    def find(
        self,
        path: str = "",
        maxdepth: int | None = None,
        version: str | None = None,
        *,
        withdirs: bool = False,
        detail: Literal[False] = False,
        hide_keep: bool = True,
    ) -> list[str]: ...
    def find(
        self,
        path: str = "",
        maxdepth: int | None = None,
        version: str | None = None,
        *,
        withdirs: bool = False,
        detail: bool = False,
        hide_keep: bool = True,
    ) -> list[str] | dict[str, ArtifactItem]:
        find = partial(
            self._async_artifact.find,
            path,
            maxdepth,
            version,
            withdirs=withdirs,
            hide_keep=hide_keep,
        )
        if detail:
            return run(partial(find, detail=True))
        return run(partial(find, detail=False))

    def walk(
        self, path: str = "", maxdepth: int | None = None, version: str | None = None
    ) -> Iterator[tuple[str, list[str], list[str]]]:
        return iterate(self._async_artifact.walk(path, maxdepth, version))

    def glob(
        self, pattern: str, maxdepth: int | None = None, version: str | None = None
    ) -> list[str]:
        return run(partial(self._async_artifact.glob, pattern, maxdepth, version))

    def du(
        self, path: str = "", maxdepth: int | None = None, version: str | None = None
    ) -> int:
        return run(partial(self._async_artifact.du, path, maxdepth, version))

    def size(self, path: str, version: str | None = None) -> int:
        return run(partial(self._async_artifact.size, path, version))

    def sizes(self, paths: Sequence[str], version: str | None = None) -> list[int]:
        return run(partial(self._async_artifact.sizes, paths, version))

    def modified(self, path: str, version: str | None = None) -> datetime | None:
        return run(partial(self._async_artifact.modified, path, version))

    def created(self, path: str, version: str | None = None) -> datetime | None:
        return run(partial(self._async_artifact.created, path, version))

    def get_file_url(
        self, urlpath: str, mode: str = "r", version: str | None = None
    ) -> str:
        return run(partial(self._async_artifact.get_file_url, urlpath, mode, version))
