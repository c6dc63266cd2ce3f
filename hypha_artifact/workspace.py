"""``AsyncHyphaWorkspace``: the artifacts of a workspace, and who is asking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from hypha_artifact._api import endpoints
from hypha_artifact._api.transport import Transport
from hypha_artifact.errors import NotConfigured
from hypha_artifact.models import Artifact, JsonObject, User
from hypha_artifact.paths import ArtifactId
from hypha_artifact.remote import RemoteArtifact
from hypha_artifact.settings import ConnectionSettings


class AsyncHyphaWorkspace:
    """A workspace on a Hypha server; an async context manager.

    What is not given is taken from the environment or a ``.env`` file.

    Args:
        workspace: Its name; the token's own workspace by default.
        token: Bearer token.
        server_url: Base URL of the server.
        transport: An open connection to share; it is not closed here.

    Raises:
        NotConfigured: No server is named.
    """

    def __init__(
        self,
        workspace: str | None = None,
        token: str | None = None,
        server_url: str | None = None,
        *,
        transport: Transport | None = None,
    ) -> None:
        self._own = transport is None
        self._transport = transport or Transport(
            ConnectionSettings.load(
                server_url=server_url, workspace=workspace, token=token
            )
        )
        self._workspace = workspace or self._transport.settings.workspace

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connection, if it was made here."""
        if self._own:
            await self._transport.aclose()

    async def whoami(self) -> User:
        """Tell whom the token speaks for, and in which workspaces it may what.

        Raises:
            SignInRequired: The token is wrong or expired.
        """
        user = (await self._transport.call(endpoints.who())).user
        if user is None:
            return User(id="anonymous", is_anonymous=True)
        scope = user.scope or endpoints.Scope()
        return User(
            id=user.id,
            email=user.email,
            workspace=scope.current_workspace,
            is_anonymous=user.is_anonymous,
            expires_at=user.expires_at,
            scopes=scope.workspaces,
        )

    async def workspaces(self) -> tuple[str, ...]:
        """Name the workspaces that the token opens; the current one first."""
        user = await self.whoami()
        named = [self._workspace, user.workspace, *sorted(user.scopes)]
        return tuple(dict.fromkeys(name for name in named if name and name != "*"))

    async def name(self) -> str:
        """Return the workspace's name.

        Raises:
            NotConfigured: None was given, and the token has none of its own.
        """
        self._workspace = self._workspace or (await self.whoami()).workspace
        if not self._workspace:
            raise NotConfigured("No workspace is named.", hint="Set HYPHA_WORKSPACE.")
        return self._workspace

    async def list_artifacts(
        self,
        *,
        keywords: Sequence[str] = (),
        parent: ArtifactId | None = None,
    ) -> tuple[Artifact, ...]:
        """List the workspace's root artifacts, or a collection's children.

        Args:
            keywords: Only artifacts whose manifest has all of these words.
            parent: The collection.

        Returns:
            All of them, staged and never committed ones included, by alias.
        """
        if parent:
            call = endpoints.list_children(parent, keywords)
        else:
            call = endpoints.list_workspace(await self.name(), keywords)
        found = await self._transport.call(call)
        return tuple(sorted(found, key=lambda artifact: artifact.alias))

    async def artifact(self, name: str) -> RemoteArtifact:
        """Return one artifact by ``alias`` or ``workspace/alias``; it is not asked for.

        Raises:
            InvalidInput: That is no artifact's name.
        """
        default = None if "/" in name else await self.name()
        return RemoteArtifact(ArtifactId.parse(name, default), self._transport)

    async def create(
        self,
        alias: str,
        manifest: JsonObject,
        *,
        kind: str = "generic",
        parent: ArtifactId | None = None,
        stage: bool = False,
    ) -> Artifact:
        """Create an artifact.

        Args:
            alias: Its name in the workspace, at most 64 characters.
            manifest: At least one key; ``name`` and ``description`` are usual.
            kind: ``generic``, ``collection``, or any other type.
            parent: The collection that it becomes a child of.
            stage: Whether it starts with an open stage; else with an empty ``v0``.

        Raises:
            AlreadyExists: The alias is taken.
            PermissionDenied: This user may not create here.
        """
        arguments: JsonObject = {
            "manifest": manifest,
            "type": kind,
            "parent_id": str(parent) if parent else None,
            "stage": stage,
        }
        name = ArtifactId(await self.name(), alias)
        return await self._transport.call(endpoints.create(name, arguments))

    async def delete(self, name: str) -> None:
        """Delete an artifact with all its versions and files, for good.

        Raises:
            ArtifactNotFound: There is none of that name.
            PermissionDenied: This user may not delete it.
        """
        artifact = await self.artifact(name)
        call = endpoints.delete(
            artifact.id, delete_files=True, recursive=False, version=None
        )
        await self._transport.call(call)
