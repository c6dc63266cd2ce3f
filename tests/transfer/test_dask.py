"""Batches whose bytes the workers of a real Dask cluster move; one is killed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
import pytest
from click.testing import CliRunner
from msgspec import structs

from hypha_artifact import HyphaArtifact
from hypha_artifact.cli import main
from hypha_artifact.errors import (
    ClusterMismatch,
    ClusterMissing,
    ClusterUnreachable,
    InvalidInput,
)
from hypha_artifact.paths import RemotePath
from hypha_artifact.settings import ConnectionSettings
from hypha_artifact.transfer.place import Place
from hypha_artifact.transfer.state import (
    Action,
    DownloadRequest,
    JobState,
    Request,
    Snapshot,
)
from hypha_artifact.transfer.wire import PROGRAM
from tests.faults import Fault, FaultProxy
from tests.transfer.conftest import Bench, checksums

if TYPE_CHECKING:
    from distributed import Client, LocalCluster
else:
    distributed = pytest.importorskip("distributed")
    Client, LocalCluster = distributed.Client, distributed.LocalCluster

MIB = 1024 * 1024
PART = "^PUT /s3/.*partNumber"
RANGE = "^GET /s3/.*large"


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    """Three workers, each a process that runs one errand at a time."""
    with LocalCluster(
        n_workers=3,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        host="127.0.0.1",
    ) as cluster:
        yield cluster


class Crowd:
    """The cluster's workers, as a test sees them."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def ask(self, text: str) -> dict[str, Any]:
        """Evaluate an expression about our module on each worker."""

        def answer() -> object:
            from hypha_artifact.transfer import cluster  # noqa: PLC0415

            return eval(text, {"cluster": cluster})  # noqa: S307 - our own text

        return dict(await self._client.run(answer))

    async def at_work(self) -> list[str]:
        found = await self.ask("len(cluster._under_way)")
        return [worker for worker, count in found.items() if count]

    async def kill(self, worker: str) -> None:
        pids = await self.ask("__import__('os').getpid()")
        os.kill(pids[worker], signal.SIGKILL)


@pytest.fixture
async def crowd(cluster: LocalCluster) -> AsyncGenerator[Crowd]:
    async with Client(cluster.scheduler_address, asynchronous=True) as client:
        await client.wait_for_workers(3)  # a killed one is started again
        yield Crowd(client)


def upload(bench: Bench, cluster: LocalCluster, **more: object) -> Request:
    return structs.replace(bench.request(), scheduler=cluster.scheduler_address, **more)


def download(bench: Bench, cluster: LocalCluster) -> Request:
    return DownloadRequest(
        sources=(RemotePath("up/source"),),
        artifact=bench.remote.id,
        folder=bench.target,
        version="stage",
        scheduler=cluster.scheduler_address,
    )


async def start(bench: Bench, request: Request) -> int:
    return await bench.client.submit(await bench.client.plan(request))


async def test_a_killed_worker_loses_nothing_but_its_part(
    faulty: Bench, faults: FaultProxy, cluster: LocalCluster, crowd: Crowd
) -> None:
    faulty.write("large", 40 * MIB)
    faulty.write("folder/#1?.txt", 1000)
    faulty.write("empty", 0)

    async def kill_one(group: int, parts: int) -> None:
        def is_down_to_one(shown: Snapshot) -> bool:
            (large,) = [
                j for j in shown.jobs if j.group == group and j.remote.name == "large"
            ]
            done = faulty.group(group).count(JobState.DONE)
            return large.parts_done == parts and done == 2

        await faulty.until(is_down_to_one)
        (victim,) = await crowd.at_work()
        await crowd.kill(victim)
        assert await faulty.final(group) == {JobState.DONE: 3}

    faults.add(Fault(PART, skip=2, stall=asyncio.Event()))
    await kill_one(await start(faulty, upload(faulty, cluster)), 4)
    assert faults.count(PART) == 5 + 1
    assert not await faulty.pending()

    faults.add(Fault(RANGE, stall=asyncio.Event()))
    await kill_one(await start(faulty, download(faulty, cluster)), 1)
    assert faults.count(RANGE) == 2 + 1
    assert checksums(faulty.target / "source") == checksums(faulty.source)
    assert not faulty.leftovers()
    tokens = await crowd.ask("[t.settings.token for t in cluster._transports.values()]")
    assert any(tokens.values())
    assert {token for of in tokens.values() for token in of} == {None}


