"""``TransferClient``: what a front end holds of the engine, wherever that runs.

It runs in a process of its own and outlives the front end. Where that cannot be, it
runs in a thread of the front end, says so, and ends with it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, Self, TypeAlias, TypeVar

import anyio
import anyio.to_thread
from msgspec import structs

from hypha_artifact._api.transport import Transport
from hypha_artifact.errors import EngineError, HyphaError
from hypha_artifact.paths import ArtifactId
from hypha_artifact.remote import RemoteArtifact
from hypha_artifact.settings import ConnectionSettings
from hypha_artifact.transfer.clock import Clock
from hypha_artifact.transfer.connection import EngineProcess
from hypha_artifact.transfer.engine import WORKERS, TransferEngine
from hypha_artifact.transfer.journal import has_work
from hypha_artifact.transfer.place import Place, has_sockets
from hypha_artifact.transfer.plans import TransferPlan
from hypha_artifact.transfer.state import (
    Command,
    Direction,
    JobView,
    PastBatch,
    Request,
    Snapshot,
)

T = TypeVar("T")
Engine: TypeAlias = TransferEngine | EngineProcess

_NO_SOCKETS = (
    None
    if has_sockets()
    else ("Transfers end with this program: this system has no Unix sockets.")
)


class TransferClient:
    """Submits plans, gives commands, and shows snapshots; from any event loop.

    The engine starts with the first call, or with ``attach``. An async context
    manager; leaving it is ``aclose``.

    Args:
        settings: Where to connect, and as whom.
        clock: Where the time comes from, for an engine inside.
        workers: Requests for bytes at a time, for an engine inside.
        inside: Whether the engine is to run, and end, in this program.
    """

    def __init__(
        self,
        settings: ConnectionSettings,
        *,
        clock: Clock | None = None,
        workers: int = WORKERS,
        inside: bool = False,
    ) -> None:
        self._inside = inside or not has_sockets()
        self._notice = None if inside else _NO_SOCKETS
        self._settings = settings
        self._clock = clock or Clock()
        self._workers = workers
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        self._running: Future[_Running] = Future()
        self._shown = Snapshot()
        self._told: Snapshot = self._shown

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    @property
    def outlives(self) -> bool:
        """Whether transfers go on when this program ends."""
        return not self._inside

    async def attach(self) -> None:
        """Show at once what an engine is doing, or had not finished."""
        if self._inside:
            return
        if await anyio.to_thread.run_sync(_has_work, Place()):
            await self._started()

    async def plan(self, request: Request) -> TransferPlan:
        """Look at both sides and say what would happen; nothing is changed.

        Raises:
            NotFound: The artifact, or a source in it, is not there.
            HyphaError: One of the sides cannot be read.
        """
        running = await self._started()
        return await running.run(running.engine.plan(request))

    async def submit(self, plan: TransferPlan) -> int:
        """Queue a plan's files, colliding ones included: they are overwritten.

        Returns:
            The number of the batch, in milliseconds.
        """
        running = await self._started()
        engine = running.engine
        return await running.run(self._then_show(engine, engine.submit(plan)))

    async def control(self, command: Command) -> None:
        """Do what is asked to the jobs that it can be done to; others stay."""
        running = await self._started()
        engine = running.engine
        await running.run(self._then_show(engine, engine.control(command)))

    async def limit(self, direction: Direction, text: str) -> None:
        """Limit how fast bytes go; from now on, for all, and after a restart.

        Args:
            direction: Which way.
            text: ``off``, ``5M`` bytes per second, or ``08:00,512k 18:00,off``.

        Raises:
            InvalidInput: It cannot be read.
        """
        running = await self._started()
        engine = running.engine
        await running.run(self._then_show(engine, engine.limit(direction, text)))

    def snapshot(self) -> Snapshot:
        """Return what there is to see; the same object while nothing changed."""
        return self._shown

    async def page(self, group: int, offset: int, limit: int) -> tuple[JobView, ...]:
        """Return some jobs of a batch, in the order of its plan."""
        running = await self._started()
        return await running.run(running.engine.page(group, offset, limit))

    async def history(self, limit: int = 100) -> tuple[PastBatch, ...]:
        """Return batches that ended, the last one first; none from an engine inside."""
        running = await self._started()
        engine = running.engine
        if isinstance(engine, TransferEngine):
            return ()
        return await running.run(engine.history(limit))

    async def aclose(self) -> None:
        """Leave the engine; one inside cancels what is unfinished, and cleans up."""
        with self._guard:
            thread, self._thread = self._thread, None
        if thread is None:
            return
        try:
            running = await asyncio.wrap_future(self._running)
            await running.run(running.end())
        except HyphaError:
            pass  # it never started, and every caller was told so
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(thread.join)

    async def _started(self) -> _Running:
        with self._guard:
            if self._thread is None:
                self._running = Future()
                self._thread = threading.Thread(
                    target=anyio.run, args=(self._serve,), name="transfers", daemon=True
                )
                self._thread.start()
        return await asyncio.shield(asyncio.wrap_future(self._running))

    async def _serve(self) -> None:
        """Run the engine on this thread's loop until it is told to end."""
        running = self._running
        try:
            if not self._inside:
                await self._run_outside(running)
            if self._inside:
                await self._run_inside(running)
        except Exception as error:
            if running.done():
                raise
            known = isinstance(error, HyphaError)
            running.set_exception(
                error if known else HyphaError(f"Transfers cannot start: {error!r}")
            )

    async def _run_outside(self, running: Future[_Running]) -> None:
        engine = EngineProcess(self._settings, Place())
        try:
            await engine.__aenter__()
        except EngineError as error:
            self._notice = f"Transfers end with this program. {error.explain()}"
            self._inside = True
            return
        try:
            await self._hold(engine, running)
        finally:
            await engine.__aexit__(None, None, None)

    async def _run_inside(self, running: Future[_Running]) -> None:
        async with Transport(self._settings) as transport:

            def remote_for(artifact: ArtifactId) -> RemoteArtifact:
                return RemoteArtifact(artifact, transport)

            async with TransferEngine(
                remote_for, clock=self._clock, workers=self._workers
            ) as engine:
                await self._hold(engine, running)

    async def _hold(self, engine: Engine, running: Future[_Running]) -> None:
        async with anyio.create_task_group() as tasks:
            self._show(engine.snapshot())
            tasks.start_soon(self._show_on, engine)
            ended = anyio.Event()
            running.set_result(_Running(engine, ended))
            await ended.wait()
            tasks.cancel_scope.cancel()

    async def _show_on(self, engine: Engine) -> None:
        async for snapshot in engine.snapshots():
            self._show(snapshot)

    def _show(self, snapshot: Snapshot) -> None:
        if snapshot is not self._told:
            self._told = snapshot
            notice = snapshot.notice or self._notice
            self._shown = structs.replace(snapshot, notice=notice)

    async def _then_show(self, engine: Engine, call: Coroutine[Any, Any, T]) -> T:
        """Let the caller see in the next snapshot what it has just asked for."""
        answer = await call
        self._show(engine.snapshot(fresh=True))
        return answer


def _has_work(place: Place) -> bool:
    """Tell whether an engine listens, or left something unfinished. Blocks."""
    try:
        return place.socket().exists() or has_work(place.journal)
    except EngineError:
        return False


class _Running:
    """The engine in its thread, and how to call it from another one."""

    def __init__(self, engine: Engine, ended: anyio.Event) -> None:
        self.engine = engine
        self._ended = ended
        self._loop = asyncio.get_running_loop()

    async def run(self, call: Coroutine[Any, Any, T]) -> T:
        """Await a call on the engine's loop."""
        future = asyncio.run_coroutine_threadsafe(call, self._loop)
        return await asyncio.wrap_future(future)

    async def end(self) -> None:
        """Let the engine's loop come to its end."""
        self._ended.set()
