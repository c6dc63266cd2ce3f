"""An artifact's name and connection: what every verb stands on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Self

from typing_extensions import override

from hypha_artifact._api.endpoints import MANAGER
from hypha_artifact._api.transport import Transport
from hypha_artifact.paths import ArtifactId, RemotePath
from hypha_artifact.remote import RemoteArtifact
from hypha_artifact.settings import ConnectionSettings
from hypha_artifact.tokens import workspace_of

if TYPE_CHECKING:
    import httpx

    from hypha_artifact.transfer.standing import StandingLimits


class Connected:
    """One artifact over one connection; see ``AsyncHyphaArtifact``."""

    def __init__(
        self,
        artifact_id: str,
        workspace: str | None = None,
        token: str | None = None,
        server_url: str | None = None,
        *,
        use_proxy: bool | None = None,
        use_local_url: bool | str | None = None,
        disable_ssl: bool = False,
        additional_headers: Mapping[str, str] | None = None,
        transport: Transport | None = None,
    ) -> None:
        self._own = transport is None
        self._transport = transport or Transport(
            ConnectionSettings.load(
                server_url=server_url,
                workspace=workspace,
                token=token,
                use_proxy=use_proxy,
                use_local_url=use_local_url,
                disable_ssl=disable_ssl or None,
                additional_headers=additional_headers,
            )
        )
        settings = self._transport.settings
        bare = None
        if "/" not in artifact_id:
            bare = settings.workspace or workspace_of(settings.token)
        self.artifact_id = artifact_id
        self.id = ArtifactId.parse(artifact_id, workspace or bare)
        self.remote = RemoteArtifact(self.id, self._transport)
        # What keeps transfers to the user's limits; the commands set it.
        self.limits: StandingLimits | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connection, if it was made here."""
        if self._own:
            await self._transport.aclose()

    def get_client(self) -> httpx.AsyncClient:
        """Return the client that talks to the server; it sends the token along."""
        return self._transport.client

    @property
    def artifact_alias(self) -> str:
        """Its name in the workspace."""
        return self.id.alias

    @property
    def workspace(self) -> str:
        """The workspace that it is in."""
        return self.id.workspace

    @property
    def token(self) -> str | None:
        """The bearer token: a secret."""
        return self._transport.settings.token

    @property
    def artifact_url(self) -> str:
        """The URL of the server's artifact service."""
        return f"{self._transport.settings.server_url}{MANAGER}"

    @property
    def use_proxy(self) -> bool | None:
        """Whether bytes go through the server's S3 proxy; None leaves it to it."""
        return self._transport.settings.use_proxy

    @property
    def use_local_url(self) -> bool | str | None:
        """Whether links use the server's local address, or another base."""
        return self._transport.settings.use_local_url

    @property
    def disable_ssl(self) -> bool:
        """Whether TLS certificates are left unchecked."""
        return not self._transport.settings.verify

    @property
    def ssl(self) -> bool | None:
        """False when TLS certificates are not checked, else None."""
        return None if self._transport.settings.verify else False

    @property
    def default_headers(self) -> dict[str, str]:
        """What is sent along with every call: the token."""
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    @override
    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.id)!r})"


def shown(path: str, name: RemotePath) -> str:
    """Write a found path as its question was written: with a leading slash, or not."""
    return f"/{name}" if path.startswith("/") else str(name)
