"""The engine in its own process: who comes and goes, and what is killed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
import pytest
from click.testing import CliRunner
from msgspec import structs

from hypha_artifact.cli import main
from hypha_artifact.errors import ArtifactNotFound
from hypha_artifact.paths import ArtifactId, RemotePath
from hypha_artifact.transfer.client import TransferClient
from hypha_artifact.transfer.codec import encode
from hypha_artifact.transfer.connection import connect
from hypha_artifact.transfer.journal import VERSION
from hypha_artifact.transfer.place import Place
from hypha_artifact.transfer.plans import Piece, PlanItems
from hypha_artifact.transfer.state import Action, DownloadRequest, JobState
from hypha_artifact.transfer.wire import PIECE, Hello, Welcome
from tests.engines import end, pid_of
from tests.faults import Fault, FaultProxy
from tests.transfer.conftest import Bench

MIB = 1024 * 1024
PART = "^PUT /s3/.*partNumber"

FRONT_END = """
import sys, anyio
from hypha_artifact.settings import ConnectionSettings
from hypha_artifact.transfer.client import TransferClient
from hypha_artifact.transfer.codec import encode
from hypha_artifact.transfer.codec import decode
from hypha_artifact.transfer.state import UploadRequest
settings = decode(bytes.fromhex(sys.argv[1]), ConnectionSettings)
request = decode(bytes.fromhex(sys.argv[2]), UploadRequest)
async def main():
    client = TransferClient(settings)
    print(await client.submit(await client.plan(request)), flush=True)
    await anyio.sleep_forever()
