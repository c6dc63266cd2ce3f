"""The verbs that move bytes between this machine and the artifact."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TypeAlias, TypedDict

import anyio
import anyio.to_thread

from hypha_artifact.artifact.batches import Batches
from hypha_artifact.artifact.events import Callback
from hypha_artifact.classes import MultipartConfig, OnError
from hypha_artifact.errors import InvalidInput, IsFolder, NotStaged
from hypha_artifact.models import StageMode
from hypha_artifact.paths import RemotePath, printable
from hypha_artifact.record import STAGE
from hypha_artifact.transfer.engine import WORKERS
from hypha_artifact.transfer.state import (
    DownloadRequest,
    JobState,
    JobView,
    UploadRequest,
)

LocalPath: TypeAlias = str | os.PathLike[str]

LEAST_PART = 5 * 1024 * 1024
"""Bytes; S3 takes no shorter part but the last."""
MOST_WHOLE = 100 * 1024 * 1024
"""Bytes; longer files always go in parts."""


class Moving(Batches):
    """Upload and download: files, lists of files, and folders."""

    async def put(
        self,
        lpath: LocalPath | Sequence[LocalPath] | bytes,
        rpath: str | Sequence[str] | None = None,
        callback: Callback | None = None,
        maxdepth: int | None = None,
        on_error: OnError = "raise",
        *,
        recursive: bool = False,
        multipart_config: MultipartConfig | None = None,
        batch_size: int | None = None,
    ) -> None:
        """Upload files, or the contents of folders, into the open stage.

        Args:
            lpath: The local file or folder, or several; or a file's content.
            rpath: The file's path in the artifact, or the folder to put the contents
                into; one for each local path. With a trailing slash, the folder to
                put a file into. By default the local path as it was written, or its
                last name where that is absolute.
            callback: Called with progress events, see ``classes.ProgressEvent``.
            maxdepth: Levels of folders to upload; 1 for a folder's own files.
            on_error: ``"ignore"`` tells of failures in events only.
            recursive: Needed for a folder.
            multipart_config: How large files are sent, see ``classes``.
            batch_size: Without effect: links are signed just ahead of use.

        Raises:
            NotStaged: No stage is open.
            IsFolder: It is a folder, and ``recursive`` is not set.
            FileNotFoundError: A local file is not there.
            InvalidInput: Two files would go to one name, or the paths do not pair.
            TransferFailed: Some files did not arrive; the others did.
        """
        _ = batch_size
        if isinstance(lpath, bytes):
            await self._put_bytes(lpath, rpath, callback)
            return
        pairs = _pairs(lpath, rpath)
        sources = tuple(Path(local) for local, _ in pairs)
        folders = await anyio.to_thread.run_sync(_which_are_folders, sources)
        _refuse_folders(pairs, folders, recursive=recursive)
        names = tuple(
            _remote_name(local, remote, folder)
            for (local, remote), folder in zip(pairs, folders, strict=True)
        )
        _refuse_twice(names)
        request = UploadRequest(
            sources=sources,
            names=names,
            artifact=self.id,
            folder=RemotePath(),
            mode=await self._stage_mode(),
            maxdepth=maxdepth,
            **_parts(multipart_config),
        )
        workers = (multipart_config or {}).get("max_parallel_uploads", WORKERS)
        await self._run(request, callback, on_error, workers=workers)

    async def _put_bytes(
        self, data: bytes, rpath: str | Sequence[str] | None, callback: Callback | None
    ) -> None:
        if not isinstance(rpath, str) or not RemotePath(rpath):
            raise InvalidInput("Give a path in the artifact for these bytes.")
        with TemporaryDirectory(prefix="hypha-") as folder:
            path = anyio.Path(folder) / "bytes"
            await path.write_bytes(data)
            await self._send(Path(path), RemotePath(rpath), callback=callback)

    async def _stage_mode(self) -> StageMode:
        mode = (await self.remote.read(version=STAGE)).stage_mode
        if mode is None:
            raise NotStaged(f"{self.id} has no open stage.")
        return mode

    async def _send(
        self,
        local: Path,
        remote: RemotePath,
        *,
        headers: dict[str, str] | None = None,
        callback: Callback | None = None,
    ) -> str | None:
        """Upload one local file, and return its ETag if it went as a whole."""
        request = UploadRequest(
            sources=(local,),
            names=(remote,),
            artifact=self.id,
            folder=RemotePath(),
            mode=await self._stage_mode(),
        )
        etags: list[str | None] = []

        def note(job: JobView) -> None:
            if job.state is JobState.DONE:
                etags.append(job.etag)

        await self._run(request, callback, "raise", headers=headers, note=note)
        return etags[0] if etags else None

    async def get(
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
        """Download files, or the contents of folders, over what is there.

        A file gets its name once it is there whole; missing folders are made; the
        ``.keep`` files that hold folders are left out.

        Args:
            rpath: The file or folder in the artifact, or several.
            lpath: The local file, or the folder for the contents; one for each. A
                folder that is there, or a trailing slash, takes a file into it. By
                default the same path below the working folder.
            callback: Called with progress events, see ``classes.ProgressEvent``.
            maxdepth: Levels of folders to download; 1 for a folder's own files.
            on_error: ``"ignore"`` tells of failures in events only.
            version: A name, None for the latest, or ``"stage"``.
            recursive: Needed for a folder.

        Raises:
            NotFound: It is not in the artifact.
            IsFolder: It is a folder, and ``recursive`` is not set.
            LocalFileError: A local target cannot be written.
            InvalidInput: Two files would go to one name, or the paths do not pair.
            TransferFailed: Some files did not arrive; the others did.
        """
        pairs = _pairs(rpath, lpath)
        sources = tuple(RemotePath(os.fspath(remote)) for remote, _ in pairs)
        folders = await self._which_are_folders(sources, version)
        _refuse_folders(pairs, folders, recursive=recursive)
        targets = await anyio.to_thread.run_sync(_local_targets, pairs, folders)
        _refuse_twice(map(str, targets))
        request = DownloadRequest(
            sources=sources,
            targets=targets,
            artifact=self.id,
            folder=Path(),
            version=version,
            maxdepth=maxdepth,
            lenient=on_error == "ignore",
        )
        await self._run(request, callback, on_error)

    async def _which_are_folders(
        self, paths: Iterable[RemotePath], version: str | None
    ) -> list[bool]:
        """Tell which paths are folders; what is not there is none."""
        listings = self.remote.listings(version)
        found: list[bool] = []
        for path in paths:
            entries = await listings.of(path.parent) if path else ()
            found.append(
                not path or any(e.is_folder for e in entries if e.name == path.name)
            )
        return found

    async def upload(
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
        """Upload files and folders into the open stage; ``put`` under its older name.

        Args:
            local_path: A file, a folder, or several.
            remote_path: Where to; empty, a file keeps its name in the root, and a
                folder's contents go there.
            recursive: Take folders, too.
            enable_multipart: In parts from ``chunk_size`` bytes on.
            multipart_threshold: In parts from so many bytes on.
            chunk_size: Bytes of a part, 5 MiB at least.
            max_parallel_uploads: Requests for bytes at a time.
            callback: As for ``put``.
            maxdepth: As for ``put``.
            on_error: As for ``put``.

        Raises:
            HyphaError: As for ``put``.
        """
        config: MultipartConfig = {"enable": enable_multipart}
        if multipart_threshold is not None:
            config["threshold"] = multipart_threshold
        if chunk_size is not None:
            config["chunk_size"] = chunk_size
        if max_parallel_uploads is not None:
            config["max_parallel_uploads"] = max_parallel_uploads
        many = not isinstance(local_path, str | os.PathLike)
        local = [os.fspath(each) for each in _listed(local_path)]
        target = remote_path or "/"
        await self.put(
            local if many else local[0],
            [_joined(target, each) for each in local] if many else target,
            callback,
            maxdepth,
            on_error,
            recursive=recursive,
            multipart_config=config,
        )

    async def download(
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
        """Download files and folders; ``get`` with a target that is a folder.

        Args:
            remote_path: A file, a folder, or several.
            local_path: Where to.
            recursive: Take folders, too.
            version: As for ``get``.
            callback: As for ``get``.
            maxdepth: As for ``get``.
            on_error: As for ``get``.

        Raises:
            HyphaError: As for ``get``.
        """
        many = not isinstance(remote_path, str)
        remote = [remote_path] if isinstance(remote_path, str) else list(remote_path)
        local = os.fspath(local_path)
        await self.get(
            remote if many else remote[0],
            [_joined(f"{local}/", each) for each in remote] if many else local,
            callback,
            maxdepth,
            on_error,
            version,
            recursive=recursive,
        )


Pair: TypeAlias = tuple[str, str | None]


def _listed(paths: LocalPath | Sequence[LocalPath]) -> list[str]:
    if isinstance(paths, str | os.PathLike):
        return [os.fspath(paths)]
    return [os.fspath(path) for path in paths]


def _pairs(
    sources: LocalPath | Sequence[LocalPath],
    targets: LocalPath | Sequence[LocalPath] | None,
) -> list[Pair]:
    """Put each source together with its target.

    Raises:
        TypeError: One is a list and the other is not.
        InvalidInput: They are not equally many.
    """
    one = isinstance(sources, str | os.PathLike)
    if targets is not None and one != isinstance(targets, str | os.PathLike):
        raise TypeError("Give one path and one target, or a list of each.")
    first = _listed(sources)
    second = [None] * len(first) if targets is None else _listed(targets)
    if len(first) != len(second):
        raise InvalidInput(
            f"{len(first)} paths do not pair with {len(second)} targets."
        )
    return list(zip(first, second, strict=True))


def _refuse_folders(pairs: list[Pair], folders: list[bool], *, recursive: bool) -> None:
    for (source, _), folder in zip(pairs, folders, strict=True):
        if folder and not recursive:
            raise IsFolder(f"'{printable(source)}' is a folder.")


def _refuse_twice(names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InvalidInput(f"Two sources would go to '{printable(name)}'.")
        seen.add(name)


def _which_are_folders(paths: Sequence[Path]) -> list[bool]:
    return [path.is_dir() for path in paths]


def _remote_name(local: str, remote: str | None, folder: bool) -> str:  # noqa: FBT001
    """Say where a file, or a folder's contents, go in the artifact."""
    last = Path(os.path.abspath(local)).name  # noqa: PTH100 - resolve() follows links
    if remote is None:
        plain = PurePosixPath(local)
        usable = not plain.is_absolute() and ".." not in plain.parts
        return RemotePath(local if usable else last)
    into = not folder and (remote.endswith("/") or not RemotePath(remote))
    return RemotePath(f"{remote}/{last}" if into else remote)


