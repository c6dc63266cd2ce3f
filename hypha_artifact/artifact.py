"""``AsyncHyphaArtifact``: the verbs over one artifact."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Self

import anyio
from msgspec import structs

from hypha_artifact import staging
from hypha_artifact._api import endpoints
from hypha_artifact._api.transport import Transport
from hypha_artifact.errors import IsFolder, NotFound, NotStaged, TransferFailed
from hypha_artifact.models import (
    Artifact,
    CommitPreview,
    Entry,
    JsonObject,
    StageMode,
    StageState,
    Version,
)
from hypha_artifact.paths import ArtifactId, RemotePath
from hypha_artifact.remote import RemoteArtifact
from hypha_artifact.settings import ConnectionSettings
from hypha_artifact.transfer.engine import TransferEngine
from hypha_artifact.transfer.state import (
    DownloadRequest,
    Existing,
    JobState,
    JobView,
    PlanItem,
    TransferPlan,
    UploadRequest,
)

_PAGE = 1000


class AsyncHyphaArtifact:
    """One artifact; an async context manager.

    What is not given is taken from the environment or a ``.env`` file.

    Args:
        artifact_id: ``alias`` or ``workspace/alias``.
        workspace: The workspace of a bare alias.
        token: Bearer token; without one, public artifacts can be read.
        server_url: Base URL of the server.
        use_proxy: Whether bytes go through the server's S3 proxy; None leaves it to
            the server.
        use_local_url: Whether links use the server's local address, or another base.
        disable_ssl: Do not check TLS certificates, neither for calls nor for bytes.
        transport: An open connection to share; it is not closed here.

    Raises:
        InvalidInput: That is no artifact's name.
        NotConfigured: No server is named.
    """

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
        transport: Transport | None = None,
    ) -> None:
        self._own = transport is None
        if transport is None:
            found = ConnectionSettings.load(
                server_url=server_url, workspace=workspace, token=token
            )
            transport = Transport(
                structs.replace(
                    found,
                    use_proxy=use_proxy,
                    use_local_url=use_local_url,
                    verify=not disable_ssl,
                )
            )
        bare = None if "/" in artifact_id else transport.settings.workspace
        self._transport = transport
        self.id = ArtifactId.parse(artifact_id, workspace or bare)
        self.remote = RemoteArtifact(self.id, transport)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connection, if it was made here."""
        if self._own:
            await self._transport.aclose()

    # The record.

    async def create(
        self,
        manifest: JsonObject | None = None,
        parent_id: str | None = None,
        config: JsonObject | None = None,
        *,
        type: str | None = None,  # noqa: A002 - the name is part of the interface
        stage: bool = False,
        overwrite: bool = False,
    ) -> Artifact:
        """Create the artifact.

        Args:
            manifest: What it is; by default its alias as its name.
            parent_id: The collection that it becomes a child of.
            config: Settings such as permissions.
            type: ``generic`` (the default), ``collection``, or any other.
            stage: Whether it starts with an open stage; else with an empty ``v0``.
            overwrite: Replace an artifact of that name.

        Raises:
            AlreadyExists: The alias is taken.
        """
        arguments: JsonObject = {
            "manifest": manifest or {"name": self.id.alias},
            "parent_id": parent_id,
            "config": config,
            "type": type,
            "stage": stage,
            "overwrite": overwrite or None,
        }
        return await self._transport.call(endpoints.create(self.id, arguments))

    async def read(self, version: str | None = None) -> Artifact:
        """Read the record; ``version`` is a name, None for the latest, or "stage"."""
        return await self.remote.read(version=version)

    async def versions(self) -> tuple[Version, ...]:
        """Return the committed versions, oldest first."""
        return tuple((await self.remote.read()).versions or ())

    async def edit(
        self,
        manifest: JsonObject | None = None,
        config: JsonObject | None = None,
        version: str | None = None,
    ) -> Artifact:
        """Open a stage, or join the open one, and stage changes of the record.

        Args:
            manifest: Replaces the old one wholly.
            config: Replaces the old one wholly.
            version: ``"new"`` for a new version that starts empty; None to change
                the latest one in place.

        Raises:
            StageConflict: A stage of the other kind is open.
        """
        mode = StageMode.NEW_VERSION if version == "new" else StageMode.IN_PLACE
        opened = await self.remote.open_stage(mode)
        if manifest is None and config is None:
            return opened
        return await self.remote.edit(manifest=manifest, config=config)

    async def stage(self) -> StageState:
        """Tell what is staged."""
        return await staging.read_stage(self.remote)

    async def preview_commit(self) -> CommitPreview:
        """Tell what readers will see after a commit, and what stands in its way."""
        return await staging.preview_commit(self.remote)

    async def commit(
        self, version: str | None = None, comment: str | None = None
    ) -> Artifact:
        """Check the stage, then make it final.

        Raises:
            NotStaged: No stage is open.
            CommitBlocked: It would fail, or damage an older version.
        """
        return await staging.commit(self.remote, comment=comment, version=version)

    async def discard(self) -> Artifact:
        """Throw the stage away.

        Raises:
            NotStaged: No stage is open.
        """
        return await self.remote.discard()

    async def delete(self) -> None:
        """Delete the artifact with all its versions and files, for good."""
        call = endpoints.delete(
            self.id, delete_files=True, recursive=False, version=None
        )
        await self._transport.call(call)

    # Files.

    async def ls(self, path: str = "", version: str | None = None) -> tuple[Entry, ...]:
        """List a folder of any size; folders first."""
        return await self.remote.list_folder(RemotePath(path), version=version)

    async def info(self, path: str, version: str | None = None) -> Entry:
        """Return one entry.

        Raises:
            NotFound: There is none.
        """
        return await self.remote.stat(RemotePath(path), version=version)

    async def exists(self, path: str, version: str | None = None) -> bool:
        """Tell whether there is such a file or folder; other failures are raised."""
        try:
            await self.info(path, version)
        except NotFound:
            return False
        return True

    async def find(
        self, path: str = "", version: str | None = None
    ) -> dict[RemotePath, Entry]:
        """Return every file below a folder, by its full path, sorted."""
        walk = self.remote.walk(RemotePath(path), version=version)
        return dict(sorted([(name, entry) async for name, entry in walk]))

    async def read_bytes(
        self,
        path: str,
        start: int = 0,
        stop: int | None = None,
        version: str | None = None,
    ) -> bytes:
        """Read a file, or bytes ``start`` up to, not including, ``stop`` of it."""
        name = RemotePath(path)
        links = await self.remote.sign_downloads([name], version=version)
        async with self.remote.fetch(links[name], start, stop) as body:
            return b"".join([chunk async for chunk in body.chunks])

    async def rm(self, path: str, *, recursive: bool = False) -> None:
        """Stage the removal of a file, or of all files in a folder.

        Raises:
            IsFolder: It is a folder, and ``recursive`` is not set.
            WouldLoseData: The server would destroy a committed file; nothing is done.
        """
        name = RemotePath(path)
        version = "stage" if (await self.remote.read()).is_staged else None
        if not (await self.remote.stat(name, version=version)).is_folder:
            return await staging.remove(self.remote, [name])
        if not recursive:
            raise IsADirectoryError(
                f"'{name}' is a folder; say recursive to remove it."
            )
        paths = [found async for found, _ in self.remote.walk(name, version=version)]
        return await staging.remove(self.remote, paths)

    async def put(
        self,
        lpath: str | os.PathLike[str],
        rpath: str | None = None,
        *,
        recursive: bool = False,
    ) -> None:
        """Upload a file, or the contents of a folder, into the open stage.

        Args:
            lpath: The local file or folder.
            rpath: The file's path in the artifact, or the folder to put the contents
                into; with a trailing slash, the folder to put the file into.
            recursive: Needed for a folder.

        Raises:
            NotStaged: No stage is open.
            IsFolder: It is a folder, and ``recursive`` is not set.
            TransferFailed: At least one file did not arrive.
        """
        source = anyio.Path(lpath)
        target = _target(rpath, source.name)
        artifact = await self.remote.read(version="stage")
        if artifact.stage_mode is None:
            raise NotStaged(f"{self.id} has no open stage.")
        folder = await source.is_dir()
        if folder and not recursive:
            raise IsFolder(f"'{source}' is a folder.")
        request = UploadRequest(
            sources=await _contents(source) if folder else (Path(source),),
            artifact=self.id,
            folder=RemotePath(rpath or "") if folder else target.parent,
            mode=artifact.stage_mode,
        )
        await self._run(request, None if folder else target)

    async def get(
        self,
        rpath: str,
        lpath: str | os.PathLike[str] | None = None,
        *,
        version: str | None = None,
        recursive: bool = False,
    ) -> None:
        """Download a file, or a folder's contents, over what is there.

        Args:
            rpath: The file or folder in the artifact.
            lpath: The local file, or the folder for the contents.
            version: A name, None for the latest, or ``"stage"``.
            recursive: Needed for a folder.

        Raises:
            NotFound: It is not in the artifact.
            IsFolder: It is a folder, and ``recursive`` is not set.
            TransferFailed: At least one file did not arrive.
        """
        source = RemotePath(rpath)
        local = Path(lpath if lpath is not None else source.name or ".")
        folder = (await self.remote.stat(source, version=version)).is_folder
        if folder and not recursive:
            raise IsFolder(f"'{source}' is a folder.")
        sources: tuple[RemotePath, ...] = (source,)
        if folder:
            entries = await self.remote.list_folder(source, version=version)
            sources = tuple(source / entry.name for entry in entries)
        request = DownloadRequest(
            sources=sources,
            artifact=self.id,
            folder=local if folder else local.parent,
            version=version,
        )
        await self._run(request, None if folder else local)

    async def _run(
        self, request: UploadRequest | DownloadRequest, rename: RemotePath | Path | None
    ) -> None:
        async with TransferEngine(lambda _: self.remote) as engine:
            plan = await _renamed(await engine.plan(request), rename)
            problems = [problem.reason for problem in plan.problems]
            problems += [
                item.existing.blocked
                for item in plan.items
                if item.existing and item.existing.blocked
            ]
            if problems:
                raise TransferFailed(f"Nothing was transferred: {problems[0]}")
            group = await engine.submit(plan)
            async for snapshot in engine.snapshots():
                view = next(g for g in snapshot.groups if g.id == group)
                if view.is_final:
                    break
            await _raise_failures(engine, group, len(plan.items))


