"""What we build on Hypha's staging: no sequence here may cost a committed file.

The raw facts (``protocol/staging.md``) are asserted too where we lean on them, so that
a server that changes its mind is noticed.
"""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from hypha_artifact import staging
from hypha_artifact._api.transport import Transport
from hypha_artifact.baseline import BaselineStore
from hypha_artifact.errors import (
    CommitBlocked,
    NotStaged,
    StageConflict,
    WouldLoseData,
)
from hypha_artifact.models import ChangeKind, CommitPreview, Fate, StageMode, StageState
from hypha_artifact.paths import RemotePath
from hypha_artifact.remote import RemoteArtifact
from tests.contract.conftest import Download, Upload

A, B, C = RemotePath("a.txt"), RemotePath("b.txt"), RemotePath("deep/c.txt")
COMMITTED = {A: b"a0", B: b"b0", C: b"c0"}


@pytest.fixture
async def committed(remote: RemoteArtifact, upload: Upload) -> RemoteArtifact:
    await upload(COMMITTED)
    await staging.commit(remote, comment="first")
    return remote


def kinds(state: StageState) -> dict[str, ChangeKind]:
    return {change.path: change.kind for change in state.changes}


def fates(preview: CommitPreview) -> dict[str, Fate]:
    return {file.path: file.fate for file in preview.files}


def codes(preview: CommitPreview) -> set[str]:
    return {finding.code for finding in preview.findings}


async def paths(remote: RemoteArtifact, version: str | None = None) -> set[str]:
    return {str(path) async for path, _ in remote.walk(version=version)}


async def test_first_commit_makes_v0(
    committed: RemoteArtifact, download: Download
) -> None:
    artifact = await committed.read()
    assert [v.version for v in artifact.versions or ()] == ["v0"]
    assert not artifact.is_staged
    assert await download(C) == b"c0"


async def test_new_version_is_hidden_and_starts_empty(
    committed: RemoteArtifact, upload: Upload, download: Download
) -> None:
    await committed.open_stage(StageMode.NEW_VERSION)
    await upload({A: b"a1", "new.txt": b"n1"})
    assert await download(A) == b"a0"
    assert await download(A, "stage") == b"a1"
    state = await staging.read_stage(committed)
    assert kinds(state) == {A: ChangeKind.MODIFIED, "new.txt": ChangeKind.ADDED}
    assert not any(change.live for change in state.changes)
    preview = await staging.preview_commit(committed)
    assert fates(preview) == {
        A: Fate.CHANGED,
        "new.txt": Fate.NEW,
        B: Fate.GONE,
        C: Fate.GONE,
    }
    (question,) = preview.questions
    assert question.code == "not_carried"
    assert set(question.paths) == {B, C}
    await staging.commit(committed, comment="second", version="rel-1")
    assert await paths(committed) == {A, "new.txt"}
    assert await paths(committed, "v0") == set(COMMITTED)


async def test_removal_in_a_new_version_cannot_reach_the_old_one(
    committed: RemoteArtifact, upload: Upload
) -> None:
    await committed.open_stage(StageMode.NEW_VERSION)
    await upload({A: b"a1"})
    with pytest.raises(WouldLoseData, match=r"delete it from v0"):
        await staging.remove(committed, [A, B])
    assert kinds(await staging.read_stage(committed)) == {A: ChangeKind.MODIFIED}
    await staging.remove(committed, [A])
    assert (await staging.read_stage(committed)).changes == ()
    await committed.discard()
    assert await paths(committed) == set(COMMITTED)


async def test_a_new_version_without_files_is_refused_by_the_preview(
    committed: RemoteArtifact,
) -> None:
    await committed.open_stage(StageMode.NEW_VERSION)
    preview = await staging.preview_commit(committed)
    assert preview.blocked
    assert "empty_version" in codes(preview)


async def test_in_place_is_live_and_discard_brings_the_old_bytes_back(
    committed: RemoteArtifact, upload: Upload, download: Download
) -> None:
    await committed.open_stage(StageMode.IN_PLACE)
    await upload({A: b"edited", "deep/new.txt": b"n"})
    assert await download(A) == b"edited"
    state = await staging.read_stage(committed)
    assert kinds(state) == {A: ChangeKind.MODIFIED, "deep/new.txt": ChangeKind.ADDED}
    assert all(change.live for change in state.changes)
    await committed.discard()
    assert await download(A) == b"a0"
    assert await paths(committed) == set(COMMITTED)


async def test_in_place_overwrite_cannot_be_unstaged(
    committed: RemoteArtifact, upload: Upload, download: Download
) -> None:
    await committed.open_stage(StageMode.IN_PLACE)
    await upload({A: b"edited", "new.txt": b"n"})
    with pytest.raises(WouldLoseData, match="overwritten in place"):
        await staging.remove(committed, [A])
    await staging.remove(committed, [RemotePath("new.txt")])
    await staging.commit(committed)
    assert await download(A) == b"edited"
    assert await paths(committed) == set(COMMITTED)


