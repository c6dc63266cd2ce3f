"""Speed and memory against rclone: ``pytest -m bench -s tests/bench/test_speed.py``.

All of one line is measured in one run, three times; the best of each counts. With
``TMPDIR`` and ``--basetemp`` in memory, a busy disk does not blur the figures.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import aiohttp
import anyio
import httpx
import pytest
from msgspec import Struct, json
from yarl import URL

from hypha_artifact._api import endpoints
from hypha_artifact._api.transport import Transport
from hypha_artifact.localserver import LocalServer
from hypha_artifact.localserver.programs import find_rclone
from hypha_artifact.models import StageMode
from hypha_artifact.paths import RemotePath
from hypha_artifact.remote import RemoteArtifact
from tests.transfer.conftest import checksums, new_artifact

pytestmark = pytest.mark.bench

MIB = 1024 * 1024
ROUNDS = 3
say: Callable[[str], None] = print


class Moved(Struct, frozen=True):
    """What ``move.py`` measured of one way: seconds, and bytes."""

    way: str
    plan: float
    wall: float
    cpu: float
    rss: float


class Load(Struct, frozen=True):
    """``count`` files of ``size`` bytes, and how many times rclone's time is allowed.

    Where links for many files are signed, the server's own time for that is added.
    """

    count: int
    size: int
    up: float
    down: float

    @property
    def bytes(self) -> int:
        return self.count * self.size

    @property
    def is_small(self) -> bool:
        return self.size < MIB

    def write(self, folder: Path) -> Path:
        folder.mkdir()
        for number in range(self.count):
            with (folder / f"{number:05}.bin").open("wb") as file:
                for at in range(0, self.size, MIB):
                    file.write(os.urandom(min(MIB, self.size - at)))
        return folder


class Served(Struct, frozen=True):
    """Seconds that the server needs by itself for one way of many files."""

    signing: float = 0.0
    proxying: float = 0.0


NOTHING = (Served(), Served())


class Copied(Struct, frozen=True):
    """What rclone needed for one way: seconds, and processor seconds."""

    wall: float
    cpu: float


class Line(Struct, frozen=True):
    """One way of one round: ``base`` is rclone's time, with signing if files are small.

    ``served`` is what the server needs by itself.
    """

    ratio: float
    base: float
    rclone: Copied
    served: Served
    moved: Moved


LOADS = {
    "500MB": Load(1, 500 * MIB, 1.3, 1.5),
    "1000x4KiB": Load(1000, 4096, 1.5, 1.5),
    "1GB": Load(1, 1024 * MIB, 1.2, 1.2),
    "5000x4KiB": Load(5000, 4096, 1.2, 1.2),
    "200x5MB": Load(200, 5 * MIB, 1.2, 1.2),
}


class Rclone:
    """rclone on the store behind the server."""

    def __init__(self, server: LocalServer) -> None:
        self._environ = {
            **os.environ,
            "RCLONE_CONFIG_S_TYPE": "s3",
            "RCLONE_CONFIG_S_PROVIDER": "Rclone",
            "RCLONE_CONFIG_S_ENDPOINT": server.store.url,
            "RCLONE_CONFIG_S_ACCESS_KEY_ID": server.store.key_id,
            "RCLONE_CONFIG_S_SECRET_ACCESS_KEY": server.store.secret,
        }
        self.run("mkdir", "S:bench")

    def run(self, *arguments: str) -> Copied:
        start, cpu = time.perf_counter(), _spent_by_children()
        command = [find_rclone(), "--config", "", "--retries", "1", *arguments]
        subprocess.run(command, env=self._environ, check=True)
        return Copied(time.perf_counter() - start, _spent_by_children() - cpu)

    def both(self, source: Path, target: Path) -> tuple[Copied, Copied]:
        """Copy a folder up and down."""
        there = f"S:bench/{uuid4().hex}"
        up = self.run("copy", str(source), there, "--no-traverse")
        down = self.run("copy", there, str(target))
        self.run("purge", there)
        return up, down


def _spent_by_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


async def served(
    server: LocalServer, paths: list[RemotePath], size: int
) -> tuple[Served, Served]:
    """Sign all links in calls of 1,000, and use each from a bare loop."""
    async with Transport(server.settings) as transport:
        name = await new_artifact(transport)
        remote = RemoteArtifact(name, transport)
        await remote.open_stage(StageMode.NEW_VERSION)
        batches = [paths[at : at + 1000] for at in range(0, len(paths), 1000)]
        up = down = 0.0
        links: dict[str, str] = {}
        for batch in batches:
            start = time.perf_counter()
            signed = await transport.call(endpoints.put_file(name, batch, 3600, {}))
            links.update(signed)
            up += time.perf_counter() - start
        put = await bare("PUT", list(links.values()), bytes(size))
        for batch in batches:
            start = time.perf_counter()
            call = endpoints.get_file(name, batch, "stage", 3600, {})
            signed = await transport.call(call)
            links.update(signed)
            down += time.perf_counter() - start
        got = await bare("GET", list(links.values()), None)
        await remote.discard()
    return Served(up, put), Served(down, got)


async def bare(verb: str, urls: list[str], data: bytes | None) -> float:
    """Seconds for requests through the proxy, eight at a time, and nothing else."""
    waiting = iter(urls)

    async def work() -> None:
        for url in waiting:
            body = None if data is None else BytesIO(data)
            async with session.request(verb, URL(url, encoded=True), data=body) as got:
                assert got.status == HTTPStatus.OK
                await got.read()

    async with aiohttp.ClientSession() as session, anyio.create_task_group() as tasks:
        start = time.perf_counter()
        for _ in range(8):
            tasks.start_soon(work)
    return time.perf_counter() - start


def _stored(server: LocalServer, url: str) -> Path:
    path = unquote(urlsplit(url).path).partition("/s3/")[2]
    return server.data / "s3" / path


def ours(
    server: LocalServer, source: Path, target: Path, *, direct: bool
) -> list[Moved]:
    settings = server.settings
    environ = {
        **os.environ,
        "HYPHA_SERVER_URL": settings.server_url,
        "HYPHA_WORKSPACE": settings.workspace or "",
        "HYPHA_TOKEN": settings.token or "",
        "BENCH_DIRECT": "1" if direct else "",
    }
    command = [sys.executable, "-m", "tests.bench.move", str(source), str(target)]
    done = subprocess.run(command, env=environ, check=True, stdout=subprocess.PIPE)
    return [json.decode(line, type=Moved) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("route", ["direct", "proxy"])
@pytest.mark.parametrize("name", LOADS)
async def test_against_rclone(
    server: LocalServer, tmp_path: Path, name: str, route: str
) -> None:
    load = LOADS[name]
    source = load.write(tmp_path / "source")
    paths = [RemotePath(f"source/{file.name}") for file in sorted(source.iterdir())]
    rclone = Rclone(server)
    target = tmp_path / "target"
    lines: dict[str, list[Line]] = {}
    for _ in range(ROUNDS):
        base = rclone.both(source, tmp_path / "rclone")
        needs = await served(server, paths, load.size) if load.count > 1 else NOTHING
        found = ours(server, source, target, direct=route == "direct")
        assert checksums(target / "source") == checksums(source)
        for moved, theirs, need in zip(found, base, needs, strict=True):
            total = theirs.wall + (need.signing if load.is_small else 0.0)
            line = Line(moved.wall / total, total, theirs, need, moved)
            lines.setdefault(moved.way, []).append(line)
        shutil.rmtree(tmp_path / "rclone")
        shutil.rmtree(target)
    for way, each in lines.items():
        line = min(each, key=lambda line: line.ratio)
        moved = line.moved
        alone = f", signing alone {line.served.signing:.2f} s"
        if route == "proxy":
            alone += f", proxy alone {line.served.proxying:.2f} s"
        bar = load.up if way == "up" else load.down
        say(
            f"{name:10} {route:6} {way:4} {moved.wall:6.2f} s, base {line.base:6.2f} s:"
            f" {line.ratio:4.2f} (at most {bar}){alone}, plan {moved.plan:.2f} s;"
            f" cpu {moved.cpu:5.2f} s, {moved.cpu / load.bytes * 1e9:6.2f} s/GB"
            f" (rclone {line.rclone.cpu / load.bytes * 1e9:.2f});"
            f" peak {moved.rss / 1e6:4.0f} MB; load {os.getloadavg()[0]:.1f}"
        )


async def test_listing_of_many(server: LocalServer) -> None:
    async with Transport(server.settings) as transport:
        name = await new_artifact(transport)
        remote = RemoteArtifact(name, transport)
        await remote.open_stage(StageMode.NEW_VERSION)
        link = (await remote.sign_uploads([RemotePath("many/0")]))[RemotePath("many/0")]
        folder = _stored(server, link.url).parent
        folder.mkdir(parents=True)
        for number in range(10_000):
            (folder / str(number)).touch()
        await anyio.sleep(1.5)
        ratios = [await compared(remote, transport) for _ in range(ROUNDS)]
        ratio, wall, base = min(ratios)
        await remote.discard()
    say(f"list 10,000: {wall:.2f} s, bare call {base:.2f} s: {ratio:.2f} (at most 1.2)")


async def compared(
    remote: RemoteArtifact, transport: Transport
) -> tuple[float, float, float]:
    folder = RemotePath("many")
    call = endpoints.list_files(remote.id, folder, "stage", pending=False)
    settings = transport.settings
    start = time.perf_counter()
    async with httpx.AsyncClient(
        headers={"Authorization": f"Bearer {settings.token}"}, timeout=60
    ) as client:
        answer = await client.post(
            f"{settings.server_url}{call.path}", json=call.arguments
        )
    bare = time.perf_counter() - start
    start = time.perf_counter()
    entries = await remote.list_folder(folder, version="stage")
    ours = time.perf_counter() - start
    assert len(entries) == len(answer.json()) == 10_000
    return ours / bare, ours, bare
