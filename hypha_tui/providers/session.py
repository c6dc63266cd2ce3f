"""What the UI holds open: the connection, the engine's client, and open artifacts."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from hypha_artifact._api.transport import Transport
from hypha_artifact.models import StageMode, StageState
from hypha_artifact.paths import ArtifactId, RemotePath
from hypha_artifact.remote import RemoteArtifact
from hypha_artifact.settings import ConnectionSettings
from hypha_artifact.staging import read_stage
from hypha_artifact.transfer.client import TransferClient
from hypha_artifact.workspace import AsyncHyphaWorkspace
from hypha_tui.providers.remote import RemoteProvider


class Session:
    """One connection and one engine for the whole UI; an async context manager.

    Args:
        settings: Where to connect, and as whom.
        inside: Whether transfers are to run, and end, in this program.
    """

    def __init__(self, settings: ConnectionSettings, *, inside: bool = False) -> None:
        self.settings = settings
        self.client = TransferClient(settings, inside=inside)
        self._transport = Transport(settings)
        self._artifacts: dict[ArtifactId, RemoteArtifact] = {}
        self.modes: dict[ArtifactId, StageMode] = {}
        self.planned: dict[ArtifactId, frozenset[RemotePath]] = {}

    async def __aenter__(self) -> Self:
        await self._transport.__aenter__()
        await self.client.attach()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            await self.client.aclose()
        finally:
            await self._transport.__aexit__(kind, error, trace)

    def artifact(self, artifact_id: ArtifactId) -> RemoteArtifact:
        """Return the artifact, always the same object for the same name."""
        if artifact_id not in self._artifacts:
            remote = RemoteArtifact(artifact_id, self._transport)
            self._artifacts[artifact_id] = remote
        return self._artifacts[artifact_id]

    def workspace(self, name: str | None = None) -> AsyncHyphaWorkspace:
        """Return a workspace, by default the settings' own."""
        return AsyncHyphaWorkspace(name, transport=self._transport)

    async def stage(self, artifact_id: ArtifactId) -> StageState:
        """Read the artifact and what is staged in it."""
        groups = self.client.snapshot().groups
        busy = any(g.artifact == artifact_id and not g.is_final for g in groups)
        return await read_stage(self.artifact(artifact_id), trust_announced=busy)

    def view(
        self, artifact_id: ArtifactId, stage: StageState, version: str | None = None
    ) -> RemoteProvider:
        """Make a view of an artifact from what was just read of it."""
        return RemoteProvider(
            remote=self.artifact(artifact_id),
            record=stage.artifact,
            version=version,
            stage=stage,
            planned=self.planned.get(artifact_id, frozenset()),
        )

    def plan_folder(self, artifact_id: ArtifactId, folder: RemotePath) -> None:
        """Remember a folder that becomes real with its first file."""
        known = self.planned.get(artifact_id, frozenset())
        self.planned[artifact_id] = known | {folder}
