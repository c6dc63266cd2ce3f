from __future__ import annotations

from hypothesis import given, strategies as st

from hypha_tui.state.history import LIMIT, History


@given(st.lists(st.integers(), min_size=1, max_size=8))
def test_going_back_and_forward_meets_the_same_places(places: list[int]) -> None:
    history: History[int] = History()
    here = -1
    for place in places:
        history, here = history.visit(here), place
    seen = [here]
    while step := history.back(here):
        history, here = step
        seen.append(here)
    assert seen == [*reversed(places), -1]
    again = [here]
    while step := history.forward(here):
        history, here = step
        again.append(here)
    assert again == seen[::-1]


def test_a_new_step_forgets_what_was_ahead() -> None:
    back = History[str]().visit("a").back("b")
    assert back is not None
    assert back[0].visit("a").forward("c") is None


def test_history_is_bounded() -> None:
    history: History[int] = History()
    for place in range(LIMIT + 5):
        history = history.visit(place)
    assert len(history.past) == LIMIT
