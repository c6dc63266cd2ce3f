from __future__ import annotations

import socket
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from pathlib import Path
from uuid import uuid4

import pytest

from hypha_artifact._api import endpoints
from hypha_artifact._api.transport import Transport
from hypha_artifact.baseline import BaselineStore
from hypha_artifact.paths import ArtifactId, RemotePath
from hypha_artifact.remote import RemoteArtifact
from hypha_artifact.settings import ConnectionSettings


@pytest.fixture
async def transport(settings: ConnectionSettings) -> AsyncGenerator[Transport]:
    async with Transport(settings) as transport:
        yield transport


@pytest.fixture
async def remote(transport: Transport, tmp_path: Path) -> RemoteArtifact:
    """A fresh artifact with an open stage and no version yet."""
    workspace = transport.settings.workspace
    assert workspace
    name = ArtifactId(workspace, f"contract-{uuid4().hex[:12]}")
    await transport.call(
        endpoints.create(name, {"manifest": {"name": "contract"}, "stage": True})
    )
    return RemoteArtifact(name, transport, BaselineStore(tmp_path / "stages"))


Upload = Callable[..., Awaitable[None]]


async def _whole(data: bytes) -> AsyncIterator[bytes]:
    yield data


@pytest.fixture
def upload(remote: RemoteArtifact) -> Upload:
    """Put small files: ``await upload(a=b"...")``, or by a dict for odd names."""

    async def put(files: dict[str, bytes]) -> None:
        links = await remote.sign_uploads([RemotePath(path) for path in files])
        for path, data in files.items():
            await remote.put(links[RemotePath(path)], _whole(data), len(data))

    return put


Download = Callable[..., Awaitable[bytes]]


@pytest.fixture
def download(remote: RemoteArtifact) -> Download:
    async def get(path: str, version: str | None = None) -> bytes:
        name = RemotePath(path)
        links = await remote.sign_downloads([name], version=version)
        async with remote.fetch(links[name]) as body:
            return b"".join([chunk async for chunk in body.chunks])

    return get


@pytest.fixture
def unused_tcp_url() -> str:
    """A URL at which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"
