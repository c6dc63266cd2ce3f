"""The record, the versions and the stage, without ``await``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from hypha_artifact.artifact import AsyncHyphaArtifact
from hypha_artifact.classes import ListChildrenMode
from hypha_artifact.models import (
    Artifact,
    CommitPreview,
    JsonObject,
    StageState,
    Version,
)
from hypha_artifact.portal import run
from hypha_artifact.sync.base import Base
from hypha_artifact.sync.twins import twin_of


@twin_of(AsyncHyphaArtifact)
class Records(Base):
    """The record, the versions and the stage, without ``await``."""

    def create(
        self,
        manifest: JsonObject | None = None,
        parent_id: str | None = None,
        type: str | None = None,  # noqa: A002 - the name is part of the interface
        config: JsonObject | None = None,
        version: str | None = None,
        comment: str | None = None,
        secrets: Mapping[str, str] | None = None,
        *,
        overwrite: bool | None = None,
        stage: bool | None = None,
    ) -> Artifact:
        return run(
            partial(
                self._async_artifact.create,
                manifest,
                parent_id,
                config,
                version,
                comment,
                secrets,
                type=type,
                overwrite=overwrite,
                stage=stage,
            )
        )

    def read(self, version: str | None = None) -> Artifact:
        return run(partial(self._async_artifact.read, version))

    def versions(self) -> tuple[Version, ...]:
        return run(self._async_artifact.versions)

    def edit(
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
        return run(
            partial(
                self._async_artifact.edit,
                manifest,
                type,
                config,
                secrets,
                version,
                comment,
                stage=stage,
            )
        )

    def stage(self) -> StageState:
        return run(self._async_artifact.stage)

    def preview_commit(self) -> CommitPreview:
        return run(self._async_artifact.preview_commit)

    def commit(
        self, version: str | None = None, comment: str | None = None
    ) -> Artifact:
        return run(partial(self._async_artifact.commit, version, comment))

    def discard(self) -> Artifact:
        return run(self._async_artifact.discard)

    def delete(
        self,
        *,
        version: str | None = None,
        delete_files: bool | None = None,
        recursive: bool | None = None,
    ) -> None:
        run(
            partial(
                self._async_artifact.delete,
                version,
                delete_files=delete_files,
                recursive=recursive,
            )
        )

    def list_children(
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
        return run(
            partial(
                self._async_artifact.list_children,
                keywords,
                filters,
                mode,
                offset,
                limit,
                order_by,
                silent=silent,
                stage=stage,
            )
        )
