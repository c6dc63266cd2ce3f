"""The engine in a process of its own: one for each user and state folder.

Started by ``starting``, it belongs to no terminal. It ends when it has had nothing to
do, and nobody to talk to, for some minutes; what is unfinished is in the journal.
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import msgspec
from anyio.abc import SocketAttribute, SocketStream, TaskGroup
from msgspec import structs

from hypha_artifact.errors import EngineError, HyphaError, JournalDamaged, redact
from hypha_artifact.transfer import wire
from hypha_artifact.transfer.accounts import Accounts
from hypha_artifact.transfer.codec import encode
from hypha_artifact.transfer.engine import TransferEngine
from hypha_artifact.transfer.journal import Journal, set_aside
from hypha_artifact.transfer.place import Place, is_same_user
from hypha_artifact.transfer.plans import TransferPlan
from hypha_artifact.transfer.resume import StoredBatch, last_batch, limits, load, past
from hypha_artifact.transfer.slices import long_lived
from hypha_artifact.transfer.starting import Status, failed, tell
from hypha_artifact.transfer.state import Snapshot
from hypha_artifact.transfer.submitting import Piece as Submitted

IDLE_SECONDS = 300.0
"""How long it waits for somebody to talk to, or for something to do."""

PATIENCE = 900.0
"""How long an outage may last before it costs files their tries."""

_LOOK = 0.25

_log = logging.getLogger(__name__)


class Service:
    """Serves one engine to all front ends.

    Args:
        place: Where its files are.
        journal: The open journal.
        idle: Seconds after which it ends when there is nothing to do.
    """

    def __init__(
        self, place: Place, journal: Journal, *, idle: float = IDLE_SECONDS
    ) -> None:
        self._place = place
        self._journal = journal
        self._idle = idle
        self.accounts = Accounts()
        self.engine = TransferEngine(
            self.accounts.remote_for(""),
            accounts=self.accounts.remote_for,
            journal=journal,
            patience=PATIENCE,
        )
        self.notice: str | None = None
        self._clients = 0
        self._shown = Snapshot()
        self._packed = b""
        self._news = anyio.Event()

    async def run(
        self, stored: tuple[StoredBatch, ...], listening: Callable[[], None]
    ) -> None:
        """Serve until there is nothing to do, or the system says stop."""
        path = await anyio.to_thread.run_sync(self._place.socket)
        with suppress(FileNotFoundError):
            await anyio.Path(path).unlink()  # we have the lock: nobody listens there
        async with self.accounts:
            await self.engine.__aenter__()
            try:
                await self._serve(path, stored, listening)
            finally:
                await self.engine.stop()
                self._journal.on_trouble = lambda: None

    async def _serve(
        self,
        path: Path,
        stored: tuple[StoredBatch, ...],
        listening: Callable[[], None],
    ) -> None:
        loop = asyncio.get_running_loop()

        def tell_trouble() -> None:
            loop.call_soon_threadsafe(self.engine.show_trouble)

        self._journal.on_trouble = tell_trouble
        for way, text in (
            await anyio.to_thread.run_sync(limits, self._journal)
        ).items():
            await self.engine.limit(way, text)
        last = await anyio.to_thread.run_sync(last_batch, self._journal)
        with long_lived():
            self.engine.restore(stored, self.accounts.missing, last)
        self._show(self.engine.snapshot(fresh=True))
        async with (
            await anyio.create_unix_listener(path, mode=0o600) as listener,
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(listener.serve, self._talk)
            tasks.start_soon(self._broadcast)
            tasks.start_soon(self._until_told, tasks)
            listening()
            await self._until_idle()
            tasks.cancel_scope.cancel()
        with suppress(FileNotFoundError):
            await anyio.Path(path).unlink()

    async def _until_told(self, tasks: TaskGroup) -> None:
        with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
            async for _ in signals:
                tasks.cancel_scope.cancel()

    async def _until_idle(self) -> None:
        since = anyio.current_time()
        while True:
            await anyio.sleep(_LOOK)
            if self._clients or self.engine.is_busy:
                since = anyio.current_time()
            elif anyio.current_time() - since >= self._idle:
                return

    # What there is to see.

    async def _broadcast(self) -> None:
        async for snapshot in self.engine.snapshots():
            self._show(snapshot)

    def _show(self, snapshot: Snapshot) -> None:
        if snapshot is self._shown:
            return
        self._shown = snapshot
        told = structs.replace(snapshot, notice=snapshot.notice or self.notice)
        self._packed = encode(wire.Shown(told))
        self._news.set()
        self._news = anyio.Event()

    # One front end.

    async def _talk(self, stream: SocketStream) -> None:
        raw = stream.extra(SocketAttribute.raw_socket)  # noqa: S610 - no Django
        line = wire.Line(stream)
        self._clients += 1
        try:
            if is_same_user(raw):
                await self._greet(line)
                await _Visit(self, line).run()
        except EngineError as error:
            _log.info("a front end left: %s", error)
        finally:
            self._clients -= 1
            with anyio.CancelScope(shield=True):
                await line.aclose()

    async def _greet(self, line: wire.Line) -> None:
        hello = await line.from_client()
        if not isinstance(hello, wire.Hello):
            raise EngineError("A front end did not say hello.")
        busy = self.engine.is_busy or self._clients > 1
        await line.send(wire.Welcome(wire.PROTOCOL, wire.PROGRAM, os.getpid(), busy))
        if hello.program != wire.PROGRAM:
            self._idle = 0.0  # make room for the other version as soon as possible
        if hello.protocol != wire.PROTOCOL:
            raise EngineError(f"It speaks protocol {hello.protocol}.")

    @property
    def news(self) -> anyio.Event:
        """Set by the next snapshot."""
        return self._news

    @property
    def packed(self) -> bytes:
        """The message with the newest snapshot."""
        return self._packed

    def refresh(self) -> bytes:
        """Take a new snapshot now, and return the message with it."""
        self._show(self.engine.snapshot(fresh=True))
        return self._packed

    async def past(self, limit: int) -> Any:
        """Return the batches that ended, the last one first."""
        return await anyio.to_thread.run_sync(past, self._journal, limit)


class _Visit:
    """One front end's connection.

    Args:
        service: Whom it talks to.
        line: The connection.
    """

    def __init__(self, service: Service, line: wire.Line) -> None:
        self._service = service
        self._engine = service.engine
        self._line = line
        self._account = ""
        self._coming: set[str] = set()
        """Batches that it has begun to submit."""

    async def run(self) -> None:
        """Answer until it leaves."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._show)
            with suppress(EngineError):
                while True:
                    message = await self._line.from_client()
                    if isinstance(message, wire.SignIn):
                        await self._sign_in(message)
                    elif not isinstance(message, wire.Hello):
                        tasks.start_soon(self._answer, message)
            tasks.cancel_scope.cancel()
        self._engine.give_up(self._coming)

    async def _sign_in(self, message: wire.SignIn) -> None:
        self._account, fresh = self._service.accounts.sign_in(message.settings)
        if fresh:
            await self._engine.release(self._account)

    async def _show(self) -> None:
        with suppress(EngineError):
            while True:
                news = self._service.news
                await self._line.send_packed(self._service.packed)
                await news.wait()

    async def _answer(self, asked: wire.Asked) -> None:
        try:
            value = await self._do(asked)
        except HyphaError as error:
            answer: wire.FromEngine = wire.refusal(asked.id, error)
        except Exception as error:  # noqa: BLE001 - a bug in one call ends no transfer
            _log.error("unexpected: %s", redact(repr(error)), exc_info=True)
            bug = HyphaError(f"Unexpected {type(error).__name__}: {error}")
            answer = wire.refusal(asked.id, bug)
        else:
            answer = wire.Answer(asked.id, msgspec.Raw(value))
        with suppress(EngineError):
            await self._line.send(answer)

    async def _do(self, asked: wire.Asked) -> bytes:
        match asked:
            case wire.Plan():
                plan = await self._engine.plan(asked.request, self._account)
                return encode(await self._send_plan(asked.id, plan))
            case wire.Submit():
                return await self._submit(asked)
            case wire.Control():
                return await self._then_show(self._engine.control(asked.command))
            case wire.Limiting():
                call = self._engine.limit(asked.direction, asked.text)
                return await self._then_show(call)
            case _:
                return encode(await self._look_up(asked))

    async def _send_plan(self, number: int, plan: TransferPlan) -> int:
        """Send a plan bit by bit; whoever asked for it may be gone meanwhile."""
        parts = wire.parts(number, plan)
        while (part := await anyio.to_thread.run_sync(next, parts, None)) is not None:
            await self._line.send(part)
        return len(plan.items)

    async def _submit(self, asked: wire.Submit) -> bytes:
        piece = Submitted(
            request=asked.request,
            items=asked.items,
            start=asked.start,
            total=asked.total,
            account=self._account,
            key=asked.key,
        )
        self._coming.add(asked.key)
        taken = await self._engine.submit_piece(piece)
        if taken.number is not None:
            self._coming.discard(asked.key)
            await self._line.send_packed(self._service.refresh())
        return encode(taken)

    async def _look_up(self, asked: wire.Page | wire.History) -> object:
        if isinstance(asked, wire.Page):
            return await self._engine.page(asked.group, asked.offset, asked.limit)
        return await self._service.past(asked.limit)

    async def _then_show(self, call: Awaitable[object]) -> bytes:
        """Let the caller see what it asked for before it has the answer."""
        value = await call
        await self._line.send_packed(self._service.refresh())
        return encode(value)


