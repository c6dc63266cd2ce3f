"""Scrollbars of whole cells: the same on every terminal, and steady while dragged.

And their length, which changes several times a second while files move.
"""

from __future__ import annotations

from typing import ClassVar

from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBarRender
from textual.widget import Widget


class WholeCells(ScrollBarRender):
    """A bar without the half-filled characters that not every terminal has."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * 8


def use_whole_cells(widget: Widget) -> None:
    """Give a widget that scrolls a bar of whole cells."""
    # Textual declares it for the class; one bar at a time keeps others as they are.
    vars(widget.vertical_scrollbar)["renderer"] = WholeCells


def set_length(view: ScrollView, length: int) -> None:
    """Say how many lines a list has.

    Textual lays the whole screen out for that and draws all of it again; here only
    where the scrollbar comes or goes.

    Args:
        view: The list.
        length: Its lines.
    """
    if (length > view.container_size.height) != view.show_vertical_scrollbar:
        view.virtual_size = Size(0, length)
        return
    view.set_reactive(Widget.virtual_size, Size(0, length))  # pyright: ignore[reportArgumentType]
    if view.show_vertical_scrollbar:
        view.vertical_scrollbar.window_virtual_size = length
    if view.scroll_offset.y > view.max_scroll_y:
        view.scroll_to(y=view.max_scroll_y, animate=False)
