"""The half of the file system that changes the stage."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from tempfile import TemporaryDirectory

from fsspec.asyn import sync
from fsspec.callbacks import DEFAULT_CALLBACK, Callback
from typing_extensions import override

from hypha_artifact import staging
from hypha_artifact.artifact.browsing import KEEP
from hypha_artifact.errors import (
    AlreadyExists,
    FolderNotEmpty,
    IsFolder,
    NotFolder,
    NotFound,
)
from hypha_artifact.fsspec.access import Copy, Outgoing
from hypha_artifact.fsspec.address import Address
from hypha_artifact.fsspec.reading import Reading, telling
from hypha_artifact.paths import RemotePath, printable

_is_bulk: ContextVar[bool] = ContextVar("is_bulk", default=False)
"""Whether files are moved in bulk: their folders come to be by them alone."""


@contextmanager
def _bulk() -> Generator[None]:
    before = _is_bulk.set(True)
    try:
        yield
    finally:
        _is_bulk.reset(before)


class Writing(Reading):
    """Uploads, copies, removals and folders: all of it goes into the stage."""

    @override
    async def _pipe_file(
        self, path: str, value: bytes, mode: str = "overwrite", **kwargs: object
    ) -> None:
        """Write a file.

        Raises:
            AlreadyExists: It is there, and ``mode`` is ``"create"``.
            NotStaged: No stage is open.
        """
        await self._send(path, bytes(value), mode)

    @override
    async def _put_file(
        self,
        lpath: str,
        rpath: str,
        mode: str = "overwrite",
        callback: Callback = DEFAULT_CALLBACK,
        **kwargs: object,
    ) -> None:
        """Upload a local file.

        Raises:
            AlreadyExists: The target is there, and ``mode`` is ``"create"``.
            NotStaged: No stage is open.
        """
        if os.path.isdir(lpath):  # noqa: PTH112, ASYNC240 - as fsspec asks itself
            await self._makedirs(rpath, exist_ok=True)
            return
        await self._send(rpath, Path(lpath), mode, callback)

    async def _send(
        self,
        path: str,
        source: Path | bytes,
        mode: str = "overwrite",
        callback: Callback = DEFAULT_CALLBACK,
    ) -> None:
        if mode == "create":
            await self._refuse_existing(path)
        address = Address.parse(self._strip_protocol(path))
        file = Outgoing(path=address.file, source=source, progress=telling(callback))
        try:
            await self._access(address).send(file)
        finally:
            self.invalidate_cache(path)

    async def _refuse_existing(self, path: str) -> None:
        if await self._exists(path):
            raise AlreadyExists(f"'{printable(path)}' is there already.")

    @override
    async def _put(
        self,
        lpath: str | list[str],
        rpath: str | list[str],
        *args: object,
        **kwargs: object,
    ) -> object:
        with _bulk():
            return await super()._put(lpath, rpath, *args, **kwargs)

    @override
    async def _copy(
        self,
        path1: str | list[str],
        path2: str | list[str],
        *args: object,
        **kwargs: object,
    ) -> None:
        with _bulk():
            await super()._copy(path1, path2, *args, **kwargs)

    @override
    async def _cp_file(self, path1: str, path2: str, **kwargs: object) -> None:
        """Copy a file into the stage; the server cannot, so its bytes come by here.

        Raises:
            NotFound: The source is not there.
            NotStaged: No stage is open.
        """
        info = await self._info(path1)
        if info["type"] == "directory":
            await self._makedirs(path2, exist_ok=True)
            return
        old = Address.parse(info["name"])
        new = Address.parse(self._strip_protocol(path2))
        try:
            if old.artifact == new.artifact:
                copy = Copy(source=old.file, target=new.file, size=info["size"])
                await self._access(old).copy(copy)
            else:
                await self._carry(path1, path2)
        finally:
            self.invalidate_cache(path2)

    async def _carry(self, path1: str, path2: str) -> None:
        with TemporaryDirectory(prefix="hypha-") as folder:
            between = str(Path(folder) / "file")
            await self._get_file(path1, between)
            await self._put_file(between, path2)

    # Removing.

    @override
    async def _rm(
        self,
        path: str | list[str],
        recursive: bool = False,
        batch_size: int | None = None,
        maxdepth: int | None = None,
        **kwargs: object,
    ) -> None:
        """Stage the removal of files; with ``recursive`` also of what folders hold.

        An artifact or a workspace itself is never removed. All is checked before the
        first file is touched.

        Raises:
            NotFound: One of them is not there.
            IsFolder: One of them is a folder, and ``recursive`` is not set.
            WouldLoseData: The server would destroy a committed file.
        """
        found = await self._expand_path(path, recursive=recursive, maxdepth=maxdepth)
        files: dict[str, list[RemotePath]] = {}
        for name in found:
            for file in await self._held(name, recursive, whole=maxdepth is None):
                address = Address.parse(file)
                files.setdefault(str(address.artifact), []).append(address.file)
        try:
            for artifact, paths in files.items():
                access = self._access(Address.parse(artifact))
                await access.remove(list(dict.fromkeys(paths)))
        finally:
            for name in found:
                self.invalidate_cache(name)

    async def _held(self, name: str, recursive: bool, *, whole: bool) -> list[str]:
        """Return the file, or what holds a folder that is to go."""
        if (await self._info(name))["type"] == "file":
            return [name]
        if not recursive:
            raise IsFolder(f"'{printable(name)}' is a folder.")
        keep = f"{name}/{KEEP}"
        entries = await self._entries(name) if whole else []
        return [keep] if any(each["name"] == keep for each in entries) else []

    @override
    async def _rm_file(self, path: str, **kwargs: object) -> None:
        await self._rm(path)

    # Folders.

    @override
    async def _mkdir(
        self, path: str, create_parents: bool = True, **kwargs: object
    ) -> None:
        """Make a folder: an empty file ``.keep``, which no listing shows, holds it.

        Raises:
            AlreadyExists: It is there.
            NotFound: Its parent is not there, and is not to be made.
            NotFolder: Its parent is a file.
        """
        path = self._strip_protocol(path)
        await self._refuse_existing(path)
        await self._check_parents(path, create_parents)
        await self._send(f"{path}/{KEEP}", b"")

    async def _check_parents(self, path: str, create: bool) -> None:
        parent = self._parent(path)
        try:
            info = await self._info(parent)
        except NotFound:
            if not create or not Address.parse(parent).path:
                raise
            await self._check_parents(parent, create)
            return
        if info["type"] == "file":
            raise NotFolder(f"'{printable(parent)}' is a file.")

    @override
    async def _makedirs(self, path: str, exist_ok: bool = False) -> None:
        """Make a folder and those above it.

        Raises:
            AlreadyExists: It is there and must not be, or is a file.
        """
        if _is_bulk.get():
            return
        if exist_ok and await self._isdir(path):
            return
        await self._mkdir(path)

    async def _rmdir(self, path: str) -> None:
        """Remove a folder that holds nothing.

        Raises:
            NotFound: It is not there.
            NotFolder: It is a file.
            FolderNotEmpty: It holds something.
        """
        path = self._strip_protocol(path)
        address = Address.parse(path)
        if (await self._info(path))["type"] == "file":
            raise NotFolder(f"'{printable(path)}' is a file.")
        if await self._ls(path, detail=False):
            raise FolderNotEmpty(f"'{printable(path)}' is not empty.")
        if await self._entries(path):
            await self._access(address).remove([address.file / KEEP])
        self.invalidate_cache(path)

    @override
    def rmdir(self, path: str) -> None:
        """Remove a folder that holds nothing."""
        sync(self.loop, self._rmdir, path)

    # The stage.

    async def _commit(
        self, path: str, comment: str | None = None, version: str | None = None
    ) -> None:
        """Check an artifact's stage, then make it final.

        Args:
            path: The artifact, or anything in it.
            comment: The version's message.
            version: The new version's name; None takes the next number.

        Raises:
            NotStaged: No stage is open.
            CommitBlocked: It would fail, or damage an older version.
        """
        address = Address.parse(self._strip_protocol(path))
        remote = self._access(address).remote
        await staging.commit(remote, comment=comment, version=version)
        self.invalidate_cache(str(address.artifact))

    def commit(
        self, path: str, comment: str | None = None, version: str | None = None
    ) -> None:
        """Check an artifact's stage, then make it final; as ``_commit``."""
        sync(self.loop, self._commit, path, comment, version)

    async def _discard(self, path: str) -> None:
        """Throw an artifact's stage away.

        Raises:
            NotStaged: No stage is open.
        """
        address = Address.parse(self._strip_protocol(path))
        await self._access(address).remote.discard()
        self.invalidate_cache(str(address.artifact))

    def discard(self, path: str) -> None:
        """Throw an artifact's stage away."""
        sync(self.loop, self._discard, path)
