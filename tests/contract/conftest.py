from __future__ import annotations

import socket
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from uuid import uuid4

import anyio
import pytest
from click.testing import CliRunner, Result

from hypha_artifact._api import endpoints
from hypha_artifact._api.transport import Transport
from hypha_artifact.baseline import BaselineStore
from hypha_artifact.cli import main
from hypha_artifact.localserver import LocalServer
from hypha_artifact.models import StageMode
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

    return partial(_upload, remote)


async def _upload(remote: RemoteArtifact, files: dict[str, bytes]) -> None:
    links = await remote.sign_uploads([RemotePath(path) for path in files])
    for path, data in files.items():
        await remote.put(links[RemotePath(path)], _whole(data), len(data))


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


Run = Callable[..., Result]


@pytest.fixture
def run(settings: ConnectionSettings, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run ``hypha-artifact`` in this process: ``run("ls", "-a", "lab/x")``."""
    monkeypatch.setenv("HYPHA_SERVER_URL", settings.server_url)
    monkeypatch.setenv("HYPHA_WORKSPACE", settings.workspace or "")
    monkeypatch.setenv("HYPHA_TOKEN", settings.token or "")

    def call(*args: str, typed: str | bytes | None = None, status: int = 0) -> Result:
        result = CliRunner().invoke(main, args, input=typed, prog_name="hypha-artifact")
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == status, result.output
        return result

    return call


class Draft:
    """An artifact of one test's own, for tests that run no loop themselves."""

    def __init__(self, settings: ConnectionSettings, store: BaselineStore) -> None:
        self._id = ArtifactId(settings.workspace or "", f"draft-{uuid4().hex[:12]}")
        self._settings = settings
        self._store = store
        anyio.run(self._create)

    @property
    def name(self) -> str:
        return str(self._id)

    def put(
        self, files: dict[str, bytes], mode: StageMode = StageMode.IN_PLACE
    ) -> None:
        anyio.run(self._put, files, mode)

    def announce(self, *paths: str) -> None:
        """Announce files whose bytes never come."""
        anyio.run(self._announce, [RemotePath(path) for path in paths])

    async def _announce(self, paths: list[RemotePath]) -> None:
        async with Transport(self._settings) as transport:
            remote = RemoteArtifact(self._id, transport, self._store)
            await remote.sign_uploads(paths)

    async def _create(self) -> None:
        async with Transport(self._settings) as transport:
            given: dict[str, object] = {"manifest": {"name": "draft"}, "stage": True}
            await transport.call(endpoints.create(self._id, given))

    async def _put(self, files: dict[str, bytes], mode: StageMode) -> None:
        async with Transport(self._settings) as transport:
            remote = RemoteArtifact(self._id, transport, self._store)
            await remote.open_stage(mode)
            await _upload(remote, files)


@pytest.fixture
def draft(settings: ConnectionSettings) -> Draft:
    """A fresh artifact with an open stage and no version yet."""
    return Draft(settings, BaselineStore())


@pytest.fixture(scope="session")
def atlas(server: LocalServer, state_folder: Path) -> str:
    """Name a committed artifact that no test changes.

    ``v0`` has ``a.txt`` (``old``), ``v1`` has what ``ATLAS`` says.
    """
    store = BaselineStore(state_folder / "atlas")
    return anyio.run(_make_atlas, server.settings, store)


async def _make_atlas(settings: ConnectionSettings, store: BaselineStore) -> str:
    name = ArtifactId(settings.workspace or "", f"atlas-{uuid4().hex[:12]}")
    async with Transport(settings) as transport:
        create = endpoints.create(name, {"manifest": {"name": "atlas"}, "stage": True})
        await transport.call(create)
        remote = RemoteArtifact(name, transport, store)
        await _upload(remote, {"a.txt": b"old"})
        await remote.commit(comment="first")
        await remote.open_stage(StageMode.NEW_VERSION)
        await _upload(remote, ATLAS)
        await remote.commit(comment="second")
    return str(name)


ATLAS = {
    "a.txt": b"hello\nworld\n",
    "b [1].txt": b"bracket",
    "raw/\u200ehidden.bin": b"\x00\xff\x1b[2J",
    "raw/plate/1.tif": b"1" * 100,
    "raw/plate/2.tif": b"2" * 2000,
    "raw/notes.txt": "\u00e5\u00e4\u00f6\n".encode(),
}
