"""A proxy between client and server that does what networks do, when it is told to.

Calls and bytes both go through it: the server is asked (``use_local_url``) to sign
links to the proxy's address, and the signature is not about that address, because the
server's own ``/s3`` proxy sends on what it is given. Each request has a connection of
its own, so that a fault hits one request.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from msgspec import structs

from hypha_artifact.settings import ConnectionSettings

_PIECE, _DROP = 1 << 16, 1 << 12

_ACCEPTING = 5
"""Turns of the loop from the accept of a connection to the first step of its task."""


@dataclass
class Fault:
    """What happens to the next requests that match.

    Args:
        pattern: Searched in ``METHOD /path?query``.
        times: How many requests it hits; None for all.
        skip: How many matching requests pass before that.
        status: Answer with this status instead of asking the server.
        headers: Of that answer.
        cut_request: Break the connection after so many bytes of the request's body.
        cut_response: Break the connection after so many bytes of the answer's body.
        politely: End the connection instead of breaking it.
        lose_answer: Let the server do it, then break the connection.
        corrupt: Change one byte of the answer's body, counted from 0.
        corrupt_request: Change one byte of the request's body, counted from 0.
        etag: Put it in the place of the answer's.
        expired: Let the link be one that was signed long ago.
        drip: Seconds between any two pieces of 4 KiB, in both directions.
        stall: Wait for this event before the request is sent on.
    """

    pattern: str
    times: int | None = 1
    skip: int = 0
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    cut_request: int | None = None
    cut_response: int | None = None
    lose_answer: bool = False
    politely: bool = False
    corrupt: int | None = None
    corrupt_request: int | None = None
    etag: str | None = None
    expired: bool = False
    drip: float = 0.0
    stall: asyncio.Event | None = None
    hits: int = 0

    def takes(self, request: str) -> bool:
        """Tell whether this request is hit, and count it."""
        if not re.search(self.pattern, request):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.times is not None and self.hits >= self.times:
            return False
        self.hits += 1
        return True


class FaultProxy:
    """The proxy; an async context manager.

    Args:
        upstream: The server behind it.
    """

    def __init__(self, upstream: ConnectionSettings) -> None:
        self._upstream = upstream
        self._target = urlsplit(upstream.server_url)
        self._faults: list[Fault] = []
        self._server: asyncio.Server | None = None
        self._port = 0
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.requests: list[str] = []
        self.heads: list[str] = []
        self.on_request: Callable[[str], None] = lambda _: None

    async def __aenter__(self) -> Self:
        await self.up()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.down()
        for _turn in range(_ACCEPTING):
            await asyncio.sleep(0)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks)
        await asyncio.sleep(0)

    async def up(self) -> None:
        """Listen; always at the same port."""
        if self._server is None:
            self._server = await asyncio.start_server(
                self._serve, "127.0.0.1", self._port
            )
            self._port = self._server.sockets[0].getsockname()[1]

    async def down(self) -> None:
        """Break all connections, and refuse new ones until ``up``."""
        server, self._server = self._server, None
        if server is not None:
            # Python loses a connection that it is accepting as the server closes
            # (its issue 109564), so first it has to accept no more.
            for listener in server.sockets:
                asyncio.get_running_loop().remove_reader(listener.fileno())
            await asyncio.sleep(0)
            server.close()
            for writer in tuple(self._open):
                writer.transport.abort()
            await server.wait_closed()

    @property
    def url(self) -> str:
        """Where to connect instead of the server."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def settings(self) -> ConnectionSettings:
        """The server's settings with everything going through here."""
        return structs.replace(
            self._upstream, server_url=self.url, use_local_url=self.url
        )

    def add(self, fault: Fault) -> Fault:
        """Arm a fault; the first one that takes a request hits it."""
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Let everything pass from now on."""
        self._faults.clear()

    def count(self, pattern: str) -> int:
        """Count the requests so far whose ``METHOD /path?query`` matches."""
        return sum(bool(re.search(pattern, request)) for request in self.requests)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if self._server is None:
            writer.transport.abort()
            return
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        self._open.add(writer)
        try:
            await self._exchange(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            self._tasks.discard(task)
            self._open.discard(writer)
            writer.close()

    async def _exchange(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        request = head.partition(b"\r\n")[0].decode().rpartition(" ")[0]
        self.requests.append(request)
        self.heads.append(head.decode())
        self.on_request(request)
        fault = next((f for f in self._faults if f.takes(request)), Fault(""))
        if fault.stall:
            await fault.stall.wait()
        if fault.status:
            await _drain(reader, _length(head))
            writer.write(_answer(fault))
            await writer.drain()
            return
        up_reader, up_writer = await asyncio.open_connection(
            self._target.hostname, self._target.port
        )
        try:
            up_writer.write(_closing(_aged(head) if fault.expired else head))
            if not await _send(reader, up_writer, _length(head), fault):
                writer.transport.abort()
                return
            await _relay(up_reader, writer, fault)
        finally:
            up_writer.close()


def _length(head: bytes) -> int:
    found = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    return int(found[1]) if found else 0


def _closing(head: bytes) -> bytes:
    kept = re.sub(rb"(?i)\r\nconnection:[^\r]*", b"", head)
    return kept[:-2] + b"Connection: close\r\n\r\n"


def _aged(head: bytes) -> bytes:
    return re.sub(rb"(X-Amz-Date=)\d{4}", rb"\g<1>2020", head, count=1)


def _answer(fault: Fault) -> bytes:
    lines = [f"HTTP/1.1 {fault.status} Injected", "Content-Length: 0"]
    lines += [f"{name}: {value}" for name, value in fault.headers.items()]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode()


async def _drain(reader: asyncio.StreamReader, length: int) -> None:
    while length:
        length -= len(await reader.readexactly(min(_PIECE, length)))


async def _send(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    length: int,
    fault: Fault,
) -> bool:
    """Send a body on; returns False when it was cut off as wanted."""
    end = length if fault.cut_request is None else min(fault.cut_request, length)
    at = 0
    while at < end:
        piece = await reader.readexactly(min(_piece(fault), end - at))
        writer.write(_corrupted(piece, at, fault.corrupt_request))
        at += len(piece)
        await _written(writer, fault)
    return fault.cut_request is None


async def _relay(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, fault: Fault
) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    if fault.lose_answer:
        writer.transport.abort()
        return
    if fault.etag is not None:
        etag = b'\r\nETag: "' + fault.etag.encode() + b'"'
        head = re.sub(rb"(?i)\r\netag:[^\r]*", etag, head)
    writer.write(head)
    at, cut = 0, fault.cut_response
    while piece := await reader.read(_piece(fault)):
        if cut is not None and at + len(piece) > cut:
            writer.write(piece[: cut - at])
            await writer.drain()
            if not fault.politely:
                writer.transport.abort()
            return
        writer.write(_corrupted(piece, at, fault.corrupt))
        at += len(piece)
        await _written(writer, fault)


def _piece(fault: Fault) -> int:
    return _DROP if fault.drip else _PIECE


async def _written(writer: asyncio.StreamWriter, fault: Fault) -> None:
    await writer.drain()
    if fault.drip:
        await asyncio.sleep(fault.drip)


def _corrupted(piece: bytes, start: int, position: int | None) -> bytes:
    if position is None or not start <= position < start + len(piece):
        return piece
    at = position - start
    return piece[:at] + bytes([piece[at] ^ 0xFF]) + piece[at + 1 :]
