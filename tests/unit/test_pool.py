"""The pool for bytes, on a small server of the test's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from hypha_artifact._api.pool import BytePool
from hypha_artifact.errors import (
    HyphaError,
    InvalidInput,
    NetworkError,
    NetworkTimeout,
    SourceChanged,
    Unreachable,
)

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
LENGTH = {"Content-Length": str(64 << 20)}


@asynccontextmanager
async def serving(answer: Serve) -> AsyncGenerator[str]:
    tasks: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        try:
            await answer(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()
        yield f"http://{host}:{port}/file?X-Sig=a%2Fb"
    talking = [task for task in tasks if task is not None]
    for task in talking:
        task.cancel()
    await asyncio.gather(*talking, return_exceptions=True)


@pytest.fixture
async def pool() -> AsyncIterator[BytePool]:
    pool = BytePool(connections=4, verify=True, connect=5, idle=0.2, headers={"A": "1"})
    yield pool
    await pool.aclose()


async def zeros() -> AsyncIterator[bytes]:
    for _ in range(64):
        yield bytes(1 << 20)


async def ask(
    pool: BytePool, url: str, body: AsyncIterator[bytes] | None = None
) -> bytes:
    verb, headers = ("PUT", LENGTH) if body else ("GET", {"a": "2"})
    async with pool.request(verb, url, headers, subject="it", body=body) as reply:
        return b"".join([piece async for piece in reply.pieces()])


async def hear(reader: asyncio.StreamReader) -> bytes:
    return await reader.readuntil(b"\r\n\r\n")


async def test_headers_and_the_query_go_out_as_they_are(pool: BytePool) -> None:
    heard: list[str] = []

    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        heard.append((await hear(reader)).decode())
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    async with serving(answer) as url:
        assert await ask(pool, url) == b"ok"
    assert heard[0].startswith("GET /file?X-Sig=a%2Fb HTTP/1.1\r\n")
    lines = heard[0].lower().splitlines()
    assert "accept-encoding: identity" in lines
    assert [line for line in lines if line.startswith("a:")] == ["a: 2"]
    assert not any(line.startswith(("authorization", "cookie")) for line in lines)


async def test_a_fault_of_the_source_is_told_as_it_is(pool: BytePool) -> None:
    async def changed() -> AsyncIterator[bytes]:
        yield bytes(10)
        raise SourceChanged("'f' changed while it was read.")

    async def answer(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(answer) as url:
        with pytest.raises(SourceChanged, match="'f' changed"):
            await ask(pool, url, changed())


async def stall(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await hear(reader)
    await asyncio.Event().wait()


@pytest.mark.parametrize("sends", [True, False])
async def test_a_stalled_request_is_given_up(pool: BytePool, *, sends: bool) -> None:
    async with serving(stall) as url:
        with pytest.raises(NetworkTimeout):
            await ask(pool, url, zeros() if sends else None)


async def test_a_body_that_ends_early(pool: BytePool) -> None:
    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await hear(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")

    async with serving(answer) as url:
        with pytest.raises(NetworkError, match="connection broke"):
            await ask(pool, url)


async def test_a_refusal_in_the_middle_of_a_body_is_read(pool: BytePool) -> None:
    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await hear(reader)
        writer.write(b"HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno")
        await reader.read(1 << 20)

    async with (
        serving(answer) as url,
        pool.request("PUT", url, LENGTH, subject="it", body=zeros()) as reply,
    ):
        assert (reply.status, await reply.read(100)) == (403, b"no")


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("http://127.0.0.1:1/", Unreachable),
        ("http://nowhere.invalid/", Unreachable),
        ("ftp://127.0.0.1/", InvalidInput),
        ("http://", InvalidInput),
        ("http://127.0.0.1:port/", InvalidInput),
    ],
)
async def test_an_address_that_leads_nowhere(
    pool: BytePool, url: str, error: type[HyphaError]
) -> None:
    with pytest.raises(error):
        await ask(pool, url)


async def test_this_machine_is_never_behind_a_proxy(
    pool: BytePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")

    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await hear(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    async with serving(answer) as url:
        assert await ask(pool, url) == b"ok"
    with pytest.raises(Unreachable):
        await ask(pool, "http://elsewhere.invalid/")
