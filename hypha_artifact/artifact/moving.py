"""The verbs that move bytes between this machine and the artifact."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import anyio

from hypha_artifact.artifact.batches import IfExists, compares
from hypha_artifact.artifact.events import Callback
from hypha_artifact.artifact.items import checked_depth
from hypha_artifact.artifact.planning import Planning
from hypha_artifact.artifact.requests import (
    LocalPath,
    Scheduler,
    get_request,
    listed,
    put_request,
    stage_mode,
)
from hypha_artifact.classes import LinkRule, MultipartConfig, OnError
from hypha_artifact.errors import InvalidInput
from hypha_artifact.models import StageMode
from hypha_artifact.paths import RemotePath
from hypha_artifact.transfer.engine import WORKERS
from hypha_artifact.transfer.state import (
    JobState,
    JobView,
    UploadRequest,
)


class Moving(Planning):
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
        if_exists: IfExists = "overwrite",
        links: LinkRule = "files",
        scheduler: Scheduler | None = None,
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
            if_exists: What to do with files that are in the stage, or in place of
                them live: ``"overwrite"``, ``"skip"``, ``"newer"`` (overwrite what is
                older), ``"size"`` and ``"content"`` (what has another one),
                ``"rename"`` (keep both); or a function that is given a
                ``PlanItem`` and returns an ``Overwrite``, called in a thread.
            links: Symbolic links in folders: follow those to ``"files"``,
                ``"follow"`` all, or ``"skip"`` all.
            scheduler: A Dask cluster whose workers move the bytes instead of this
                machine: its scheduler's address, or a client of it. They must see the
                same files under the same paths (docs/guides/cluster.md).

        Raises:
            NotStaged: No stage is open.
            IsFolder: It is a folder, and ``recursive`` is not set.
            FileNotFoundError: A local file is not there.
            InvalidInput: Two files would go to one name, or the paths do not pair.
            TransferFailed: Some files did not arrive; the others did.
            ClusterError: The cluster cannot be used.
        """
        _ = batch_size
        if isinstance(lpath, bytes):
            await self._put_bytes(lpath, rpath, callback)
            return
        request = await put_request(
            lpath,
            rpath,
            remote=self.remote,
            maxdepth=checked_depth(maxdepth),
            recursive=recursive,
            config=multipart_config,
            links=links,
            compare=compares(if_exists),
        )
        workers = (multipart_config or {}).get("max_parallel_uploads", WORKERS)
        await self._run(
            request,
            callback,
            on_error,
            workers=workers,
            if_exists=if_exists,
            scheduler=scheduler,
        )

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
        return await stage_mode(self.remote)

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
        if_exists: IfExists = "overwrite",
        scheduler: Scheduler | None = None,
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
            if_exists: What to do with local files that are there, as for ``put``.
            scheduler: A Dask cluster, as for ``put``.

        Raises:
            NotFound: It is not in the artifact.
            IsFolder: It is a folder, and ``recursive`` is not set.
            LocalFileError: A local target cannot be written.
            InvalidInput: Two files would go to one name, or the paths do not pair.
            TransferFailed: Some files did not arrive; the others did.
            ClusterError: The cluster cannot be used.
        """
        request = await get_request(
            rpath,
            lpath,
            remote=self.remote,
            version=version,
            maxdepth=checked_depth(maxdepth),
            recursive=recursive,
            lenient=on_error == "ignore",
            compare=compares(if_exists),
        )
        await self._run(
            request, callback, on_error, if_exists=if_exists, scheduler=scheduler
        )

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
        if_exists: IfExists = "overwrite",
        links: LinkRule = "files",
        scheduler: Scheduler | None = None,
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
            if_exists: As for ``put``.
            links: As for ``put``.
            scheduler: As for ``put``.

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
        local = [os.fspath(each) for each in listed(local_path)]
        target = remote_path or "/"
        await self.put(
            local if many else local[0],
            [_joined(target, each) for each in local] if many else target,
            callback,
            maxdepth,
            on_error,
            recursive=recursive,
            multipart_config=config,
            if_exists=if_exists,
            links=links,
            scheduler=scheduler,
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
        if_exists: IfExists = "overwrite",
        scheduler: Scheduler | None = None,
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
            if_exists: As for ``get``.
            scheduler: As for ``get``.

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
            if_exists=if_exists,
            scheduler=scheduler,
        )


def _joined(folder: str, path: str) -> str:
    return f"{folder.rstrip('/')}/{PurePosixPath(path).name}"