def _target(rpath: str | None, name: str) -> RemotePath:
    if rpath is None or rpath.endswith("/"):
        return RemotePath(f"{rpath or ''}{name}")
    return RemotePath(rpath)


async def _contents(folder: anyio.Path) -> tuple[Path, ...]:
    return tuple(sorted([Path(child) async for child in folder.iterdir()]))


async def _renamed(plan: TransferPlan, name: RemotePath | Path | None) -> TransferPlan:
    if name is None:
        return plan
    items = [await _renamed_item(item, name) for item in plan.items]
    return structs.replace(plan, items=tuple(items))


async def _renamed_item(item: PlanItem, name: RemotePath | Path) -> PlanItem:
    if isinstance(name, RemotePath):
        return structs.replace(item, remote=name, existing=None)
    try:
        there = await anyio.Path(name).stat()
    except FileNotFoundError:
        return structs.replace(item, local=name, existing=None)
    existing = Existing(size=there.st_size, modified=there.st_mtime)
    return structs.replace(item, local=name, existing=existing)


async def _raise_failures(engine: TransferEngine, group: int, files: int) -> None:
    failed: list[JobView] = []
    for offset in range(0, files, _PAGE):
        page = await engine.page(group, offset, _PAGE)
        failed += [job for job in page if job.state is not JobState.DONE]
    if failed:
        first = failed[0]
        raise TransferFailed(
            f"{len(failed)} of {files} files failed, first '{first.remote}': "
            f"{first.reason or first.state.value}",
            hint=first.hint,
        )
