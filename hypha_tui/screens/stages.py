"""What was read last of each open artifact, and how it is read again."""

from __future__ import annotations

import time
from collections import defaultdict

import anyio

from hypha_artifact.models import StageState
from hypha_artifact.paths import ArtifactId
from hypha_tui.providers.remote import STAGE, RemoteProvider
from hypha_tui.providers.session import Session
from hypha_tui.widgets.pane_pair import PanePair


class Stages:
    """The stages of open artifacts, and the panes that show them.

    Args:
        session: The connection.
        pair: The panes.
    """

    def __init__(self, session: Session, pair: PanePair) -> None:
        self._session = session
        self._pair = pair
        self._known: dict[ArtifactId, StageState] = {}
        self._reading = defaultdict[ArtifactId, anyio.Lock](anyio.Lock)
        self._following: set[ArtifactId] = set()

    @property
    def current(self) -> StageState | None:
        """What is known of the artifact that is shown."""
        artifact_id = self._pair.artifact
        return self._known.get(artifact_id) if artifact_id else None

    def learn(self, provider: RemoteProvider) -> None:
        """Take in what a pane's listing came with."""
        if provider.stage:
            self._known[provider.remote.id] = provider.stage

    def follow(self, artifact_id: ArtifactId) -> None:
        """Let panes on the latest version show the stage as soon as it is open."""
        self._following.add(artifact_id)

    def is_awaited(self, artifact_id: ArtifactId) -> bool:
        """Whether somebody waits already to read an artifact once more."""
        return self._reading[artifact_id].statistics().tasks_waiting > 0

    async def read(self, artifact_id: ArtifactId) -> float:
        """Read an artifact again and show it in every pane that has it.

        Returns:
            Seconds that the reading took.

        Raises:
            HyphaError: It cannot be read; what is shown stays.
        """
        # One at a time: an answer that was long on its way would hide a newer one.
        async with self._reading[artifact_id]:
            started = time.monotonic()
            state = await self._session.stage(artifact_id)
            seconds = time.monotonic() - started
            self._known[artifact_id] = state
            for pane, provider in self._pair.views_of(artifact_id):
                version = self._version_to_show(provider, state)
                pane.reload(self._session.view(artifact_id, state, version))
        return seconds

    def _version_to_show(
        self, provider: RemoteProvider, state: StageState
    ) -> str | None:
        artifact_id = provider.remote.id
        if state.mode is None:
            return None if provider.version == STAGE else provider.version
        if provider.version is None and artifact_id in self._following:
            self._following.discard(artifact_id)
            return STAGE
        return provider.version