# The process.


def open_journal(place: Place) -> tuple[Journal, tuple[StoredBatch, ...], str | None]:
    """Open the journal and read it; a damaged one is put aside. Blocks.

    Returns:
        The journal, what is in it, and what the user should know.

    Raises:
        JournalError: It is newer than this program, or the system refuses.
    """
    try:
        return *_open(place), None
    except JournalDamaged as error:
        aside = set_aside(place.journal)
        notice = f"{error.message} It is kept as '{aside.name}'; a new one is begun."
        _log.error("%s", notice)
        return *_open(place), notice


def _open(place: Place) -> tuple[Journal, tuple[StoredBatch, ...]]:
    journal = Journal(place.journal)
    try:
        return journal, load(journal)
    except BaseException:
        journal.close()
        raise


def main() -> None:
    """Become the engine's process: leave the parent, say how the start went, serve."""
    parser = argparse.ArgumentParser()
    parser.add_argument("state", type=Path)
    parser.add_argument("status", type=int)
    given = parser.parse_args()
    if os.fork():
        return
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(message)s"
    )
    for name in ("httpx", "stamina"):  # lines with signed URLs; a line for each try
        logging.getLogger(name).setLevel(logging.ERROR)
    serve(Place(given.state), partial(tell, given.status))


def serve(place: Place, say: Callable[[Status], None]) -> None:
    """Hold the lock and serve; say once how the start went."""
    lock = os.open(place.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say(Status(taken=True))
        return
    os.truncate(lock, 0)
    os.write(lock, str(os.getpid()).encode())
    try:
        journal, stored, notice = open_journal(place)
    except HyphaError as error:
        say(failed(error))
        return
    try:
        anyio.run(_serve, place, journal, stored, notice, say)
    finally:
        journal.close()


async def _serve(
    place: Place,
    journal: Journal,
    stored: tuple[StoredBatch, ...],
    notice: str | None,
    say: Callable[[Status], None],
) -> None:
    service = Service(place, journal)
    service.notice = notice
    await service.run(stored, partial(say, Status()))


if __name__ == "__main__":
    main()