async def test_a_batch_most_of_which_rests_goes_there_and_back(
    window: int, outside: Bench, cluster: LocalCluster, crowd: Crowd
) -> None:
    del crowd  # its workers are all there
    for number in range(many := 3 * window // 2):
        outside.write(f"small/{number}", 3000)
    outside.write("large", 3 * MIB)
    most = 0

    def see(shown: Snapshot) -> bool:
        nonlocal most
        most = max(most, len(shown.jobs))
        return shown.is_idle

    for request in (upload(outside, cluster), download(outside, cluster)):
        group = await start(outside, request)
        await outside.until(see)
        assert outside.group(group).counts == {JobState.DONE: many + 1}
        await outside.control(Action.CLEAR)
    assert 0 < most <= window
    assert checksums(outside.target / "source") == checksums(outside.source)
    assert not outside.leftovers()


async def test_what_is_paused_or_cancelled_is_stopped_on_the_workers(
    faulty: Bench, faults: FaultProxy, cluster: LocalCluster, crowd: Crowd
) -> None:
    faulty.write("large", 48 * MIB)  # parts of it do not fit in socket buffers
    stall = asyncio.Event()
    faults.add(Fault(PART, times=None, stall=stall))
    request = upload(faulty, cluster, multipart_above=MIB, part_size=12 * MIB)
    group = await start(faulty, request)
    await faulty.until(lambda _: faults.count(PART) == 3)
    assert len(await crowd.at_work()) == 3
    await faulty.control(Action.PAUSE)
    faults.clear()
    await faulty.control(Action.RESUME)
    await faulty.until(lambda _: faults.count(PART) > 3)
    assert await faulty.final(group) == {JobState.DONE: 1}
    assert faults.count(PART) == 4 + 3

    faults.add(Fault(PART, times=None, stall=stall))
    group = await start(faulty, structs.replace(request, folder=RemotePath("again")))
    await faulty.until(lambda _: faults.count(PART) == 7 + 3)
    await faulty.control(Action.CANCEL, group)
    assert await faulty.final(group) == {JobState.CANCELLED: 1}
    with anyio.fail_after(20):
        while await crowd.at_work() or await faulty.pending("again/source"):  # noqa: ASYNC110 - in other processes
            await anyio.sleep(0.05)


async def test_what_the_workers_do_not_see_is_told(
    bench: Bench, cluster: LocalCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.write("file", 10)
    await bench.final(await bench.upload())
    monkeypatch.chdir(bench.source.parent)
    here = Path("/proc/self/cwd")
    group = await start(bench, upload(bench, cluster, sources=(here / "source",)))
    assert await bench.final(group) == {JobState.FAILED: 1}
    request = structs.replace(download(bench, cluster), folder=here / "target")
    group = await start(bench, request)
    assert await bench.final(group) == {JobState.FAILED: 1}
    for job in bench.client.snapshot().jobs:
        if job.state is JobState.FAILED:
            assert "does not see '/proc/self/cwd" in (job.reason or "")
            assert "all nodes share" in (job.hint or "")
    assert not bench.leftovers()
    assert await bench.pending() == []


async def test_a_cluster_that_cannot_be_used_is_refused_before_the_first_byte(
    bench: Bench, cluster: LocalCluster, crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.write("file", 10)
    request = upload(bench, cluster)

    async def refused(address: str) -> None:
        await bench.client.plan(structs.replace(request, scheduler=address))

    with monkeypatch.context() as patch:
        patch.setattr("hypha_artifact.transfer.cluster.CONNECT", 1.0)
        with pytest.raises(ClusterUnreachable, match="No Dask scheduler answers"):
            await refused("tcp://127.0.0.1:9")
    with pytest.raises(InvalidInput, match="is not the address"):
        await refused("carrier-pigeon://nest")
    await crowd.ask("setattr(cluster, 'PROGRAM', '0.0.0')")
    with pytest.raises(ClusterMismatch, match=r"hypha-tui 0\.0\.0.*here hypha-tui"):
        await bench.client.plan(request)
    await crowd.ask(f"setattr(cluster, 'PROGRAM', {PROGRAM!r})")
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "distributed", None)
        with pytest.raises(ClusterMissing, match="not installed") as missing:
            await refused(cluster.scheduler_address)
    assert "hypha-tui[dask]" in missing.value.hint

    plan = await bench.client.plan(request)
    await crowd.ask("setattr(cluster, 'PROGRAM', '0.0.0')")  # as one that joins later
    group = await bench.client.submit(plan)
    assert await bench.final(group) == {JobState.FAILED: 1}
    assert "has hypha-tui 0.0.0" in (bench.client.snapshot().jobs[0].reason or "")
    await crowd.ask(f"setattr(cluster, 'PROGRAM', {PROGRAM!r})")


async def test_the_faces(
    cluster: LocalCluster,
    bench: Bench,
    place: Place,
    settings: ConnectionSettings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench.write("a", 10)
    bench.write("b", 2 * MIB)
    monkeypatch.setenv("HYPHA_SERVER_URL", settings.server_url)
    monkeypatch.setenv("HYPHA_TOKEN", settings.token or "")
    name, address = str(bench.remote.id), cluster.scheduler_address

    def run(*words: str) -> None:
        words = ("-a", name, *words, "--scheduler", address)
        result = CliRunner().invoke(main, words, catch_exceptions=False)
        assert result.exit_code == 0, result.output

    def faces() -> None:
        run("upload", str(bench.source), "one", "--detach", "--wait")
        run("download", "one", str(bench.target / "one"), "--stage")
        target = bench.target / "two"
        with Client(address) as client, HyphaArtifact(name) as artifact:
            artifact.upload(bench.source, "two", scheduler=client)
            artifact.download("two", target, version="stage", scheduler=client)

    await anyio.to_thread.run_sync(faces)
    for each in ("one", "two"):
        assert checksums(bench.target / each) == checksums(bench.source)
    assert "eyJ" not in place.log.read_text()
