"""Headers that the user adds: with a file's bytes, and never with calls."""

from __future__ import annotations

from collections.abc import AsyncIterator

from msgspec import structs

from hypha_artifact._api import endpoints
from hypha_artifact._api.transport import Transport
from hypha_artifact.paths import ArtifactId, RemotePath
from hypha_artifact.remote import RemoteArtifact
from tests.faults import FaultProxy

MINE = {"X-Mine": "seen", "content-length": "999", "X-Other": "mine"}


async def hello() -> AsyncIterator[bytes]:
    yield b"hello"


async def test_additional_headers_go_with_bytes_only(faults: FaultProxy) -> None:
    settings = structs.replace(faults.settings, additional_headers=MINE)
    name = ArtifactId.parse("headers", settings.workspace)
    # The second name breaks the S3 proxy and goes through the server's own endpoint.
    paths = [RemotePath("plain"), RemotePath("odd#name")]
    async with Transport(settings) as transport:
        remote = RemoteArtifact(name, transport)
        given = {"manifest": {"name": "headers"}, "stage": True}
        await transport.call(endpoints.create(name, dict(given)))
        for link in (await remote.sign_uploads(paths)).values():
            await remote.put(link, hello(), 5, headers={"X-Other": "the file's"})
        for link in (await remote.sign_downloads(paths, version="stage")).values():
            async with remote.fetch(link) as body:
                assert b"".join([piece async for piece in body.chunks]) == b"hello"
        await transport.call(endpoints.discard(name))
    of_bytes = [head for head in faults.heads if "/artifact-manager/" not in head]
    assert len(of_bytes) == 4
    assert all("X-Mine: seen" in head for head in of_bytes)
    assert sum("X-Other: the file's" in head for head in of_bytes) == 2
    calls = [head for head in faults.heads if head not in of_bytes]
    assert calls
    assert not any("X-Mine" in head for head in calls)
