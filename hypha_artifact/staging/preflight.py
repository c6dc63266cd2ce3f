"""Before a commit: what readers will see after it, and what stands in its way.

There may be very many files: what looks at each of them runs in a thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from anyio.to_thread import run_sync

from hypha_artifact.listings import Listings
from hypha_artifact.models import (
    Artifact,
    ChangeKind,
    CommitPreview,
    Fate,
    Finding,
    ResultingFile,
    Severity,
    StagedChange,
    StageMode,
    StageState,
)
from hypha_artifact.remote import RemoteArtifact
from hypha_artifact.staging.reading import committed, latest_name, read_stage


async def preview_commit(remote: RemoteArtifact) -> CommitPreview:
    """Work out what readers will see after a commit, and what stands in its way.

    Args:
        remote: The artifact.

    Returns:
        Every file before and after, by path, and the findings. Without an open stage
        nothing changes: no file is listed, and a finding says so.
    """
    state = await read_stage(remote)
    if state.mode is None:
        return CommitPreview(state=state, files=(), findings=(_nothing_staged(),))
    if state.mode is StageMode.IN_PLACE:
        before = await _walk(remote.listings())
    else:
        before = await _latest_sizes(remote, state)
    published = await remote.read()
    return await run_sync(_preview, state, before, published)


def _preview(
    state: StageState, before: dict[str, int | None], published: Artifact
) -> CommitPreview:
    makers = {StageMode.NEW_VERSION: _new_version, StageMode.ON_BRANCH: _on_branch}
    make = makers.get(state.mode or StageMode.IN_PLACE, _in_place)
    files = tuple(sorted(make(before, state), key=_path))
    edited = published.manifest != state.artifact.manifest
    findings = tuple(_findings(state, files, edited=edited))
    preview = CommitPreview(state=state, files=files, findings=findings)
    for fate in Fate:
        _ = preview.count(fate), preview.bytes_of(fate)
    return preview


def _path(file: ResultingFile) -> str:
    return file.path


async def _latest_sizes(
    remote: RemoteArtifact, state: StageState
) -> dict[str, int | None]:
    if not state.artifact.versions:
        return {}
    return await _walk(committed(remote, state.artifact))


async def _walk(listings: Listings) -> dict[str, int | None]:
    return {str(path): entry.size async for path, entry in listings.walk()}


def _file(
    path: str, fate: Fate, before: int | None, after: int | None
) -> ResultingFile:
    return ResultingFile(path=path, fate=fate, size_before=before, size_after=after)


def _new_version(
    before: dict[str, int | None], state: StageState
) -> tuple[ResultingFile, ...]:
    absent = {ChangeKind.REMOVED, ChangeKind.PENDING}
    staged = [change for change in state.changes if change.kind not in absent]
    after = {change.path for change in staged}
    files = [
        _file(c.path, _fate(c, before), before.get(c.path), c.size) for c in staged
    ]
    gone = [
        _file(path, Fate.GONE, size, None)
        for path, size in before.items()
        if path not in after
    ]
    return tuple(files + gone)


def _fate(change: StagedChange, before: dict[str, int | None]) -> Fate:
    if change.kind is ChangeKind.SAME:
        return Fate.KEPT
    return Fate.CHANGED if change.path in before else Fate.NEW


def _on_branch(
    before: dict[str, int | None], state: StageState
) -> tuple[ResultingFile, ...]:
    absent = {ChangeKind.REMOVED, ChangeKind.PENDING}
    files: dict[str, ResultingFile] = {
        path: _file(path, Fate.KEPT, size, size) for path, size in before.items()
    }
    for change in state.changes:
        old = before.get(change.path)
        if change.kind not in absent:
            fate = Fate.CHANGED if change.path in before else Fate.NEW
            files[change.path] = _file(change.path, fate, old, change.size)
        elif change.kind is ChangeKind.REMOVED and change.path in before:
            files[change.path] = _file(change.path, Fate.GONE, old, None)
    return tuple(files.values())


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
    elif state.mode is StageMode.ON_BRANCH:
        yield from _of_branch(state)
    else:
        yield from _of_in_place(state)


def _blocking(state: StageState, *, edited: bool) -> Iterable[Finding]:
    pending = _paths(state, ChangeKind.PENDING)
    on_branch = state.mode is StageMode.ON_BRANCH
    if pending:
        then = "fail after it has carried out the removals"
        yield Finding(
            code="pending",
            severity=Severity.BLOCKS,
            text=f"{_files(pending)} announced, but the bytes never came: the commit "
            f"would {'leave them out without a word' if on_branch else then}.",
            paths=pending,
        )
    if not state.changes and not edited and not on_branch:
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
            f"would delete them from {latest_name(state)}. Discard the stage instead.",
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
            text=f"{_files(gone)} in {latest_name(state)} but not in the new version: "
            f"readers of the latest version will not see them. {latest_name(state)} "
            "keeps them.",
            paths=gone,
        )


def _of_branch(state: StageState) -> Iterable[Finding]:
    if not state.changes:
        yield Finding(
            code="nothing_staged",
            severity=Severity.ASKS,
            text="No file is staged. Whether the record is, the server does not tell "
            "of git storage; without a change, the commit does nothing.",
        )
    unknown = _paths(state, ChangeKind.UNKNOWN)
    if unknown:
        yield Finding(
            code="foreign",
            severity=Severity.ASKS,
            text=f"{_files(unknown)} left in the stage by another session: the commit "
            "takes them, too.",
            paths=unknown,
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
        text=f"A message replaces the comment of {latest_name(state)}.",
    )


def _paths(state: StageState, kind: ChangeKind) -> tuple[str, ...]:
    return tuple(change.path for change in state.changes if change.kind is kind)


def _files(paths: Sequence[str]) -> str:
    return "1 file is" if len(paths) == 1 else f"{len(paths):,} files are"


def unsafe(state: StageState) -> Iterable[Finding]:
    """Yield the findings that forbid a commit whatever the caller wants."""
    findings = [*_blocking(state, edited=True)]
    if state.mode is StageMode.NEW_VERSION:
        findings += _of_new_version(state, ())
    codes = {"pending", "rewrites_history"}
    return (finding for finding in findings if finding.code in codes)
