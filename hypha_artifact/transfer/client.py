"""``TransferClient``: what a front end holds. The engine runs in its own thread.

Nothing but frozen values passes, so that a process boundary can go here later.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, Self, TypeVar

import anyio
import anyio.to_thread

from hypha_artifact._api.transport import Transport
from hypha_artifact.errors import HyphaError
from hypha_artifact.paths import ArtifactId
from hypha_artifact.remote import RemoteArtifact
from hypha_artifact.settings import ConnectionSettings
from hypha_artifact.transfer.clock import Clock
from hypha_artifact.transfer.engine import WORKERS, TransferEngine
from hypha_artifact.transfer.state import (
    Command,
    JobView,
    Request,
    Snapshot,
    TransferPlan,
)

T = TypeVar("T")


class TransferClient:
    """Submits plans, gives commands, and shows snapshots; from any event loop.

    The engine's thread starts with the first call. An async context manager;
    leaving it is ``aclose``.

    Args:
        settings: Where to connect, and as whom.
        clock: Where the time comes from.
        workers: Requests for bytes at a time.
    """

    def __init__(
        self,
        settings: ConnectionSettings,
        *,
        clock: Clock | None = None,
        workers: int = WORKERS,
    ) -> None:
        self._settings = settings
        self._clock = clock or Clock()
        self._workers = workers
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        self._running: Future[_Running] = Future()
        self._shown = Snapshot()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

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

    def snapshot(self) -> Snapshot:
        """Return what there is to see; the same object while nothing changed."""
        return self._shown

    async def page(self, group: int, offset: int, limit: int) -> tuple[JobView, ...]:
        """Return some jobs of a batch, in the order of its plan."""
        running = await self._started()
        return await running.run(running.engine.page(group, offset, limit))

    async def aclose(self) -> None:
        """Cancel what is unfinished, clean up after it, and end the thread."""
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
            async with Transport(self._settings) as transport:
                await self._run_engine(transport, running)
        except Exception as error:
            if running.done():
                raise
            known = isinstance(error, HyphaError)
            running.set_exception(
                error if known else HyphaError(f"Transfers cannot start: {error!r}")
            )

    async def _run_engine(
        self, transport: Transport, running: Future[_Running]
    ) -> None:
        def remote_for(artifact: ArtifactId) -> RemoteArtifact:
            return RemoteArtifact(artifact, transport)

        engine = TransferEngine(remote_for, clock=self._clock, workers=self._workers)
        async with anyio.create_task_group() as tasks:
            async with engine:
                tasks.start_soon(self._show, engine)
                ended = anyio.Event()
                running.set_result(_Running(engine, ended))
                await ended.wait()
            tasks.cancel_scope.cancel()

    async def _show(self, engine: TransferEngine) -> None:
        async for snapshot in engine.snapshots():
            self._shown = snapshot

    async def _then_show(
        self, engine: TransferEngine, call: Coroutine[Any, Any, T]
    ) -> T:
        """Let the caller see in the next snapshot what it has just asked for."""
        answer = await call
        self._shown = engine.snapshot(fresh=True)
        return answer


class _Running:
    """The engine in its thread, and how to call it from another one."""

    def __init__(self, engine: TransferEngine, ended: anyio.Event) -> None:
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
