"""What has changed between two snapshots, as far as panes and messages care."""

from __future__ import annotations

from msgspec import Struct

from hypha_artifact.paths import ArtifactId, printable
from hypha_artifact.transfer.outcome import CommitState
from hypha_artifact.transfer.state import (
    Direction,
    GroupView,
    JobState,
    JobView,
    Snapshot,
)
from hypha_tui.state.text import count, size


class News(Struct, frozen=True, kw_only=True):
    """Artifacts and local folders that have new files; batches that have ended."""

    artifacts: frozenset[ArtifactId] = frozenset()
    local: bool = False
    ended: tuple[GroupView, ...] = ()

    def __or__(self, other: News) -> News:
        return News(
            artifacts=self.artifacts | other.artifacts,
            local=self.local or other.local,
            ended=self.ended + other.ended,
        )

    @property
    def is_any(self) -> bool:
        """Whether something has to be listed again."""
        return bool(self.artifacts or self.local)


def compare(old: Snapshot, new: Snapshot) -> News:
    """Tell what a newer snapshot brings."""
    before = {group.id: group for group in old.groups}
    news = News()
    for group in new.groups:
        news |= _of_group(before.get(group.id), group)
    return news


def _of_group(old: GroupView | None, new: GroupView) -> News:
    ended = new.is_final and not (old and old.is_final)
    had = old.count(JobState.DONE) if old else 0
    if new.count(JobState.DONE) == had and not ended:
        return News()
    upload = new.direction is Direction.UPLOAD
    return News(
        artifacts=frozenset({new.artifact} if upload else ()),
        local=not upload,
        ended=(new,) if ended else (),
    )


def verdict(group: GroupView) -> tuple[str, bool]:
    """Say how a batch ended.

    Args:
        group: A batch with nothing left to do.

    Returns:
        The text, and whether all went well.
    """
    verb = "uploaded" if group.direction is Direction.UPLOAD else "downloaded"
    done = group.count(JobState.DONE)
    failed = group.count(JobState.FAILED)
    cancelled = group.count(JobState.CANCELLED)
    text = f"{count(done, 'file')} {verb}, {size(group.done)}"
    if cancelled:
        text += f"; {cancelled:,} cancelled"
    if failed:
        text += f"; {failed:,} FAILED: t = see why, R = try them again"
    if group.commit is not None and group.commit.state is CommitState.DONE:
        text += f", and {printable(group.commit.version or 'the stage')} is committed"
    if group.error:
        text += f" ({group.error})"
    return f"{text}.", not failed and not group.error


def current_job(snapshot: Snapshot) -> JobView | None:
    """Return a file that moves now, to stand for all in one line."""
    for job in snapshot.jobs:
        if job.state in {JobState.RUNNING, JobState.FINALISING}:
            return job
    return None
