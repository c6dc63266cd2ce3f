"""What is staged: each path, what it does, and its size."""

from __future__ import annotations

from itertools import groupby

from hypha_artifact.errors import UnsafePath
from hypha_artifact.models import (
    Artifact,
    ChangeKind,
    Entry,
    StagedChange,
    StageMode,
    StageState,
)
from hypha_artifact.paths import RemotePath
from hypha_artifact.record import STAGE
from hypha_artifact.remote import RemoteArtifact


async def read_stage(remote: RemoteArtifact) -> StageState:
    """Read what is staged: each path, what it does, and its size.

    It costs one or two listings for each folder that has staged paths.

    Args:
        remote: The artifact.

    Returns:
        The stage; its mode is None when no session is open.
    """
    artifact = await remote.read(version=STAGE)
    mode = artifact.stage_mode
    if mode is None:
        return StageState(artifact=artifact, mode=None)
    changes = await _changes(remote, artifact, mode)
    return StageState(artifact=artifact, mode=mode, changes=tuple(changes))


async def _changes(
    remote: RemoteArtifact, artifact: Artifact, mode: StageMode
) -> list[StagedChange]:
    removed, uploads = _recorded(artifact)
    changes = [StagedChange(path=path, kind=ChangeKind.REMOVED) for path in removed]
    kinds = _Kinds(remote, artifact, mode)
    await kinds.load()
    live = mode is StageMode.IN_PLACE or not artifact.versions
    for folder, paths in groupby(sorted(uploads, key=_by_folder), key=_parent):
        entries = await remote.list_folder(folder, version=STAGE, pending=True)
        known = {entry.name: entry for entry in entries if not entry.is_folder}
        for path in paths:
            entry = known.get(path.name)
            kind = await kinds.of(path, entry)
            pending = kind is ChangeKind.PENDING
            changes.append(
                StagedChange(
                    path=path,
                    kind=kind,
                    size=entry.size if entry and not pending else None,
                    live=live and not pending,
                )
            )
    return sorted(changes, key=lambda change: change.path)


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
    """Tells added from modified, by the rules of each kind of session."""

    def __init__(
        self, remote: RemoteArtifact, artifact: Artifact, mode: StageMode
    ) -> None:
        self._remote = remote
        self._artifact = artifact
        self._mode = mode
        self._folder: RemotePath | None = None
        self._names: frozenset[str] = frozenset()

    async def load(self) -> None:
        self._baseline = await self._remote.baseline(self._artifact)

    async def of(self, path: RemotePath, entry: Entry | None) -> ChangeKind:
        if entry is None or entry.pending:
            return ChangeKind.PENDING
        if not self._artifact.versions:
            return ChangeKind.ADDED
        if self._mode is StageMode.IN_PLACE:
            return self._baseline.kind_of(path)
        committed = await self._committed(path.parent)
        return ChangeKind.MODIFIED if path.name in committed else ChangeKind.ADDED

    async def _committed(self, folder: RemotePath) -> frozenset[str]:
        if folder != self._folder:
            entries = await self._remote.list_folder(folder)
            self._names = frozenset(e.name for e in entries if not e.is_folder)
            self._folder = folder
        return self._names


def latest_name(state: StageState) -> str:
    """Name the version that readers get by default."""
    latest = state.artifact.latest
    return latest.version if latest else "the latest version"
