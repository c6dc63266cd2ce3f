from __future__ import annotations

from hypothesis import given, strategies as st

from hypha_tui.state.selection import Selection

names = st.text("abcdef", min_size=1, max_size=2)
sets = st.frozensets(names, max_size=6)


@given(sets, names)
def test_toggling_twice_changes_nothing(marked: frozenset[str], name: str) -> None:
    selection = Selection(marked=marked)
    assert selection.toggle(name).toggle(name).marked == marked
    assert (name in selection.toggle(name)) is (name not in selection)


@given(sets, sets)
def test_inverting_touches_only_the_given_names(
    marked: frozenset[str], given_names: frozenset[str]
) -> None:
    inverted = Selection(marked=marked).invert(given_names)
    assert inverted.marked - given_names == marked - given_names
    assert inverted.marked & given_names == given_names - marked


@given(sets, names, st.lists(sets, min_size=1, max_size=4))
def test_a_range_gives_back_what_it_leaves(
    marked: frozenset[str], anchor: str, steps: list[frozenset[str]]
) -> None:
    selection = Selection(marked=marked).begin(anchor)
    for step in steps:
        selection = selection.cover(step)
    assert selection.marked == marked | steps[-1]
    assert selection.end().marked == marked | steps[-1]
    assert selection.end().anchor is None


@given(sets, sets)
def test_marks_of_vanished_names_are_dropped(
    marked: frozenset[str], there: frozenset[str]
) -> None:
    assert Selection(marked=marked).keep(there).marked == marked & there
