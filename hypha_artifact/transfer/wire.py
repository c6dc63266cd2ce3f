"""What a front end and the engine's process say to each other over their socket.

A frame is four bytes of length, highest first, and a packed message. ``Hello`` and
``Welcome`` never change, so that programs of different age can tell each other so.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeAlias, TypeVar, cast

import anyio
import anyio.to_thread
import msgspec
from anyio.abc import ByteStream
from anyio.streams.buffered import BufferedByteReceiveStream
from msgspec import Struct, structs

from hypha_artifact import errors
from hypha_artifact.errors import EngineError, HyphaError
from hypha_artifact.settings import ConnectionSettings
from hypha_artifact.transfer.codec import decode, encode
from hypha_artifact.transfer.items import Problem
from hypha_artifact.transfer.plans import Piece, TransferPlan
from hypha_artifact.transfer.state import Command, Direction, Request, Snapshot

T = TypeVar("T")

PROTOCOL = 4
PROGRAM = importlib.metadata.version("hypha-tui")

PIECE = 1000
"""Files of a plan, or problems, in one message."""

LONGEST = 1 << 30
_LARGE = 1 << 18
"""Bytes from which a message is packed and unpacked in a thread."""


class Hello(Struct, frozen=True, tag=True):
    """A front end's first message."""

    protocol: int
    program: str


class Welcome(Struct, frozen=True, tag=True):
    """The engine's first message. With another protocol it is the last one, too."""

    protocol: int
    program: str
    pid: int
    busy: bool


class SignIn(Struct, frozen=True, tag=True):
    """Who is asking from now on; the token stays in memory."""

    settings: ConnectionSettings


class Plan(Struct, frozen=True, tag=True):
    """``TransferClient.plan``.

    The plan comes as ``Planned`` messages; the answer, after them, is how many files
    they have. The engine keeps nothing of it.
    """

    id: int
    request: Request


class Submit(Struct, frozen=True, tag=True):
    """``TransferClient.submit``, piece by piece; the same key twice is the same batch.

    Items are packed each for itself: so the journal has them. ``start`` of ``total``
    come before these. The answer is ``submitting.Taken``.
    """

    id: int
    key: str
    request: Request
    start: int
    total: int
    items: list[bytes]


class Control(Struct, frozen=True, tag=True):
    """``TransferClient.control``."""

    id: int
    command: Command


class Limiting(Struct, frozen=True, tag=True):
    """``TransferClient.limit``."""

    id: int
    direction: Direction
    text: str


class Page(Struct, frozen=True, tag=True):
    """``TransferClient.page``."""

    id: int
    group: int
    offset: int
    limit: int


class History(Struct, frozen=True, tag=True):
    """``TransferClient.history``."""

    id: int
    limit: int


Asked: TypeAlias = Plan | Submit | Control | Limiting | Page | History
FromClient: TypeAlias = Hello | SignIn | Asked


class Shown(Struct, frozen=True, tag=True):
    """There is something new to see."""

    snapshot: Snapshot


class Planned(Struct, frozen=True, tag=True):
    """Some of a plan, in its order."""

    id: int
    items: Piece
    problems: list[Problem] = []


class Answer(Struct, frozen=True, tag=True):
    """The value that a call returns."""

    id: int
    value: msgspec.Raw


class Refusal(Struct, frozen=True, tag=True):
    """The error that a call raises."""

    id: int
    kind: str
    message: str
    hint: str
    more: dict[str, Any]


FromEngine: TypeAlias = Welcome | Shown | Planned | Answer | Refusal

_FROM_CLIENT = cast("type[FromClient]", FromClient)
_FROM_ENGINE = cast("type[FromEngine]", FromEngine)


class Line:
    """One end of the socket.

    Args:
        stream: The connected socket.
    """

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._incoming = BufferedByteReceiveStream(stream)
        self._turn = anyio.Lock()

    async def aclose(self) -> None:
        """End the connection."""
        await self._stream.aclose()

    async def send(self, message: FromClient | FromEngine) -> None:
        """Send a message.

        Raises:
            EngineError: Nobody is at the other end any more.
        """
        body = await _aside(
            partial(encode, message), isinstance(message, Submit | Planned)
        )
        await self.send_packed(body)

    async def send_packed(self, body: bytes) -> None:
        """Send a packed message.

        Raises:
            EngineError: Nobody is at the other end any more.
        """
        try:
            async with self._turn:
                await self._stream.send(len(body).to_bytes(4) + body)
        except (anyio.BrokenResourceError, anyio.ClosedResourceError) as error:
            raise _lost() from error

    async def from_client(self) -> FromClient:
        """Wait for a front end's next message.

        Raises:
            EngineError: It has gone, or what it says makes no sense.
        """
        return await self._next(_FROM_CLIENT)

    async def from_engine(self) -> FromEngine:
        """Wait for the engine's next message.

        Raises:
            EngineError: It has gone, or what it says makes no sense.
        """
        return await self._next(_FROM_ENGINE)

    async def _next(self, kind: type[T]) -> T:
        try:
            head = await self._incoming.receive_exactly(4)
            length = int.from_bytes(head)
            if length > LONGEST:
                raise EngineError("The engine's socket carries something else.")
            body = await self._incoming.receive_exactly(length)
            return await _aside(partial(decode, body, kind), length > _LARGE)
        except (
            anyio.BrokenResourceError,
            anyio.ClosedResourceError,
            anyio.EndOfStream,
            anyio.IncompleteRead,
        ) as error:
            raise _lost() from error
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            text = f"The engine's socket carries something else: {error}."
            raise EngineError(text) from error


async def _aside(work: Callable[[], T], is_large: bool) -> T:  # noqa: FBT001
    """Do it in a thread where it would hold the loop up."""
    return await anyio.to_thread.run_sync(work) if is_large else work()


def _lost() -> EngineError:
    return EngineError("The engine's process has gone.")


def parts(number: int, plan: TransferPlan) -> Iterator[Planned]:
    """Yield the messages that a plan comes in. Blocks: it reads from the disk.

    Args:
        number: Of the call that asked for it.
        plan: What to send.

    Raises:
        EngineError: The disk does not give it back.
    """
    items = plan.packed
    for start in range(0, len(items), PIECE):
        yield Planned(number, items.piece(start, start + PIECE))
    for start in range(0, len(plan.problems), PIECE):
        some = list(map(_sendable, plan.problems[start : start + PIECE]))
        yield Planned(number, Piece([], [], b""), some)


def _sendable(problem: Problem) -> Problem:
    """Write names that are no text as text: they are only shown."""
    return structs.replace(
        problem,
        source=problem.source.encode(errors="backslashreplace").decode(),
        reason=problem.reason.encode(errors="backslashreplace").decode(),
    )


def refusal(number: int, error: HyphaError) -> Refusal:
    """Pack an error."""
    plain = (str, int, float, bool, type(None))
    more = {
        name: value
        for name, value in vars(error).items()
        if name not in {"message", "hint"} and isinstance(value, plain)
    }
    kind = type(error).__name__
    return Refusal(number, kind, error.message, error.hint, more)


def raised(refused: Refusal) -> HyphaError:
    """Unpack an error."""
    kind = getattr(errors, refused.kind, HyphaError)
    if not (isinstance(kind, type) and issubclass(kind, HyphaError)):
        kind = HyphaError
    error = kind.__new__(kind, refused.message)
    error.args = (refused.message,)
    error.message, error.hint = refused.message, refused.hint
    vars(error).update(refused.more)
    return error
