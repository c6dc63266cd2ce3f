"""How often panes are listed again while a batch fills them."""

from __future__ import annotations

from typing import cast

import pytest

from hypha_artifact.paths import ArtifactId
from hypha_artifact.transfer.client import TransferClient
from hypha_artifact.transfer.state import Direction, GroupView, JobState, Snapshot
from hypha_tui.screens.engine_watch import RELIST_SECONDS, REST, EngineWatch
from hypha_tui.widgets.status_bar import Tone

LAB = ArtifactId("lab", "atlas")


class Scene:
    """An engine that has done some files, and the screen that is told."""

    def __init__(self) -> None:
        self.now = 0.0
        self.done = 0
        self.listed: list[float] = []
        client = cast("TransferClient", self)
        self.watch = EngineWatch(client, self, clock=lambda: self.now)

    def snapshot(self) -> Snapshot:
        """One upload of ten files."""
        group = GroupView(
            id=1,
            title="plate7",
            direction=Direction.UPLOAD,
            artifact=LAB,
            size=10,
            done=self.done,
            counts={JobState.DONE: self.done, JobState.QUEUED: 10 - self.done},
        )
        return Snapshot(revision=self.done, groups=(group,))

    def after(self, seconds: float, *, done: int) -> list[float]:
        self.now += seconds
        self.done = done
        self.watch.poll()
        return self.listed

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Nothing to see."""

    def say(self, text: str, tone: Tone = Tone.INFO) -> None:
        """Nobody listens."""

    def refresh_local(self) -> None:
        """An upload fills no local pane."""
        raise AssertionError

    def relist(self, artifact_id: ArtifactId) -> None:
        """Note when it was."""
        assert artifact_id == LAB
        self.listed.append(self.now)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_panes_are_listed_again_after_some_seconds(scene: Scene) -> None:
    assert scene.after(0.0, done=1) == [0.0]
    assert scene.after(RELIST_SECONDS / 2, done=2) == [0.0]
    assert scene.after(RELIST_SECONDS / 2, done=2) == [0.0, RELIST_SECONDS]
    assert scene.after(RELIST_SECONDS, done=2) == [0.0, RELIST_SECONDS], "no news"


def test_what_takes_long_is_done_less_often(scene: Scene) -> None:
    assert scene.after(0.0, done=1) == [0.0]
    scene.watch.took(8.0)
    assert scene.after(8 * REST - 1, done=2) == [0.0]
    assert scene.after(1, done=3) == [0.0, 8 * REST]


def test_the_end_is_shown_at_once(scene: Scene) -> None:
    scene.after(0.0, done=1)
    scene.watch.took(8.0)
    assert scene.after(0.5, done=10) == [0.0, 0.5]
