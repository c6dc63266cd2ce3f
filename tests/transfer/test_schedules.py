"""Seeded random schedules of faults, in both directions of both paths.

Whatever happens to calls and bytes: each file arrives whole and once, or is reported.
A seed that fails replays: ``pytest -m '' 'tests/transfer/…::test_faults[17]'``.
"""

from __future__ import annotations

import asyncio
import random
import socket
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import anyio
import anyio.to_thread
import httpx
import pytest
from msgspec import structs
from typing_extensions import override

from hypha_artifact._api import transport
from hypha_artifact._api.transport import Transport
from hypha_artifact.errors import HyphaError
from hypha_artifact.localserver import LocalServer
from hypha_artifact.models import StageMode
from hypha_artifact.paths import RemotePath
from hypha_artifact.remote import RemoteArtifact
from hypha_artifact.settings import ConnectionSettings
from hypha_artifact.transfer import download
from hypha_artifact.transfer.clock import Clock
from hypha_artifact.transfer.engine import TransferEngine
from hypha_artifact.transfer.journal import Journal
from hypha_artifact.transfer.state import (
    Action,
    Command,
    DownloadRequest,
    GroupView,
    JobState,
    Request,
    UploadRequest,
)
from tests.faults import Fault, FaultProxy
from tests.transfer.conftest import (
    ODD_NAMES,
    Stock,
    checksums,
    new_artifact,
    stocked,
    stored,
)

T = TypeVar("T")
KIB = 1024
CI, SOAK = 100, 1000
RESTARTS = 25
"""Of how many schedules of the soak one has the server started again."""

SPEED = 50.0
PATIENCE = 4.0
"""Seconds that a call may take."""

PUT, GET, CALL = "^PUT ", "^GET /(s3/|[^?]*/files/)", "/services/"
ONE_RANGE = r"^GET /s3/(?!.*large)"
"""What comes in ranges has no checksum that could tell."""


class Hurried(Clock):
    """A clock on which a backoff of a minute takes a second."""

    @override
    def now(self) -> float:
        return super().now() * SPEED

    @override
    def epoch(self, at: float) -> float:
        return super().epoch(at / SPEED)

    @override
    async def wait(self, event: anyio.Event, until: float | None) -> None:
        seconds = None if until is None else max(0.0, until - self.now()) / SPEED
        with anyio.move_on_after(seconds):
            await event.wait()


