"""The verbs over an artifact's record, its versions and its stage."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence

from hypha_artifact import staging
from hypha_artifact._api import endpoints
from hypha_artifact.artifact.base import Connected
from hypha_artifact.classes import ListChildrenMode
from hypha_artifact.deletion import check_last_version, delete_children
from hypha_artifact.errors import InvalidInput, StageConflict, WouldLoseData
from hypha_artifact.models import (
    Artifact,
    CommitPreview,
    JsonObject,
    StageMode,
    StageState,
    Version,
)
from hypha_artifact.record import STAGE


class Records(Connected):
    """Create, read, edit, commit, discard and delete."""

    async def create(
        self,
        manifest: JsonObject | None = None,
        parent_id: str | None = None,
        config: JsonObject | None = None,
        version: str | None = None,
        comment: str | None = None,
        secrets: Mapping[str, str] | None = None,
        *,
        type: str | None = None,  # noqa: A002 - the name is part of the interface
        overwrite: bool | None = None,
        stage: bool | None = None,
    ) -> Artifact:
        """Create the artifact.

        Args:
            manifest: What it is; by default its alias as its name.
            parent_id: The collection that it becomes a child of.
            config: Settings such as permissions.
            version: Name of its first version.
            comment: That version's message.
            secrets: Values that the server keeps and shows to nobody.
            type: ``generic`` (the default), ``collection``, or any other.
            overwrite: Replace an artifact of that name.
            stage: Whether it starts with an open stage; else with an empty ``v0``.

        Returns:
            The new record.

        Raises:
            AlreadyExists: The alias is taken.
            PermissionDenied: This user may not create here.
        """
        arguments: JsonObject = {
            "manifest": manifest or {"name": self.id.alias},
            "parent_id": parent_id,
            "config": config,
            "version": version,
            "comment": comment,
            "secrets": secrets,
            "type": type,
            "stage": stage,
            "overwrite": overwrite,
        }
        return await self._transport.call(endpoints.create(self.id, arguments))

    async def read(self, version: str | None = None) -> Artifact:
        """Read the record.

        Args:
            version: A name, None for the latest, or ``"stage"``.

        Raises:
            ArtifactNotFound: There is no such artifact.
            VersionNotFound: It has no such version.
        """
        return await self.remote.read(version=version)

    async def versions(self) -> tuple[Version, ...]:
        """Return the committed versions, oldest first."""
        return tuple((await self.remote.read()).versions or ())

    async def edit(
        self,
        manifest: JsonObject | None = None,
        type: str | None = None,  # noqa: A002 - the name is part of the interface
        config: JsonObject | None = None,
        secrets: Mapping[str, str] | None = None,
        version: str | None = None,
        comment: str | None = None,
        *,
        stage: bool = False,
    ) -> Artifact:
        """Open a stage, or join the open one; or change the record.

        Args:
            manifest: Replaces the old one wholly.
            type: Another type.
            config: Replaces the old one wholly.
            secrets: Replaces the old ones wholly.
            version: ``"new"`` for a new version, which starts empty. None changes the
                latest one in place, where readers see uploads at once, or joins the
                session that is open.
            comment: The message of the version that is edited.
            stage: Whether the change waits for a commit. False is refused while a
                session is open: a later discard would undo newer data (verified,
                Hypha 0.21).

        Returns:
            The record as edited.

        Raises:
            StageConflict: A session of the other kind is open, or ``stage`` is False
                and one is open.
            WouldLoseData: A new version without ``stage``: it would have no files,
                and be the latest at once (verified, Hypha 0.21).
        """
        fields: JsonObject = {
            "manifest": manifest,
            "type": type,
            "config": config,
            "secrets": secrets,
            "comment": comment,
        }
        given = {name: value for name, value in fields.items() if value is not None}
        if not stage:
            return await self._edit_at_once(given, version)
        opened = await self._join(version)
        return await self.remote.edit(given) if given else opened

    async def _join(self, version: str | None) -> Artifact:
        if version == "new":
            return await self.remote.open_stage(StageMode.NEW_VERSION)
        artifact = await self.remote.read(version=STAGE)
        names = {known.version for known in (artifact.versions or ())[-1:]}
        if version not in {None, STAGE, *names}:
            raise InvalidInput(
                f"{self.id}: version '{version}' cannot be edited in place.",
                hint='Edit the latest version, or give version="new".',
            )
        return await self.remote.open_stage(artifact.stage_mode or StageMode.IN_PLACE)

    async def _edit_at_once(self, given: JsonObject, version: str | None) -> Artifact:
        found = await self.remote.read(version=STAGE)
        if found.is_staged:
            raise StageConflict(
                f"{self.id} has an open stage; an edit past it could be lost.",
                hint="Edit with stage=True, or commit or discard the stage first.",
            )
        if version == "new" and found.file_count:
            raise WouldLoseData(
                f"{self.id}: a new version that is not staged would have no files, "
                "and readers would get it at once.",
                hint="Edit with stage=True, upload what it is to have, and commit.",
            )
        return await self.remote.edit_at_once(given, version=version)

    async def stage(self) -> StageState:
        """Tell what is staged: each path, what it does, and its size."""
        return await staging.read_stage(self.remote)

    async def preview_commit(self) -> CommitPreview:
        """Tell what readers will see after a commit, and what stands in its way."""
        return await staging.preview_commit(self.remote)

    async def commit(
        self, version: str | None = None, comment: str | None = None
    ) -> Artifact:
        """Check the stage, then make it final.

        Args:
            version: Name of the new version; the next number by default. In git
                storage, a tag for the commit. In place, the server ignores it
                (verified, Hypha 0.21), and a warning says so.
            comment: The version's message; in place it replaces the latest one's.

        Returns:
            The artifact as committed.

        Raises:
            NotStaged: No stage is open.
            CommitBlocked: It would fail, or damage an older version; nothing is done.
        """
        made = await staging.commit(self.remote, comment=comment, version=version)
        latest = made.latest
        names = {known.version for known in made.versions or ()}
        if version and latest and version not in names:
            warnings.warn(
                f"{self.id} was changed in place: its version is still "
                f"{latest.version}, not {version}.",
                stacklevel=2,
            )
        return made

    async def discard(self) -> Artifact:
        """Throw the stage away.

        Raises:
            NotStaged: No stage is open.
        """
        return await self.remote.discard()

    async def delete(
        self,
        version: str | None = None,
        *,
        delete_files: bool | None = None,
        recursive: bool | None = None,
    ) -> None:
        """Delete the whole artifact, or its last version, for good.

        Args:
            version: The last version's name; None deletes the artifact.
            delete_files: Delete the files in the store, too.
            recursive: Delete the children of a collection, too.

        Raises:
            WouldLoseData: It is not the last version: deleting it would give other
                versions its files (verified, Hypha 0.21).
            StageConflict: A version is to be deleted, and a stage is open.
            VersionNotFound: There is no such version.
            PermissionDenied: This user may not delete it.
        """
        if version is not None:
            check_last_version(await self.remote.read(version=STAGE), version)
        elif recursive:
            files = bool(delete_files)
            await delete_children(self._transport, self.id, delete_files=files)
        call = endpoints.delete(
            self.id, delete_files=delete_files, recursive=recursive, version=version
        )
        await self._transport.call(call)

    async def list_children(
        self,
        keywords: Sequence[str] | None = None,
        filters: JsonObject | None = None,
        mode: ListChildrenMode = "AND",
        offset: int = 0,
        limit: int = 100,
        order_by: str | None = None,
        *,
        silent: bool = False,
        stage: bool | str = False,
    ) -> list[JsonObject]:
        """List the artifacts in this collection, as the server sends them.

        Args:
            keywords: Words to look for in manifests.
            filters: Fields that must match, as the server's ``list`` takes them.
            mode: Whether all keywords and filters must match, or one.
            offset: How many to leave out at the beginning.
            limit: How many at most.
            order_by: A field, with ``<`` (ascending) or ``>`` after it.
            silent: Count no view.
            stage: Staged ones only; ``"all"`` for both kinds.
        """
        arguments: JsonObject = {
            "parent_id": str(self.id),
            "keywords": keywords,
            "filters": filters,
            "mode": mode,
            "offset": offset,
            "limit": limit,
            "order_by": order_by,
            "silent": silent,
            "stage": stage,
        }
        return await self._transport.call(endpoints.list_as_sent(self.id, arguments))
