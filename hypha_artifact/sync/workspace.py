"""``HyphaWorkspace``: the blocking face of ``AsyncHyphaWorkspace``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Self

from typing_extensions import override

from hypha_artifact.artifact import AsyncHyphaArtifact
from hypha_artifact.login import WAIT
from hypha_artifact.models import Artifact, JsonObject, Rights, User, WorkspaceInfo
from hypha_artifact.paths import ArtifactId
from hypha_artifact.portal import close_with, run, run_telling
from hypha_artifact.rpc import HOUR, SyncConnection, settings_of_sync
from hypha_artifact.sync.artifact import HyphaArtifact
from hypha_artifact.sync.twins import twin_of
from hypha_artifact.workspace import AsyncHyphaWorkspace


@twin_of(AsyncHyphaWorkspace)
class HyphaWorkspace:
    """A workspace on a Hypha server, from ordinary code; a context manager.

    Its methods are those of ``AsyncHyphaWorkspace``, without ``await``.

    Args:
        workspace: Its name; the token's own workspace by default.
        token: Bearer token.
        server_url: Base URL of the server.
        profile: A profile to connect with.

    Raises:
        NotConfigured: No server is named, or there is no such profile.
    """

    def __init__(
        self,
        workspace: str | None = None,
        token: str | None = None,
        server_url: str | None = None,
        *,
        profile: str | None = None,
    ) -> None:
        async def make() -> AsyncHyphaWorkspace:
            return AsyncHyphaWorkspace(workspace, token, server_url, profile=profile)

        self._stand_on(run(make))

    def _stand_on(self, workspace: AsyncHyphaWorkspace) -> None:
        self._async_workspace = workspace
        self._end = close_with(self, workspace.aclose)

    @classmethod
    def login(
        cls,
        show: Callable[[str], None],
        *,
        workspace: str | None = None,
        server_url: str | None = None,
        expires_in: int | None = None,
        wait: float = WAIT,
    ) -> Self:
        self = cls.__new__(cls)
        opened = run_telling(
            lambda tell: AsyncHyphaWorkspace.login(
                tell,
                workspace=workspace,
                server_url=server_url,
                expires_in=expires_in,
                wait=wait,
            ),
            show,
        )
        self._stand_on(opened)
        return self

    @classmethod
    def from_rpc(cls, connection: SyncConnection, *, expires_in: int = HOUR) -> Self:
        """Open the workspace that a connection of ``hypha_rpc.sync`` is in.

        Args:
            connection: From ``hypha_rpc.sync.connect_to_server``; it is used for one
                call, which makes a token.
            expires_in: Seconds that the token is good for.

        Raises:
            PermissionDenied: The server gives no token: only owners of a workspace
                get one.
            NetworkError: The connection is lost, or there is no answer.
        """
        settings = settings_of_sync(connection, expires_in=expires_in)
        return cls(settings.workspace, settings.token, settings.server_url)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._end()

    @override
    def __repr__(self) -> str:
        return "HyphaWorkspace()"

    def whoami(self) -> User:
        return run(self._async_workspace.whoami)

    def workspaces(self) -> tuple[str, ...]:
        return run(self._async_workspace.workspaces)

    def list_workspaces(self) -> tuple[WorkspaceInfo, ...]:
        return run(self._async_workspace.list_workspaces)

    def rights(self, name: str | None = None) -> Rights:
        return run(partial(self._async_workspace.rights, name))

    def name(self) -> str:
        return run(self._async_workspace.name)

    def list_artifacts(
        self,
        *,
        keywords: Sequence[str] = (),
        parent: ArtifactId | None = None,
        kind: str | None = None,
        collections: bool = False,
        staged: bool = False,
        deep: bool = False,
    ) -> tuple[Artifact, ...]:
        return run(
            partial(
                self._async_workspace.list_artifacts,
                keywords=keywords,
                parent=parent,
                kind=kind,
                collections=collections,
                staged=staged,
                deep=deep,
            )
        )

    def artifact(self, name: str) -> HyphaArtifact:
        """Return one artifact by ``alias`` or ``workspace/alias``; it is not asked for.

        It shares this connection, and ends with it.

        Raises:
            InvalidInput: That is no artifact's name.
        """

        async def make() -> AsyncHyphaArtifact:
            found = self._async_workspace
            full = str((await found.artifact(name)).id)
            return AsyncHyphaArtifact(full, transport=found.transport)

        return HyphaArtifact.over(run(make))

    def create(
        self,
        alias: str,
        manifest: JsonObject,
        *,
        kind: str = "generic",
        parent: ArtifactId | None = None,
        stage: bool = False,
    ) -> Artifact:
        return run(
            partial(
                self._async_workspace.create,
                alias,
                manifest,
                kind=kind,
                parent=parent,
                stage=stage,
            )
        )

    def duplicate(
        self, source: str, target: str, *, parent: ArtifactId | None = None
    ) -> Artifact:
        return run(
            partial(self._async_workspace.duplicate, source, target, parent=parent)
        )

    def delete(
        self, name: str, *, recursive: bool = False, version: str | None = None
    ) -> None:
        run(
            partial(
                self._async_workspace.delete, name, recursive=recursive, version=version
            )
        )
