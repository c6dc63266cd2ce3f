"""kill -9 of the engine at seeded moments: nothing lost, doubled or left behind.

A moment is the n-th request that the engine makes, so a seed replays.
"""

from __future__ import annotations

import os
import random
import signal

import anyio
import pytest

from hypha_artifact.transfer.place import Place
from hypha_artifact.transfer.state import JobState
from tests.engines import pid_of
from tests.faults import FaultProxy
from tests.transfer.conftest import ODD_NAMES, Bench, checksums

MIB = 1024 * 1024
PART = "^PUT /s3/.*partNumber"
WORKERS = 8
CI, SOAK = range(3), range(3, 100)
PARTS = 6
"""Of 8 MiB each, of the one file that is large."""


class Killer:
    """Kills the engine at some requests, counted from its arming."""

    def __init__(self, place: Place, faults: FaultProxy, seed: int) -> None:
        self._place = place
        self._random = random.Random(seed)  # noqa: S311 - replayed
        self._at: list[int] = []
        self.kills = 0
        faults.on_request = self._count

    def arm(self, requests: int) -> None:
        count = self._random.randint(1, 2)
        moments = (self._random.randint(1, requests) for _ in range(count))
        self._at = sorted(moments)

    def _count(self, _request: str) -> None:
        self._at = [left - 1 for left in self._at]
        if self._at and self._at[0] <= 0:
            del self._at[0]
            pid = pid_of(self._place)
            if pid is not None:
                os.kill(pid, signal.SIGKILL)
                self.kills += 1


def _seeds() -> list[object]:
    soak = [pytest.param(seed, marks=pytest.mark.soak) for seed in SOAK]
    return [*CI, *soak]


@pytest.mark.parametrize("seed", _seeds())
async def test_a_kill_at_any_request(
    outside: Bench, faults: FaultProxy, place: Place, seed: int
) -> None:
    killer = Killer(place, faults, seed)
    for number in range(30):
        outside.write(f"small/{number:02}", 3000)
    for name in ODD_NAMES:
        outside.write(name, 100)
    outside.write("empty", 0)
    outside.write("large", PARTS * 8 * MIB - 3)
    plan = await outside.client.plan(outside.request())
    killer.arm(45)
    group = await outside.client.submit(plan)
    every = {JobState.DONE: len(plan.items)}
    assert await outside.final(group) == every
    sent_again = faults.count(PART) - PARTS
    assert sent_again <= WORKERS * killer.kills
    assert await outside.pending("up/source") == []
    assert await _staged(outside) == {item.remote for item in plan.items}

    killer.arm(40)
    group = await outside.download()
    assert await outside.final(group) == every
    assert checksums(outside.target / "source") == checksums(outside.source)
    assert not outside.leftovers()
    with anyio.fail_after(30):
        while (await outside.client.history())[0].counts != every:  # noqa: ASYNC110
            await anyio.sleep(0.05)


async def _staged(bench: Bench) -> set[str]:
    artifact = await bench.remote.read(version="stage")
    return {entry.path for entry in artifact.staging or () if entry.path}
