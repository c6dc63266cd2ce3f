from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from hypha_tui.state.filtering import matcher, visible
from hypha_tui.state.rows import Row


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("", "anything", True),
        ("IMG", "img_1.tif", True),
        ("*.tif", "a.TIF", True),
        ("*.tif", "a.tiff", False),
        ("a?c", "abc", True),
        ("[ab]*", "beta", True),
        ("[", "a[b", False),
        ("x", "abc", False),
    ],
)
def test_a_pattern_is_a_part_of_the_name_or_a_glob(
    pattern: str,
    name: str,
    fits: object,
) -> None:
    assert matcher(pattern)(name) is fits


@given(st.text(max_size=8), st.text(max_size=8))
def test_any_typed_text_is_a_pattern(pattern: str, name: str) -> None:
    assert matcher(pattern)(name) in {True, False}


def test_dot_files_can_be_left_out_but_not_the_way_up() -> None:
    rows = (Row(name=".."), Row(name=".git"), Row(name="a"))
    assert [row.name for row in visible(rows, hidden=False)] == ["..", "a"]
    assert len(visible(rows)) == len(rows)
    assert [row.name for row in visible(rows, pattern="g")] == [".git"]
