from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import anyio
import pytest

from hypha_artifact._api import endpoints
from hypha_artifact._api.transport import Transport
from hypha_artifact.localserver import LocalServer
from hypha_artifact.models import JsonObject, StageMode
from hypha_artifact.paths import ArtifactId, RemotePath
from hypha_artifact.remote import RemoteArtifact
from hypha_artifact.settings import ConnectionSettings
from hypha_artifact.transfer import starting
from hypha_artifact.transfer.client import TransferClient
from hypha_artifact.transfer.place import Place
from hypha_artifact.transfer.scheduler import LARGE_AHEAD
from hypha_artifact.transfer.state import (
    Action,
    Command,
    DownloadRequest,
    GroupView,
    JobState,
    Snapshot,
    UploadRequest,
)
from tests.engines import end
from tests.faults import FaultProxy

ODD_NAMES = ("#1?.txt", "100%.csv", "naïve – copy.txt", "a b/%41/c+d&e.txt")


class Bench:
    """A client on the real server, an artifact, and a folder; with short verbs."""

    def __init__(
        self, client: TransferClient, remote: RemoteArtifact, folder: Path
    ) -> None:
        self.client = client
        self.remote = remote
        self.source = folder / "source"
        self.target = folder / "target"
        self.source.mkdir()
        self.target.mkdir()

    def write(self, name: str, size: int) -> Path:
        """Write random bytes into the source folder."""
        path = self.source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            for at in range(0, size, 1 << 20):
                file.write(os.urandom(min(1 << 20, size - at)))
        return path

    def request(
        self, mode: StageMode = StageMode.NEW_VERSION, folder: str = "up"
    ) -> UploadRequest:
        return UploadRequest(
            sources=(self.source,),
            artifact=self.remote.id,
            folder=RemotePath(folder),
            mode=mode,
        )

    async def upload(
        self, mode: StageMode = StageMode.NEW_VERSION, folder: str = "up"
    ) -> int:
        plan = await self.client.plan(self.request(mode, folder))
        return await self.client.submit(plan)

    async def download(self, name: str = "up/source", version: str = "stage") -> int:
        request = DownloadRequest(
            sources=(RemotePath(name),),
            artifact=self.remote.id,
            folder=self.target,
            version=version,
        )
        return await self.client.submit(await self.client.plan(request))

    async def control(self, action: Action, group: int | None = None) -> None:
        await self.client.control(Command(action=action, group=group))

    async def until(self, true: Callable[[Snapshot], bool]) -> Snapshot:
        """Poll the snapshot as a front end does."""
        with anyio.fail_after(120):
            while not true(self.client.snapshot()):  # noqa: ASYNC110 - polled by design
                await anyio.sleep(0.02)
        return self.client.snapshot()

    def group(self, number: int) -> GroupView:
        return next(g for g in self.client.snapshot().groups if g.id == number)

    async def final(self, number: int) -> dict[JobState, int]:
        await self.until(lambda _: self.group(number).is_final)
        return self.group(number).counts

    async def pending(self, folder: str = "up/source") -> list[str]:
        """Names that the server expects bytes for."""
        entries = await self.remote.list_folder(
            RemotePath(folder), version="stage", pending=True
        )
        return [entry.name for entry in entries if entry.pending]

    def leftovers(self) -> list[Path]:
        return list(self.target.rglob("*.hypha-part"))


def checksums(folder: Path) -> dict[str, str]:
    """The content of every file below a folder, by relative name."""
    found: dict[str, str] = {}
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            found[path.relative_to(folder).as_posix()] = digest
    return found


async def stored(remote: RemoteArtifact, source: Path) -> dict[str, str]:
    """See that the stage holds exactly a folder's files; return their checksums."""
    artifact = await remote.read(version="stage")
    staged = Counter(entry.path for entry in artifact.staging or () if entry.path)
    names = [f"up/source/{name}" for name in checksums(source)]
    assert staged == Counter(names)
    return await contents(remote, names)


