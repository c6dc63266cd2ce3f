from __future__ import annotations

from hypothesis import given, strategies as st
from rich.cells import cell_len

from hypha_tui.providers.base import Crumb
from hypha_tui.widgets.path_bar import TITLE_START, fit_path

crumbs = st.lists(
    st.builds(Crumb, text=st.text(min_size=1, max_size=30), folder=st.text(max_size=5)),
    min_size=1,
    max_size=6,
)


@given(st.text(max_size=10), crumbs, st.integers(30, 100))
def test_a_path_fits_and_ends_with_its_last_folder(
    title: str, path: list[Crumb], width: int
) -> None:
    fitted = fit_path(title, path, width)
    assert cell_len(fitted.text) <= width
    assert fitted.spans[-1][2] == path[-1].folder


def test_each_name_leads_to_its_folder() -> None:
    path = [Crumb(text="/", folder=""), Crumb(text="raw", folder="raw")]
    fitted = fit_path("lab", path, 40)
    assert fitted.text == "lab /raw"
    at = TITLE_START + fitted.text.index("raw")
    assert fitted.folder_at(at) == "raw"
    assert fitted.folder_at(TITLE_START + 4) == ""
    assert fitted.folder_at(TITLE_START) is None


def test_control_characters_are_made_visible() -> None:
    fitted = fit_path("", [Crumb(text="a\x1b[31m", folder="x")], 40)
    assert "\x1b" not in fitted.text
