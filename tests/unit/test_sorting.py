from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from hypha_tui.state.rows import Row
from hypha_tui.state.sorting import Order, SortBy, natural_key, sort_rows

rows = st.lists(
    st.builds(
        Row,
        name=st.text(max_size=6),
        is_folder=st.booleans(),
        size=st.none() | st.integers(0, 1 << 40),
        modified=st.none() | st.floats(0, 1e10),
    ),
    max_size=12,
)
orders = st.builds(Order, by=st.sampled_from(SortBy), reverse=st.booleans())


def names(*given_names: str) -> tuple[Row, ...]:
    return tuple(Row(name=name) for name in given_names)


def test_numbers_in_names_count_as_numbers() -> None:
    shuffled = names("img_10", "IMG_2", "img_1", "a", "img_007", "1", "٣")
    found = [row.name for row in sort_rows(shuffled, Order())]
    assert found.index("img_1") < found.index("IMG_2") < found.index("img_007")
    assert found.index("img_007") < found.index("img_10")


@given(rows, orders)
def test_sorting_keeps_every_row_and_folders_come_first(
    unsorted: list[Row], order: Order
) -> None:
    found = sort_rows(unsorted, order)
    assert sorted(found, key=repr) == sorted(unsorted, key=repr)
    kinds = [row.is_folder for row in found]
    assert kinds == sorted(kinds, reverse=True)


@given(rows, orders)
def test_sorting_does_not_depend_on_the_order_before(
    unsorted: list[Row], order: Order
) -> None:
    unique = list({row.name: row for row in unsorted}.values())
    assert sort_rows(unique, order) == sort_rows(unique[::-1], order)


def test_sizes_run_from_the_largest_and_times_from_the_newest() -> None:
    small, big = (
        Row(name="a", size=1, modified=9.0),
        Row(name="b", size=5, modified=2.0),
    )
    assert sort_rows((small, big), Order(by=SortBy.SIZE)) == (big, small)
    assert sort_rows((big, small), Order(by=SortBy.MODIFIED)) == (small, big)
    reverse = Order(by=SortBy.SIZE, reverse=True)
    assert sort_rows((big, small), reverse) == (small, big)


def test_the_titles_and_the_key_choose_the_order() -> None:
    assert Order().next().by is SortBy.SIZE
    assert Order(by=SortBy.MODIFIED).next().by is SortBy.NAME
    assert Order().by_title(SortBy.NAME).reverse
    assert not Order().by_title(SortBy.SIZE).reverse


@pytest.mark.parametrize("name", ["", "9" * 5000, "a²b", "007"])
def test_any_name_has_a_key(name: str) -> None:
    assert natural_key(name) == natural_key(name.upper())
