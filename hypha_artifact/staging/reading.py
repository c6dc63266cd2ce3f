"""What is staged: each path, what it does, and its size.

A stage may have very many paths: what looks at each of them runs in a thread.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import TypeAlias

from anyio.to_thread import run_sync

from hypha_artifact.baseline import Baseline
from hypha_artifact.errors import UnsafePath
from hypha_artifact.listings import Listings
from hypha_artifact.models import (
    Artifact,
    ChangeKind,
    Entry,
    StagedChange,
    StageMode,
    StageState,
)
from hypha_artifact.paths import ROOT, RemotePath
from hypha_artifact.record import STAGE
from hypha_artifact.remote import RemoteArtifact

_Folders: TypeAlias = list[tuple[RemotePath, list[RemotePath]]]


async def read_stage(
    remote: RemoteArtifact, *, trust_announced: bool = False
) -> StageState:
    """Read what is staged: each path, what it does, and its size.

    It costs a listing for each folder with staged paths that were not sent from this
    process, or are still to be sent.

    Args:
        remote: The artifact.
        trust_announced: While uploads run, take what was announced from this process
            and not acknowledged yet as pending, without a look.

    Returns:
        The stage; its mode is None when no session is open.
    """
    artifact = await remote.read(version=STAGE)
    mode = artifact.stage_mode
    if mode is None:
        return StageState(artifact=artifact, mode=None)
    if mode is StageMode.ON_BRANCH:
        changes = await _changes_on_branch(remote, artifact)
        return StageState(artifact=artifact, mode=mode, changes=tuple(changes))
    return await _state(remote, artifact, mode, trust_announced=trust_announced)


async def _state(
    remote: RemoteArtifact,
    artifact: Artifact,
    mode: StageMode,
    *,
    trust_announced: bool,
) -> StageState:
    removed, uploads = await run_sync(_recorded, artifact)
    sizes = await _sizes(remote, artifact, uploads, trust_announced=trust_announced)
    kinds = _Kinds(remote, artifact, mode, await remote.baseline(artifact))
    for folder in await run_sync(kinds.unknown, sizes):
        await kinds.learn(folder)

    def made() -> StageState:
        changes = _changes(artifact, mode, removed, sizes, kinds)
        state = StageState(artifact=artifact, mode=mode, changes=changes)
        _ = state.size, state.is_live, state.count(ChangeKind.ADDED)
        return state

    return await run_sync(made)


def _changes(
    artifact: Artifact,
    mode: StageMode,
    removed: set[str],
    sizes: Mapping[RemotePath, int | None],
    kinds: _Kinds,
) -> tuple[StagedChange, ...]:
    live = mode is StageMode.IN_PLACE or not artifact.versions
    changes = [StagedChange(path=path, kind=ChangeKind.REMOVED) for path in removed]
    for path, size in sizes.items():
        there = size is not None
        kind = kinds.of(path) if there else ChangeKind.PENDING
        changes.append(
            StagedChange(path=path, kind=kind, size=size, live=live and there)
        )
    return tuple(sorted(changes, key=_path))


def _path(change: StagedChange) -> str:
    return change.path


async def _changes_on_branch(
    remote: RemoteArtifact, artifact: Artifact
) -> list[StagedChange]:
    """Look into the folders of what is recorded, and into the root."""
    removed, uploads = await run_sync(_recorded, artifact)
    marked = {_canonical(path) for path in removed}
    recorded = marked | uploads
    before = committed(remote, artifact)
    changes: list[StagedChange] = []
    for folder in sorted({ROOT, *(path.parent for path in recorded)}):
        entries = await remote.list_folder(folder, version=STAGE)
        sizes = {folder / e.name: e.size or 0 for e in entries if _is_staged_file(e)}
        names = await before.files(folder)
        for path in {*sizes, *(path for path in recorded if path.parent == folder)}:
            kind = ChangeKind.MODIFIED if path.name in names else ChangeKind.ADDED
            if path not in recorded:
                kind = ChangeKind.UNKNOWN
            elif path not in sizes:
                is_marked = path in marked and path not in uploads
                kind = ChangeKind.REMOVED if is_marked else ChangeKind.PENDING
            changes.append(StagedChange(path=path, kind=kind, size=sizes.get(path)))
    return sorted(changes, key=lambda change: change.path)


def _is_staged_file(entry: Entry) -> bool:
    return entry.staged and not entry.is_folder


async def _sizes(
    remote: RemoteArtifact,
    artifact: Artifact,
    uploads: set[RemotePath],
    *,
    trust_announced: bool,
) -> dict[RemotePath, int | None]:
    """Find the sizes of staged files in bytes; None for those without bytes."""
    memory = await remote.recall(artifact)
    waiting = memory.announced if trust_announced else frozenset[str]()

    def looked_up() -> tuple[dict[RemotePath, int | None], _Folders]:
        sizes = {path: memory.sent.get(path) for path in uploads}
        unknown = [p for p, size in sizes.items() if size is None and p not in waiting]
        unknown.sort(key=_by_folder)
        return sizes, [(f, list(paths)) for f, paths in groupby(unknown, key=_parent)]

    sizes, unknown = await run_sync(looked_up)
    for folder, paths in unknown:
        entries = await remote.list_folder(folder, version=STAGE, pending=True)
        there = {e.name: e for e in entries if not (e.is_folder or e.pending)}
        for path in paths:
            entry = there.get(path.name)
            if entry:
                sizes[path] = entry.size or 0
                memory.learn(path, entry.size or 0)
    return sizes


def _by_folder(path: RemotePath) -> tuple[str, str]:
    return path.parent, path.name


def _parent(path: RemotePath) -> RemotePath:
    return path.parent


def _recorded(artifact: Artifact) -> tuple[set[str], set[RemotePath]]:
    """Split the record into removal marks (verbatim) and uploads (canonical)."""
    entries = [entry for entry in artifact.staging or () if entry.path]
    removed = {entry.path or "" for entry in entries if entry.remove}
    uploads: set[RemotePath] = set()
    for entry in entries:
        if not entry.remove:
            uploads.add(_canonical(entry.path or ""))
    return removed, uploads


def _canonical(recorded: str) -> RemotePath:
    # Other clients record paths as they were written: "/x" is the file "x".
    try:
        return RemotePath(recorded)
    except UnsafePath as error:
        raise UnsafePath(
            f"The stage holds a path that is not safe: {error.message}",
            hint="Discard the stage, or commit it with the client that staged it.",
        ) from error


class _Kinds:
    """Tells added from modified, by the rules of each kind of session.

    What a folder has in the latest version is asked for before, see ``learn``.
    """

    def __init__(
        self,
        remote: RemoteArtifact,
        artifact: Artifact,
        mode: StageMode,
        baseline: Baseline,
    ) -> None:
        self._is_first = not artifact.versions
        self._in_place = mode is StageMode.IN_PLACE
        self._baseline = baseline
        self._committed = committed(remote, artifact)
        self._carried = frozenset(remote.memory(artifact).carried)
        self._names: dict[RemotePath, frozenset[str]] = {}

    def unknown(self, sizes: Mapping[RemotePath, int | None]) -> list[RemotePath]:
        """Return the folders to ask for, before the kinds of these paths are told."""
        if self._is_first or self._in_place:
            return []
        there = (path for path, size in sizes.items() if size is not None)
        return sorted({path.parent for path in there if path not in self._carried})

    async def learn(self, folder: RemotePath) -> None:
        self._names[folder] = await self._committed.files(folder)

    def of(self, path: RemotePath) -> ChangeKind:
        if self._is_first:
            return ChangeKind.ADDED
        if self._in_place:
            return self._baseline.kind_of(path)
        if path in self._carried:
            return ChangeKind.SAME
        there = path.name in self._names.get(path.parent, frozenset())
        return ChangeKind.MODIFIED if there else ChangeKind.ADDED


def committed(remote: RemoteArtifact, artifact: Artifact) -> Listings:
    """Return the latest version's folders, as a new-version session leaves them."""
    return remote.listings(None, remote.memory(artifact).committed)


def latest_name(state: StageState) -> str:
    """Name the version that readers get by default."""
    latest = state.artifact.latest
    return latest.version if latest else "the latest version"
