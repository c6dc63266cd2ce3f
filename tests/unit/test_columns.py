from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given, strategies as st

from hypha_tui.state.columns import LONG_TIME, SHORT_TIME, columns_for, time_text


@given(st.integers(20, 300), st.booleans(), st.booleans())
def test_columns_fill_the_width(width: int, badges: bool, live: bool) -> None:  # noqa: FBT001
    found = columns_for(width, badges=badges, live=live)
    assert found.size_end + found.modified + 1 == width
    assert found.name >= 1


def test_times_are_shown_where_there_is_room() -> None:
    assert columns_for(38).modified == 0
    assert columns_for(56, badges=True).modified
    assert columns_for(56, live=True).live


def test_a_short_time_shows_the_year_only_when_it_is_another_one() -> None:
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    this_year = now.timestamp()
    assert time_text(this_year, SHORT_TIME, now).startswith("11-2")
    assert time_text(this_year - 400 * 86400, SHORT_TIME, now) == "2025-10-18"
    assert len(time_text(this_year, LONG_TIME, now)) == LONG_TIME
    assert time_text(None, LONG_TIME, now) == ""
