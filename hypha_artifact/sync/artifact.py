"""``HyphaArtifact``: the blocking face of ``AsyncHyphaArtifact``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Literal, Self, cast, overload

from typing_extensions import override

from hypha_artifact.artifact import AsyncHyphaArtifact
from hypha_artifact.artifact.events import Callback
from hypha_artifact.artifact.items import ListedName
from hypha_artifact.artifact.moving import LocalPath
from hypha_artifact.artifact.reading import BinaryMode, TextMode
from hypha_artifact.artifact_file import ArtifactHttpFile
from hypha_artifact.classes import (
    ArtifactItem,
    ListChildrenMode,
    MultipartConfig,
    OnError,
)
from hypha_artifact.models import (
    Artifact,
    CommitPreview,
    JsonObject,
    StageState,
    Version,
)
from hypha_artifact.portal import close_with, iterate, run, run_telling
from hypha_artifact.sync.twins import twin_of

if TYPE_CHECKING:
    from hypha_artifact.async_artifact_file import AsyncArtifactHttpFile


@twin_of(AsyncHyphaArtifact)
class HyphaArtifact:
    """One artifact, from ordinary code; a context manager.

    Its methods are those of ``AsyncHyphaArtifact``, without ``await``.

    Args:
        artifact_id: ``alias`` or ``workspace/alias``.
        workspace: The workspace of a bare alias; by default the token's.
        token: Bearer token; without one, public artifacts can be read.
        server_url: Base URL of the server.
        use_proxy: Whether bytes go through the server's S3 proxy; None leaves it to
            the server.
        use_local_url: Whether links use the server's local address, or another base.
        disable_ssl: Do not check TLS certificates, neither for calls nor for bytes.
        additional_headers: Sent along with each request for bytes.

    Raises:
        InvalidInput: That is no artifact's name.
        NotConfigured: No server is named.
    """

    def __init__(
        self,
        artifact_id: str,
        workspace: str | None = None,
        token: str | None = None,
        server_url: str | None = None,
        *,
        use_proxy: bool | None = None,
        use_local_url: bool | str | None = None,
        disable_ssl: bool = False,
        additional_headers: Mapping[str, str] | None = None,
    ) -> None:
        async def make() -> AsyncHyphaArtifact:
            return AsyncHyphaArtifact(
                artifact_id,
                workspace,
                token,
                server_url,
                use_proxy=use_proxy,
                use_local_url=use_local_url,
                disable_ssl=disable_ssl,
                additional_headers=additional_headers,
            )

        self._stand_on(run(make))

    def _stand_on(self, artifact: AsyncHyphaArtifact) -> None:
        self._async_artifact = artifact
        self._end = close_with(self, artifact.aclose)

    @classmethod
    def over(cls, artifact: AsyncHyphaArtifact) -> Self:
        """Stand on an artifact that was opened on the process's loop."""
        self = cls.__new__(cls)
        self._stand_on(artifact)
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._end()

    @override
    def __repr__(self) -> str:
        return f"HyphaArtifact({str(self._async_artifact.id)!r})"

    # What it is.

    @property
    def artifact_id(self) -> str:
        """The name that it was opened with."""
        return self._async_artifact.artifact_id

    @property
    def artifact_alias(self) -> str:
        """Its name in the workspace."""
        return self._async_artifact.artifact_alias

    @property
    def workspace(self) -> str:
        """The workspace that it is in."""
        return self._async_artifact.workspace

    @property
    def token(self) -> str | None:
        """The bearer token: a secret."""
        return self._async_artifact.token

    @property
    def artifact_url(self) -> str:
        """The URL of the server's artifact service."""
        return self._async_artifact.artifact_url

    # The record, the versions and the stage.

    def create(
        self,
        manifest: JsonObject | None = None,
        parent_id: str | None = None,
        type: str | None = None,  # noqa: A002 - the name is part of the interface
        config: JsonObject | None = None,
        version: str | None = None,
        comment: str | None = None,
        secrets: Mapping[str, str] | None = None,
        *,
        overwrite: bool | None = None,
        stage: bool | None = None,
    ) -> Artifact:
        return run(
            partial(
                self._async_artifact.create,
                manifest,
                parent_id,
                config,
                version,
                comment,
                secrets,
                type=type,
                overwrite=overwrite,
                stage=stage,
            )
        )

    def read(self, version: str | None = None) -> Artifact:
        return run(partial(self._async_artifact.read, version))

    def versions(self) -> tuple[Version, ...]:
        return run(self._async_artifact.versions)

    def edit(
        self,
        manifest: JsonObject | None = None,
        type: str | None = None,  # noqa: A002 - the name is part of the interface
        config: JsonObject | None = None,
        secrets: Mapping[str, str] | None = None,
        version: str | None = None,
        comment: str | None = None,
        *,
        stage: bool = False,
    ) -> Artifact:
        return run(
            partial(
                self._async_artifact.edit,
                manifest,
                type,
                config,
                secrets,
                version,
                comment,
                stage=stage,
            )
        )

    def stage(self) -> StageState:
        return run(self._async_artifact.stage)

    def preview_commit(self) -> CommitPreview:
        return run(self._async_artifact.preview_commit)

    def commit(
        self, version: str | None = None, comment: str | None = None
    ) -> Artifact:
        return run(partial(self._async_artifact.commit, version, comment))

    def discard(self) -> Artifact:
        return run(self._async_artifact.discard)

    def delete(
        self,
        *,
        version: str | None = None,
        delete_files: bool | None = None,
        recursive: bool | None = None,
    ) -> None:
        run(
            partial(
                self._async_artifact.delete,
                version,
                delete_files=delete_files,
                recursive=recursive,
            )
        )

    def list_children(
        self,
        keywords: Sequence[str] | None = None,
        filters: JsonObject | None = None,
        mode: ListChildrenMode = "AND",
        offset: int = 0,
        limit: int = 100,
        order_by: str | None = None,
        *,
        silent: bool = False,
        stage: bool | str = False,
    ) -> list[JsonObject]:
        return run(
            partial(
                self._async_artifact.list_children,
                keywords,
                filters,
                mode,
                offset,
                limit,
                order_by,
                silent=silent,
                stage=stage,
            )
        )

    # Looking.

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

    # Reading.

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

        return ArtifactHttpFile(make)

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

    # Moving bytes.

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

    # Changing the stage.

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
