"""One artifact, as the file system reads and changes it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio.to_thread
from msgspec import Struct

from hypha_artifact import staging
from hypha_artifact.errors import (
    ArtifactNotFound,
    HyphaError,
    LinkExpired,
    NotFound,
    NotStaged,
    VersionNotFound,
)
from hypha_artifact.fsspec.batching import Batch
from hypha_artifact.fsspec.moving import Progress, move
from hypha_artifact.models import Entry, StageMode, StageState
from hypha_artifact.paths import ArtifactId, RemotePath, printable
from hypha_artifact.record import STAGE
from hypha_artifact.remote import RemoteArtifact
from hypha_artifact.store import Link
from hypha_artifact.streaming import RemoteBytes
from hypha_artifact.transfer.guard import guard
from hypha_artifact.transfer.items import Existing, PlanItem
from hypha_artifact.transfer.plans import TransferPlan
from hypha_artifact.transfer.state import CarryRequest, DownloadRequest, UploadRequest

LINKS_AT_ONCE = 200
LINK_KEPT = 60.0
"""Seconds in which a file is read again by the same link."""


class Outgoing(Struct, frozen=True, kw_only=True):
    """A file to send: from the disk, or the bytes themselves."""

    path: RemotePath
    source: Path | bytes
    progress: Progress | None = None


class Incoming(Struct, frozen=True, kw_only=True):
    """A file to fetch. Size in bytes and time in epoch seconds are as listed."""

    path: RemotePath
    target: Path
    size: int
    modified: float | None
    progress: Progress | None = None


class Copy(Struct, frozen=True, kw_only=True):
    """A file to copy within the artifact. ``size`` in bytes, as listed."""

    source: RemotePath
    target: RemotePath
    size: int


class Access:
    """One artifact, bound to the event loop of its connection.

    Args:
        remote: The artifact.
        view: The version to read: a name, None for the latest, or ``"stage"``.
        mode: The kind of stage to open where there is none.
        opened: Called with the artifact's name when its stage was opened here.
    """

    def __init__(
        self,
        remote: RemoteArtifact,
        *,
        view: str | None,
        mode: StageMode | None,
        opened: Callable[[ArtifactId], None],
    ) -> None:
        self.remote = remote
        self.view = view
        self._mode = mode
        self._opened = opened
        self._links: dict[RemotePath, tuple[Link, float]] = {}
        self._folders = Batch(self._list_all)
        self._signing = Batch(self._sign_all)
        self._sending = Batch[Outgoing, None](self._send_all)
        self._fetching = Batch[Incoming, None](self._fetch_all)
        self._copying = Batch[Copy, None](self._copy_all)

    # Reading.

    async def folder(self, folder: RemotePath) -> tuple[Entry, ...]:
        """List a folder; one that does not exist is empty."""
        return await self._folders.ask(folder)

    async def _list_all(
        self, folders: Sequence[RemotePath]
    ) -> list[tuple[Entry, ...] | Exception]:
        wanted = list(dict.fromkeys(folders))
        found = await asyncio.gather(
            *(self.remote.list_folder(each, version=self.view) for each in wanted),
            return_exceptions=True,
        )
        answers = dict(zip(wanted, found, strict=True))
        return [_raised(answers[folder]) for folder in folders]

    async def read(
        self, path: RemotePath, start: int = 0, stop: int | None = None
    ) -> bytes:
        """Return bytes ``start`` up to, not including, ``stop`` of a file.

        Raises:
            NotFound: There is no such file.
        """
        link, is_kept = await self._link(path)
        try:
            return await self._read(path, link, start, stop)
        except (LinkExpired, NotFound) as error:
            self._links.pop(path, None)
            if isinstance(error, NotFound) and not is_kept:
                raise
        return await self._read(path, None, start, stop)

    async def _read(
        self, path: RemotePath, link: Link | None, start: int, stop: int | None
    ) -> bytes:
        source = RemoteBytes(self.remote, path, version=self.view, link=link)
        return await source.read(start, stop)

    def source(self, path: RemotePath) -> RemoteBytes:
        """Return a file's bytes, to be read in many ranges."""
        return RemoteBytes(self.remote, path, version=self.view)

    def forget_links(self) -> None:
        """Sign every link anew from now on."""
        self._links.clear()

    async def _link(self, path: RemotePath) -> tuple[Link, bool]:
        link, until = self._links.get(path, (None, 0.0))
        if link is not None and time.monotonic() < until:
            return link, True
        return await self.sign(path), False

    async def sign(self, path: RemotePath) -> Link:
        """Sign a link to read a file.

        Raises:
            NotFound: There is no such file.
        """
        link = await self._signing.ask(path)
        self._links[path] = (link, time.monotonic() + LINK_KEPT)
        return link

    async def _sign_all(self, paths: Sequence[RemotePath]) -> list[Link | Exception]:
        wanted = list(dict.fromkeys(paths))
        found: dict[RemotePath, Link | Exception] = {}
        for at in range(0, len(wanted), LINKS_AT_ONCE):
            found |= await self._sign(wanted[at : at + LINKS_AT_ONCE])
        return [found[path] for path in paths]

    async def _sign(
        self, paths: Sequence[RemotePath]
    ) -> dict[RemotePath, Link | Exception]:
        try:
            return dict(await self.remote.sign_downloads(paths, version=self.view))
        except (ArtifactNotFound, VersionNotFound):
            raise
        except NotFound as error:
            if len(paths) == 1:
                return {paths[0]: error}
        # One that is missing fails them all: see which ones are there.
        there = await self._present(paths)
        found: dict[RemotePath, Link | Exception] = {
            path: self._missing(path) for path in paths if path not in there
        }
        if len(there) < len(paths):
            return found | (await self._sign(there) if there else {})
        half = len(paths) // 2
        return await self._sign(paths[:half]) | await self._sign(paths[half:])

    async def _present(self, paths: Sequence[RemotePath]) -> list[RemotePath]:
        folders = list(dict.fromkeys(path.parent for path in paths))
        listed = await asyncio.gather(*map(self.folder, folders))
        files = {
            f"{folder}/{entry.name}".lstrip("/")
            for folder, entries in zip(folders, listed, strict=True)
            for entry in entries
            if not entry.is_folder
        }
        return [path for path in paths if path in files]

    def _missing(self, path: RemotePath) -> NotFound:
        shown = printable(path)
        return NotFound(f"'{shown}' is not in {self.remote.id}.", status=404)

    async def fetch(self, file: Incoming) -> None:
        """Download a file to the disk, through a temporary file beside it."""
        await self._fetching.ask(file)

    async def _fetch_all(self, files: Sequence[Incoming]) -> list[Exception | None]:
        request = DownloadRequest(
            sources=(), artifact=self.remote.id, folder=Path("/"), version=self.view
        )
        items = tuple(
            PlanItem(
                local=file.target,
                remote=file.path,
                size=file.size,
                modified=file.modified,
                existing=Existing(size=None, modified=None),
                root=file.target.parent,
            )
            for file in files
        )
        plan = TransferPlan(request=request, items=items)
        return await move(self.remote, plan, [file.progress for file in files])

    # Changing.

    async def check_stage(self) -> None:
        """See that something can be written, before it is.

        Raises:
            NotStaged: No stage is open, and none would be opened.
        """
        if self._mode is None:
            await self.open_stage()

    async def open_stage(self) -> StageMode:
        """Join the open stage, or open one if the file system was told to.

        Raises:
            NotStaged: None is open, and the file system was not told to open one.
            StageConflict: One of the other kind is open.
        """
        artifact = await self.remote.read(version=STAGE)
        mode = artifact.stage_mode
        if mode is None and self._mode is None:
            raise NotStaged(
                f"{self.remote.id} has no open stage.",
                hint='Open one first, or give the storage option stage="in_place" or '
                'stage="new_version".',
            )
        if self._mode is None or mode is self._mode:
            return mode or StageMode.IN_PLACE
        opened = await self.remote.open_stage(self._mode)
        if mode is None:
            self._opened(self.remote.id)
        return opened.stage_mode or self._mode

    async def send(self, file: Outgoing) -> None:
        """Upload a file into the stage."""
        await self._sending.ask(file)

    async def _send_all(self, files: Sequence[Outgoing]) -> list[Exception | None]:
        request = UploadRequest(
            sources=(),
            artifact=self.remote.id,
            folder=RemotePath(),
            mode=await self.open_stage(),
        )
        with TemporaryDirectory(prefix="hypha-") as folder:
            found = await anyio.to_thread.run_sync(_on_disk, files, Path(folder))
            ready = [
                (number, item)
                for number, item in enumerate(found)
                if isinstance(item, PlanItem)
            ]
            plan = TransferPlan(request=request, items=tuple(i for _, i in ready))
            told = [files[number].progress for number, _ in ready]
            results = await move(self.remote, plan, told)
        self.forget_links()
        answers: list[Exception | None] = [
            item if isinstance(item, Exception) else None for item in found
        ]
        for (number, _), result in zip(ready, results, strict=True):
            answers[number] = result
        return answers

    async def copy(self, file: Copy) -> None:
        """Copy a file within the artifact, into its stage."""
        await self._copying.ask(file)

    async def _copy_all(self, files: Sequence[Copy]) -> list[Exception | None]:
        request = CarryRequest(
            artifact=self.remote.id,
            version=self.view or await self._latest(),
            paths=tuple(file.source for file in files),
            targets=tuple(file.target for file in files),
            mode=await self.open_stage(),
        )
        items = tuple(
            PlanItem(local=Path(file.source), remote=file.target, size=file.size)
            for file in files
        )
        plan = TransferPlan(request=request, items=items)
        results = await move(self.remote, plan, [None] * len(items))
        self.forget_links()
        return results

    async def _latest(self) -> str:
        latest = (await self.remote.read()).latest
        return latest.version if latest else STAGE

    async def remove(self, paths: Sequence[RemotePath]) -> None:
        """Stage the removal of files.

        Raises:
            WouldLoseData: The server would destroy a committed file; nothing is done.
        """
        artifact = await self.remote.read(version=STAGE)
        if not artifact.is_staged and self._mode is StageMode.NEW_VERSION:
            # What is not in the new version yet cannot be removed from it.
            state = StageState(artifact=artifact, mode=self._mode)
            staging.check_removal(paths, state)
        await self.open_stage()
        await staging.remove(self.remote, paths)
        self.forget_links()


def _raised(
    found: tuple[Entry, ...] | BaseException,
) -> tuple[Entry, ...] | Exception:
    if isinstance(found, BaseException) and not isinstance(found, Exception):
        raise found
    return found


def _on_disk(files: Sequence[Outgoing], folder: Path) -> list[PlanItem | Exception]:
    """Find each file on the disk, and put there what is not. Blocks."""
    return [_one(file, folder / str(number)) for number, file in enumerate(files)]


def _one(file: Outgoing, spare: Path) -> PlanItem | Exception:
    try:
        local = file.source
        if isinstance(local, bytes):
            with guard(spare, "write"):
                spare.write_bytes(local)
            local = spare
        with guard(local, "read"):
            info = local.stat()
    except HyphaError as error:
        return error
    return PlanItem(
        local=local, remote=file.path, size=info.st_size, modified=info.st_mtime
    )
