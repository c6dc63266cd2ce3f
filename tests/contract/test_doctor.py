"""What the doctor says of a certificate that nobody signed, and of a wrong clock."""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
import trustme
from aiohttp import web
from msgspec import structs

from hypha_artifact._api import endpoints
from hypha_artifact._api.transport import Transport
from hypha_artifact.doctor import Check, Doctor, Result
from hypha_artifact.errors import NotTrusted
from hypha_artifact.paths import ArtifactId
from hypha_artifact.settings import ConnectionSettings, Found, as_given, find_settings

LAB = ArtifactId("test-lab", "any")


@asynccontextmanager
async def front(
    settings: ConnectionSettings, *, lock: ssl.SSLContext | None, ahead: timedelta
) -> AsyncGenerator[str]:
    """The server's first page, as a badly kept machine before it would hand it on."""

    async def hand_on(request: web.Request) -> web.Response:
        async with httpx.AsyncClient() as client:
            got = await client.get(f"{settings.server_url}{request.path}")
        date = format_datetime(datetime.now(UTC) + ahead, usegmt=True)
        return web.Response(
            body=got.content, status=got.status_code, headers={"Date": date}
        )

    app = web.Application()
    app.router.add_get("/{path:.*}", hand_on)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=lock)
    await site.start()
    host, port = runner.addresses[0][:2]
    try:
        yield f"{'https' if lock else 'http'}://{host}:{port}"
    finally:
        await runner.cleanup()


async def examine(url: str, *, disable_ssl: bool | None = None) -> dict[str, Check]:
    def find() -> Found:
        return find_settings(
            as_given(server_url=url, workspace="test-lab", disable_ssl=disable_ssl)
        )

    return {check.name: check async for check in Doctor(find).checks()}


async def test_a_certificate_that_nobody_signed(settings: ConnectionSettings) -> None:
    lock = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(lock)
    async with front(settings, lock=lock, ahead=timedelta()) as url:
        refused = await examine(url)
        unchecked = await examine(url, disable_ssl=True)
        where = structs.replace(settings, server_url=url)
        async with Transport(where) as transport:
            with pytest.raises(NotTrusted, match="certificate of"):
                await transport.call(endpoints.read(LAB, None))
    assert refused["server"].result is Result.FAILED
    assert "certificate" in refused["server"].text
    assert "HYPHA_DISABLE_SSL" in refused["server"].todo
    assert unchecked["server"].result is Result.OK
    assert unchecked["HYPHA_DISABLE_SSL"].result is Result.WARNING


async def test_a_clock_that_goes_wrong(settings: ConnectionSettings) -> None:
    async with front(settings, lock=None, ahead=timedelta(hours=2)) as url:
        behind = (await examine(url))["clock"]
    async with front(settings, lock=None, ahead=timedelta(seconds=5)) as url:
        right = (await examine(url))["clock"]
    assert behind.result is Result.WARNING
    assert "behind the server's" in behind.text
    assert right.result is Result.OK
