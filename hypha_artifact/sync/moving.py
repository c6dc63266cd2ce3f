"""Bytes between here and there, without ``await``."""

from __future__ import annotations

from collections.abc import Sequence

from hypha_artifact.artifact import AsyncHyphaArtifact
from hypha_artifact.artifact.batches import IfExists
from hypha_artifact.artifact.events import Callback
from hypha_artifact.artifact.requests import LocalPath, Scheduler
from hypha_artifact.classes import LinkRule, MultipartConfig, OnError
from hypha_artifact.models import StageMode
from hypha_artifact.portal import run, run_telling
from hypha_artifact.sync.base import Base
from hypha_artifact.sync.twins import twin_of
from hypha_artifact.transfer.engine import WORKERS
from hypha_artifact.transfer.plans import TransferPlan


@twin_of(AsyncHyphaArtifact)
class Moving(Base):
    """Bytes between here and there, without ``await``."""

    def put(
        self,
        lpath: LocalPath | Sequence[LocalPath] | bytes,
        rpath: str | Sequence[str] | None = None,
        callback: Callback | None = None,
        maxdepth: int | None = None,
        on_error: OnError = "raise",
        multipart_config: MultipartConfig | None = None,
        *,
        recursive: bool = False,
        batch_size: int | None = None,
        if_exists: IfExists = "overwrite",
        links: LinkRule = "files",
        scheduler: Scheduler | None = None,
    ) -> None:
        run_telling(
            lambda tell: self._async_artifact.put(
                lpath,
                rpath,
                tell if callback else None,
                maxdepth,
                on_error,
                recursive=recursive,
                multipart_config=multipart_config,
                batch_size=batch_size,
                if_exists=if_exists,
                links=links,
                scheduler=scheduler,
            ),
            callback,
        )

    def plan_put(
        self,
        lpath: LocalPath | Sequence[LocalPath],
        rpath: str | Sequence[str] | None = None,
        maxdepth: int | None = None,
        *,
        recursive: bool = False,
        multipart_config: MultipartConfig | None = None,
        links: LinkRule = "files",
        compare: bool = False,
        mode: StageMode = StageMode.IN_PLACE,
    ) -> TransferPlan:
        return run(
            lambda: self._async_artifact.plan_put(
                lpath,
                rpath,
                maxdepth,
                recursive=recursive,
                multipart_config=multipart_config,
                links=links,
                compare=compare,
                mode=mode,
            )
        )

    def plan_get(
        self,
        rpath: str | Sequence[str],
        lpath: LocalPath | Sequence[LocalPath] | None = None,
        maxdepth: int | None = None,
        version: str | None = None,
        *,
        recursive: bool = False,
        compare: bool = False,
        on_error: OnError = "raise",
    ) -> TransferPlan:
        return run(
            lambda: self._async_artifact.plan_get(
                rpath,
                lpath,
                maxdepth,
                version,
                recursive=recursive,
                compare=compare,
                on_error=on_error,
            )
        )

    def run_plan(
        self,
        plan: TransferPlan,
        callback: Callback | None = None,
        on_error: OnError = "raise",
        *,
        if_exists: IfExists = "overwrite",
        workers: int = WORKERS,
        scheduler: Scheduler | None = None,
    ) -> None:
        run_telling(
            lambda tell: self._async_artifact.run_plan(
                plan,
                tell if callback else None,
                on_error,
                if_exists=if_exists,
                workers=workers,
                scheduler=scheduler,
            ),
            callback,
        )

    def get(
        self,
        rpath: str | Sequence[str],
        lpath: LocalPath | Sequence[LocalPath] | None = None,
        callback: Callback | None = None,
        maxdepth: int | None = None,
        on_error: OnError = "raise",
        version: str | None = None,
        *,
        recursive: bool = False,
        if_exists: IfExists = "overwrite",
        scheduler: Scheduler | None = None,
    ) -> None:
        run_telling(
            lambda tell: self._async_artifact.get(
                rpath,
                lpath,
                tell if callback else None,
                maxdepth,
                on_error,
                version,
                recursive=recursive,
                if_exists=if_exists,
                scheduler=scheduler,
            ),
            callback,
        )

    def upload(
        self,
        local_path: LocalPath | Sequence[LocalPath],
        remote_path: str = "",
        *,
        recursive: bool = True,
        enable_multipart: bool = False,
        multipart_threshold: int | None = None,
        chunk_size: int | None = None,
        max_parallel_uploads: int | None = None,
        callback: Callback | None = None,
        maxdepth: int | None = None,
        on_error: OnError = "raise",
        if_exists: IfExists = "overwrite",
        links: LinkRule = "files",
        scheduler: Scheduler | None = None,
    ) -> None:
        run_telling(
            lambda tell: self._async_artifact.upload(
                local_path,
                remote_path,
                recursive=recursive,
                enable_multipart=enable_multipart,
                multipart_threshold=multipart_threshold,
                chunk_size=chunk_size,
                max_parallel_uploads=max_parallel_uploads,
                callback=tell if callback else None,
                maxdepth=maxdepth,
                on_error=on_error,
                if_exists=if_exists,
                links=links,
                scheduler=scheduler,
            ),
            callback,
        )

    def download(
        self,
        remote_path: str | Sequence[str],
        local_path: LocalPath = ".",
        *,
        recursive: bool = True,
        version: str | None = None,
        callback: Callback | None = None,
        maxdepth: int | None = None,
        on_error: OnError = "raise",
        if_exists: IfExists = "overwrite",
        scheduler: Scheduler | None = None,
    ) -> None:
        run_telling(
            lambda tell: self._async_artifact.download(
                remote_path,
                local_path,
                recursive=recursive,
                version=version,
                callback=tell if callback else None,
                maxdepth=maxdepth,
                on_error=on_error,
                if_exists=if_exists,
                scheduler=scheduler,
            ),
            callback,
        )
