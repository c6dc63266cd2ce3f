"""Removals and commits that cannot cost a committed file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hypha_artifact.errors import (
    CommitBlocked,
    NotStaged,
    StageConflict,
    WouldLoseData,
)
from hypha_artifact.models import (
    Artifact,
    ChangeKind,
    StagedChange,
    StageMode,
    StageState,
)
from hypha_artifact.paths import RemotePath
from hypha_artifact.remote import RemoteArtifact
from hypha_artifact.staging.preflight import unsafe
from hypha_artifact.staging.reading import latest_name, read_stage


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
        check_removal(paths, state)
        for path in paths:
            await remote.remove_file(path)


def check_removal(paths: Iterable[RemotePath], state: StageState) -> None:
    """See that files can be removed in the open session.

    Raises:
        WouldLoseData: For one of them the server would destroy a committed file.
        StageConflict: In git storage, one is marked already.
    """
    staged = {change.path: change for change in state.changes}
    for path in paths:
        _check_removal(path, staged.get(path), state)


def _check_removal(
    path: RemotePath, staged: StagedChange | None, state: StageState
) -> None:
    if state.mode is StageMode.ON_BRANCH:
        _check_marked_once(path, staged)
        return
    in_place = state.mode is StageMode.IN_PLACE
    if staged is None and not in_place:
        raise WouldLoseData(
            f"'{path}' is not in the stage. In a new version, removing it would "
            f"delete it from {latest_name(state)} instead.",
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


def _check_marked_once(path: RemotePath, staged: StagedChange | None) -> None:
    if staged is not None and staged.kind is ChangeKind.REMOVED:
        raise StageConflict(
            f"'{path}' is marked for removal already.",
            hint="Commit to carry it out; upload the file again, or discard the "
            "stage, to keep it.",
        )


def _touched(staged: StagedChange) -> str:
    if staged.kind is ChangeKind.MODIFIED:
        return "was overwritten"
    return "was staged by another session and may have been overwritten"


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
    for finding in unsafe(state):
        raise CommitBlocked(f"{remote.id}: {finding.text}")
    return await remote.commit(comment=comment, version=version)
