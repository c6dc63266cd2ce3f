"""Transfers that a command leaves to the engine in the background."""

from __future__ import annotations

import asyncio
import json
import re
import signal
from functools import partial
from typing import Protocol

import anyio
import pytest
from click.testing import CliRunner

from hypha_artifact.cli import main
from hypha_artifact.transfer.place import Place
from hypha_artifact.transfer.state import JobState, Limit
from tests.engines import end
from tests.faults import Fault, FaultProxy
from tests.transfer.conftest import Bench, checksums

MIB = 1024 * 1024


class Cli(Protocol):
    async def __call__(self, *words: str, status: int = 0) -> str: ...


@pytest.fixture
def cli(outside: Bench, faults: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Run a command with the bench's connection and artifact; returns its stdout."""
    settings = faults.settings
    monkeypatch.setenv("HYPHA_SERVER_URL", settings.server_url)
    monkeypatch.setenv("HYPHA_WORKSPACE", settings.workspace or "")
    monkeypatch.setenv("HYPHA_TOKEN", settings.token or "")
    artifact = str(outside.remote.id)

    async def run(*words: str, status: int = 0) -> str:
        args = ["--local-url", faults.url, "-a", artifact, *words]
        call = partial(CliRunner().invoke, main, args)
        done = await anyio.to_thread.run_sync(call)
        assert done.exit_code == status, done.output
        return str(done.stdout)

    return run


async def test_a_batch_is_left_and_waited_for(
    outside: Bench, faults: FaultProxy, cli: Cli
) -> None:
    for number in range(3):
        outside.write(f"{number}.bin", 5000)
    source = str(outside.source)
    await cli("upload", source, "raw", "--wait", status=2)
    await cli("upload", source, "raw", "--detach", "--max-parallel-uploads=1", status=2)
    await cli("upload", f"{source}/none", "raw", "--detach", status=3)
    faults.add(Fault("^PUT /s3/.*1.bin", times=None, status=403))
    number = int(await cli("upload", source, "raw", "--detach"))
    assert "1 failed" in await cli("transfers", "wait", str(number), status=1)
    (failed,) = json.loads(
        await cli("transfers", "files", str(number), "--state", "failed", "--json")
    )
    assert failed["path"] == "raw/1.bin"
    assert failed["local"] == str(outside.source / "1.bin")
    assert "403" in failed["reason"]
    lines = (await cli("transfers", "files")).splitlines()
    assert [line.split()[0] for line in lines] == ["done", "failed", "done"]
    assert failed["reason"] in lines[1]
    assert await cli("transfers", "files", "--state", "running") == ""
    faults.clear()
    await cli("transfers", "retry", str(number), "--file", "raw/1.bin")
    assert "3 done" in await cli("transfers", "wait")
    await cli("transfers", "wait", "77", status=2)

    target = f"{outside.target}/raw/"
    args = ["download", "--stage", "raw", target, "--detach", "--wait"]
    answer = json.loads(await cli("--json", *args))
    assert answer["id"] > number
    assert answer["files"] == {"done": 3}
    assert checksums(outside.target / "raw") == checksums(outside.source)
    await outside.client.attach()
    assert outside.client.snapshot().count(JobState.DONE) == 6


async def test_orders_are_obeyed_and_survive_the_engine(
    outside: Bench, faults: FaultProxy, place: Place, cli: Cli
) -> None:
    hold = faults.add(Fault("^PUT /s3/", times=None, stall=asyncio.Event()))
    outside.write("a.bin", 100)
    for number in range(30):
        outside.write(f"sub/{number:02}.bin", 100)
    source = str(outside.source)
    numbers = [int(await cli("upload", source, to, "--detach")) for to in "xyz"]
    x, y, z = numbers
    for wrong in (["first"], ["move", str(x)], ["first", "--file", "a"], ["last", "a"]):
        await cli("transfers", *wrong, status=2)
    await cli("transfers", "first", str(z))
    await cli("transfers", "move", str(y), "--before", str(z))
    await cli("transfers", "first", str(x), "--file", "x/sub/29.bin")
    await cli("transfers", "first", str(x), "--file", "x/none", status=2)
    listed = json.loads(await cli("--json", "transfers"))
    assert [batch["id"] for batch in listed] == [y, z, x]
    end(place, signal.SIGKILL)
    faults.clear()
    assert hold.stall
    hold.stall.set()
    before = len(faults.requests)
    listed = json.loads(await cli("--json", "transfers", "wait"))
    assert [batch["id"] for batch in listed] == [y, z, x]
    assert all(batch["files"] == {"done": 31} for batch in listed)
    sent = [r.rpartition("?")[0] for r in faults.requests[before:] if "PUT /s3" in r]
    folders = [path.split("/")[-2].replace("sub", path.split("/")[-3]) for path in sent]
    first, last = folders[:20], folders[-20:]
    assert first.count("y") > first.count("x")
    assert last.count("x") > last.count("y")


async def test_some_files_of_a_batch_are_ordered(
    outside: Bench, faults: FaultProxy, cli: Cli
) -> None:
    hold = faults.add(Fault("^PUT /s3/", times=None, stall=asyncio.Event()))
    for number in range(20):
        outside.write(f"{number:02}.bin", 100)
    batch = await cli("upload", str(outside.source), "raw", "--detach")
    for wrong in (["cancel"], ["cancel", batch, "--all"], ["pause", "--file", "raw/a"]):
        await cli("transfers", *wrong, status=2)
    some = ["--file", "raw/03.bin", "--file", str(outside.source / "17.bin")]
    await cli("transfers", "pause", batch, *some, "--file", "raw/no", status=2)
    await cli("transfers", "pause", batch, *some)
    paused = json.loads(await cli("transfers", "files", "--state=paused", "--json"))
    assert [job["path"] for job in paused] == ["raw/03.bin", "raw/17.bin"]
    await cli("transfers", "cancel", batch, "--file", "raw/03.bin")
    await cli("transfers", "resume", batch, *some)
    assert hold.stall
    hold.stall.set()
    await cli("transfers", "wait", batch, status=1)
    (listed,) = json.loads(await cli("transfers", "--json"))
    assert listed["files"] == {"done": 19, "cancelled": 1}


async def test_a_limit_holds_changes_and_stays(
    outside: Bench, faults: FaultProxy, place: Place, cli: Cli
) -> None:
    assert "no limit" in await cli("transfers", "limit")
    await cli("transfers", "limit", "512", status=2)
    await cli("transfers", "limit", "5M", "--up", "1M", status=2)
    await cli("transfers", "limit", "600k")
    outside.write("large.bin", 40 * MIB)
    outside.write("small.bin", 70_000)
    group = await outside.upload()
    await outside.until(lambda _: outside.group(group).count(JobState.RUNNING) == 1)
    await outside.until(lambda _: outside.group(group).done > 0)
    assert faults.count("^PUT /s3/.*partNumber") <= 3, "no more than fits in 25 s"
    shot = outside.client.snapshot()
    assert shot.upload_limit == Limit(text="600k", rate=600 * 1024)
    await cli("transfers", "limit", "--up", "00:00,off", "--down", "3M")
    end(place, signal.SIGKILL)
    shown = json.loads(await cli("--json", "transfers", "limit"))
    assert shown["up"] == {"limit": "00:00,off", "rate": None}
    assert shown["down"] == {"limit": "3M", "rate": 3 * MIB}
    assert await outside.final(group) == {JobState.DONE: 2}
    group = await outside.download()
    await outside.until(lambda _: outside.group(group).done > 100_000)
    asked = [re.search(r"bytes=0-(\d+)", head) for head in faults.heads]
    assert any(found and int(found[1]) < 10 * MIB for found in asked), "in pieces"
    await cli("transfers", "limit", "off")
    assert await outside.final(group) == {JobState.DONE: 2}
    assert checksums(outside.target / "source") == checksums(outside.source)
