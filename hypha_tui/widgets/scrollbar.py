"""Scrollbars of whole cells: the same on every terminal, and steady while dragged."""

from __future__ import annotations

from typing import ClassVar

from textual.scrollbar import ScrollBarRender
from textual.widget import Widget


class WholeCells(ScrollBarRender):
    """A bar without the half-filled characters that not every terminal has."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * 8


def use_whole_cells(widget: Widget) -> None:
    """Give a widget that scrolls a bar of whole cells."""
    # Textual declares it for the class; one bar at a time keeps others as they are.
    vars(widget.vertical_scrollbar)["renderer"] = WholeCells