async def test_in_place_removal_waits_for_the_commit_and_is_never_sent_twice(
    committed: RemoteArtifact,
) -> None:
    await committed.open_stage(StageMode.IN_PLACE)
    await staging.remove(committed, [B])
    assert await paths(committed) == set(COMMITTED)
    with pytest.raises(WouldLoseData, match="marked for removal already"):
        await staging.remove(committed, [B])
    preview = await staging.preview_commit(committed)
    assert fates(preview) == {A: Fate.KEPT, B: Fate.GONE, C: Fate.KEPT}
    await committed.discard()
    assert await paths(committed) == set(COMMITTED)


async def test_removed_and_uploaded_again_survives_the_commit(
    committed: RemoteArtifact, upload: Upload, download: Download
) -> None:
    await committed.open_stage(StageMode.IN_PLACE)
    await staging.remove(committed, [B])
    await upload({B: b"b1"})
    assert kinds(await staging.read_stage(committed)) == {B: ChangeKind.MODIFIED}
    await staging.commit(committed)
    assert await download(B) == b"b1"


async def test_removed_uploaded_again_and_discarded_brings_the_old_bytes_back(
    committed: RemoteArtifact, upload: Upload, download: Download
) -> None:
    await committed.open_stage(StageMode.IN_PLACE)
    await staging.remove(committed, [B])
    await upload({B: b"b1"})
    await committed.discard()
    assert await download(B) == b"b0"


async def test_a_session_of_the_other_kind_is_not_switched(
    committed: RemoteArtifact, upload: Upload
) -> None:
    await committed.open_stage(StageMode.NEW_VERSION)
    await upload({A: b"a1"})
    with pytest.raises(StageConflict):
        await committed.open_stage(StageMode.IN_PLACE)
    joined = await committed.open_stage(StageMode.NEW_VERSION)
    assert joined.stage_mode is StageMode.NEW_VERSION
    assert kinds(await staging.read_stage(committed)) == {A: ChangeKind.MODIFIED}


async def test_files_staged_by_others_in_place_are_unknown_and_kept(
    committed: RemoteArtifact, upload: Upload, transport: Transport, tmp_path: Path
) -> None:
    await committed.open_stage(StageMode.IN_PLACE)
    await upload({A: b"edited"})
    other = RemoteArtifact(committed.id, transport, BaselineStore(tmp_path / "other"))
    assert kinds(await staging.read_stage(other)) == {A: ChangeKind.UNKNOWN}
    with pytest.raises(WouldLoseData, match="another session"):
        await staging.remove(other, [A])
    preview = await staging.preview_commit(other)
    assert "foreign" in codes(preview)


async def test_pending_blocks_the_commit_before_any_removal_runs(
    committed: RemoteArtifact,
) -> None:
    await committed.open_stage(StageMode.IN_PLACE)
    await staging.remove(committed, [B])
    ghost = RemotePath("deep/ghost.bin")
    await committed.sign_uploads([ghost])
    preview = await staging.preview_commit(committed)
    assert preview.blocked
    assert "pending" in codes(preview)
    with pytest.raises(CommitBlocked):
        await staging.commit(committed)
    assert await committed.clear_pending([ghost, B]) == (ghost,)
    await committed.discard()
    assert await paths(committed) == set(COMMITTED)


async def test_clearing_spares_what_has_bytes(
    committed: RemoteArtifact, download: Download
) -> None:
    await committed.open_stage(StageMode.IN_PLACE)
    await committed.sign_uploads([A])
    assert await committed.clear_pending([A]) == ()
    assert await download(A) == b"a0"


async def test_a_removal_mark_in_a_new_version_blocks_the_commit(
    committed: RemoteArtifact, upload: Upload
) -> None:
    await committed.open_stage(StageMode.NEW_VERSION)
    await upload({A: b"a1"})
    async with committed.exclusive():
        await committed.remove_file(B)
    with pytest.raises(CommitBlocked, match="delete them from v0"):
        await staging.commit(committed)
    await committed.discard()
    assert await paths(committed) == set(COMMITTED)


async def test_parallel_announcements_are_all_recorded(
    remote: RemoteArtifact,
) -> None:
    names = [RemotePath(f"p/{number}.bin") for number in range(30)]
    async with anyio.create_task_group() as tasks:
        for name in names:
            tasks.start_soon(remote.sign_uploads, [name])
    artifact = await remote.read(version="stage")
    recorded = {entry.path for entry in artifact.staging or () if entry.path}
    assert recorded == set(names)


async def test_metadata_edits_keep_what_is_known_of_the_session(
    committed: RemoteArtifact, upload: Upload
) -> None:
    await committed.open_stage(StageMode.IN_PLACE)
    await upload({"new.txt": b"n"})
    await committed.edit({"manifest": {"name": "renamed"}})
    assert kinds(await staging.read_stage(committed)) == {"new.txt": ChangeKind.ADDED}
    await staging.commit(committed)
    assert (await committed.read()).name == "renamed"


async def test_nothing_staged_is_said(committed: RemoteArtifact) -> None:
    assert "nothing_staged" in codes(await staging.preview_commit(committed))
    with pytest.raises(NotStaged):
        await staging.commit(committed)
    with pytest.raises(NotStaged):
        await committed.discard()
    with pytest.raises(NotStaged):
        await committed.sign_uploads([A])
