"""kill -9 of the engine, at each step of its journal and at seeded moments.

Nothing is lost, doubled or left behind, and of what was sent only that comes again
which was under way. A moment is the n-th request that the engine makes.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from typing import NamedTuple, TypeAlias

import anyio
import pytest
from msgspec import structs

from hypha_artifact.paths import RemotePath
from hypha_artifact.transfer.outcome import CommitOption, CommitState
from hypha_artifact.transfer.pace import MOST
from hypha_artifact.transfer.place import Place
from hypha_artifact.transfer.state import (
    Action,
    Direction,
    DownloadRequest,
    JobState,
    Snapshot,
)
from tests.engines import pid_of
from tests.faults import Fault, FaultProxy
from tests.transfer.conftest import ODD_NAMES, Bench, Stock, checksums, stored
from tests.transfer.doomed import KIB, MIB, STATEMENT, Doom, steps

SMALL, LARGE, PARTS, RANGES = 8, 3 * MIB - 5, 24, 12
ODD = ODD_NAMES[:3]
FILES = SMALL + len(ODD) + 2
PUT, GET = "^PUT ", "^GET /(s3/|[^?]*/files/)"

Calls: TypeAlias = dict[str, tuple[int, ...]]

BOTH: Calls = {
    "fill": (1,),
    "add": (1,),
    "begin": (1, 2),
    "prepared": (1, 2),
    "state": (1, 9, 18, 26),
}
UP = {**BOTH, "part": (1, 2, 7, 13, 19, 24), "finishing": (1, 7, 13), "ended": (1,)}
UP[STATEMENT] = (*range(1, 30), *range(30, 105, 5))
DOWN = {**BOTH, "part": (1, 3, 6, 9, 12), "finishing": (1, 7, 13), "ended": (1,)}
DOWN["written"] = (5, 12, 20)
DOWN[STATEMENT] = (*range(1, 30), *range(30, 95, 5))
STOPPED: Calls = {"reset": (1, 3), "cleaned": (1, 3), "forget": (1, 3), "drop": (1,)}
STOPPED[STATEMENT] = tuple(range(1, 50, 3))
COMMITTED: Calls = {"commit": (1, 2), STATEMENT: tuple(range(1, 14))}
RESTING: Calls = {"turn": (1, 2, 3), "clear": (1,), STATEMENT: tuple(range(1, 40, 3))}
"""Which calls of which steps a batch dies at: one that goes up, that comes down, that
is cancelled, that is committed at its end, that mostly rests in the journal.
"""

MOMENTS = range(100)
"""Seeds of the moments; the even ones hit uploads, the odd ones downloads."""


class Kill(NamedTuple):
    """Where an engine dies: at a step, or at the n-th of its requests."""

    sends: bool
    doom: Doom | None = None
    requests: int = 0


def _points(table: Calls) -> list[Doom]:
    return [
        Doom(step, call, when)
        for step, calls in table.items()
        for call in calls
        for when in ("before", "after")
    ]


def _kills() -> dict[str, Kill]:
    kills = {
        f"{'up' if sends else 'down'}-{'-'.join(map(str, doom))}": Kill(sends, doom)
        for sends, table in ((True, UP), (False, DOWN))
        for doom in _points(table)
    }
    for seed in MOMENTS:
        sends = seed % 2 == 0
        at = random.Random(seed).randint(1, 30 if sends else 20)  # noqa: S311
        kills[f"seed-{seed}"] = Kill(sends, requests=at)
    return kills


def _runs() -> list[object]:
    """A seeded sample is for every day."""
    kills = _kills()
    chosen = random.Random(4).sample(sorted(kills), 29)  # noqa: S311 - replayed
    return [_param(name, kill, name in chosen) for name, kill in kills.items()]


def _some(table: Calls, daily: str) -> list[object]:
    names = {"-".join(map(str, doom)): doom for doom in _points(table)}
    return [_param(name, doom, name == daily) for name, doom in names.items()]


def _param(name: str, value: object, daily: bool) -> object:  # noqa: FBT001
    return pytest.param(value, id=name, marks=() if daily else (pytest.mark.soak,))


pytestmark = pytest.mark.usefixtures("doomed")


def test_every_step_of_the_journal_is_among_them() -> None:
    tables = (UP, DOWN, STOPPED, COMMITTED, RESTING)
    assert {step for table in tables for step in table} == steps()
    assert len(_points(UP)) + len(_points(DOWN)) + len(_points(STOPPED)) >= 60


@pytest.mark.parametrize("kill", _runs())
async def test_a_kill(
    outside: Bench, faults: FaultProxy, place: Place, stock: Stock, kill: Kill
) -> None:
    dies = _at(kill.doom) if kill.doom else _after(faults, place, kill.requests)
    if kill.sends:
        await _send(outside, faults, dies)
    else:
        await _fetch(outside, faults, dies, stock)


Dying: TypeAlias = AbstractContextManager[None]


async def _send(bench: Bench, faults: FaultProxy, dies: Dying) -> None:
    _fill(bench)
    with dies:
        await _done(bench, await _upload(bench))
    _came_once(faults, PUT, FILES - 1 + PARTS)
    assert await stored(bench.remote, bench.source) == checksums(bench.source)
    assert await bench.pending() == []


async def _fetch(bench: Bench, faults: FaultProxy, dies: Dying, stock: Stock) -> None:
    request = DownloadRequest(
        sources=(RemotePath("up/source"),),
        artifact=stock.artifact,
        folder=bench.target,
        version="stage",
    )
    with dies:
        plan = await bench.client.plan(request)
        await _done(bench, await bench.client.submit(plan))
    _came_once(faults, GET, FILES - 1 + RANGES)
    assert checksums(bench.target / "source") == checksums(stock.source)
    assert not bench.leftovers()


async def _done(bench: Bench, group: int) -> None:
    """See that all went well, and that the history, which is written last, has it."""
    assert await bench.final(group) == {JobState.DONE: FILES}
    with anyio.fail_after(30):
        while True:
            past = await bench.client.history()
            if [batch.counts for batch in past] == [{JobState.DONE: FILES}]:
                return
            await anyio.sleep(0.05)


@pytest.mark.parametrize("doom", _some(STOPPED, "forget-1-after"))
async def test_a_kill_in_the_middle_of_a_clean_up(
    outside: Bench, faults: FaultProxy, doom: Doom
) -> None:
    _fill(outside)
    hold = faults.add(Fault(PUT, times=None, skip=10, stall=asyncio.Event()))
    group = await _upload(outside)
    await outside.until(lambda s: hold.hits > 2 and s.count(JobState.DONE) > 1)
    with _at(doom):
        await outside.control(Action.CANCEL)
        assert hold.stall
        hold.stall.set()
        if doom.step in {"cleaned", "reset"}:  # of what is still shown
            await outside.until(lambda _: Doom.read() is None)
        await outside.control(Action.CLEAR)
        await outside.until(lambda s: Doom.read() is None and not s.groups)
        with anyio.fail_after(60):
            while await outside.pending():  # noqa: ASYNC110 - no event tells
                await anyio.sleep(0.1)
    assert group not in {each.id for each in outside.client.snapshot().groups}
    await outside.remote.commit(comment="what had arrived")


@pytest.mark.parametrize("doom", _some(COMMITTED, "commit-2-before"))
async def test_a_kill_around_the_commit(outside: Bench, doom: Doom) -> None:
    outside.write("small", 3000)
    before = (await outside.remote.read()).versions or ()
    option = CommitOption(comment="all of it")
    request = structs.replace(outside.request(), commit=option)
    with _at(doom):
        group = await outside.client.submit(await outside.client.plan(request))
        assert await outside.final(group) == {JobState.DONE: 1}
        await outside.until(lambda _: Doom.read() is None)
        await outside.until(lambda _: outside.group(group).is_final)
    commit = outside.group(group).commit
    assert commit
    assert commit.state is CommitState.DONE
    artifact = await outside.remote.read()
    assert len(artifact.versions or ()) == len(before) + 1, "once, not twice"


@pytest.mark.parametrize("doom", _some(RESTING, "turn-1-after"))
async def test_a_kill_while_a_whole_batch_is_changed(
    outside: Bench, doom: Doom, monkeypatch: pytest.MonkeyPatch, place: Place
) -> None:
    monkeypatch.setenv("WINDOW", "4")
    for number in range(many := 30):
        outside.write(f"small/{number}", 3000)
    await outside.client.limit(Direction.UPLOAD, "1k")
    with _at(doom):
        group = await outside.client.submit(
            await outside.client.plan(outside.request())
        )
        for action, state in (
            (Action.PAUSE, JobState.PAUSED),
            (Action.RESUME, JobState.QUEUED),
            (Action.CANCEL, JobState.CANCELLED),
        ):
            await outside.control(action)
            await outside.until(partial(_most, state, many))
            assert outside.group(group).files == many
        await outside.control(Action.CLEAR)
        await outside.until(lambda s: not s.groups and Doom.read() is None)
    with anyio.fail_after(60):
        while await outside.pending():  # noqa: ASYNC110 - no event tells
            await anyio.sleep(0.1)
    with closing(sqlite3.connect(place.journal)) as journal:
        left = journal.execute("SELECT count(*) FROM jobs WHERE state <> 'forgotten'")
        assert left.fetchone() == (0,)


def _most(state: JobState, many: int, snapshot: Snapshot) -> bool:
    return snapshot.count(state) > many / 2


@contextmanager
def _at(doom: Doom) -> Iterator[None]:
    doom.write()
    yield
    assert Doom.read() is None, f"the engine never came there: {Doom.read()} is left"


@contextmanager
def _after(faults: FaultProxy, place: Place, requests: int) -> Iterator[None]:
    """Kill the engine at its n-th request."""
    left = [requests]

    def count(_request: str) -> None:
        left[0] -= 1
        pid = pid_of(place) if left[0] == 0 else None
        if pid is not None:
            os.kill(pid, signal.SIGKILL)

    faults.on_request = count
    yield
    assert left[0] <= 0, "the engine made fewer requests"
    faults.on_request = lambda _: None


def _came_once(faults: FaultProxy, pattern: str, wanted: int) -> None:
    """See that only what was under way came again, and that once."""
    times = Counter(
        re.sub("(X-Amz-|Signature)[^&]*", "", head.partition(" HTTP/")[0])
        + "".join(re.findall(r"(?i)\r\nrange:.*bytes=\d*-(\d*)", head))
        for head in faults.heads
        if re.search(pattern, head)
    )
    assert len(times) == wanted
    assert max(times.values()) <= 2
    assert times.total() - wanted <= MOST


async def _upload(bench: Bench) -> int:
    request = structs.replace(bench.request(), part_size=128 * KIB, multipart_above=MIB)
    return await bench.client.submit(await bench.client.plan(request))


def _fill(bench: Bench) -> None:
    for number in range(SMALL):
        bench.write(f"small/{number}", 3000)
    for name in ODD:
        bench.write(name, 100)
    bench.write("empty", 0)
    bench.write("large", LARGE)
