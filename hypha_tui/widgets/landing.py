"""Where rows that are dragged with the mouse would land."""

from __future__ import annotations

from msgspec import Struct
from textual.geometry import Offset
from textual.screen import Screen

from hypha_tui.widgets.pane import Pane


class Landing(Struct, frozen=True, kw_only=True):
    """A place in a pane: its folder, or the folder of one of its rows."""

    folder: str
    row: int | None = None


def landing(screen: Screen[object], pane: Pane, at: Offset) -> Landing | None:
    """Find out where a drop would go to.

    Args:
        screen: The screen with the pane.
        pane: The only pane that takes the drop.
        at: The pointer's place on the screen.

    Returns:
        Where, or None beside the pane, and when the pane shows no place.
    """
    if pane.place is None or not screen.region.contains_point(at):
        return None
    widget, _ = screen.get_widget_at(*at)
    if pane not in widget.ancestors_with_self:
        return None
    row = pane.files.row_at(at.y - pane.files.region.y)
    if row is None or not pane.files.rows[row].is_folder:
        return Landing(folder=pane.place.folder)
    return Landing(folder=_folder_of(pane, row), row=row)


def _folder_of(pane: Pane, index: int) -> str:
    place, row = pane.place, pane.files.rows[index]
    if place is None:
        return ""
    if row.is_up:
        return place.provider.parent(place.folder) or place.folder
    return place.provider.child(place.folder, row.name)


def show_landing(pane: Pane, found: Landing | None) -> None:
    """Highlight the pane, and the row that the drop would go into."""
    pane.set_class(found is not None, "-drop")
    pane.files.set_drop_row(found.row if found else None)
