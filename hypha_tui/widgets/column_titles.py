"""The titles over a file list; a click sorts by the column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget
from typing_extensions import override

from hypha_tui.state.columns import SIZE_WIDTH
from hypha_tui.state.sorting import Order, SortBy
from hypha_tui.widgets.file_list import FileList


class ColumnTitles(Widget):
    """One line: name, size, modified, with an arrow at the one that sorts."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"column-titles--sorted"}

    @dataclass
    class Chosen(Message):
        """A title was clicked."""

        titles: ColumnTitles
        by: SortBy

    def __init__(self) -> None:
        super().__init__()
        self._files: FileList | None = None
        self._order = Order()

    def follow(self, files: FileList) -> None:
        """Stand over this list's columns."""
        self._files = files

    def show(self, order: Order) -> None:
        """Show which column sorts."""
        self._order = order
        self.refresh()

    @override
    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if self._files is None:
            return Strip.blank(width, self.rich_style)
        columns = self._files.columns
        name = " " * columns.name_start + self._title(SortBy.NAME)
        segments = [
            self._segment(SortBy.NAME, name.ljust(columns.size_end - SIZE_WIDTH)),
            self._segment(SortBy.SIZE, self._title(SortBy.SIZE).rjust(SIZE_WIDTH)),
        ]
        if columns.modified:
            when = self._title(SortBy.MODIFIED).rjust(columns.modified)
            segments.append(self._segment(SortBy.MODIFIED, when))
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _title(self, by: SortBy) -> str:
        if by is not self._order.by:
            return by.value
        return f"{by.value} {'v' if self._order.descends else '^'}"

    def _segment(self, by: SortBy, text: str) -> Segment:
        style = self.rich_style
        if by is self._order.by:
            style = self.get_component_rich_style("column-titles--sorted")
        return Segment(text, style)

    def on_click(self, event: events.Click) -> None:
        """Tell which column was hit."""
        if self._files is None:
            return
        columns = self._files.columns
        if event.x < columns.size_end - SIZE_WIDTH:
            by = SortBy.NAME
        else:
            by = SortBy.SIZE if event.x < columns.size_end else SortBy.MODIFIED
        self.post_message(self.Chosen(self, by))