async def contents(remote: RemoteArtifact, names: Iterable[str]) -> dict[str, str]:
    """Return the checksums of staged files, by their names below ``up/source``."""
    links = await remote.sign_downloads(
        [RemotePath(name) for name in names], version="stage"
    )
    found: dict[str, str] = {}
    for path, link in links.items():
        digest = sha256()
        async with remote.fetch(link) as body:
            async for piece in body.chunks:
                digest.update(piece)
        found[path.relative_to(RemotePath("up/source"))] = digest.hexdigest()
    return found


class Stock(NamedTuple):
    """A tree that is on the server already, as ``up/source`` in a stage."""

    artifact: ArtifactId
    source: Path


@pytest.fixture(scope="module")
async def stock(server: LocalServer, tmp_path_factory: pytest.TempPathFactory) -> Stock:
    """A mixed tree, uploaded once."""
    sizes = {f"small/{number}": 3000 for number in range(8)}
    sizes |= dict.fromkeys(ODD_NAMES[:3], 100)
    sizes |= {"empty": 0, "large": 3 * (1 << 20) - 5}
    return await stocked(server, tmp_path_factory.mktemp("stock"), sizes)


async def stocked(server: LocalServer, folder: Path, sizes: dict[str, int]) -> Stock:
    """Upload files of the given sizes into a new artifact's stage."""
    async with open_bench(server.settings, server.settings, folder) as bench:
        for name, size in sizes.items():
            bench.write(name, size)
        assert set(await bench.final(await bench.upload())) == {JobState.DONE}
        return Stock(bench.remote.id, bench.source)


async def new_artifact(
    transport: Transport, config: dict[str, str] | None = None
) -> ArtifactId:
    name = ArtifactId(transport.settings.workspace or "", f"transfer-{uuid4().hex}")
    fields: JsonObject = {"manifest": {"name": "transfer"}}
    if config is not None:
        fields["config"] = dict(config)
    await transport.call(endpoints.create(name, fields))
    return name


@pytest.fixture
async def bench(settings: ConnectionSettings, tmp_path: Path) -> AsyncGenerator[Bench]:
    async with open_bench(settings, settings, tmp_path) as bench:
        yield bench


@pytest.fixture
async def faulty(
    faults: FaultProxy, settings: ConnectionSettings, tmp_path: Path
) -> AsyncGenerator[Bench]:
    """A bench whose client, not its ``remote``, goes through the fault proxy."""
    async with open_bench(settings, faults.settings, tmp_path) as bench:
        yield bench


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """A state folder of its own, whose engine ends with the test."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    place = Place()
    yield place
    end(place)


@pytest.fixture
async def outside(
    place: Place, faults: FaultProxy, settings: ConnectionSettings, tmp_path: Path
) -> AsyncGenerator[Bench]:
    """A bench whose engine has a process of its own, behind the fault proxy."""
    del place
    client = TransferClient(faults.settings)
    async with Transport(settings) as transport, client as engine:
        remote = RemoteArtifact(await new_artifact(transport), transport)
        yield Bench(engine, remote, tmp_path)


@pytest.fixture
def doomed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have engines started that can be told to die."""
    monkeypatch.setenv("DOOM", str(tmp_path / "doom"))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.setattr(starting, "_PACKAGE", "tests.transfer.doomed")


@pytest.fixture
def window(doomed: None, monkeypatch: pytest.MonkeyPatch) -> int:
    """Have engines started that keep few jobs of a batch in memory.

    Returns:
        How many they have there at the most, while none has failed.
    """
    del doomed
    monkeypatch.setenv("WINDOW", "4")
    return 5 * 4 + LARGE_AHEAD


@asynccontextmanager
async def open_bench(
    direct: ConnectionSettings, client: ConnectionSettings, folder: Path
) -> AsyncGenerator[Bench]:
    inside = TransferClient(client, inside=True)
    async with Transport(direct) as transport, inside as engine:
        remote = RemoteArtifact(await new_artifact(transport), transport)
        yield Bench(engine, remote, folder)


@pytest.fixture
def settings_client(settings: ConnectionSettings) -> TransferClient:
    return TransferClient(settings, inside=True)
