"""The machine's clock is set while files are on their way."""

from __future__ import annotations

import time

import pytest

from hypha_artifact.transfer.clock import Clock
from hypha_artifact.transfer.state import JobState
from tests.faults import Fault, FaultProxy
from tests.transfer.conftest import Bench, checksums, stored

MIB = 1024 * 1024
DAY = 86400.0


class WallClock:
    """The time of day, which somebody sets."""

    def __init__(self) -> None:
        self._real = time.time
        self.ahead = 0.0

    def __call__(self) -> float:
        return self._real() + self.ahead


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> WallClock:
    wall = WallClock()
    monkeypatch.setattr(time, "time", wall)
    return wall


async def test_a_clock_that_jumps(
    faulty: Bench, faults: FaultProxy, wall: WallClock
) -> None:
    """Nothing waits longer for it, fails, or begins again."""
    for number in range(6):
        faulty.write(f"{number}", 3000)
    faulty.write("large", 40 * MIB)
    for verb in ("PUT", "GET"):
        headers = {"Retry-After": "1"}
        faults.add(Fault(f"^{verb} /s3/", skip=3, status=503, headers=headers))
    group = await faulty.upload()
    await _jump(faulty, wall, 30 * DAY)
    assert await faulty.final(group) == {JobState.DONE: 7}
    assert await stored(faulty.remote, faulty.source) == checksums(faulty.source)
    group = await faulty.download()
    await _jump(faulty, wall, -30 * DAY)
    assert await faulty.final(group) == {JobState.DONE: 7}
    assert checksums(faulty.target / "source") == checksums(faulty.source)


async def _jump(bench: Bench, wall: WallClock, seconds: float) -> None:
    """Set the clock while one file waits, and others run."""
    await bench.until(lambda s: s.count(JobState.WAITING) > 0)
    wall.ahead = seconds


def test_what_waits_says_until_when_on_the_clock_as_it_is(wall: WallClock) -> None:
    clock = Clock()
    due = clock.now() + 60
    for jump in (0.0, DAY, -DAY):
        wall.ahead = jump
        assert clock.epoch(due) == pytest.approx(time.time() + 60, abs=30)
        assert clock.epoch(due) == clock.epoch(due)
