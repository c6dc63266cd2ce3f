"""The program or its terminal is gone in the middle of an upload, which goes on."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import anyio.to_thread
import pytest
from anyio.from_thread import run_sync

from hypha_artifact import AsyncHyphaArtifact
from hypha_artifact._api.transport import Transport
from hypha_artifact.paths import RemotePath
from hypha_artifact.remote import RemoteArtifact
from hypha_artifact.settings import ConnectionSettings
from hypha_artifact.transfer.place import Place
from tests.e2e.conftest import opened
from tests.e2e.terminal import Terminal
from tests.engines import end, pid_of
from tests.faults import Fault, FaultProxy

PART = 8 << 20
PARTS = "^PUT /s3/.*partNumber"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """A state folder of its own, whose engine ends with the test."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    place = Place()
    yield place
    end(place)


@pytest.fixture(
    params=[25, pytest.param(250, marks=pytest.mark.soak)], ids=["200MB", "2GB"]
)
def large(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A file of so many parts; it is gone afterwards, and not kept by pytest."""
    path = tmp_path / "data" / "large.bin"
    path.parent.mkdir()
    with path.open("wb") as file:
        for _ in range(request.param):
            file.write(os.urandom(PART))
    yield path
    path.unlink()


def _hold(faults: FaultProxy, parts: int) -> list[Fault]:
    """Let the store take 16% of the parts, then 40% when told, then 64%, then all."""
    unit = parts // 25
    return [
        faults.add(Fault(PARTS, times=times, skip=4 * unit, stall=asyncio.Event()))
        for times in (6 * unit, 6 * unit, None)
    ]


def _hang_up(terminal: Terminal) -> None:
    os.kill(terminal.program, signal.SIGHUP)
    terminal.until("EXIT-STATUS 129")


def _kill(terminal: Terminal) -> None:
    os.kill(terminal.program, signal.SIGKILL)
    terminal.until("EXIT-STATUS 137")


@pytest.fixture
async def remote(
    artifact: AsyncHyphaArtifact, settings: ConnectionSettings
) -> AsyncGenerator[RemoteArtifact]:
    async with Transport(settings) as transport:
        yield RemoteArtifact(artifact.id, transport)


async def test_an_upload_outlives_its_terminals(
    faults: FaultProxy, remote: RemoteArtifact, large: Path, place: Place
) -> None:
    parts = large.stat().st_size // PART
    holds = _hold(faults, parts)

    def open_it() -> Terminal:
        return opened(faults.settings, large.parent, remote.id)

    def drive() -> None:
        with open_it() as terminal:
            terminal.until(r"first\.txt")
            terminal.press("Down", "F5")
            terminal.until("What shall the changes become")
            terminal.press("n")
            terminal.until("16%")
            engine = pid_of(place)
            assert engine
            _hang_up(terminal)
        run_sync(_let_go, holds[0])
        for shown, end_it, hold in (
            ("40%", _kill, holds[1]),
            ("64%", Terminal.lose, holds[2]),
        ):
            with open_it() as terminal:
                terminal.until(shown)
                end_it(terminal)
            run_sync(_let_go, hold)
        with open_it() as terminal:
            terminal.until("1 file uploaded", seconds=300)
            terminal.until(r"Stage +A 1")
            assert pid_of(place) == engine
            terminal.press("q")
            terminal.until("EXIT-STATUS 0")

    await anyio.to_thread.run_sync(drive)
    assert faults.count(PARTS) == parts, "no part twice"
    with large.open("rb") as file:
        wanted = hashlib.file_digest(file, "sha256").hexdigest()
    assert await _staged(remote, RemotePath(large.name)) == wanted


def _let_go(hold: Fault) -> None:
    assert hold.stall
    hold.stall.set()


async def _staged(remote: RemoteArtifact, path: RemotePath) -> str:
    link = (await remote.sign_downloads([path], version="stage"))[path]
    digest = hashlib.sha256()
    async with remote.fetch(link) as body:
        async for chunk in body.chunks:
            digest.update(chunk)
    return digest.hexdigest()
