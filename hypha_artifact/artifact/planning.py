"""What ``put`` and ``get`` would do, and doing it then."""

from __future__ import annotations

from collections.abc import Sequence

import anyio.to_thread

from hypha_artifact.artifact.batches import Batches, IfExists, chosen, prepared
from hypha_artifact.artifact.events import Callback
from hypha_artifact.artifact.requests import (
    LocalPath,
    Scheduler,
    get_request,
    put_request,
)
from hypha_artifact.classes import LinkRule, MultipartConfig, OnError
from hypha_artifact.models import StageMode
from hypha_artifact.transfer.engine import WORKERS
from hypha_artifact.transfer.plans import TransferPlan
from hypha_artifact.transfer.survey import survey


class Planning(Batches):
    """Plans: made, looked at, and carried out."""

    async def plan_put(
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
        """Say what ``put`` would do, file by file; nothing is changed.

        ``transfer.rules.standing`` says of an item if it is new, the same, different,
        or cannot replace what is there.

        Args:
            lpath: As for ``put``.
            rpath: As for ``put``.
            maxdepth: As for ``put``.
            recursive: As for ``put``.
            multipart_config: As for ``put``.
            links: As for ``put``.
            compare: Compare the content of files that are there and as long. Local
                ones are read for it, once while they stay as they are.
            mode: The kind of stage to plan for while none is open.

        Raises:
            IsFolder: It is a folder, and ``recursive`` is not set.
            InvalidInput: Two files would go to one name, or the paths do not pair.
            HyphaError: One of the sides cannot be read.
        """
        request = await put_request(
            lpath,
            rpath,
            remote=self.remote,
            maxdepth=maxdepth,
            recursive=recursive,
            config=multipart_config,
            links=links,
            compare=compare,
            mode=mode,
        )
        plan = await survey(self.remote, request)
        return await anyio.to_thread.run_sync(prepared, plan)

    async def plan_get(
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
        """Say what ``get`` would do, file by file; nothing is changed.

        Args:
            rpath: As for ``get``.
            lpath: As for ``get``.
            maxdepth: As for ``get``.
            version: As for ``get``.
            recursive: As for ``get``.
            compare: As for ``plan_put``.
            on_error: ``"ignore"`` lists what is not there as a problem.

        Raises:
            NotFound: It is not in the artifact.
            IsFolder: It is a folder, and ``recursive`` is not set.
            InvalidInput: Two files would go to one name, or the paths do not pair.
            HyphaError: One of the sides cannot be read.
        """
        request = await get_request(
            rpath,
            lpath,
            remote=self.remote,
            version=version,
            maxdepth=maxdepth,
            recursive=recursive,
            lenient=on_error == "ignore",
            compare=compare,
        )
        plan = await survey(self.remote, request)
        return await anyio.to_thread.run_sync(prepared, plan)

    async def run_plan(
        self,
        plan: TransferPlan,
        callback: Callback | None = None,
        on_error: OnError = "raise",
        *,
        if_exists: IfExists = "overwrite",
        workers: int = WORKERS,
        scheduler: Scheduler | None = None,
    ) -> None:
        """Do what a plan says.

        Args:
            plan: From ``plan_put`` or ``plan_get``; or some of its items.
            callback: As for ``put``.
            on_error: As for ``put``.
            if_exists: As for ``put``; for ``"content"`` the plan must have been made
                with ``compare``, or all is taken for different.
            workers: Requests for bytes at a time.
            scheduler: As for ``put``.

        Raises:
            HyphaError: As for ``put`` and ``get``.
        """
        settled = await chosen(plan, if_exists)
        await self._carry_out(
            settled, callback, on_error, workers=workers, scheduler=scheduler
        )