class Network:
    """Does to a batch what its seed says, request by request.

    Args:
        seed: Of the schedule.
        faults: The proxy that everything goes through.
        server: What is behind it.
        monkeypatch: For the names that do not resolve.
    """

    def __init__(
        self,
        seed: int,
        faults: FaultProxy,
        server: LocalServer,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        self._faults = faults
        self._server = server
        self.seed = seed
        self._chance = random.Random(seed)  # noqa: S311 - replayed
        self._resolves = True
        self._resolve = socket.getaddrinfo
        self._left = -1
        self._outage: Callable[[], Awaitable[None]] = faults.down
        self._tasks: set[asyncio.Task[None]] = set()
        self.planned: list[tuple[str, Fault]] = []
        self.outage = "no outage"
        self.log: list[str] = [f"seed {seed}"]
        monkeypatch.setattr(socket, "getaddrinfo", self._getaddrinfo)
        faults.on_request = self._count

    def arm(self, data: str, *, sends: bool) -> None:
        """Plan the faults of one batch, and note them."""
        for _ in range(self._chance.randint(1, 4)):
            of_data = self._chance.random() < 0.7
            kinds = self._of_data(data, sends) if of_data else self._of_call()
            kind = self._chance.choice(sorted(kinds))
            fault = kinds[kind]
            fault.skip = self._chance.randint(0, 6)
            fault.times = 1 if fault.stall else self._chance.choice((1, 1, 2, 3, 6))
            self.planned.append((kind, self._faults.add(fault)))
        if self.seed >= CI and self.seed % RESTARTS == 0:
            self._cut("server restart", self._restart)
        elif self._chance.random() < 0.3:
            outages = {"refused": self._refuse, "no DNS": self._unknown}
            kind = self._chance.choice(sorted(outages))
            self._cut(kind, outages[kind])

    def _cut(self, kind: str, outage: Callable[[], Awaitable[None]]) -> None:
        self._left, self._outage = self._chance.randint(1, 20), outage
        self.outage = kind
        self.log.append(f"{kind} at request {self._left}")

    def _of_data(self, data: str, sends: bool) -> dict[str, Fault]:  # noqa: FBT001
        some = self._chance.randint(0, 3000)
        retry = {"Retry-After": str(self._chance.randint(1, 30))}
        both = {
            "5xx": Fault(data, status=self._chance.choice((500, 502, 503, 504))),
            "429": Fault(data, status=429, headers=retry),
            "expired": Fault(data, expired=True),
            "answer lost": Fault(data, lose_answer=True),
            "drip": Fault(data, drip=0.01),
            "stall": Fault(data, stall=asyncio.Event()),
        }
        up = {
            "reset": Fault(data, cut_request=some),
            "corrupt": Fault(data, corrupt_request=some),
            "wrong ETag": Fault(data, etag="0" * 32),
        }
        down = {
            "reset": Fault(data, cut_response=some),
            "truncated": Fault(data, cut_response=some, politely=True),
            "corrupt": Fault(ONE_RANGE, corrupt=some),
            "wrong ETag": Fault(ONE_RANGE, etag="0" * 32),
        }
        return both | (up if sends else down)

    def _of_call(self) -> dict[str, Fault]:
        retry = {"Retry-After": "0"}
        some = self._chance.randint(0, 50)
        return {
            "call 5xx": Fault(CALL, status=self._chance.choice((500, 502, 503, 504))),
            "call 429": Fault(CALL, status=429, headers=retry),
            "call answer lost": Fault(CALL, lose_answer=True),
            "call reset": Fault(CALL, cut_request=some),
            "call answer reset": Fault(CALL, cut_response=some),
            "call truncated": Fault(CALL, cut_response=some, politely=True),
            "call corrupt": Fault(CALL, corrupt_request=some),
            "call answer corrupt": Fault(CALL, corrupt=some),
            "call drip": Fault(CALL, drip=0.05),
            "call stall": Fault(CALL, stall=asyncio.Event()),
        }

    def told(self) -> str:
        """Say what was planned, and which of it was met."""
        faults = [f"{kind}: {fault}" for kind, fault in self.planned]
        met = [kind for kind, fault in self.planned if fault.hits]
        met += [self.outage] if self._tasks else []
        return "\n".join([*self.log, *faults, f"met: {', '.join(met)}", ""])

    @property
    def settings(self) -> ConnectionSettings:
        """The proxy's, by a name that has to be resolved."""
        url = self._faults.url.replace("127.0.0.1", "localhost")
        return structs.replace(self._faults.settings, server_url=url, use_local_url=url)

    async def calm(self) -> None:
        """End all faults."""
        self._faults.clear()
        self._left = -1
        await self.back()

    async def back(self) -> None:
        """Wait for the end of an outage."""
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _count(self, _request: str) -> None:
        self._left -= 1
        if self._left == 0:
            task = asyncio.ensure_future(self._outage())
            self._tasks.add(task)

    async def _refuse(self) -> None:
        await self._faults.down()
        await anyio.sleep(0.3)
        await self._faults.up()

    async def _unknown(self) -> None:
        """Let the server have no name, and connections break that are open."""
        self._resolves = False
        await self._faults.down()
        await self._faults.up()
        await anyio.sleep(0.3)
        self._resolves = True

    async def _restart(self) -> None:
        await anyio.to_thread.run_sync(self._server.stop_hypha)
        await anyio.to_thread.run_sync(self._server.start_hypha)

    def _getaddrinfo(self, *args: Any, **options: Any) -> Any:
        if not self._resolves:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure, injected")
        return self._resolve(*args, **options)


def _seeds() -> list[object]:
    soak = [pytest.param(n, marks=pytest.mark.soak) for n in range(CI, SOAK)]
    return [*range(CI), *soak]


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten what is not the engine's clock, and the ranges of large files."""
    timeout = partial(httpx.Timeout, PATIENCE)
    monkeypatch.setattr(httpx, "Timeout", lambda _seconds, **more: timeout(**more))
    monkeypatch.setattr(transport, "_IDLE", 1.5)
    monkeypatch.setattr(transport, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(transport, "LONGEST_WAIT", 0.05)
    monkeypatch.setattr(download, "MULTIPART_ABOVE", 256 * KIB)
    monkeypatch.setattr(download, "RANGE", 512 * KIB)
    monkeypatch.setattr(download, "STREAMS", 6)


@pytest.fixture(params=_seeds())
def network(
    request: pytest.FixtureRequest,
    faults: FaultProxy,
    server: LocalServer,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Network]:
    """The network of one seed; what it did is shown with a failure."""
    network = Network(request.param, faults, server, monkeypatch)
    yield network
    sys.stdout.write(network.told())


@pytest.fixture(scope="module")
async def stock(server: LocalServer, tmp_path_factory: pytest.TempPathFactory) -> Stock:
    """A small tree, uploaded once: what costs time is Hypha's own work."""
    sizes = {"one": 3000, "two": 2000, ODD_NAMES[0]: 100, ODD_NAMES[2]: 10, "empty": 0}
    sizes["large"] = 3 * 512 * KIB - 5
    return await stocked(server, tmp_path_factory.mktemp("stock"), sizes)


def test_the_day_s_schedules_have_every_kind(
    server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned: set[tuple[str, str]] = set()
    kinds = {(CALL, "refused"), (CALL, "no DNS")}
    for seed in range(CI):
        faults = FaultProxy(server.settings)
        network = Network(seed, faults, server, monkeypatch)
        data, sends = (PUT, True) if seed % 2 == 0 else (GET, False)
        network.arm(data, sends=sends)
        planned.add((CALL, network.outage))
        for kind, _ in network.planned:
            planned.add((CALL if kind in network._of_call() else data, kind))
        kinds |= {(data, kind) for kind in network._of_data(data, sends)}
        kinds |= {(CALL, kind) for kind in network._of_call()}
    assert kinds <= planned


async def test_faults(
    network: Network, settings: ConnectionSettings, tmp_path: Path, stock: Stock
) -> None:
    async with _engine(network.settings, tmp_path) as engine:
        if network.seed % 2 == 0:
            # Past the proxies, which would only cost time.
            checking = structs.replace(settings, use_proxy=False)
            async with Transport(checking) as direct:
                remote = RemoteArtifact(await new_artifact(direct), direct)
                await _send(engine, network, remote, tmp_path / "source")
        else:
            await _fetch(engine, network, stock, tmp_path / "target")


async def _send(
    engine: TransferEngine, network: Network, remote: RemoteArtifact, source: Path
) -> None:
    files = _fill(source, random.Random(network.seed))  # noqa: S311 - replayed
    request = UploadRequest(
        sources=(source,),
        artifact=remote.id,
        folder=RemotePath("up"),
        mode=StageMode.NEW_VERSION,
        part_size=64 * KIB,
        multipart_above=128 * KIB,
    )
    network.arm(PUT, sends=True)
    await _run(engine, request, network, files)
    assert await stored(remote, source) == checksums(source)


async def _fetch(
    engine: TransferEngine, network: Network, stock: Stock, target: Path
) -> None:
    request = DownloadRequest(
        sources=(RemotePath("up/source"),),
        artifact=stock.artifact,
        folder=target,
        version="stage",
    )
    network.arm(GET, sends=False)
    await _run(engine, request, network, len(checksums(stock.source)))
    assert checksums(target / "source") == checksums(stock.source)
    assert not list(target.rglob("*.hypha-part"))


def _fill(folder: Path, chance: random.Random) -> int:
    """Make a mixed batch: small, odd, empty, and large enough for parts."""
    home = chance.choice(("", "", "", "sub/"))
    sizes = {f"{home}{n}": chance.randint(1, 4000) for n in range(chance.randint(1, 4))}
    sizes |= dict.fromkeys(chance.sample(ODD_NAMES[:3], 1), 100)
    sizes |= {"empty": 0, "large": chance.randint(130 * KIB, 250 * KIB)}
    for name, size in sizes.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(chance.randbytes(size))
    return len(sizes)


@asynccontextmanager
async def _engine(
    settings: ConnectionSettings, folder: Path
) -> AsyncGenerator[TransferEngine]:
    with closing(Journal(folder / "journal")) as journal:
        async with Transport(settings) as connection:
            engine = TransferEngine(
                lambda artifact: RemoteArtifact(artifact, connection),
                clock=Hurried(),
                journal=journal,
                patience=900.0,
            )
            async with engine:
                yield engine


async def _run(
    engine: TransferEngine, request: Request, network: Network, files: int
) -> None:
    """Move a batch; what the faults let fail is told, and goes through without them."""
    plan = await _insist(network, lambda: engine.plan(request))
    assert not plan.problems
    assert len(plan.items) == files
    group = await engine.submit(plan)
    counts = (await _final(engine, group)).counts
    for job in await engine.page(group, 0, files):
        assert job.state is JobState.DONE or (job.state.is_final and job.reason)
    await network.calm()
    if counts != {JobState.DONE: files}:
        network.log.append(f"at first {counts}")
        await engine.control(Command(action=Action.RETRY, group=group))
        view = await _final(engine, group)
        pages = await engine.page(group, 0, files)
        reasons = {job.reason for job in pages if job.reason}
        assert view.counts == {JobState.DONE: files}, (view.error, reasons)
    view = await _final(engine, group)
    assert view.done == view.size


async def _insist(network: Network, call: Callable[[], Awaitable[T]]) -> T:
    """Ask as a user does, until there is an answer."""
    for _ in range(20):
        try:
            return await call()
        except HyphaError as error:
            network.log.append(f"asked again: {error}")
            await network.back()
    return await call()


async def _final(engine: TransferEngine, group: int) -> GroupView:
    with anyio.fail_after(90):
        while True:
            view = next(g for g in engine.snapshot(fresh=True).groups if g.id == group)
            if view.is_final and engine._scheduler.is_tidy:
                return view
            with anyio.move_on_after(0.05):  # a clean-up's end is no news
                await engine.news().wait()
