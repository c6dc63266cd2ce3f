"""``TransferEngine``: plan, submit, control, snapshot. All on the loop it starts on."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from functools import partial
from typing import Self, TypeAlias

import anyio
from anyio.abc import TaskGroup, TaskStatus

from hypha_artifact.errors import HyphaError
from hypha_artifact.paths import ArtifactId
from hypha_artifact.remote import RemoteArtifact
from hypha_artifact.transfer.away import AwayDownload, AwayUpload, Crew
from hypha_artifact.transfer.board import LIVE, Board
from hypha_artifact.transfer.carry import Carry
from hypha_artifact.transfer.clock import Clock
from hypha_artifact.transfer.clusters import Clusters
from hypha_artifact.transfer.commands import Commands
from hypha_artifact.transfer.download import Download
from hypha_artifact.transfer.jobs import Group, Mover
from hypha_artifact.transfer.journal import Journal
from hypha_artifact.transfer.ledger import Ledger
from hypha_artifact.transfer.limits import Limits
from hypha_artifact.transfer.meter import Speed
from hypha_artifact.transfer.pace import MOST
from hypha_artifact.transfer.plans import PlanItems, TransferPlan
from hypha_artifact.transfer.resting import Resting
from hypha_artifact.transfer.resume import StoredBatch, revive
from hypha_artifact.transfer.scheduler import Scheduler
from hypha_artifact.transfer.state import (
    Action,
    CarryRequest,
    Command,
    Direction,
    DownloadRequest,
    JobView,
    Request,
    Snapshot,
    UploadRequest,
)
from hypha_artifact.transfer.submitting import Piece, Submissions, Taken
from hypha_artifact.transfer.survey import survey
from hypha_artifact.transfer.upload import Upload
from hypha_artifact.transfer.views import group_view, job_view, snapshot
from hypha_artifact.transfer.ways import Away, way_of
from hypha_artifact.transfer.workers import Workers

RemoteFor: TypeAlias = Callable[[ArtifactId], RemoteArtifact]

WORKERS = MOST
"""Requests for bytes at a time, at most."""

PIECE = 5000
"""Files of a plan that are taken in at a time."""

SNAPSHOT_PERIOD = 0.1
"""Seconds between two snapshots, at the least."""


class TransferEngine:
    """Moves files. An async context manager; leaving it is ``aclose``.

    Args:
        remote_for: Gives the remote side of an artifact, on this loop.
        clock: Where the time comes from.
        workers: Requests for bytes at a time.
        watch: Called on the engine's loop at each change of a file; must not raise.
        journal: Where it is written down how far everything is; whoever opens it
            closes it.
        accounts: Gives ``remote_for`` of an account, where there are several.
        patience: Seconds that an outage of the network or the server may last before
            it costs a file its tries.
        clusters: Connects to the Dask clusters of requests that name one.
    """

    def __init__(
        self,
        remote_for: RemoteFor,
        *,
        clock: Clock | None = None,
        workers: int = WORKERS,
        watch: Callable[[JobView], None] | None = None,
        journal: Journal | None = None,
        accounts: Callable[[str], RemoteFor] | None = None,
        patience: float = 0.0,
        clusters: Clusters | None = None,
    ) -> None:
        self._remote_for = remote_for
        self._accounts = accounts
        self._clusters = clusters or Clusters()
        self._clock = clock or Clock()
        self._ledger = Ledger(journal)
        self._board = Board(self._clock, self._ledger)
        if watch is not None:
            self._board.watch = lambda job: watch(job_view(job, self._clock))
        self.limits = Limits(self._clock, self._limited)
        scheduler = Scheduler(self.limits)
        self._workers = Workers(
            self._board,
            scheduler,
            self._clock,
            self.limits,
            workers,
            remote_of=lambda group: self._remote(group.request, group.account),
            patience=patience,
        )
        self._commands = Commands(self._board, scheduler)
        self._scheduler = scheduler
        self._resting = Resting(self._board, scheduler)
        self._snapshot = Snapshot()
        self._seen = 0
        self._next_snapshot = 0.0
        self._tasks: TaskGroup | None = None
        self._host: TaskGroup | None = None
        self._held: list[Group] = []
        self._submissions = Submissions(self._board, scheduler, self._mover)

    def show_trouble(self) -> None:
        """Show what became of the journal; on the engine's loop."""
        self._board.touch()

    async def __aenter__(self) -> Self:
        self._host = await anyio.create_task_group().__aenter__()
        self._tasks = await self._host.start(self._work)
        return self

    async def _work(self, *, task_status: TaskStatus[TaskGroup]) -> None:
        # A caller who is cancelled still waits for the clean-up, which workers do.
        with anyio.CancelScope(shield=True):
            async with anyio.create_task_group() as tasks:
                self._workers.start(tasks)
                task_status.started(tasks)

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def stop(self) -> None:
        """Stop at once; what is unfinished stays as it is, for ``restore``."""
        tasks, self._tasks = self._tasks, None
        if tasks is not None and self._host is not None:
            tasks.cancel_scope.cancel()
            await self._host.__aexit__(None, None, None)
            await self._clusters.aclose()

    async def aclose(self, patience: float = 30.0) -> None:
        """Cancel what is unfinished, clean up after it, and stop.

        Args:
            patience: Seconds that the clean-up may take.
        """
        if self._tasks is None:
            return
        for action in (Action.CANCEL, Action.CLEAR):
            await self._commands.run(Command(action=action))
        self._workers.wake()
        with anyio.move_on_after(patience, shield=True):
            await self._workers.tidied()
        await self.stop()

    def restore(
        self,
        batches: Iterable[StoredBatch],
        held: Callable[[str], HyphaError | None] = lambda _account: None,
        last: int = 0,
    ) -> None:
        """Take over what an engine before this one left in the journal.

        Args:
            batches: From ``resume.load``.
            held: Says why an account's batches cannot go on yet, see ``release``.
            last: The newest batch's number, also if that one is not there any more.
        """
        self._board.last_batch = last
        for stored in batches:
            mover = self._mover(stored.request, stored.account)
            speed = Speed(self._clock)
            group = Group(stored.id, stored.request, mover, stored.title, speed)
            self._board.restore(group, revive(group, stored))
            why = held(group.account)
            if why is None:
                self._scheduler.add(group)
            elif not group_view(group).is_final or group.litter:
                self._commands.hold(group, why)
                self._held.append(group)
        self._workers.wake()

    async def release(self, account: str) -> None:
        """Let an account's batches go on: its user has signed in."""
        for group in self._board.stopped():
            if group.account == account:
                await self._commands.release(group)
        freed = [group for group in self._held if group.account == account]
        self._held = [group for group in self._held if group not in freed]
        for group in freed:
            self._scheduler.add(group)
        self._workers.wake()

    async def plan(self, request: Request, account: str = "") -> TransferPlan:
        """Look at both sides and say what would happen; nothing is changed.

        Args:
            request: What to copy.
            account: Whose connection to use.

        Raises:
            NotFound: The artifact, or a source in it, is not there.
            HyphaError: One of the sides cannot be read.
            ClusterError: The cluster that it names cannot be used.
        """
        await self._reach(request)
        return await survey(self._remote(request, account), request)

    async def _reach(self, request: Request) -> None:
        if isinstance(way := way_of(request), Away):
            await self._clusters.of(way.scheduler).connected()

    async def submit(self, plan: TransferPlan, account: str = "") -> int:
        """Queue a plan's files, colliding ones included: they are overwritten.

        Args:
            plan: What to copy.
            account: Whose connection to use.

        Returns:
            The number of the batch; it is in the journal, if there is one.
        """
        items = await anyio.to_thread.run_sync(PlanItems.of, plan.items)
        key, start = secrets.token_hex(4), 0
        try:
            while True:
                get = partial(items.packed, start, start + PIECE)
                piece = Piece(
                    request=plan.request,
                    items=await anyio.to_thread.run_sync(get),
                    start=start,
                    total=len(items),
                    account=account,
                    key=key,
                )
                taken = await self.submit_piece(piece)
                if taken.number is not None:
                    return taken.number
                start = taken.next
        finally:
            self.give_up([key])

    async def submit_piece(self, piece: Piece) -> Taken:
        """Queue a plan's files piece by piece; with the last one they are a batch.

        Raises:
            JournalError: The journal broke meanwhile.
        """
        await self._reach(piece.request)
        taken = await self._submissions.take(piece)
        self._workers.wake()
        return taken

    def give_up(self, keys: Iterable[str]) -> None:
        """Forget batches that nobody goes on to submit."""
        for key in keys:
            self._submissions.give_up(key)

    def _remote(self, request: Request, account: str) -> RemoteArtifact:
        of_account = self._accounts(account) if self._accounts else self._remote_for
        return of_account(request.artifact)

    def _mover(self, request: Request, account: str) -> Mover:
        remote = self._remote(request, account)
        if isinstance(way := way_of(request), Away):
            return self._away(remote, request, way)
        if isinstance(request, UploadRequest):
            pace = self._scheduler.paces[Direction.UPLOAD]
            limiter = self.limits.of[Direction.UPLOAD]
            resize = self._board.resize
            return Upload(remote, request, resize, lambda: pace.speed, limiter=limiter)
        if isinstance(request, CarryRequest):
            return Carry(remote, request, self.limits.of[Direction.UPLOAD])
        share = self._scheduler.paces[Direction.DOWNLOAD]
        return Download(
            remote,
            request,
            durable=self._ledger.is_kept,
            limiter=self.limits.of[Direction.DOWNLOAD],
            streams=lambda: share.limit,
        )

    def _away(self, remote: RemoteArtifact, request: Request, way: Away) -> Mover:
        crew = Crew(
            self._clusters.of(way.scheduler),
            self._scheduler.paces[way],
            remote,
            self.limits.of[way.direction],
        )
        if isinstance(request, UploadRequest):
            return AwayUpload(remote, request, self._board.resize, crew)
        if isinstance(request, DownloadRequest):
            return AwayDownload(remote, request, crew)
        raise AssertionError("a copy within an artifact goes through no cluster")

    async def control(self, command: Command) -> None:
        """Do what is asked to the jobs that it can be done to; others stay.

        It is in the journal, if there is one, when this returns.
        """
        await self._commands.run(command)
        self._workers.wake()
        await self._ledger.settled()

    async def limit(self, direction: Direction, text: str) -> None:
        """Limit how fast bytes go; from now on, for all, and after a restart.

        Args:
            direction: Which way.
            text: ``off``, ``5M`` bytes per second, or ``08:00,512k 18:00,off``; see
                ``timetable.parse``.

        Raises:
            InvalidInput: It cannot be read.
        """
        table = self.limits.set(direction, text)
        self._ledger.limit(direction, table.text)
        await self._ledger.settled()
        self._board.touch()
        self._workers.wake()

    def run_beside(self, work: Callable[[], Coroutine[None, None, None]]) -> None:
        """Run something on the engine's loop until it stops; it must not raise."""
        if self._tasks is not None:
            self._tasks.start_soon(work)

    def _limited(self, direction: Direction) -> None:
        rate = self.limits.of[direction].rate
        self._scheduler.paces[direction].cap(rate)
        if rate is not None:
            self._workers.trim(direction)
        self._board.touch()

    @property
    def is_busy(self) -> bool:
        """Whether anything happens, or will, without anybody asking for it."""
        groups = self._board.groups.values()
        live = any(group.counts[state] for group in groups for state in LIVE)
        coming = any(group.wants_commit for group in groups)
        return live or coming or not self._scheduler.is_tidy

    def snapshot(self, *, fresh: bool = False) -> Snapshot:
        """Return what there is to see; the same object while nothing changed.

        Args:
            fresh: Whether a change shows at once, not within a tenth of a second.
        """
        now = self._clock.now()
        if self._has_news and (fresh or now >= self._next_snapshot):
            self._seen = self._board.changes
            self._next_snapshot = now + SNAPSHOT_PERIOD
            self._snapshot = snapshot(
                self._board, self._clock, self.limits, self._snapshot.revision + 1
            )
        return self._snapshot

    @property
    def _has_news(self) -> bool:
        # A rate falls while nothing else happens.
        shown = self._snapshot
        moving = shown.upload_rate > 0 or shown.download_rate > 0
        return moving or self._board.changes != self._seen

    def news(self) -> anyio.Event:
        """Return an event that is set by the next change."""
        return self._board.news()

    async def snapshots(self) -> AsyncIterator[Snapshot]:
        """Yield each new snapshot; at most ten a second."""
        while True:
            if not self._has_news:
                await self._clock.wait(self.news(), None)
            yield self.snapshot(fresh=True)
            pause = self._clock.now() + SNAPSHOT_PERIOD
            await self._clock.wait(anyio.Event(), pause)

    def failures(self, group: int) -> list[tuple[JobView, HyphaError]]:
        """Return the files of a batch that failed, or wait for the user, and why."""
        found = self._board.groups.get(group)
        jobs = found.jobs.values() if found else ()
        return [(job_view(j, self._clock), j.error) for j in jobs if j.error]

    async def page(self, group: int, offset: int, limit: int) -> tuple[JobView, ...]:
        """Return some jobs of a batch, in the order of its plan."""
        found = self._board.groups.get(group)
        jobs = await self._resting.page(found, offset, limit) if found else ()
        return tuple(job_view(job, self._clock) for job in jobs)
