from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import anyio
import pytest
from typing_extensions import override

from hypha_artifact.errors import InvalidInput
from hypha_artifact.transfer.limits import LATEST, Limiter, Limits
from hypha_artifact.transfer.state import Direction, Limit
from hypha_artifact.transfer.timetable import Timetable, parse
from tests.unit.transfer.fakes import FakeClock

KIB = 1024


def at(table: Timetable, day: int, hour: int, minute: int = 0) -> float | None:
    """Look on a day of a week that began on a Monday."""
    return table.at(datetime(2024, 1, 1 + day, hour, minute, tzinfo=UTC))


def test_rates() -> None:
    assert at(parse("off"), 0, 0) is None
    assert at(parse("5M"), 3, 12) == 5 * KIB**2
    assert at(parse("1.5MiB/s"), 3, 12) == 1.5 * KIB**2
    assert not parse("512k").changes


def test_a_timetable_goes_around_the_day_and_the_week() -> None:
    daily = parse("08:00,512k 18:00,off 12:30,1M")
    assert daily.changes
    assert [at(daily, 2, hour) for hour in (0, 7)] == [None, None]
    assert [at(daily, 2, hour) for hour in (8, 13, 18)] == [512 * KIB, KIB**2, None]
    assert at(daily, 2, 12, 29) == 512 * KIB
    weekly = parse("Mon-08:00,1M fri-17:30,off")
    assert at(weekly, 0, 7) is None, "Friday's goes on over the weekend"
    assert at(weekly, 2, 0) == KIB**2
    assert at(weekly, 6, 23) is None


@pytest.mark.parametrize(
    "text", ["", "512", "fast", "0k", "8,1M", "24:00,1M", "Foo-08:00,1M", "5M 08:00,1M"]
)
def test_what_is_no_limit_says_so(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(text)
    assert caught.value.hint


async def test_bytes_drain_evenly_and_in_turn() -> None:
    clock = FakeClock()
    limiter = Limiter(clock)
    limiter.set(1000.0)
    went: list[tuple[str, float]] = []

    async def take(name: str, latest: float | None = None) -> None:
        await limiter.take(1000, latest)
        went.append((name, clock.now() - 1000.0))

    async with anyio.create_task_group() as tasks:
        for name in "abc":
            tasks.start_soon(take, name)
        tasks.start_soon(take, "late", 1000.0 + 1.5)
        for _ in range(10):
            await anyio.wait_all_tasks_blocked()
            clock.advance(0.5)
    assert went == [("a", 0.0), ("b", 1.0), ("late", 1.5), ("c", 2.0)]
    assert limiter.free_at <= clock.now(), "what went before its turn was paid"


async def test_a_limit_that_changes_is_felt_at_once() -> None:
    clock = FakeClock()
    limiter = Limiter(clock)
    limiter.set(1.0)
    await limiter.take(1000)
    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(limiter.take, 1000)
        await anyio.wait_all_tasks_blocked()
        clock.advance(10)
        limiter.set(1000.0)
        await anyio.wait_all_tasks_blocked()
        clock.advance(1)
        await anyio.wait_all_tasks_blocked()
        limiter.set(None)
    assert limiter.free_at == clock.now()


async def _body(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def test_a_body_goes_in_slices_and_whole_without_a_limit() -> None:
    clock = FakeClock()
    limiter = Limiter(clock)
    whole = b"x" * 400_000
    assert [p async for p in limiter.paced(_body(whole), proxied=True)] == [whole]
    limiter.set(100_000.0)
    got: list[tuple[float, int]] = []

    def note(length: int) -> None:
        got.append((clock.now() - 1000.0, length))

    async def read() -> None:
        pieces = limiter.paced(_body(whole, whole), proxied=True)
        async for piece in pieces:
            note(len(piece))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(read)
        while sum(length for _, length in got) < 800_000:
            await anyio.wait_all_tasks_blocked()
            clock.advance(0.125)
    assert max(length for _, length in got) < 20_000
    assert sum(length for when, length in got if when < 4) == pytest.approx(
        4e5, abs=2e4
    )
    limiter.set(2000.0)
    got.clear()
    start = clock.now() - 1000.0
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(read)
        while sum(length for _, length in got) < 800_000:
            await anyio.wait_all_tasks_blocked()
            clock.advance(1)
    assert got[-1][0] - start <= LATEST + 1, "the proxy would cut it off after 60 s"
    assert limiter.free_at > clock.now() + 300, "and that is paid for afterwards"


def test_a_timetable_is_looked_at_from_time_to_time() -> None:
    clock = _DayClock()
    seen: list[Direction] = []
    limits = Limits(clock, seen.append)
    assert limits.look_if_due() is None
    limits.set(Direction.UPLOAD, "08:00,1M 09:00,off")
    assert seen == []
    assert limits.shown(Direction.UPLOAD) == Limit(text="08:00,1M 09:00,off")
    clock.hour = 8
    due = limits.look_if_due()
    assert due is not None
    clock.advance(due - clock.now())
    limits.look_if_due()
    assert seen == [Direction.UPLOAD]
    assert limits.shown(Direction.UPLOAD).rate == KIB**2
    assert limits.of[Direction.DOWNLOAD].rate is None
    assert limits.of[Direction.UPLOAD].range(4) == KIB**2 * 25 // 4


class _DayClock(FakeClock):
    hour = 7

    @override
    def local(self) -> datetime:
        return datetime(2024, 1, 1, self.hour, tzinfo=UTC)
