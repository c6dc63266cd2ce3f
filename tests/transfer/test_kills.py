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
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import TypeAlias

import anyio
import pytest
from msgspec import structs

from hypha_artifact.transfer import starting
from hypha_artifact.transfer.pace import MOST
from hypha_artifact.transfer.place import Place
from hypha_artifact.transfer.state import Action, JobState
from tests.engines import pid_of
from tests.faults import Fault, FaultProxy
from tests.transfer.conftest import ODD_NAMES, Bench, checksums
from tests.transfer.doomed import KIB, MIB, Doom, steps

SMALL, LARGE, PARTS = 12, 3 * 1024 * KIB - 5, 24
FILES = SMALL + len(ODD_NAMES) + 2

BOTH = {"add": (1,), "begin": (1, 2), "prepared": (1, 2), "state": (1, 9, 20, 34)}
UP = {**BOTH, "part": (1, 2, 7, 13, 19, 24), "finishing": (1, 10, 18), "ended": (1,)}
DOWN = {**BOTH, "part": (1, 3, 6, 9, 12), "finishing": (1, 10, 18), "ended": (1,)}
DOWN["written"] = (5, 20, 40)
STOPPED = {"reset": (1, 3), "cleaned": (1, 3), "forget": (1, 3), "drop": (1,)}

PUT, GET = "^PUT ", "^GET /(s3/|[^?]*/files/)"
MOMENTS = range(100)
CI = 14


def _points(table: dict[str, tuple[int, ...]]) -> list[Doom]:
    return [
        Doom(step, call, when)
        for step, calls in table.items()
        for call in calls
        for when in ("before", "after")
    ]


def _runs() -> Iterator[object]:
    """Pair the points of both ways; a seeded sample of them is for every day."""
    up, down = _points(UP), _points(DOWN)
    count = max(len(up), len(down))
    chosen = random.Random(4).sample(range(count), CI)  # noqa: S311 - replayed
    pairs = zip(islice(cycle(up), count), islice(cycle(down), count), strict=True)
    for number, (there, back) in enumerate(pairs):
        marks = () if number in chosen else (pytest.mark.soak,)
        name = f"{'-'.join(map(str, there))}+{'-'.join(map(str, back))}"
        yield pytest.param(there, back, marks=marks, id=name)


def _seeds() -> Iterator[object]:
    for seed in MOMENTS:
        yield pytest.param(seed, marks=() if seed in {0, 1} else (pytest.mark.soak,))


def _stops() -> Iterator[object]:
    for number, doom in enumerate(_points(STOPPED)):
        marks = () if number in {5} else (pytest.mark.soak,)
        yield pytest.param(doom, marks=marks, id="-".join(map(str, doom)))


@pytest.fixture(autouse=True)
def _doomed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have engines started that can be told to die."""
    monkeypatch.setenv("DOOM", str(tmp_path / "doom"))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.setattr(starting, "_PACKAGE", "tests.transfer.doomed")


def test_every_step_of_the_journal_is_among_them() -> None:
    assert UP.keys() | DOWN.keys() | STOPPED.keys() == steps()
    assert len(_points(UP)) + len(_points(DOWN)) + len(_points(STOPPED)) >= 60


@pytest.mark.parametrize(("there", "back"), list(_runs()))
async def test_a_kill_at_a_step_of_the_journal(
    outside: Bench, faults: FaultProxy, there: Doom, back: Doom
) -> None:
    await _there_and_back(outside, faults, _at(there), _at(back))


@pytest.mark.parametrize("seed", list(_seeds()))
async def test_a_kill_at_any_moment(
    outside: Bench, faults: FaultProxy, place: Place, seed: int
) -> None:
    moments = random.Random(seed)  # noqa: S311 - replayed
    there, back = moments.randint(1, 44), moments.randint(1, 30)
    await _there_and_back(
        outside,
        faults,
        partial(_after, faults, place, there),
        partial(_after, faults, place, back),
    )


@pytest.mark.parametrize("doom", list(_stops()))
async def test_a_kill_in_the_middle_of_a_clean_up(
    outside: Bench, faults: FaultProxy, doom: Doom
) -> None:
    _fill(outside)
    hold = faults.add(Fault(PUT, times=None, skip=10, stall=asyncio.Event()))
    group = await _upload(outside)
    await outside.until(lambda s: hold.hits > 2 and s.count(JobState.DONE) > 1)
    with _at(doom)():
        await outside.control(Action.CANCEL)
        assert hold.stall
        hold.stall.set()
        if doom.step in {"cleaned", "reset"}:  # of what is still shown
            await outside.until(lambda _: Doom.read() is None)
        await outside.control(Action.CLEAR)
        await outside.until(lambda s: Doom.read() is None and not s.groups)
        with anyio.fail_after(60):
            while await outside.pending():
                await anyio.sleep(0.1)
    assert group not in {each.id for each in outside.client.snapshot().groups}
    await outside.remote.commit(comment="what had arrived")


Dying: TypeAlias = Callable[[], AbstractContextManager[None]]


def _at(doom: Doom) -> Dying:
    @contextmanager
    def dies() -> Iterator[None]:
        doom.write()
        yield
        assert Doom.read() is None, "the engine never came there"

    return dies


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


async def _there_and_back(
    bench: Bench, faults: FaultProxy, there: Dying, back: Dying
) -> None:
    _fill(bench)
    with there():
        group = await _upload(bench)
        assert await bench.final(group) == {JobState.DONE: FILES}
        await _noted(bench, 1)
    _came_once(faults, PUT, SMALL + len(ODD_NAMES) + 1 + PARTS)
    assert await bench.pending("up/source") == []
    artifact = await bench.remote.read(version="stage")
    staged = Counter(entry.path for entry in artifact.staging or () if entry.path)
    assert staged == Counter(f"up/source/{name}" for name in checksums(bench.source))

    with back():
        group = await bench.download()
        assert await bench.final(group) == {JobState.DONE: FILES}
        await _noted(bench, 2)
    _came_once(faults, GET, SMALL + len(ODD_NAMES) + 1 + 12)
    assert checksums(bench.target / "source") == checksums(bench.source)
    assert not bench.leftovers()


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


async def _noted(bench: Bench, batches: int) -> None:
    """Wait for the history, which is written last."""
    with anyio.fail_after(30):
        while True:
            past = await bench.client.history()
            if len(past) == batches and past[0].counts == {JobState.DONE: FILES}:
                return
            await anyio.sleep(0.05)


async def _upload(bench: Bench) -> int:
    request = structs.replace(
        bench.request(), part_size=128 * KIB, multipart_above=MIB
    )
    return await bench.client.submit(await bench.client.plan(request))


def _fill(bench: Bench) -> None:
    for number in range(SMALL):
        bench.write(f"small/{number:02}", 3000)
    for name in ODD_NAMES:
        bench.write(name, 100)
    bench.write("empty", 0)
    bench.write("large", LARGE)
