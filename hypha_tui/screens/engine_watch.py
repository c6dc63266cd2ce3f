"""Looks at the engine, and tells what changed: never per chunk, only per look."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Protocol

from hypha_artifact.paths import ArtifactId
from hypha_artifact.transfer.client import TransferClient
from hypha_artifact.transfer.state import Snapshot
from hypha_tui.state.progress import News, compare, verdict
from hypha_tui.widgets.status_bar import Tone

RELIST_SECONDS = 3.0
"""While a batch runs, how often the panes that it fills are listed again."""

REST = 5.0
"""After a listing that took long: so many times as long, nothing is listed again."""


def poll_seconds(environ: Mapping[str, str]) -> float:
    """Return the time between two looks at the engine: longer over SSH.

    Nobody reads numbers that change more often, and each look may paint a panel.
    """
    return 0.5 if environ.get("SSH_CONNECTION") else 0.2


class Watcher(Protocol):
    """Who wants to know."""

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show how far everything is."""
        ...

    def say(self, text: str, tone: Tone = Tone.INFO) -> None:
        """Show a message."""
        ...

    def refresh_local(self) -> None:
        """List local panes again."""
        ...

    def relist(self, artifact_id: ArtifactId) -> None:
        """List an artifact's panes again, in the background."""
        ...


class EngineWatch:
    """Compares each snapshot with the one before.

    Args:
        client: The engine's client.
        watcher: Who wants to know.
        clock: Seconds that never run backwards.
    """

    def __init__(
        self,
        client: TransferClient,
        watcher: Watcher,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._watcher = watcher
        self._clock = clock
        self._news = News()
        self._pause = RELIST_SECONDS
        self._relisted = -RELIST_SECONDS
        self.snapshot = Snapshot()

    def poll(self) -> None:
        """Look once; nothing happens when nothing has changed."""
        snapshot = self._client.snapshot()
        if snapshot is not self.snapshot:
            self._follow(snapshot)
        due = self._clock() - self._relisted >= self._pause
        if self._news.is_any and (due or self._news.ended):
            self._relist()

    def took(self, seconds: float) -> None:
        """Take in how long it takes to list an artifact's panes again."""
        self._pause = max(RELIST_SECONDS, REST * seconds)

    def _follow(self, snapshot: Snapshot) -> None:
        news = compare(self.snapshot, snapshot)
        self._news |= news
        if snapshot.notice and snapshot.notice != self.snapshot.notice:
            self._watcher.say(snapshot.notice, Tone.ERROR)
        self.snapshot = snapshot
        self._watcher.show_snapshot(snapshot)
        for group in news.ended:
            text, well = verdict(group)
            self._watcher.say(text, Tone.DONE if well else Tone.ERROR)

    def _relist(self) -> None:
        news, self._news = self._news, News()
        self._relisted = self._clock()
        if news.local:
            self._watcher.refresh_local()
        for artifact_id in news.artifacts:
            self._watcher.relist(artifact_id)