def _local_targets(pairs: list[Pair], folders: list[bool]) -> tuple[Path, ...]:
    """Say where each source goes on the disk. Blocks."""
    return tuple(
        _local_target(remote, local, folder)
        for (remote, local), folder in zip(pairs, folders, strict=True)
    )


def _local_target(remote: str, local: str | None, folder: bool) -> Path:  # noqa: FBT001
    path = RemotePath(remote)
    target = Path(path or ".") if local is None else Path(local).expanduser()
    into = local is not None and (local.endswith(("/", os.sep)) or target.is_dir())
    if into and not folder:
        target /= path.name
    return Path(os.path.abspath(target))  # noqa: PTH100 - resolve() follows links


def _joined(folder: str, path: str) -> str:
    return f"{folder.rstrip('/')}/{PurePosixPath(path).name}"


class _Parts(TypedDict, total=False):
    multipart_above: int
    part_size: int


def _parts(config: MultipartConfig | None) -> _Parts:
    """Turn the caller's wishes into the engine's.

    Raises:
        InvalidInput: The parts would be too short for S3.
    """
    given = config or {}
    found: _Parts = {}
    size = given.get("chunk_size")
    if size is not None and size < LEAST_PART:
        raise InvalidInput(
            f"chunk_size is {size:,} bytes; S3 takes no part under {LEAST_PART:,}."
        )
    if size is not None:
        found["part_size"] = size
    if given.get("enable"):
        found["multipart_above"] = (size or LEAST_PART) - 1
    threshold = given.get("threshold")
    if threshold is not None:
        found["multipart_above"] = min(MOST_WHOLE, max(threshold, size or 0) - 1)
    return found
