"""The verbs that change files in the stage: remove, copy, move, make folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio

from hypha_artifact import staging
from hypha_artifact.artifact.browsing import KEEP
from hypha_artifact.artifact.reading import Reading
from hypha_artifact.classes import OnError
from hypha_artifact.errors import (
    AlreadyExists,
    FolderNotEmpty,
    InvalidInput,
    IsFolder,
    NotFolder,
    NotFound,
)
from hypha_artifact.models import Entry, StageMode
from hypha_artifact.paths import RemotePath
from hypha_artifact.record import STAGE
from hypha_artifact.transfer.state import CarryRequest


class Changing(Reading):
    """What is in the stage, changed without a local file. All need an open stage."""

    async def rm(
        self,
        path: str | Sequence[str],
        maxdepth: int | None = None,
        *,
        recursive: bool = False,
    ) -> None:
        """Stage the removal of files, or of all files in a folder.

        In place, a committed file is marked, and goes at the commit; what was only
        staged goes at once. All paths are checked before the first one is touched.

        Args:
            path: A file, a folder, or several.
            maxdepth: Levels of folders to remove from; 1 for a folder's own files.
            recursive: Needed for a folder.

        Raises:
            NotStaged: No stage is open.
            NotFound: There is no such file.
            IsFolder: It is a folder, and ``recursive`` is not set.
            WouldLoseData: The server would destroy a committed file; nothing is done.
        """
        paths = [path] if isinstance(path, str) else path
        await self._stage_mode()
        found: dict[RemotePath, None] = {}
        for each in paths:
            found |= dict.fromkeys(await self._files_of(each, maxdepth, recursive))
        await staging.remove(self.remote, list(found))

    async def _files_of(
        self,
        path: str,
        maxdepth: int | None,
        recursive: bool,  # noqa: FBT001
    ) -> list[RemotePath]:
        """Return the staged files that a path stands for."""
        name = RemotePath(path)
        entry = await self._staged_entry(name)
        if not entry.is_folder:
            return [name]
        if not recursive:
            raise IsFolder(f"'{name}' is a folder.")
        below = self._found(name, maxdepth, STAGE)
        return [found async for found, entry in below if not entry.is_folder]

    async def _staged_entry(self, path: RemotePath) -> Entry:
        """Find a path in the stage; one that is only committed is an error of its own.

        ``staging.remove`` says what removing it would do.
        """
        try:
            return await self.remote.stat(path, version=STAGE)
        except NotFound:
            return await self.remote.stat(path)

    async def rm_file(self, path: str) -> None:
        """Stage the removal of one file; as ``rm``."""
        await self.rm(path)

    async def rmdir(self, path: str) -> None:
        """Remove an empty folder.

        Raises:
            NotFound: There is none.
            NotFolder: It is a file.
            FolderNotEmpty: It is not empty.
        """
        name = RemotePath(path)
        await self._stage_mode()
        if not (await self.remote.stat(name, version=STAGE)).is_folder:
            raise NotFolder(f"'{name}' is a file.")
        entries = await self.remote.list_folder(name, version=STAGE)
        if any(entry.name != KEEP for entry in entries):
            raise FolderNotEmpty(f"'{name}' is not empty.")
        if entries:
            await staging.remove(self.remote, [name / KEEP])

    async def mkdir(self, path: str, *, create_parents: bool = True) -> None:
        """Make a folder, held by an empty ``.keep`` file; one that is there stays.

        Args:
            path: The folder.
            create_parents: Whether the folders above it may be missing.

        Raises:
            NotStaged: No stage is open.
            NotFound: The folder above it is missing, and may not be.
            NotFolder: One of the folders above it is a file.
            AlreadyExists: It is a file itself.
        """
        name = RemotePath(path)
        await self._stage_mode()
        there = await self._entry(name, STAGE)
        if there is not None and not there.is_folder:
            raise AlreadyExists(f"'{name}' is a file.")
        if there is not None:
            return
        if not create_parents:
            await self.remote.stat(name.parent, version=STAGE)
        await self._send_bytes(name / KEEP, b"")

    async def makedirs(self, path: str, *, exist_ok: bool = True) -> None:
        """Make a folder and those above it; raises as ``mkdir`` does.

        Args:
            path: The folder.
            exist_ok: Whether it may be there already.

        Raises:
            AlreadyExists: It is there already, and may not be.
        """
        if not exist_ok and await self._entry(path, STAGE) is not None:
            raise AlreadyExists(f"'{RemotePath(path)}' is there already.")
        await self.mkdir(path)

    async def touch(self, path: str, *, truncate: bool = True) -> None:
        """Make an empty file.

        Args:
            path: The file.
            truncate: Empty a file that is there; False leaves it as it is.

        Raises:
            NotStaged: No stage is open.
            IsFolder: It is a folder.
        """
        name = RemotePath(path)
        await self._stage_mode()
        there = await self._entry(name, STAGE)
        if there is not None and there.is_folder:
            raise IsFolder(f"'{name}' is a folder.")
        if there is None or truncate:
            await self._send_bytes(name, b"")

    async def _send_bytes(self, path: RemotePath, data: bytes) -> None:
        with TemporaryDirectory(prefix="hypha-") as folder:
            local = anyio.Path(folder) / "bytes"
            await local.write_bytes(data)
            await self._send(Path(local), remote=path)

    # Copies. The server has none of its own: the bytes come here and go back.

    async def copy(
        self,
        path1: str,
        path2: str,
        maxdepth: int | None = None,
        on_error: OnError | None = "raise",
        version: str | None = None,
        *,
        recursive: bool = False,
    ) -> None:
        """Copy a file, or a folder's contents, within the artifact.

        Args:
            path1: What to copy; taken from the stage, else from the latest version.
            path2: Its new path; with a trailing slash, the folder to put it into.
            maxdepth: Levels of folders to copy; 1 for a folder's own files.
            on_error: ``"ignore"`` leaves out what cannot be copied.
            version: Which version to copy from.
            recursive: Needed for a folder.

        Raises:
            NotStaged: No stage is open.
            NotFound: There is nothing to copy.
            IsFolder: It is a folder, and ``recursive`` is not set.
            TransferFailed: Some files were not copied.
        """
        await self._copy(path1, path2, maxdepth, on_error, version, recursive=recursive)

    async def cp(
        self,
        path1: str,
        path2: str,
        on_error: OnError | None = None,
        maxdepth: int | None = None,
        version: str | None = None,
        *,
        recursive: bool = False,
    ) -> None:
        """Copy; as ``copy``, with its arguments in another order."""
        await self._copy(path1, path2, maxdepth, on_error, version, recursive=recursive)

    async def _copy(
        self,
        path1: str,
        path2: str,
        maxdepth: int | None,
        on_error: OnError | None,
        version: str | None,
        *,
        recursive: bool,
    ) -> list[RemotePath]:
        """Copy, and return what was copied."""
        mode = await self._stage_mode()
        source, chosen = await self._source(path1, version)
        if source.is_folder and not recursive:
            raise IsFolder(f"'{RemotePath(path1)}' is a folder.")
        pairs = await self._copies(path1, path2, maxdepth, chosen, source)
        if any(old == new for old, new in pairs.items()) and chosen == STAGE:
            raise InvalidInput(f"'{path1}' and '{path2}' are the same.")
        request = CarryRequest(
            artifact=self.id,
            version=chosen or await self._latest(),
            paths=tuple(pairs),
            targets=tuple(pairs.values()),
            mode=mode,
        )
        await self._run(request, None, on_error)
        return list(pairs)

    async def _source(self, path: str, version: str | None) -> tuple[Entry, str | None]:
        name = RemotePath(path)
        if version is not None:
            return await self.remote.stat(name, version=version), version
        staged = await self._entry(name, STAGE)
        if staged is not None:
            return staged, STAGE
        return await self.remote.stat(name), None

    async def _latest(self) -> str:
        latest = (await self.remote.read()).latest
        return latest.version if latest else STAGE

    async def _copies(
        self,
        path1: str,
        path2: str,
        maxdepth: int | None,
        version: str | None,
        source: Entry,
    ) -> dict[RemotePath, RemotePath]:
        old, new = RemotePath(path1), RemotePath(path2)
        if not source.is_folder:
            into = path2.endswith("/") or not new
            return {old: new / old.name if into else new}
        if new.is_under(old) and version == STAGE:
            raise InvalidInput(f"'{new}' is in '{old}': it cannot be copied there.")
        below = self._found(path1, maxdepth, version)
        return {
            name: new / name.relative_to(old)
            async for name, entry in below
            if not entry.is_folder
        }

    async def move(
        self,
        path1: str,
        path2: str,
        maxdepth: int | None = None,
        *,
        recursive: bool = False,
    ) -> None:
        """Move a file, or a folder's contents: copy it, then remove it.

        What is only in an older version stays there: a new version leaves it out.

        Args:
            path1: What to move.
            path2: Its new path; with a trailing slash, the folder to put it into.
            maxdepth: Levels of folders to move.
            recursive: Needed for a folder.

        Raises:
            NotStaged: No stage is open.
            NotFound: There is nothing to move.
            IsFolder: It is a folder, and ``recursive`` is not set.
            WouldLoseData: The server would destroy a committed file; nothing is done.
        """
        mode = await self._stage_mode()
        _, chosen = await self._source(path1, None)
        paths = await self._files_of(path1, maxdepth, recursive)
        removable = chosen == STAGE or mode is not StageMode.NEW_VERSION
        if removable:
            staging.check_removal(paths, await staging.read_stage(self.remote))
        await self._copy(path1, path2, maxdepth, "raise", None, recursive=recursive)
        if removable:
            await staging.remove(self.remote, paths)

    async def mv(
        self,
        path1: str,
        path2: str,
        maxdepth: int | None = None,
        *,
        recursive: bool = False,
    ) -> None:
        """Move; as ``move``."""
        await self.move(path1, path2, maxdepth, recursive=recursive)