anyio.run(main)
"""


async def test_two_front_ends_see_one_queue(
    outside: Bench, faults: FaultProxy, place: Place
) -> None:
    outside.write("large", 80 * MIB)
    outside.write("small", 1000)
    group = await outside.upload()
    async with TransferClient(faults.settings) as other:
        await other.attach()
        second = Bench.__new__(Bench)
        second.client = other
        await second.until(lambda s: [g.id for g in s.groups] == [group])
        await second.control(Action.PAUSE)
        await outside.until(lambda s: s.count(JobState.RUNNING, JobState.QUEUED) == 0)
    assert outside.client.outlives
    await outside.control(Action.RESUME)
    assert await outside.final(group) == {JobState.DONE: 2}
    assert (await outside.client.history())[0].counts == {JobState.DONE: 2}
    assert len(await outside.client.page(group, 0, 10)) == 2
    assert "eyJ" not in place.log.read_text()
    rows = (
        place.journal.read_bytes() + (place.folder / "journal.sqlite-wal").read_bytes()
    )
    assert (faults.settings.token or "").encode() not in rows


async def test_errors_come_back_as_they_were(outside: Bench) -> None:
    request = DownloadRequest(
        sources=(RemotePath("a"),),
        artifact=ArtifactId(outside.remote.id.workspace, "no-such"),
        folder=outside.target,
    )
    with pytest.raises(ArtifactNotFound, match="no-such") as caught:
        await outside.client.plan(request)
    assert caught.value.hint
    assert caught.value.status == 404


@pytest.mark.parametrize("how", [signal.SIGHUP, signal.SIGKILL])
async def test_the_front_end_is_killed_and_the_upload_goes_on(
    outside: Bench, faults: FaultProxy, place: Place, how: signal.Signals
) -> None:
    outside.write("large", 60 * MIB)
    secrets = [encode(faults.settings).hex(), encode(outside.request()).hex()]
    front_end = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-c", FRONT_END, *secrets],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    with front_end:
        assert front_end.stdout
        group = int(await anyio.to_thread.run_sync(front_end.stdout.readline))
        engine = pid_of(place)
        os.killpg(front_end.pid, how)
    await outside.client.attach()
    await outside.until(lambda s: bool(s.groups))
    assert await outside.final(group) == {JobState.DONE: 1}
    assert pid_of(place) == engine
    assert faults.count(PART) == 8


async def test_without_a_token_a_batch_waits_for_one(
    outside: Bench, faults: FaultProxy, place: Place
) -> None:
    outside.write("large", 60 * MIB)
    hold = faults.add(Fault(PART, times=None, stall=asyncio.Event()))
    group = await outside.upload()
    await outside.until(lambda s: s.count(JobState.RUNNING) == 1)
    await outside.client.aclose()
    end(place)
    faults.clear()
    assert hold.stall
    hold.stall.set()
    elsewhere = structs.replace(faults.settings, workspace="elsewhere")
    async with TransferClient(elsewhere) as other:
        outside.client = other
        await other.attach()
        await outside.until(lambda s: s.count(JobState.PAUSED) == 1)
        assert "has no token" in (outside.group(group).error or "")
        async with TransferClient(faults.settings) as again:
            await again.attach()
            assert await outside.final(group) == {JobState.DONE: 1}
            assert outside.group(group).error is None


async def test_an_engine_that_dies_in_the_middle_of_a_plan(
    outside: Bench, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"{number:05}" for number in range(12_000)]
    for name in names:
        (outside.source / name).touch()
    await outside.client.attach()
    take, pieces = PlanItems.take, 0

    def take_once(items: PlanItems, piece: Piece) -> None:
        nonlocal pieces
        take(items, piece)
        pieces += 1
        if pieces == 1:  # more of them than a socket holds are to come
            end(place, signal.SIGKILL)

    monkeypatch.setattr(PlanItems, "take", take_once)
    plan = await outside.client.plan(outside.request())
    assert [item.remote.name for item in plan.items] == names
    assert pieces > len(names) / PIECE


async def test_a_damaged_journal_is_put_aside(outside: Bench, place: Place) -> None:
    outside.write("small", 10)
    place.make()
    place.journal.write_bytes(b"no journal at all, but long enough to be one" * 100)
    group = await outside.upload()
    assert "is kept as" in (outside.client.snapshot().notice or "")
    assert await outside.final(group) == {JobState.DONE: 1}
    assert len(list(place.folder.glob("*.damaged-*"))) == 1


async def test_a_newer_journal_is_left_to_its_program(
    outside: Bench, place: Place
) -> None:
    outside.write("small", 10)
    place.make()
    with closing(sqlite3.connect(place.journal)) as database:
        database.execute(f"PRAGMA user_version = {VERSION + 1}")
        database.execute(f"PRAGMA application_id = {0x48795472}")
    group = await outside.upload()
    notice = outside.client.snapshot().notice or ""
    assert "newer version" in notice
    assert "end with this program" in notice
    assert not outside.client.outlives
    assert await outside.final(group) == {JobState.DONE: 1}


async def test_programs_of_different_age_say_so(outside: Bench, place: Place) -> None:
    outside.write("small", 10)
    await outside.final(await outside.upload())
    line = await connect(place.socket())
    assert line is not None
    await line.send(Hello(99, "9.9"))
    welcome = await line.from_engine()
    assert isinstance(welcome, Welcome)
    assert welcome.protocol != 99
    await line.aclose()
    await outside.client.aclose()
    with anyio.fail_after(20):
        while pid_of(place) is not None:  # noqa: ASYNC110 - it makes room by itself
            await anyio.sleep(0.05)


def test_the_socket_is_for_this_user_alone(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with TemporaryDirectory() as folder:
        _check_sockets(place, Path(folder), monkeypatch)


def _check_sockets(
    place: Place, runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    assert place.socket().parent == runtime / "hypha-tui"
    place.socket().parent.chmod(0o755)
    assert place.socket().parent != runtime / "hypha-tui"
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime / ("x" * 100)))
    assert len(str(place.socket())) < 100


async def test_the_command_line_sees_and_orders_the_same_queue(
    outside: Bench, faults: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = faults.settings
    monkeypatch.setenv("HYPHA_SERVER_URL", settings.server_url)
    monkeypatch.setenv("HYPHA_WORKSPACE", settings.workspace or "")
    monkeypatch.setenv("HYPHA_TOKEN", settings.token or "")

    async def transfers(*words: str, status: int = 0) -> str:
        args = ["--local-url", faults.url, "transfers", *words]
        call = partial(CliRunner().invoke, main, args)
        done = await anyio.to_thread.run_sync(call)
        assert done.exit_code == status, done.output
        return str(done.stdout)

    assert await transfers() == "", "nothing was ever moved"
    outside.write("large", 60 * MIB)
    faults.add(Fault(PART + "=3&", times=None, status=403))
    group = await outside.upload()
    await outside.until(lambda _: outside.group(group).done > 0)
    await transfers("pause", str(group))
    (listed,) = json.loads(await transfers("--json"))
    assert listed["files"] == {"paused": 1}
    assert listed["id"] == group
    await transfers("cancel", status=2)
    await transfers("pause", "77", status=2)
    await transfers("resume")
    assert "1 failed" in await transfers("watch", status=1)
    faults.clear()
    await transfers("retry")
    assert "100%" in await transfers("watch")
    await transfers("clear")
    assert await transfers() == ""
    assert json.loads(await transfers("log", "--json"))[0]["files"] == {"done": 1}
