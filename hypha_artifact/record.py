"""One artifact's record, folders and stage on the server.

Calls that touch the staging record are serialised per artifact across all loops and
threads of this process, because the server loses staging entries when they overlap
(verified, Hypha 0.21).
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager
from functools import partial

from anyio.to_thread import run_sync
from msgspec import structs

from hypha_artifact._api import endpoints
from hypha_artifact._api.serial import serial_lock
from hypha_artifact._api.transport import Transport
from hypha_artifact.baseline import Baseline, BaselineStore
from hypha_artifact.errors import NetworkError, NotFound, NotStaged, StageConflict
from hypha_artifact.listings import Cache, Listings
from hypha_artifact.memory import StageMemory, current_memory, stage_memory
from hypha_artifact.models import (
    Artifact,
    Entry,
    EntryKind,
    JsonObject,
    StageEntry,
    StageMode,
)
from hypha_artifact.paths import ROOT, ArtifactId, RemotePath

STAGE = "stage"
"""The version name that stands for the staged view."""

_GLANCE = 1.0
"""Seconds."""


class RemoteRecord:
    """What the server keeps of one artifact.

    Args:
        artifact_id: Its full name.
        transport: An open connection; several artifacts may share it.
        baselines: Where in-place sessions are remembered; by default on disk, in the
            user's state folder.
    """

    def __init__(
        self,
        artifact_id: ArtifactId,
        transport: Transport,
        baselines: BaselineStore | None = None,
    ) -> None:
        self.id = artifact_id
        self._transport = transport
        self._baselines = baselines or BaselineStore()
        self._key = f"{transport.settings.server_url} {artifact_id}"
        self._glanced: tuple[float, Artifact] | None = None

    # The record and the folders.

    async def read(self, *, version: str | None = None) -> Artifact:
        """Read the record (``version="stage"``: with its staging list).

        Of git storage the server tells the stage in another call (Hypha 0.21).

        Raises:
            ArtifactNotFound: There is no such artifact.
            VersionNotFound: It has no such version.
        """
        artifact = await self._transport.call(endpoints.read(self.id, version))
        if not artifact.is_git or version not in {None, STAGE}:
            return artifact
        return _staged_on_branch(
            artifact, await self._transport.call(endpoints.get_status(self.id))
        )

    async def glance(self) -> Artifact:
        """Return the staged record as it was within the last second, or read it.

        For looks that are taken again before anything is changed: one that is a
        moment old saves a call for each step of an upload.

        Raises:
            ArtifactNotFound: There is no such artifact.
        """
        seen = self._recent()
        if seen is None:
            started = time.monotonic()
            seen = await self.read(version=STAGE)
            self._glanced = started, seen
        return seen

    def _recent(self) -> Artifact | None:
        if self._glanced and time.monotonic() - self._glanced[0] < _GLANCE:
            return self._glanced[1]
        return None

    async def list_folder(
        self,
        folder: RemotePath = ROOT,
        *,
        version: str | None = None,
        pending: bool = False,
    ) -> tuple[Entry, ...]:
        """List a folder of any size; folders first, then by name.

        Args:
            folder: The folder; one that does not exist is empty.
            version: A name, None for the latest, or ``"stage"`` while a stage is open.
            pending: Whether announced files without bytes are listed, too.
        """
        call = endpoints.list_files(self.id, folder, version, pending=pending)
        entries = await self._transport.call(call)
        return await run_sync(_ordered, entries)

    async def walk(
        self, folder: RemotePath = ROOT, *, version: str | None = None
    ) -> AsyncIterator[tuple[RemotePath, Entry]]:
        """Yield every file below a folder, with its full path.

        Raises:
            UnsafePath: The server has a name that could leave its folder.
        """
        async for found in self.listings(version).walk(folder):
            yield found

    def listings(
        self, version: str | None = None, cache: Cache | None = None
    ) -> Listings:
        """Return a version's folders, to be listed as they are needed."""
        return Listings(partial(self.list_folder, version=version), cache)

    async def stat(self, path: RemotePath, *, version: str | None = None) -> Entry:
        """Return the entry of a file or folder.

        Raises:
            NotFound: There is none.
        """
        if path == ROOT:
            return Entry(name="", kind=EntryKind.FOLDER)
        for entry in await self.list_folder(path.parent, version=version):
            if entry.name == path.name:
                return entry
        raise NotFound(f"'{path}' is not in {self.id}.", status=404)

    # The staging record: one call at a time.

    def exclusive(self) -> AbstractAsyncContextManager[None]:
        """Hold the artifact's turn for calls that touch its staging record."""
        self._glanced = None
        return serial_lock(self._key).hold()

    async def open_stage(self, mode: StageMode) -> Artifact:
        """Open a stage, or join one of the same kind; git storage has only its own.

        Raises:
            StageConflict: One of the other kind is open; switching it loses files.
            PermissionDenied: This user may not edit.
        """
        artifact = self._recent()
        if artifact is None or artifact.stage_mode is None:
            async with self.exclusive():
                artifact = await self.read(version=STAGE)
                if artifact.stage_mode is None:
                    return await self._open(mode, artifact)
        other = artifact.stage_mode is not mode and not artifact.is_git
        if other and artifact.versions:
            raise StageConflict(
                f"{self.id} has an open stage that goes {artifact.stage_mode.value}, "
                f"not {mode.value}."
            )
        return artifact

    async def _open(self, mode: StageMode, artifact: Artifact) -> Artifact:
        new = mode is StageMode.NEW_VERSION and not artifact.is_git
        fresh = new and bool(artifact.versions)
        opened = await self._edit({}, version="new" if fresh else None)
        await self._baselines.save(self._key, Baseline(opened=opened.last_modified))
        return opened

    async def edit(self, fields: JsonObject) -> Artifact:
        """Stage a change of the record in the open session.

        Args:
            fields: ``manifest``, ``type``, ``config``, ``secrets`` or ``comment``;
                each replaces the old value wholly.

        Raises:
            NotStaged: No stage is open.
        """
        async with self.exclusive():
            before = await self._staged()
            baseline = await self._baselines.load(self._key, before.last_modified)
            after = await self._edit(fields)
            self.memory(before).reopen(after.last_modified)
            await self._baselines.save(
                self._key,
                Baseline(
                    opened=after.last_modified,
                    folders=baseline.folders,
                    foreign=baseline.foreign,
                ),
            )
        return after

    async def _edit(
        self, fields: JsonObject, *, version: str | None = None
    ) -> Artifact:
        call = endpoints.edit(self.id, fields, stage=True, version=version)
        return await self._whole(await self._transport.call(call))

    async def _whole(self, answer: Artifact) -> Artifact:
        """Read a git artifact again: answers to changes leave out branch and stage."""
        return await self.read(version=STAGE) if answer.is_git else answer

    async def edit_at_once(
        self, fields: JsonObject, *, version: str | None = None
    ) -> Artifact:
        """Change the record without a stage; only while none is open.

        Args:
            fields: As for ``edit``.
            version: ``"new"`` makes a new, empty version at once.
        """
        async with self.exclusive():
            call = endpoints.edit(self.id, fields, stage=False, version=version)
            return await self._whole(await self._transport.call(call))

    async def _staged(self) -> Artifact:
        artifact = await self.read(version=STAGE)
        if not artifact.is_staged:
            raise NotStaged(f"{self.id} has no open stage.")
        return artifact

    async def commit(
        self, *, comment: str | None = None, version: str | None = None
    ) -> Artifact:
        """Make the stage final, unchecked: ``staging.commit`` looks first.

        An answer that was lost is looked up; the call is never sent twice.

        Raises:
            NotStaged: No stage is open.
            NetworkError: It is not known yet whether the commit was made.
        """
        async with self.exclusive():
            before = await self._staged()
            call = endpoints.commit(self.id, version, comment or None)
            try:
                return await self._whole(await self._transport.call(call))
            except NetworkError as error:
                return await self._look_up_commit(before, error)

    async def _look_up_commit(self, before: Artifact, lost: NetworkError) -> Artifact:
        after = await self.read(version=STAGE)
        if was_committed(after, versions_to_grow(before)):
            return after
        raise NetworkError(
            f"commit {self.id}: the answer was lost, and it is not committed yet.",
            hint="Refresh before you commit again: the server may be at it still.",
        ) from lost

    async def discard(self) -> Artifact:
        """Throw the stage away.

        Raises:
            NotStaged: No stage is open.
        """
        async with self.exclusive():
            artifact = await self.read(version=STAGE)
            if not artifact.is_git:
                return await self._transport.call(endpoints.discard(self.id))
            await self._staged()
            await self._transport.call(endpoints.discard_changes(self.id))
            return await self.read(version=STAGE)

    async def remove_file(self, path: RemotePath) -> None:
        """Send ``remove_file`` as it is; only while ``exclusive()`` is held.

        It can destroy committed files: go through ``staging`` instead.
        """
        current_memory(self._key).forget(path)
        await self._transport.call(endpoints.remove_file(self.id, path))

    async def clear_pending(self, paths: Iterable[RemotePath]) -> tuple[str, ...]:
        """Take back announcements whose bytes never came.

        A path that has an object, old or new, is left alone.

        Args:
            paths: What was announced.

        Returns:
            The paths that were taken back.
        """
        wanted = set(paths)
        async with self.exclusive():
            artifact = await self.read(version=STAGE)
            staged = {entry.path for entry in artifact.staging or () if entry.path}
            phantoms = await self.pending(artifact, wanted & staged)
            for path in phantoms:
                await self.remove_file(path)
        return phantoms

    async def pending(
        self, artifact: Artifact, paths: Iterable[str]
    ) -> tuple[RemotePath, ...]:
        """Tell which of some staged paths have no bytes; one listing a folder."""
        wanted = {RemotePath(path) for path in paths}
        found: list[RemotePath] = []
        for folder in sorted({path.parent for path in wanted}):
            entries = await self.list_folder(folder, version=STAGE, pending=True)
            here = {path for path in wanted if path.parent == folder}
            if artifact.is_git:  # which lists what has bytes, and nothing else
                absent = here - {
                    folder / entry.name for entry in entries if entry.staged
                }
            else:
                absent = {folder / entry.name for entry in entries if entry.pending}
            found.extend(sorted(here & absent))
        return tuple(found)

    async def recall(self, artifact: Artifact) -> StageMemory:
        """Return what this user's programs have seen of the open session."""
        memory = self.memory(artifact)
        await memory.recall()
        return memory

    def memory(self, artifact: Artifact) -> StageMemory:
        """Return what this process has seen of the open session."""
        return stage_memory(self._key, artifact.last_modified)

    async def baseline(self, artifact: Artifact) -> Baseline:
        """Return what is known of the open in-place session."""
        return await self._baselines.load(self._key, artifact.last_modified)


