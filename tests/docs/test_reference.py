"""The reference says what the source says."""

from __future__ import annotations

from tests.tools.reference import stale


def test_the_reference_is_up_to_date() -> None:
    assert stale() == [], "run: python -m tests.tools.reference"
