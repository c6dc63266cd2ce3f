"""Connections of a file system: one for each event loop, none across a fork."""

from __future__ import annotations

from collections.abc import Callable

from hypha_artifact._api.transport import Transport
from hypha_artifact.fsspec.access import Access
from hypha_artifact.models import StageMode
from hypha_artifact.paths import ArtifactId
from hypha_artifact.remote import RemoteArtifact
from hypha_artifact.settings import ConnectionSettings
from hypha_artifact.workspace import AsyncHyphaWorkspace


class Connection:
    """A server, as seen from one event loop.

    Args:
        settings: Where to connect, and as whom.
        view: The version to read: a name, None for the latest, or ``"stage"``.
        mode: The kind of stage to open where there is none.
        opened: Called with each artifact whose stage was opened here.
    """

    def __init__(
        self,
        settings: ConnectionSettings,
        *,
        view: str | None,
        mode: StageMode | None,
        opened: Callable[[ArtifactId], None],
    ) -> None:
        self._transport = Transport(settings)
        self._view = view
        self._mode = mode
        self._opened = opened
        self._known: dict[ArtifactId, Access] = {}

    def access(self, artifact: ArtifactId) -> Access:
        """Return one artifact; it is not asked for."""
        if artifact not in self._known:
            self._known[artifact] = Access(
                RemoteArtifact(artifact, self._transport),
                view=self._view,
                mode=self._mode,
                opened=self._opened,
            )
        return self._known[artifact]

    def workspace(self, name: str | None = None) -> AsyncHyphaWorkspace:
        """Return a workspace; by default the settings' or the token's own."""
        return AsyncHyphaWorkspace(name, transport=self._transport)

    def forget_links(self) -> None:
        """Sign every link anew from now on."""
        for access in self._known.values():
            access.forget_links()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._transport.aclose()
