"""The engine in its own process, as a front end's loop sees it."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from itertools import count
from pathlib import Path
from typing import Any, Self

import anyio
import anyio.to_thread
import msgspec
from anyio.abc import SocketAttribute, TaskGroup
from msgspec import structs

from hypha_artifact.errors import EngineError
from hypha_artifact.settings import ConnectionSettings
from hypha_artifact.transfer.codec import decode
from hypha_artifact.transfer.items import Problem
from hypha_artifact.transfer.place import Place, is_same_user
from hypha_artifact.transfer.plans import PlanItems, TransferPlan
from hypha_artifact.transfer.starting import start_process
from hypha_artifact.transfer.state import (
    Command,
    Direction,
    DownloadRequest,
    JobView,
    PastBatch,
    Request,
    Snapshot,
    UploadRequest,
)
from hypha_artifact.transfer.submitting import Taken
from hypha_artifact.transfer.wire import (
    PROGRAM,
    PROTOCOL,
    Answer,
    Asked,
    Control,
    FromEngine,
    Hello,
    History,
    Limiting,
    Line,
    Page,
    Plan,
    Planned,
    Refusal,
    Shown,
    SignIn,
    Submit,
    Welcome,
    raised,
)

PATIENCE = 20.0
"""Seconds that an engine may take to start, or to make room for the next one."""

PIECE = 5000
"""Files of a plan that are sent at a time: less than a MB."""

_PAUSE = 0.05
_GREETING = 10.0


class EngineProcess:
    """A connection to the engine's process, which is started when there is none.

    It has the methods of ``TransferEngine``. An engine that dies is started again,
    and asked again what it had not answered: nothing here does harm twice. An async
    context manager; leaving it ends the connection, not the engine.

    Args:
        settings: Where to connect, and as whom; the engine keeps the token in memory.
        place: Where the engine is.

    Raises:
        EngineError: There is no engine, and none can be started.
    """

    def __init__(self, settings: ConnectionSettings, place: Place) -> None:
        self._settings = settings
        self._place = place
        self._numbers = count(1)
        self._pending: dict[int, _Pending] = {}
        self._line: Line | None = None
        self._shown = Snapshot()
        self._news = anyio.Event()
        self._wanted = anyio.Event()
        self._tasks: TaskGroup | None = None

    async def __aenter__(self) -> Self:
        self._line = await self._connected()
        self._take(await self._line.from_engine())  # it shows itself first
        self._tasks = await anyio.create_task_group().__aenter__()
        self._tasks.start_soon(self._listen)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._tasks is not None:
            self._tasks.cancel_scope.cancel()
            await self._tasks.__aexit__(None, None, None)
        if self._line is not None:
            await self._line.aclose()

    # What a front end may ask.

    async def plan(self, request: Request) -> TransferPlan:
        """See ``TransferEngine.plan``."""
        own = absolute(request)
        coming = _Coming()
        count = decode(await self._ask(lambda n: Plan(n, own), coming), int)
        if len(coming.items) != count:
            raise EngineError("The engine's plan did not come whole.")
        problems = tuple(coming.problems)
        return TransferPlan(request=own, items=coming.items, problems=problems)

    async def submit(self, plan: TransferPlan) -> int:
        """See ``TransferEngine.submit``."""
        key, start = secrets.token_hex(4), 0
        items = await anyio.to_thread.run_sync(PlanItems.of, plan.items)
        while True:
            make = await anyio.to_thread.run_sync(
                _piece, plan.request, items, key, start
            )
            taken = decode(await self._ask(make), Taken)
            if taken.number is not None:
                return taken.number
            start = taken.next

    async def control(self, command: Command) -> None:
        """See ``TransferEngine.control``."""
        await self._ask(lambda n: Control(n, command))

    async def limit(self, direction: Direction, text: str) -> None:
        """See ``TransferEngine.limit``."""
        await self._ask(lambda n: Limiting(n, direction, text))

    async def page(self, group: int, offset: int, limit: int) -> tuple[JobView, ...]:
        """See ``TransferEngine.page``."""
        answer = await self._ask(lambda n: Page(n, group, offset, limit))
        return decode(answer, tuple[JobView, ...])

    async def history(self, limit: int) -> tuple[PastBatch, ...]:
        """Return the batches that ended, the last one first."""
        answer = await self._ask(lambda n: History(n, limit))
        return decode(answer, tuple[PastBatch, ...])

    def snapshot(self, *, fresh: bool = False) -> Snapshot:
        """Return what the engine showed last; it shows by itself what it is asked."""
        del fresh
        return self._shown

    async def snapshots(self) -> AsyncIterator[Snapshot]:
        """Yield each new snapshot."""
        while True:
            news = self._news
            yield self._shown
            await news.wait()

    async def _ask(
        self, make: Callable[[int], Asked], coming: _Coming | None = None
    ) -> msgspec.Raw:
        number = next(self._numbers)
        message = make(number)
        answer: asyncio.Future[msgspec.Raw] = asyncio.get_running_loop().create_future()
        self._pending[number] = _Pending(message, answer, coming)
        self._wanted.set()
        try:
            await self._send(message)
            return await answer
        finally:
            del self._pending[number]

    async def _send(self, message: Asked) -> None:
        """Send it, or leave it to the next connection."""
        if self._line is not None:
            try:
                await self._line.send(message)
            except EngineError:
                return

    # What comes from the engine.

    async def _listen(self) -> None:
        while True:
            try:
                line = self._line or await self._again()
                self._take(await line.from_engine())
            except EngineError as error:
                await self._lost(error)

    async def _lost(self, error: EngineError) -> None:
        line, self._line = self._line, None
        if line is not None:
            await line.aclose()
            return
        # No engine can be started: who asks now is told, who asks later tries again.
        for each in self._pending.values():
            if not each.answer.done():
                each.answer.set_exception(error)
        self._show(structs.replace(self._shown, notice=error.explain()))
        self._wanted = anyio.Event()
        await self._wanted.wait()

    async def _again(self) -> Line:
        self._line = line = await self._connected()
        for each in list(self._pending.values()):
            if not each.answer.done():
                each.begin()
                await line.send(each.message)
        return line

    def _take(self, message: FromEngine) -> None:
        if isinstance(message, Shown):
            self._show(message.snapshot)
        elif isinstance(message, Planned | Answer | Refusal):
            pending = self._pending.get(message.id)
            if pending is not None and not pending.answer.done():
                pending.take(message)

    def _show(self, snapshot: Snapshot) -> None:
        self._shown = snapshot
        self._news.set()
        self._news = anyio.Event()

    # Getting there.

    async def _connected(self) -> Line:
        """Connect; start an engine where none answers."""
        path = await anyio.to_thread.run_sync(self._place.socket)
        with anyio.move_on_after(PATIENCE):
            while True:
                line = await self._greeted(path)
                if line is not None:
                    return line
                if not await anyio.to_thread.run_sync(start_process, self._place):
                    await anyio.sleep(_PAUSE)
        raise EngineError(f"No engine answers at '{path}'.")

    async def _greeted(self, path: Path) -> Line | None:
        line = await connect(path)
        if line is None:
            return None
        try:
            welcome = await greet(line)
            if welcome.protocol == PROTOCOL:
                await line.send(SignIn(self._settings))
                return line
        except EngineError:
            await line.aclose()
            return None  # it was about to end
        await line.aclose()
        if welcome.busy:
            raise EngineError(
                f"An engine of version {welcome.program} is still at work; this is "
                f"version {PROGRAM}, which cannot talk to it.",
                hint="It ends by itself when its transfers are finished.",
            )
        return None


async def connect(path: Path) -> Line | None:
    """Connect to whoever listens at a socket; None where nobody does.

    Raises:
        EngineError: It is somebody else's, or cannot be used.
    """
    try:
        stream = await anyio.connect_unix(path)
    except (FileNotFoundError, ConnectionError):
        return None
    except OSError as error:
        text = f"The engine's socket '{path}' cannot be used: {error.strerror}."
        raise EngineError(text) from error
    raw: socket.socket = stream.extra(SocketAttribute.raw_socket)  # noqa: S610 - no Django
    if not is_same_user(raw):
        await stream.aclose()
        raise EngineError(f"At '{path}' somebody else's program is listening.")
    return Line(stream)


async def greet(line: Line) -> Welcome:
    """Say hello, and wait for the answer.

    Raises:
        EngineError: There is no answer.
    """
    with anyio.move_on_after(_GREETING):
        await line.send(Hello(PROTOCOL, PROGRAM))
        answer: Any = await line.from_engine()
        if isinstance(answer, Welcome):
            return answer
    raise EngineError("The engine does not answer.")


def _piece(
    request: Request, items: PlanItems, key: str, start: int
) -> Callable[[int], Submit]:
    some = items.packed(start, start + PIECE)
    return lambda n: Submit(n, key, request, start, len(items), some)


class _Coming:
    """A plan that is on its way."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Begin with nothing."""
        self.items = PlanItems()
        self.problems: list[Problem] = []


