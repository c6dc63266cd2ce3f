"""The proxy that the tests break connections with leaves none behind itself."""

from __future__ import annotations

import asyncio
import gc
import socket
from contextlib import closing, suppress
from urllib.parse import urlsplit

import pytest

from hypha_artifact.settings import ConnectionSettings
from tests.faults import FaultProxy


@pytest.mark.parametrize("turns", range(6))
async def test_a_connection_that_comes_as_the_proxy_ends(turns: int) -> None:
    nowhere = ConnectionSettings(server_url="http://127.0.0.1:9")
    async with FaultProxy(nowhere) as proxy:
        port = urlsplit(proxy.url).port
        client = socket.create_connection(("127.0.0.1", port))
        for _turn in range(turns):
            await asyncio.sleep(0)
    gc.collect()  # a socket that was left open is an error now
    with closing(client), suppress(ConnectionResetError):
        assert client.recv(1) == b""
