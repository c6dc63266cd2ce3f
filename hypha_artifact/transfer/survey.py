"""Look at both sides of a request, each folder once, before anything moves."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import anyio.to_thread
from typing_extensions import override

from hypha_artifact.errors import NotFound, UnsafePath
from hypha_artifact.models import Entry, StageMode
from hypha_artifact.paths import ROOT, RemotePath, printable
from hypha_artifact.remote import RemoteArtifact
from hypha_artifact.transfer.codec import decode, encode
from hypha_artifact.transfer.comparing import with_contents
from hypha_artifact.transfer.items import Existing, PlanItem, Problem
from hypha_artifact.transfer.landing import beneath, plan_download
from hypha_artifact.transfer.names import Habits, probe
from hypha_artifact.transfer.packed import Packed
from hypha_artifact.transfer.plan import (
    Aim,
    Listing,
    RemoteFile,
    RemoteTree,
    child,
    plan_upload,
    remote_files,
)
from hypha_artifact.transfer.plans import PlanItems, TransferPlan
from hypha_artifact.transfer.state import (
    CarryRequest,
    DownloadRequest,
    Request,
    UploadRequest,
)
from hypha_artifact.transfer.target import look
from hypha_artifact.transfer.walk import walk

STAGE = "stage"


async def survey(remote: RemoteArtifact, request: Request) -> TransferPlan:
    """Look at both sides and say what would happen; nothing is changed.

    Args:
        remote: The artifact.
        request: What to copy.

    Raises:
        NotFound: The artifact, or a source in it, is not there.
        HyphaError: One of the sides cannot be read.
    """
    if isinstance(request, UploadRequest):
        return await survey_upload(remote, request)
    if isinstance(request, CarryRequest):
        return await survey_carry(remote, request)
    return await survey_download(remote, request)


async def survey_upload(remote: RemoteArtifact, request: UploadRequest) -> TransferPlan:
    """Walk the sources in a thread, list the folders that they go into, and plan.

    Raises:
        HyphaError: The artifact cannot be read.
    """
    aimed = await anyio.to_thread.run_sync(_walked, request)
    artifact = await remote.glance()
    listing: Listing = {}
    # A new version starts empty; otherwise the live files are overwritten.
    version = STAGE if artifact.is_staged else None
    starts_empty = request.mode is StageMode.NEW_VERSION and not artifact.is_git
    if artifact.is_staged or not starts_empty:
        listing = await _list_targets(remote, request.folder, aimed, version)
    plan = await anyio.to_thread.run_sync(plan_upload, request, aimed, listing)
    if request.compare:
        return await with_contents(remote, plan, version, own_part=request.part_size)
    return plan


def _walked(request: UploadRequest) -> Aim:
    """Look at the disk. Blocks."""
    tree = walk(request.sources, request.names, request.maxdepth, request.links)
    return Aim(request, tree)


async def _list_targets(
    remote: RemoteArtifact, folder: RemotePath, aimed: Aim, version: str | None
) -> Listing:
    """List a folder and those below it that are wanted and exist, once each."""
    found = Listed()
    single = aimed.single
    if single is not None and await _list_one(remote, single.parent, found, version):
        return found
    below: dict[RemotePath, list[RemotePath]] = {}
    for each in aimed.folders:
        below.setdefault(each.parent, []).append(each)
    todo = [folder]
    while todo:
        here = todo.pop()
        known = here in found
        entries = (
            found[here] if known else await _list_one(remote, here, found, version)
        )
        names = {entry.name for entry in entries if entry.is_folder}
        todo.extend(each for each in below.get(here, ()) if each.name in names)
    return found


async def _list_one(
    remote: RemoteArtifact, folder: RemotePath, found: Listed, version: str | None
) -> tuple[Entry, ...]:
    """List a folder, and keep what is in it."""
    entries = await remote.list_folder(folder, version=version)
    found.add(folder, entries)
    return entries


class Listed(Mapping[RemotePath, Sequence[Entry]]):
    """The entries of remote folders, packed: one folder is unpacked at a time."""

    def __init__(self) -> None:
        self._numbers: dict[RemotePath, int] = {}
        self._packed: Packed[tuple[Entry, ...]] = Packed(encode, _entries)

    def add(self, folder: RemotePath, entries: tuple[Entry, ...]) -> None:
        """Keep what is in a folder."""
        self._numbers[folder] = len(self._packed)
        self._packed.add(entries)

    @override
    def __getitem__(self, folder: RemotePath) -> tuple[Entry, ...]:
        return self._packed[self._numbers[folder]]

    @override
    def __iter__(self) -> Iterator[RemotePath]:
        return iter(self._numbers)

    @override
    def __len__(self) -> int:
        return len(self._numbers)


def _entries(data: bytes) -> tuple[Entry, ...]:
    return decode(data, tuple[Entry, ...])


async def survey_carry(remote: RemoteArtifact, request: CarryRequest) -> TransferPlan:
    """List the folders of the files to copy, and those that they go into.

    Raises:
        HyphaError: The artifact cannot be read.
    """
    items = PlanItems()
    problems: list[Problem] = []
    old, staged = remote.listings(request.version), remote.listings(STAGE)
    for path, target in zip(
        request.paths, request.targets or request.paths, strict=True
    ):
        source = _named(path, await old.of(path.parent))
        if source is None or source.is_folder:
            reason = f"'{printable(path)}' is not in {request.version}."
            problems.append(Problem(source=path, reason=reason, missing=True))
            continue
        taken = _named(target, await staged.of(target.parent))
        items.add(
            PlanItem(
                local=Path(path),
                remote=target,
                size=source.size or 0,
                existing=_existing(taken) if taken else None,
            )
        )
    return TransferPlan(request=request, items=items, problems=tuple(problems))


def _named(path: RemotePath, entries: Sequence[Entry]) -> Entry | None:
    return next((entry for entry in entries if entry.name == path.name), None)


def _existing(entry: Entry) -> Existing:
    blocked = "A folder of that name is there." if entry.is_folder else None
    return Existing(
        size=entry.size,
        modified=entry.modified,
        blocked=blocked,
        is_folder=entry.is_folder,
    )


async def survey_download(
    remote: RemoteArtifact,
    request: DownloadRequest,
    habits: Callable[[Path], Habits] = probe,
) -> TransferPlan:
    """Walk the remote sources, look at the local targets in a thread, and plan.

    Args:
        remote: The artifact.
        request: What to copy.
        habits: Tells how the file system at a local folder treats names; by default
            it is tried out there.

    Raises:
        NotFound: A source is not there.
        HyphaError: The artifact cannot be read.
    """
    tree = await _Walk(remote, request).run()
    plan = await anyio.to_thread.run_sync(_landed, request, tree, habits)
    if request.compare:
        return await with_contents(remote, plan, request.version)
    return plan


def _landed(
    request: DownloadRequest, tree: RemoteTree, habits: Callable[[Path], Habits]
) -> TransferPlan:
    """Look at the disk. Blocks."""
    return plan_download(
        request,
        tree,
        lambda files: existing_of(request, files),
        habits=habits,
        is_there=os.path.lexists,
    )


def existing_of(
    request: DownloadRequest, files: Iterable[RemoteFile]
) -> dict[str, Existing]:
    """Say what is at the targets of a download already. Blocks.

    Args:
        request: What to copy.
        files: Some of what was found in the artifact.
    """
    names: dict[Path, list[RemotePath]] = {}
    for file in files:
        names.setdefault(file.root or request.folder, []).append(file.name)
    return {
        beneath(str(root), name): each
        for root, there in names.items()
        for name, each in look(root, there).items()
    }


class _Walk:
    """A walk through an artifact that lists no folder twice."""

    def __init__(self, remote: RemoteArtifact, request: DownloadRequest) -> None:
        self._remote = remote
        self._request = request
        self._listed = Listed()
        self._around: tuple[RemotePath, tuple[Entry, ...]] | None = None
        """What is beside the last source: the next one is often there, too."""
        self._files = remote_files()
        self._problems: list[Problem] = []

    async def run(self) -> RemoteTree:
        targets = self._request.targets
        for number, source in enumerate(self._request.sources):
            target = targets[number] if targets else None
            if source == ROOT:
                await self._folder(ROOT, ROOT, target)
            else:
                await self._source(source, target)
        return RemoteTree(files=self._files, problems=tuple(self._problems))

    async def _source(self, source: RemotePath, target: Path | None) -> None:
        folder = source.parent
        if self._around is None or self._around[0] != folder:
            self._around = folder, await self._list(folder)
        entries = self._around[1]
        found = [entry for entry in entries if entry.name == source.name]
        if not found:
            reason = f"'{printable(source)}' is not in {self._remote.id}."
            if not self._request.lenient:
                raise NotFound(reason)
            self._problems.append(Problem(source=source, reason=reason, missing=True))
        for entry in found:
            if entry.is_folder:
                name = RemotePath() if target else RemotePath(source.name)
                await self._folder(source, name, target)
            else:
                self._files.add(_aimed(source, entry, target))

    async def _folder(
        self, folder: RemotePath, name: RemotePath, root: Path | None
    ) -> None:
        todo = [(folder, name, 1)]
        most = self._request.maxdepth
        while todo:
            here, named, depth = todo.pop()
            if most is not None and depth > most:
                continue
            for entry in await self._list(here):
                try:
                    path, below = child(here, entry), child(named, entry)
                except UnsafePath as error:
                    source = f"{here}/{entry.name}".lstrip("/")
                    self._problems.append(Problem(source=source, reason=error.message))
                    continue
                if entry.is_folder:
                    todo.append((path, below, depth + 1))
                else:
                    self._files.add(
                        RemoteFile(path=path, name=below, entry=entry, root=root)
                    )

    async def _list(self, folder: RemotePath) -> tuple[Entry, ...]:
        if folder not in self._listed:
            entries = await self._remote.list_folder(
                folder, version=self._request.version
            )
            self._listed.add(folder, entries)
            return entries
        return self._listed[folder]


def _aimed(source: RemotePath, entry: Entry, target: Path | None) -> RemoteFile:
    """Name a file below the folder that it goes into."""
    if target is None:
        return RemoteFile(path=source, name=RemotePath(source.name), entry=entry)
    name = RemotePath(target.name)
    return RemoteFile(path=source, name=name, entry=entry, root=target.parent)
