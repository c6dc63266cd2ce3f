"""How late the UI's loop is while files move: ``pytest -m bench -s`` this file.

A key waits for the loop, so its lag is what a person feels. Idle, and with transfers in
the engine's own process and in the UI's, are measured one after another in one run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from time import perf_counter
from uuid import uuid4

import anyio
import pytest
from textual.pilot import Pilot

from hypha_artifact._api.transport import Transport
from hypha_artifact.models import StageMode
from hypha_artifact.paths import ROOT, ArtifactId, RemotePath
from hypha_artifact.remote import RemoteArtifact
from hypha_artifact.settings import ConnectionSettings
from hypha_artifact.transfer.place import Place
from hypha_artifact.transfer.state import UploadRequest
from hypha_artifact.workspace import AsyncHyphaWorkspace
from hypha_tui.app import HyphaApp
from hypha_tui.providers.session import Session
from hypha_tui.screens.commit import CommitScreen
from tests.engines import end
from tests.tui.fakes import ready, until

pytestmark = pytest.mark.bench

MIB = 1 << 20
TICK = 0.005
IDLE_TICKS = 1000
STAGED = 30_000
ALONE = f"""
import asyncio, json, sys, threading, time
over = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
async def look():
    lags = []
    while not over.is_set():
        due = time.perf_counter() + {TICK}
        await asyncio.sleep({TICK})
        lags.append(max(0.0, time.perf_counter() - due))
    return lags
print(json.dumps(asyncio.run(look())))
"""
"""A loop in a process of its own that has nothing else to do."""


def fill(folder: Path) -> Path:
    folder.mkdir()
    for number in range(2000):
        (folder / f"small-{number:04}").write_bytes(os.urandom(4096))
    for number in range(4):
        (folder / f"large-{number}").write_bytes(os.urandom(150 * MIB))
    return folder


async def lag() -> float:
    """Seconds that a wake-up comes later than it was due."""
    due = perf_counter() + TICK
    await anyio.sleep(TICK)
    return max(0.0, perf_counter() - due)


@contextmanager
def beside() -> Generator[list[float]]:
    """Have the same looked at in an idle process; its lags are there afterwards."""
    command = [sys.executable, "-c", ALONE]
    lags: list[float] = []
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as alone:
        yield lags
        lags += json.loads(alone.communicate()[0])


def shown(lags: list[float]) -> str:
    ordered = sorted(lags)
    middle, late = ordered[len(lags) // 2], ordered[len(lags) * 95 // 100]
    return (
        f"p50 {middle * 1e3:5.2f} ms, p95 {late * 1e3:5.2f} ms,"
        f" max {ordered[-1] * 1e3:6.1f} ms"
    )


def tell(what: str, lags: list[float], alone: list[float]) -> None:
    print(  # noqa: T201 - this is what it is for
        f"{what:26} {shown(lags)} of {len(lags)} looks; an idle process beside:"
        f" {shown(alone)}; load {os.getloadavg()[0]:.1f}"
    )


async def idle(pilot: Pilot[None]) -> list[float]:
    await ready(pilot)
    return [await lag() for _ in range(IDLE_TICKS)]


async def moving(pilot: Pilot[None], request: UploadRequest) -> list[float]:
    """Submit, and look while eight workers and more are at it."""
    screen = await ready(pilot)
    client = screen.session.client
    group = await client.submit(await client.plan(request))
    lags: list[float] = []
    while not any(g.id == group and g.is_final for g in client.snapshot().groups):
        lags.append(await lag())
    assert client.snapshot().groups[-1].done == request_size(request)
    return lags


def request_size(request: UploadRequest) -> int:
    return sum(path.stat().st_size for path in request.sources[0].iterdir())


async def test_lag_of_the_loop(
    settings: ConnectionSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    source = fill(tmp_path / "source")
    async with Transport(settings) as transport:
        space = AsyncHyphaWorkspace(settings.workspace, transport=transport)
        made = await space.create(f"lag-{uuid4().hex[:12]}", {"name": "lag"})
    for inside in (False, True):
        app = HyphaApp(
            settings,
            tmp_path,
            (made.artifact_id, ROOT),
            session=Session(settings, inside=inside),
        )
        request = upload_of(source, made.artifact_id, "inside" if inside else "own")
        async with app.run_test(size=(120, 40)) as pilot:
            if not inside:
                with beside() as alone:
                    lags = await idle(pilot)
                tell("idle", lags, alone)
            with beside() as alone:
                lags = await moving(pilot, request)
            where = "in the UI's process" if inside else "in its own process"
            tell(f"engine {where}", lags, alone)
    end(Place())


async def test_lag_with_a_large_stage(
    settings: ConnectionSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Open an artifact with 30,000 files staged, its panel, and its commit screen."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    async with Transport(settings) as transport:
        space = AsyncHyphaWorkspace(settings.workspace, transport=transport)
        made = await space.create(f"lag-{uuid4().hex[:12]}", {"name": "lag"})
        remote = RemoteArtifact(made.artifact_id, transport)
        await remote.open_stage(StageMode.NEW_VERSION)
        for part in range(10):
            await remote.sign_uploads(
                [RemotePath(f"raw/p{part}/w{n:06}.tif") for n in range(STAGED // 10)]
            )
    session = Session(settings, inside=True)
    app = HyphaApp(settings, tmp_path, (made.artifact_id, ROOT), session=session)
    async with app.run_test(size=(120, 40)) as pilot, lagging() as lags:
        screen = await ready(pilot)
        tell_lag("a large stage is opened", lags)
        await pilot.press("s")
        await screen.refresh_artifact(made.artifact_id)
        tell_lag("read again", lags)
        for key in ("down", "pagedown", "end"):
            await pilot.press(key)
        tell_lag("moved through", lags)
        await pilot.press("C")
        await until(pilot, lambda: isinstance(app.screen, CommitScreen))
        await pilot.pause()
        tell_lag("its commit is reviewed", lags)


@asynccontextmanager
async def lagging() -> AsyncGenerator[list[float]]:
    """Look all the time while inside."""
    lags: list[float] = []

    async def look() -> None:
        while True:
            lags.append(await lag())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(look)
        yield lags
        tasks.cancel_scope.cancel()


def tell_lag(what: str, lags: list[float]) -> None:
    print(f"{what:26} {shown(lags)} of {len(lags)} looks")  # noqa: T201
    lags.clear()


def upload_of(source: Path, artifact: ArtifactId, folder: str) -> UploadRequest:
    return UploadRequest(
        sources=(source,),
        artifact=artifact,
        folder=ROOT / folder,
        mode=StageMode.NEW_VERSION,
    )
