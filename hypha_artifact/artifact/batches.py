"""One request from its plan to its end, on an engine of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

import anyio.to_thread
from msgspec import structs

from hypha_artifact.artifact.base import Connected
from hypha_artifact.artifact.browsing import KEEP
from hypha_artifact.artifact.events import Callback, Reporter
from hypha_artifact.artifact.requests import Scheduler
from hypha_artifact.classes import OnError
from hypha_artifact.errors import (
    HyphaError,
    InvalidInput,
    IsFolder,
    LocalFileError,
    LocalNotFound,
    NotFolder,
    NotFound,
    ServiceError,
    StageError,
    TransferFailed,
)
from hypha_artifact.paths import printable
from hypha_artifact.transfer.clock import Clock
from hypha_artifact.transfer.clusters import on_cluster
from hypha_artifact.transfer.engine import WORKERS, TransferEngine
from hypha_artifact.transfer.guard import guard
from hypha_artifact.transfer.items import Existing, PlanItem, Problem, Standing
from hypha_artifact.transfer.plans import TransferPlan
from hypha_artifact.transfer.rules import ruled
from hypha_artifact.transfer.state import (
    Direction,
    DownloadRequest,
    JobState,
    JobView,
    Overwrite,
    Request,
)
from hypha_artifact.transfer.survey import survey

IfExists: TypeAlias = (
    Literal["overwrite", "skip", "newer", "size", "content", "rename"]
    | Overwrite
    | Callable[[PlanItem], Overwrite]
)
"""What to do with files that are there already, see ``transfer.state.Overwrite``."""

_MOVING = (
    JobState.QUEUED,
    JobState.RUNNING,
    JobState.FINALISING,
    JobState.WAITING,
)


class Batches(Connected):
    """What runs a request, and turns its failures into one error."""

    async def _run(
        self,
        request: Request,
        callback: Callback | None,
        on_error: OnError | None,
        *,
        workers: int = WORKERS,
        headers: dict[str, str] | None = None,
        note: Callable[[JobView], None] | None = None,
        if_exists: IfExists = "overwrite",
        scheduler: Scheduler | None = None,
    ) -> None:
        plan = await survey(self.remote, request)
        plan = await anyio.to_thread.run_sync(prepared, plan, headers)
        plan = await chosen(plan, if_exists)
        await self._carry_out(
            plan, callback, on_error, workers=workers, note=note, scheduler=scheduler
        )

    async def _carry_out(
        self,
        plan: TransferPlan,
        callback: Callback | None,
        on_error: OnError | None,
        *,
        workers: int = WORKERS,
        note: Callable[[JobView], None] | None = None,
        scheduler: Scheduler | None = None,
    ) -> None:
        reporter: Reporter | None = None
        request, clusters = on_cluster(plan.request, scheduler)
        plan = structs.replace(plan, request=request)

        def watch(job: JobView) -> None:
            if reporter:
                reporter.see(job)
            if note:
                note(job)

        clock = Clock()
        async with TransferEngine(
            lambda _: self.remote,
            clock=clock,
            workers=max(1, workers),
            watch=watch,
            clusters=clusters,
        ) as engine:
            if callback is not None:
                reporter = Reporter(callback, plan, clock)
            plan = judged(plan, reporter, on_error)
            if plan.items:
                if self.limits is not None:
                    await self.limits.bind(engine)
                await anyio.to_thread.run_sync(make_roots, plan)
                group = await engine.submit(plan)
                await _settled(engine, group, reporter)
                _raise_failures(engine, group, plan, reporter, on_error)


async def chosen(plan: TransferPlan, if_exists: IfExists) -> TransferPlan:
    """Decide about all that is there already.

    Args:
        plan: What would be moved.
        if_exists: A rule, or what gives one for each item; it is called in a thread.

    Raises:
        InvalidInput: There is no such rule.
    """
    if callable(if_exists):
        return await anyio.to_thread.run_sync(ruled, plan, if_exists)
    rules = {rule.value: rule for rule in Overwrite if rule is not Overwrite.ASK}
    name = if_exists.value if isinstance(if_exists, Overwrite) else if_exists
    if name not in rules:
        raise InvalidInput(
            f"if_exists is {', '.join(rules)} or a function, not '{name}'."
        )
    rule = rules[name]
    if rule is Overwrite.REPLACE:
        return plan

    def always(_: PlanItem) -> Overwrite:
        return rule

    return await anyio.to_thread.run_sync(ruled, plan, always)


def compares(if_exists: IfExists) -> bool:
    """Tell whether a rule has to know the content of what is there."""
    return if_exists in {"content", Overwrite.CONTENT}


def prepared(plan: TransferPlan, headers: dict[str, str] | None = None) -> TransferPlan:
    """Leave out what only holds folders, and send headers along. Blocks."""
    request = plan.request
    named = set(request.sources) if isinstance(request, DownloadRequest) else None
    if named is None and not headers:
        return plan

    def prepare(item: PlanItem) -> PlanItem | None:
        if named is not None and item.remote.name == KEEP and item.remote not in named:
            return None
        return structs.replace(item, headers=headers) if headers else item

    return plan.changed(prepare, frozenset(Standing))


def judged(
    plan: TransferPlan, reporter: Reporter | None, on_error: OnError | None = None
) -> TransferPlan:
    """Raise, or tell of and leave out, what cannot be moved at all.

    Args:
        plan: What would be done.
        reporter: Who is told; None for nobody.
        on_error: ``"ignore"`` leaves it out; otherwise it is raised.

    Raises:
        HyphaError: A source is not there, or a target is in the way.
    """
    down = isinstance(plan.request, DownloadRequest)
    blocked = plan.packed.those({Standing.CONFLICT})
    if on_error != "ignore":
        _raise_first(plan, blocked, down=down)
    if reporter is not None:
        for problem in plan.problems:
            reporter.problem(problem)
        for item in blocked:
            reporter.problem(_problem(item, down=down))
    if not blocked:
        return plan
    left = plan.packed.those(set(Standing) - {Standing.CONFLICT})
    return structs.replace(plan, items=left)


def _raise_first(
    plan: TransferPlan, blocked: Sequence[PlanItem], *, down: bool
) -> None:
    for problem in plan.problems:
        if not problem.is_note:
            raise _error_of(problem, down=down)
    for item in blocked:
        raise _clash(item, item.existing, down=down)


def _error_of(problem: Problem, *, down: bool) -> HyphaError:
    if problem.missing and down:
        return NotFound(f"'{printable(problem.source)}': {problem.reason}")
    if problem.missing:
        return LocalNotFound(f"There is no local file '{printable(problem.source)}'.")
    return TransferFailed(
        f"Nothing was transferred: '{printable(problem.source)}': {problem.reason}",
        hint='Mend it, or leave such files out with on_error="ignore" (--on-error '
        "ignore).",
    )


def _clash(item: PlanItem, existing: Existing | None, *, down: bool) -> HyphaError:
    shown = printable(str(item.local if down else item.remote))
    reason = existing.blocked if existing else ""
    said = f"Nothing was transferred: '{shown}': {reason}"
    if existing and existing.is_folder:
        return IsFolder(said, hint="End the target with / to put the file into it.")
    return LocalFileError(said) if down else NotFolder(said)


def _problem(item: PlanItem, *, down: bool) -> Problem:
    reason = item.existing.blocked if item.existing else None
    source = str(item.remote if down else item.local)
    return Problem(source=source, reason=reason or "")


def make_roots(plan: TransferPlan) -> None:
    """Make the folders that downloads go into. Blocks."""
    if plan.direction is Direction.UPLOAD:
        return
    roots: set[Path] = {item.root for item in plan.items if item.root is not None}
    for root in roots:
        with guard(root, "make the folder"):
            root.mkdir(parents=True, exist_ok=True)


async def _settled(
    engine: TransferEngine, group: int, reporter: Reporter | None
) -> None:
    """Wait until every file is done or has failed, or nothing goes on."""
    async for snapshot in engine.snapshots():
        view = next((g for g in snapshot.groups if g.id == group), None)
        if view is None or not view.count(*_MOVING):
            return
        if reporter is not None and reporter.broken.is_set():
            return


def _raise_failures(
    engine: TransferEngine,
    group: int,
    plan: TransferPlan,
    reporter: Reporter | None,
    on_error: OnError | None,
) -> None:
    if reporter is not None and reporter.error is not None:
        raise reporter.error
    failures = engine.failures(group)
    if not failures or on_error == "ignore":
        return
    job, first = failures[0]
    alike = all(type(error) is type(first) for _, error in failures)
    if len(failures) == 1 or (alike and isinstance(first, ServiceError | StageError)):
        raise first
    raise TransferFailed(
        f"{len(failures)} of {len(plan.items)} files failed, first "
        f"'{printable(job.remote)}': {first.message}",
        hint=first.hint,
    ) from first
