from __future__ import annotations

import pytest

from hypha_artifact.transfer.pace import MIB, MOST, SECONDS, START, Pace
from hypha_artifact.transfer.plan import (
    MULTIPART_ABOVE,
    PART_SIZE,
    SHORTEST_PART,
    sizes_at,
)


class Line:
    """A line of a known speed that requests share, and a clock."""

    def __init__(self, pace: Pace, rate: float) -> None:
        self.pace = pace
        self.rate = rate
        self.now = 0.0

    def send(self, length: int, count: int) -> int:
        """Send as many at a time as is allowed; return the most that flew."""
        most = 0
        while count > 0:
            flying = 0
            while flying < count and self.pace.allows(length):
                self.pace.start(length, self.now)
                flying += 1
            most = max(most, flying)
            self.now += flying * length / self.rate
            for _ in range(flying):
                self.pace.end(length, self.now, acknowledged=True)
            count -= flying
        return most


@pytest.mark.parametrize("rate", [300e3, 1e6, 5e6, 100e6])
def test_no_part_takes_as_long_as_the_proxy_allows(rate: float) -> None:
    pace = Pace(sends=True)
    line = Line(pace, rate)
    line.send(8 * MIB, 4)
    together = line.send(8 * MIB, 40)
    assert together * 8 * MIB / rate < 60


def test_a_slow_line_gets_one_part_at_a_time() -> None:
    pace = Pace(sends=True)
    Line(pace, 300e3).send(8 * MIB, 8)
    assert pace.rate == pytest.approx(300e3, rel=0.1)
    pace.start(8 * MIB, 1000)
    assert not pace.allows(8 * MIB)
    assert pace.allows(4096), "a small file need not wait for it"


def test_small_files_do_not_tell_how_fast_a_line_is() -> None:
    pace = Pace(sends=True)
    Line(pace, 50e3).send(4096, 1000)
    assert pace.rate is None


def test_a_fast_line_is_used_in_full() -> None:
    pace = Pace(sends=True)
    assert Line(pace, 100e6).send(8 * MIB, 200) >= START


def test_what_goes_on_where_it_was_cut_off_needs_no_budget() -> None:
    assert Line(Pace(sends=False), 300e3).send(256 * MIB, START) == START


def test_trouble_halves_once_for_requests_that_fail_together() -> None:
    pace = Pace(sends=True)
    for _ in range(START):
        pace.trouble(10)
    assert pace.limit == START // 2
    pace.trouble(16)
    pace.trouble(22)
    pace.trouble(28)
    assert pace.limit == 1


def test_it_recovers_and_grows_no_further_than_it_pays() -> None:
    pace = Pace(sends=True)
    pace.trouble(0)
    line = Line(pace, 100e6)
    line.now = 10.0
    line.send(8 * MIB, 2000)
    assert START <= pace.limit <= MOST


def test_more_are_tried_while_throughput_grows() -> None:
    pace = Pace(sends=False)
    for second in range(0, 60, 3):
        for _ in range(second + 1):
            pace.start(4096, second)
        for _ in range(second + 1):
            pace.end(4096, second + 3, acknowledged=True)
    assert pace.limit == MOST


@pytest.mark.parametrize("rate", [50e3, 100e3, 300e3, 1e6])
def test_files_and_parts_are_cut_to_a_slow_line(rate: float) -> None:
    above, part = sizes_at(rate)
    assert SHORTEST_PART <= part <= PART_SIZE
    assert part <= above < MULTIPART_ABOVE
    assert above <= max(SHORTEST_PART, rate * SECONDS)


@pytest.mark.parametrize("rate", [None, 10e6])
def test_other_lines_get_the_usual_parts(rate: float | None) -> None:
    assert sizes_at(rate) == (MULTIPART_ABOVE, PART_SIZE)