def _ordered(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    direct = (entry for entry in entries if "/" not in entry.name)
    return tuple(sorted(direct, key=lambda entry: (not entry.is_folder, entry.name)))


def _staged_on_branch(artifact: Artifact, status: endpoints.Status) -> Artifact:
    """Write the stage of git storage as the record of other artifacts has it."""
    if not status.staged:
        return artifact
    branch = status.branches.get(status.active_branch or "", endpoints.Branch())
    removed = dict.fromkeys(branch.files_removed)
    entries = [StageEntry(path=path) for path in branch.files_added]
    entries += [StageEntry(path=path, remove=True) for path in removed]
    return structs.replace(artifact, staging=entries)


def versions_to_grow(staged: Artifact) -> int | None:
    """Return how many versions there are, if a commit of this stage adds one."""
    adds = staged.stage_mode is StageMode.NEW_VERSION
    return len(staged.versions or ()) if adds else None


def was_committed(artifact: Artifact, versions: int | None) -> bool:
    """Tell whether a commit whose answer was lost was made.

    A discard closes the stage, too, but adds no version. In place the record tells the
    one from the other by nothing (``last_modified`` moves with both, in whole seconds):
    a stage that is gone is taken for committed by who sent a commit.

    Args:
        artifact: As it is now.
        versions: From ``versions_to_grow`` before the commit was sent.
    """
    if versions is None:
        return not artifact.is_staged
    return len(artifact.versions or ()) > versions
