"""Look at both sides of a request, each folder once, before anything moves."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from itertools import groupby
from pathlib import Path

import anyio.to_thread

from hypha_artifact.errors import NotFound, UnsafePath
from hypha_artifact.models import Entry, StageMode
from hypha_artifact.paths import ROOT, RemotePath, printable
from hypha_artifact.remote import RemoteArtifact
from hypha_artifact.transfer.local import walk
from hypha_artifact.transfer.plan import (
    Listing,
    RemoteFile,
    RemoteTree,
    aim,
    child,
    plan_download,
    plan_upload,
)
from hypha_artifact.transfer.state import (
    CarryRequest,
    DownloadRequest,
    Existing,
    PlanItem,
    Problem,
    TransferPlan,
    UploadRequest,
)
from hypha_artifact.transfer.target import look

STAGE = "stage"


async def survey_upload(remote: RemoteArtifact, request: UploadRequest) -> TransferPlan:
    """Walk the sources in a thread, list the folders that they go into, and plan.

    Raises:
        HyphaError: The artifact cannot be read.
    """
    tree = await anyio.to_thread.run_sync(walk, request.sources)
    aimed = aim(request, tree)
    artifact = await remote.read(version=STAGE)
    listing: Listing = {}
    if artifact.is_staged or request.mode is StageMode.IN_PLACE:
        # A new version starts empty; in place, the live files are overwritten.
        version = STAGE if artifact.is_staged else None
        listing = await _list_targets(remote, request.folder, aimed.folders, version)
    return plan_upload(request, aimed, listing)


async def _list_targets(
    remote: RemoteArtifact,
    folder: RemotePath,
    wanted: Collection[RemotePath],
    version: str | None,
) -> Listing:
    """List a folder and those below it that are wanted and exist, once each."""
    found: dict[RemotePath, tuple[Entry, ...]] = {}
    below: dict[RemotePath, list[RemotePath]] = {}
    for each in wanted:
        below.setdefault(each.parent, []).append(each)
    todo = [folder]
    while todo:
        here = todo.pop()
        found[here] = await remote.list_folder(here, version=version)
        names = {entry.name for entry in found[here] if entry.is_folder}
        todo.extend(each for each in below.get(here, ()) if each.name in names)
    return found


async def survey_carry(remote: RemoteArtifact, request: CarryRequest) -> TransferPlan:
    """List the folders of the files to carry, in the old version and in the stage.

    Raises:
        HyphaError: The artifact cannot be read.
    """
    items: list[PlanItem] = []
    problems: list[Problem] = []
    for folder, paths in groupby(sorted(request.paths, key=_folder), key=_folder):
        old = await remote.list_folder(folder, version=request.version)
        sizes = {entry.name: entry.size for entry in old if not entry.is_folder}
        staged = await remote.list_folder(folder, version=STAGE)
        there = {entry.name: entry for entry in staged}
        for path in paths:
            size, taken = sizes.get(path.name), there.get(path.name)
            if size is None:
                reason = f"'{printable(path)}' is not in {request.version}."
                problems.append(Problem(source=path, reason=reason))
                continue
            existing = _existing(taken) if taken else None
            items.append(
                PlanItem(local=Path(path), remote=path, size=size, existing=existing)
            )
    return TransferPlan(request=request, items=tuple(items), problems=tuple(problems))


def _existing(entry: Entry) -> Existing:
    return Existing(size=entry.size, modified=entry.modified)


def _folder(path: RemotePath) -> RemotePath:
    return path.parent


async def survey_download(
    remote: RemoteArtifact, request: DownloadRequest
) -> TransferPlan:
    """Walk the remote sources, look at the local targets in a thread, and plan.

    Raises:
        NotFound: A source is not there.
        HyphaError: The artifact cannot be read.
    """
    tree = await _Walk(remote, request.version).run(request)
    names = [file.name for file in tree.files]
    existing = await anyio.to_thread.run_sync(partial(look, request.folder, names))
    return plan_download(request, tree, existing)


class _Walk:
    """A walk through an artifact that lists no folder twice."""

    def __init__(self, remote: RemoteArtifact, version: str | None) -> None:
        self._remote = remote
        self._version = version
        self._listed: dict[RemotePath, tuple[Entry, ...]] = {}
        self._files: list[RemoteFile] = []
        self._problems: list[Problem] = []

    async def run(self, request: DownloadRequest) -> RemoteTree:
        for source in request.sources:
            if source == ROOT:
                await self._folder(ROOT, ROOT)
            else:
                await self._source(source)
        return RemoteTree(files=tuple(self._files), problems=tuple(self._problems))

    async def _source(self, source: RemotePath) -> None:
        entries = await self._list(source.parent)
        found = [entry for entry in entries if entry.name == source.name]
        if not found:
            raise NotFound(f"'{printable(source)}' is not in {self._remote.id}.")
        for entry in found:
            name = RemotePath(source.name)
            if entry.is_folder:
                await self._folder(source, name)
            else:
                self._files.append(RemoteFile(path=source, name=name, entry=entry))

    async def _folder(self, folder: RemotePath, name: RemotePath) -> None:
        todo = [(folder, name)]
        while todo:
            here, named = todo.pop()
            for entry in await self._list(here):
                try:
                    path, below = child(here, entry), child(named, entry)
                except UnsafePath as error:
                    source = f"{here}/{entry.name}".lstrip("/")
                    self._problems.append(Problem(source=source, reason=error.message))
                    continue
                if entry.is_folder:
                    todo.append((path, below))
                else:
                    self._files.append(RemoteFile(path=path, name=below, entry=entry))

    async def _list(self, folder: RemotePath) -> tuple[Entry, ...]:
        if folder not in self._listed:
            self._listed[folder] = await self._remote.list_folder(
                folder, version=self._version
            )
        return self._listed[folder]
