"""The staging matrix as code: what is staged, what readers will see, what is safe.

Hypha's staging is not git's (each fact verified on Hypha 0.21):

* A new version starts empty and is hidden; files not uploaded again are not in it.
  ``remove_file`` of a committed path would delete it from the *previous* version.
* In place, uploads are live at once. Removals are marks that a commit carries out.
  ``remove_file`` of an overwritten path, or a second one on a marked path, destroys
  the file for readers at once.
* A commit deletes first and checks then: one announced file without bytes fails it
  after the removals have run, and a discard does not bring those back.

No front end decides any of this again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from hypha_artifact.errors import CommitBlocked, NotStaged, UnsafePath, WouldLoseData
from hypha_artifact.models import (
    Artifact,
    ChangeKind,
    CommitPreview,
    Entry,
    Fate,
    Finding,
    ResultingFile,
    Severity,
    StagedChange,
    StageMode,
    StageState,
)
from hypha_artifact.paths import RemotePath
from hypha_artifact.remote import STAGE, RemoteArtifact

_UPLOADED = {ChangeKind.ADDED, ChangeKind.MODIFIED, ChangeKind.UNKNOWN}


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


async def remove(remote: RemoteArtifact, paths: Sequence[RemotePath]) -> None:
    """Stage the removal of files, or take them out of the stage again.

    All paths are checked before the first one is touched.

    Args:
        remote: The artifact; its stage must be open.
        paths: Files, not folders.

    Raises:
        NotStaged: No stage is open.
        WouldLoseData: For at least one of them the server would destroy a committed
            file; nothing was removed.
    """
    async with remote.exclusive():
        state = await read_stage(remote)
        if state.mode is None:
            raise NotStaged(f"{remote.id} has no open stage.")
        staged = {change.path: change for change in state.changes}
        for path in paths:
            _check_removal(path, staged.get(path), state)
        for path in paths:
            await remote.remove_file(path)


def refuses_removal(path: RemotePath, state: StageState) -> WouldLoseData | None:
    """Tell why a file cannot be removed in the open session; None if it can."""
    staged = next((c for c in state.changes if c.path == path), None)
    try:
        _check_removal(path, staged, state)
    except WouldLoseData as error:
        return error
    return None


def _check_removal(
    path: RemotePath, staged: StagedChange | None, state: StageState
) -> None:
    in_place = state.mode is StageMode.IN_PLACE
    if staged is None and not in_place:
        raise WouldLoseData(
            f"'{path}' is not in the stage. In a new version, removing it would "
            f"delete it from {_latest(state)} instead.",
            hint="It is left out of the new version anyway, unless you upload it.",
        )
    if staged is None:
        return
    if staged.kind is ChangeKind.REMOVED:
        raise WouldLoseData(
            f"'{path}' is marked for removal already; a second removal would destroy "
            "it at once.",
            hint="Commit to carry it out, or discard the stage to keep the file.",
        )
    if in_place and staged.kind in {ChangeKind.MODIFIED, ChangeKind.UNKNOWN}:
        raise WouldLoseData(
            f"'{path}' {_touched(staged)} in place; taking it out of the stage would "
            "delete it for readers.",
            hint="Upload the old file again, or discard the whole stage.",
        )


def _touched(staged: StagedChange) -> str:
    if staged.kind is ChangeKind.MODIFIED:
        return "was overwritten"
    return "was staged by another session and may have been overwritten"


def _latest(state: StageState) -> str:
    latest = state.artifact.latest
    return latest.version if latest else "the latest version"


async def preview_commit(remote: RemoteArtifact) -> CommitPreview:
    """Work out what readers will see after a commit, and what stands in its way.

    Args:
        remote: The artifact.

    Returns:
        Every file before and after, and the findings. Without an open stage the
        files are all kept, and a finding says so.
    """
    state = await read_stage(remote)
    before = await _sizes(remote, None) if state.artifact.versions else {}
    if state.mode is None:
        files = tuple(
            _file(path, Fate.KEPT, size, size) for path, size in before.items()
        )
        return CommitPreview(state=state, files=files, findings=(_nothing_staged(),))
    if state.mode is StageMode.NEW_VERSION:
        files = _new_version(before, await _sizes(remote, STAGE))
    else:
        files = _in_place(before, state)
    published = await remote.read()
    edited = published.manifest != state.artifact.manifest
    findings = tuple(_findings(state, files, edited=edited))
    return CommitPreview(state=state, files=files, findings=findings)


async def _sizes(remote: RemoteArtifact, version: str | None) -> dict[str, int | None]:
    found = [(path, e.size) async for path, e in remote.walk(version=version)]
    return dict(sorted(found))


def _file(
    path: str, fate: Fate, before: int | None, after: int | None
) -> ResultingFile:
    return ResultingFile(path=path, fate=fate, size_before=before, size_after=after)


def _new_version(
    before: dict[str, int | None], after: dict[str, int | None]
) -> tuple[ResultingFile, ...]:
    files = [
        _file(
            path, Fate.CHANGED if path in before else Fate.NEW, before.get(path), size
        )
        for path, size in after.items()
    ]
    gone = [
        _file(path, Fate.GONE, size, None)
        for path, size in before.items()
        if path not in after
    ]
    return tuple(files + gone)


def _in_place(
    live: dict[str, int | None], state: StageState
) -> tuple[ResultingFile, ...]:
    staged = {change.path: change.kind for change in state.changes}
    fates = {
        ChangeKind.ADDED: Fate.NEW,
        ChangeKind.MODIFIED: Fate.CHANGED,
        ChangeKind.UNKNOWN: Fate.CHANGED,
        ChangeKind.REMOVED: Fate.GONE,
    }
    files: list[ResultingFile] = []
    for path, size in live.items():
        fate = fates.get(staged.get(path, ChangeKind.PENDING), Fate.KEPT)
        after = None if fate is Fate.GONE else size
        files.append(_file(path, fate, None if fate is Fate.NEW else size, after))
    return tuple(files)


def _nothing_staged() -> Finding:
    return Finding(
        code="nothing_staged",
        severity=Severity.BLOCKS,
        text="Nothing is staged: upload or remove something first.",
    )


def _findings(
    state: StageState, files: Sequence[ResultingFile], *, edited: bool
) -> Iterable[Finding]:
    yield from _blocking(state, edited=edited)
    if state.mode is StageMode.NEW_VERSION:
        yield from _of_new_version(state, files)
    else:
        yield from _of_in_place(state)


def _blocking(state: StageState, *, edited: bool) -> Iterable[Finding]:
    pending = _paths(state, ChangeKind.PENDING)
    if pending:
        yield Finding(
            code="pending",
            severity=Severity.BLOCKS,
            text=f"{_files(pending)} announced, but the bytes never came: the commit "
            "would fail after it has carried out the removals.",
            paths=pending,
        )
    if not state.changes and not edited:
        yield _nothing_staged()


def _of_new_version(
    state: StageState, files: Sequence[ResultingFile]
) -> Iterable[Finding]:
    removed = _paths(state, ChangeKind.REMOVED)
    if removed and state.artifact.versions:
        yield Finding(
            code="rewrites_history",
            severity=Severity.BLOCKS,
            text=f"Another client marked {_files(removed)} for removal: the commit "
            f"would delete them from {_latest(state)}. Discard the stage instead.",
            paths=removed,
        )
    if state.artifact.versions and not any(f.size_after is not None for f in files):
        yield Finding(
            code="empty_version",
            severity=Severity.BLOCKS,
            text="The new version would have no files at all: upload something first.",
        )
    gone = tuple(file.path for file in files if file.fate is Fate.GONE)
    if gone:
        yield Finding(
            code="not_carried",
            severity=Severity.ASKS,
            text=f"{_files(gone)} in {_latest(state)} but not in the new version: "
            f"readers of the latest version will not see them. {_latest(state)} "
            "keeps them.",
            paths=gone,
        )


def _of_in_place(state: StageState) -> Iterable[Finding]:
    unknown = _paths(state, ChangeKind.UNKNOWN)
    if unknown:
        yield Finding(
            code="foreign",
            severity=Severity.ASKS,
            text=f"{_files(unknown)} staged by another session: the commit makes "
            "that final, too.",
            paths=unknown,
        )
    live = tuple(change.path for change in state.changes if change.live)
    if live:
        yield Finding(
            code="live",
            severity=Severity.NOTE,
            text=f"{_files(live)} visible to readers already.",
            paths=live,
        )
    yield Finding(
        code="comment",
        severity=Severity.NOTE,
        text=f"A message replaces the comment of {_latest(state)}.",
    )


def _paths(state: StageState, kind: ChangeKind) -> tuple[str, ...]:
    return tuple(change.path for change in state.changes if change.kind is kind)


def _files(paths: Sequence[str]) -> str:
    return "1 file is" if len(paths) == 1 else f"{len(paths):,} files are"


async def commit(
    remote: RemoteArtifact, *, comment: str | None = None, version: str | None = None
) -> Artifact:
    """Check the stage, then make it final.

    Args:
        remote: The artifact.
        comment: The version's message; in place it replaces the latest one's.
        version: The new version's name; None takes the next number.

    Returns:
        The artifact as committed.

    Raises:
        NotStaged: No stage is open.
        CommitBlocked: The commit would fail, or damage an older version; nothing was
            done.
    """
    state = await read_stage(remote)
    if state.mode is None:
        raise NotStaged(f"{remote.id} has no open stage.")
    for finding in _unsafe(state):
        raise CommitBlocked(f"{remote.id}: {finding.text}")
    return await remote.commit(comment=comment, version=version)


def _unsafe(state: StageState) -> Iterable[Finding]:
    findings = [*_blocking(state, edited=True)]
    if state.mode is StageMode.NEW_VERSION:
        findings += _of_new_version(state, ())
    codes = {"pending", "rewrites_history"}
    return (finding for finding in findings if finding.code in codes)