class _Pending:
    """What was asked, and who waits for the answer."""

    def __init__(
        self,
        message: Asked,
        answer: asyncio.Future[msgspec.Raw],
        coming: _Coming | None,
    ) -> None:
        self.message = message
        self.answer = answer
        self._coming = coming

    def begin(self) -> None:
        """Forget what an engine said that did not say all."""
        if self._coming is not None:
            self._coming.begin()

    def take(self, message: Planned | Answer | Refusal) -> None:
        """Take in what the engine says."""
        if isinstance(message, Refusal):
            self.answer.set_exception(raised(message))
        elif isinstance(message, Answer):
            self.answer.set_result(message.value)
        elif self._coming is not None:
            try:
                self._coming.items.take(message.items)
            except EngineError as error:
                self.answer.set_exception(error)
            self._coming.problems += message.problems


def absolute(request: Request) -> Request:
    """Make a request's local paths mean the same in another working directory."""
    if isinstance(request, UploadRequest):
        return structs.replace(request, sources=_absolute(request.sources))
    if isinstance(request, DownloadRequest):
        targets = None if request.targets is None else _absolute(request.targets)
        (folder,) = _absolute((request.folder,))
        return structs.replace(request, folder=folder, targets=targets)
    return request


def _absolute(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    # resolve() would follow links.
    return tuple(Path(os.path.abspath(path)) for path in paths)  # noqa: PTH100
