from __future__ import annotations

import pytest

from hypha_artifact.transfer.meter import Meter, Speed, eta
from tests.unit.transfer.fakes import FakeClock


def test_rate_is_of_the_last_seconds_only() -> None:
    clock = FakeClock()
    meter = Meter(clock, window=10)
    meter.add(1_000_000)
    clock.advance(10)
    for _ in range(10):
        clock.advance(1)
        meter.add(500)
    assert meter.rate() == pytest.approx(500)


def test_the_first_byte_does_not_make_an_absurd_rate() -> None:
    clock = FakeClock()
    meter = Meter(clock)
    meter.start()
    clock.advance(0.001)
    meter.add(8_000_000)
    assert meter.rate() <= 8_000_000


def test_a_slow_start_counts() -> None:
    clock = FakeClock()
    meter = Meter(clock)
    meter.start()
    clock.advance(4)
    meter.add(4000)
    assert meter.rate() == pytest.approx(1000)


def test_it_falls_to_zero_and_starts_anew() -> None:
    clock = FakeClock()
    meter = Meter(clock, window=10)
    meter.add(1000)
    clock.advance(11)
    assert meter.rate() == 0
    clock.advance(1000)
    meter.add(1000)
    clock.advance(2)
    assert meter.rate() == pytest.approx(500)


def test_memory_is_bounded() -> None:
    clock = FakeClock()
    meter = Meter(clock)
    for _ in range(10_000):
        clock.advance(0.01)
        meter.add(1)
        meter.rate()
    assert len(meter._slots) < 50


def test_eta() -> None:
    assert eta(100, 10) == 10
    assert eta(0, 0) == 0
    assert eta(100, 0) is None


def test_many_small_files_take_longer_than_their_bytes() -> None:
    clock = FakeClock()
    speed = Speed(clock)
    speed.start()
    for _ in range(100):
        clock.advance(0.1)
        speed.moved(4)
        speed.ended()
    assert speed.bytes.rate() == pytest.approx(40, rel=0.05)
    assert speed.eta(size=12_000, files=3000) == pytest.approx(300, rel=0.05)
    # Bytes of which there were few so far do not make it a day.
    assert speed.eta(size=4_000_000, files=3000) == pytest.approx(300, rel=0.05)


def test_large_files_take_what_their_bytes_take() -> None:
    clock = FakeClock()
    speed = Speed(clock)
    speed.start()
    for _ in range(5):
        clock.advance(1)
        speed.moved(50_000_000)
    speed.ended()
    assert speed.eta(size=500_000_000, files=3) == pytest.approx(10, rel=0.05)
    assert Speed(clock).eta(size=1, files=100) is None
