"""``AsyncHyphaWorkspace``: the artifacts of a workspace, and who is asking."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Self

import anyio
from msgspec import structs

from hypha_artifact import rpc
from hypha_artifact._api import auth, endpoints
from hypha_artifact._api.transport import Transport
from hypha_artifact.deletion import (
    check_childless,
    check_last_version,
    children_of,
    delete_children,
)
from hypha_artifact.errors import NotConfigured, NotFound, PermissionDenied
from hypha_artifact.login import WAIT, sign_in, who_am_i
from hypha_artifact.models import Artifact, JsonObject, Rights, User, WorkspaceInfo
from hypha_artifact.paths import ArtifactId, RemotePath
from hypha_artifact.record import STAGE
from hypha_artifact.remote import RemoteArtifact
from hypha_artifact.rights import (
    artifact_rights,
    first_commit_rights,
    workspace_rights,
)
from hypha_artifact.settings import ConnectionSettings

if TYPE_CHECKING:
    from hypha_rpc.utils import ObjectProxy

_RECORD = RemotePath(".json")


class AsyncHyphaWorkspace:
    """A workspace on a Hypha server; an async context manager.

    What is not given is taken from the environment or a ``.env`` file.

    Args:
        workspace: Its name; the token's own workspace by default.
        token: Bearer token.
        server_url: Base URL of the server.
        profile: A profile to connect with.
        transport: An open connection to share; it is not closed here.

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
        transport: Transport | None = None,
    ) -> None:
        self._own = transport is None
        self._transport = transport or Transport(
            ConnectionSettings.load(
                server_url=server_url,
                workspace=workspace,
                token=token,
                profile=profile,
            )
        )
        self._workspace = workspace or self._transport.settings.workspace

    @classmethod
    async def login(
        cls,
        show: Callable[[str], None],
        *,
        workspace: str | None = None,
        server_url: str | None = None,
        expires_in: int | None = None,
        wait: float = WAIT,
    ) -> Self:
        """Sign in with a browser, and open a workspace.

        Args:
            show: Called once with the URL that somebody has to open.
            workspace: Its name; the user's own by default.
            server_url: Base URL of the server; by default the configured one.
            expires_in: Seconds that the token is to be good for.
            wait: Seconds to wait for the user.

        Raises:
            SignInRequired: Nobody signed in in time.
            PermissionDenied: The user may not enter that workspace.
        """
        found = ConnectionSettings.load(server_url=server_url, workspace=workspace)
        wanted = structs.replace(found, workspace=workspace)
        signed = await sign_in(wanted, show, expires_in=expires_in, wait=wait)
        own = structs.replace(
            found, workspace=workspace or signed.workspace, token=signed.token
        )
        return cls._on(own)

    @classmethod
    async def from_rpc(
        cls, connection: rpc.AsyncConnection, *, expires_in: int = rpc.HOUR
    ) -> Self:
        """Open the workspace that a connection of ``hypha_rpc`` is in.

        Args:
            connection: From ``hypha_rpc.connect_to_server``; it is used for one call,
                which makes a token.
            expires_in: Seconds that the token is good for.

        Raises:
            PermissionDenied: The server gives no token: only owners of a workspace
                get one.
            NetworkError: The connection is lost, or there is no answer.
        """
        return cls._on(await rpc.settings_of(connection, expires_in=expires_in))

    @classmethod
    def _on(cls, settings: ConnectionSettings) -> Self:
        opened = cls(transport=Transport(settings))
        opened._own = True
        return opened

    def rpc(self) -> AbstractAsyncContextManager[ObjectProxy]:
        """Open a connection of ``hypha_rpc``, to call other services of the server.

        Returns:
            To be entered with ``async with``; what ``connect_to_server`` gives.

        Raises:
            SignInRequired: The token is wrong; when it is entered, as the next.
            NetworkError: No answer.
        """
        return rpc.opened(self._transport.settings)

    @property
    def transport(self) -> Transport:
        """The open connection, to be shared."""
        return self._transport

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connection, if it was made here."""
        if self._own:
            await self._transport.aclose()

    async def whoami(self) -> User:
        """Tell whom the token speaks for, until when, and what it may do where.

        Raises:
            SignInRequired: The token is wrong or expired.
        """
        return await who_am_i(self._transport)

    async def workspaces(self) -> tuple[str, ...]:
        """Name the workspaces that the token opens; the current one first."""
        return self._named(await self.whoami())

    def _named(self, user: User) -> tuple[str, ...]:
        named = [self._workspace, user.workspace, *sorted(user.scopes)]
        return tuple(dict.fromkeys(name for name in named if name and name != "*"))

    async def list_workspaces(self) -> tuple[WorkspaceInfo, ...]:
        """List this user's workspaces; the current one first.

        Those that the token opens, those that the user may read and that the server
        has in memory, and those that the user made. A workspace without a level needs
        a token of its own: ``login(workspace=...)``.
        """
        user = await self.whoami()
        found = dict.fromkeys(self._named(user), "")
        owned: set[str] = set()
        if not user.is_anonymous:
            async for record in self._records(user):
                found[record.id] = record.description or ""
                if user.person in record.owners:
                    owned.add(record.id)
            for mark in await self._bookmarks(user):
                found.setdefault(mark.id, mark.description or "")
                owned.add(mark.id)
        return tuple(
            WorkspaceInfo(
                name=name,
                description=description,
                level=user.level(name),
                is_own=name in owned,
                is_current=name == (self._workspace or user.workspace),
            )
            for name, description in found.items()
        )

    async def _records(self, user: User) -> AsyncIterator[auth.WorkspaceRecord]:
        offset = 0
        home = user.workspace or user.home
        while True:
            page = await self._transport.call(auth.list_workspaces(home, offset))
            for record in page:
                yield record
            if len(page) < auth.PAGE:
                return
            offset += len(page)

    async def _bookmarks(self, user: User) -> list[auth.Bookmark]:
        if not user.level(user.home):
            return []
        record = await self._transport.call(auth.read_home(user.home))
        marks = record.config.bookmarks if record.config else []
        return [mark for mark in marks if mark.bookmark_type == "workspace"]

    async def rights(self, name: str | None = None) -> Rights:
        """Tell what this user may do with an artifact, or with the whole workspace.

        Args:
            name: ``alias`` or ``workspace/alias``; None for the workspace.

        Raises:
            ArtifactNotFound: There is no such artifact.
            PermissionDenied: This user may not even read it.
        """
        user = await self.whoami()
        if name is None:
            return workspace_rights(user, await self.name())
        record = await (await self.artifact(name)).read()
        parent = await self._parent(record)
        rights = artifact_rights(user, record, parent)
        if parent and not record.versions:
            return first_commit_rights(rights, artifact_rights(user, parent, None))
        return rights

    async def _parent(self, record: Artifact) -> Artifact | None:
        if not record.parent_id:
            return None
        try:
            return await (await self.artifact(record.parent_id)).read()
        except (PermissionDenied, NotFound):
            return None  # what cannot be read gives no rights

    async def name(self) -> str:
        """Return the workspace's name.

        Raises:
            NotConfigured: None was given, and the token has none of its own.
        """
        self._workspace = self._workspace or (await self.whoami()).workspace
        if not self._workspace:
            raise NotConfigured(
                "No workspace is named.", hint="Name one, or set HYPHA_WORKSPACE."
            )
        return self._workspace

    async def list_artifacts(
        self,
        *,
        keywords: Sequence[str] = (),
        parent: ArtifactId | None = None,
        kind: str | None = None,
        collections: bool = False,
        staged: bool = False,
        deep: bool = False,
    ) -> tuple[Artifact, ...]:
        """List or search the workspace's artifacts, or a collection's children.

        Args:
            keywords: Only artifacts whose manifest has all of these words, whatever
                their case. A comma separates words.
            parent: The collection; by default all artifacts that are in none.
            kind: Only artifacts of this type.
            collections: Only collections, of whatever type.
            staged: Only those with an open stage.
            deep: The whole workspace, children of collections included.

        Returns:
            All that fit, staged and never committed ones included, by alias.

        Raises:
            PermissionDenied: This user may not list the collection.
        """
        stage: endpoints.Stage = True if staged else "all"
        words = [word for text in keywords for word in text.split(",") if word.strip()]
        filters: JsonObject = {"type": kind} if kind else {}
        if parent:
            call = endpoints.list_children(parent, words, filters, stage)
        else:
            name = await self.name()
            call = endpoints.list_workspace(name, words, filters, stage, deep=deep)
        found = await self._transport.call(call)
        fit = (a for a in found if a.is_collection or not collections)
        return tuple(sorted(fit, key=lambda artifact: artifact.alias))

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

    async def duplicate(
        self, source: str, target: str, *, parent: ArtifactId | None = None
    ) -> Artifact:
        """Copy an artifact's record and the files of its latest version.

        The server copies the files itself. It also puts the source's own record among
        them, secrets included, as a file ``.json`` (Hypha 0.21): that one is taken out
        before the copy is committed.

        Args:
            source: ``alias`` or ``workspace/alias``.
            target: The same, for the copy.
            parent: The collection that the copy becomes a child of.

        Returns:
            The copy, with one version ``v0``.

        Raises:
            ArtifactNotFound: There is no such source.
            AlreadyExists: The target is there already.
            PermissionDenied: This user may not read the one, or create the other.
        """
        old, new = await self.artifact(source), await self.artifact(target)
        had_it = any(entry.name == _RECORD for entry in await old.list_folder())
        await self._transport.call(endpoints.duplicate(old.id, new.id, parent))
        try:
            if not had_it:
                async with new.exclusive():
                    await new.remove_file(_RECORD)
            return await new.commit()
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._delete(new.id)
            raise

    async def delete(
        self, name: str, *, recursive: bool = False, version: str | None = None
    ) -> None:
        """Delete an artifact with all its versions and files, or its last version.

        Args:
            name: ``alias`` or ``workspace/alias``.
            recursive: Needed for a collection that has children: they are deleted, too.
            version: Only this version and its files; it has to be the last one.

        Raises:
            ArtifactNotFound: There is none of that name.
            VersionNotFound: It has no such version.
            PermissionDenied: This user may not delete it.
            WouldLoseData: It is a collection with children, or not the last version.
            StageConflict: A version is to be deleted, and a stage is open.
        """
        artifact = await self.artifact(name)
        record = await artifact.read(version=STAGE)
        if version is not None:
            check_last_version(record, version)
        elif recursive:
            await delete_children(self._transport, artifact.id, delete_files=True)
        elif record.is_collection:
            children = await children_of(self._transport, artifact.id)
            check_childless(record, len(children))
        await self._delete(artifact.id, version)

    async def _delete(self, name: ArtifactId, version: str | None = None) -> None:
        call = endpoints.delete(
            name, delete_files=True, recursive=False, version=version
        )
        await self._transport.call(call)
