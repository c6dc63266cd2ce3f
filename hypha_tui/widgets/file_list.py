"""The list of a file pane, drawn line by line.

Our own instead of OptionList or DataTable: 50,000 rows load at once, a cursor move
repaints two lines, and there is no hover that would repaint on every mouse move.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Offset, Region
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from typing_extensions import override

from hypha_tui.state.columns import Columns, columns_for
from hypha_tui.state.file_rows import BADGES, file_line
from hypha_tui.state.lines import wrap
from hypha_tui.state.rows import Row
from hypha_tui.state.selection import Selection
from hypha_tui.state.text import fit_name
from hypha_tui.themes import Symbols
from hypha_tui.widgets.bindings import bindings_of
from hypha_tui.widgets.mouse import MouseGrammar
from hypha_tui.widgets.scrollbar import set_length


def _no_ink(_role: str) -> Style:
    return Style()


class FileList(ScrollView, can_focus=True):
    """Rows with a cursor and marks; knows nothing of where they come from.

    Args:
        symbols: The characters to draw with.
        id: The widget's id.
    """

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("list")
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "file-list--cursor",
        "file-list--cursor-blurred",
        "file-list--drop",
        "file-list--marked",
        "file-list--folder",
        "file-list--link",
        "file-list--muted",
        "file-list--error",
        "file-list--live",
        "file-list--notice",
        *(f"file-list--{name}" for name in BADGES.values()),
    }

    @dataclass
    class Opened(Message):
        """A row was opened: Enter, or a double click."""

        row: Row

    class Left(Message):
        """The folder above is wanted."""

    class SteppedBack(Message):
        """Escape, and nothing in the list was left to undo."""

    class RetryWanted(Message):
        """The listing failed, and the user wants another try."""

    class MarksChanged(Message):
        """Other rows are marked than before."""

    @dataclass
    class Carried(Message):
        """Marked rows are dragged; ``at`` is the pointer's place on the screen."""

        at: Offset
        dropped: bool = False
        cancelled: bool = False

    def __init__(self, symbols: Symbols, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.symbols = symbols
        self.rows: tuple[Row, ...] = ()
        self.notice: tuple[str, ...] = ()
        self.cursor = 0
        self.drop_row: int | None = None
        self.badges = False
        self._selection = Selection()
        self._index: dict[str, int] = {}
        self._columns = columns_for(1)
        self._notice_lines: list[tuple[str, bool]] = []
        self._styles: dict[str, Style] = {}
        self._mouse = MouseGrammar(self)

    # What is shown.

    def show(
        self,
        rows: Sequence[Row],
        *,
        cursor: str | None = None,
        badges: bool = False,
        notice: tuple[str, ...] = (),
    ) -> None:
        """Show other rows.

        Args:
            rows: In the order to show them.
            cursor: The name to put the cursor on, if it is there.
            badges: Whether there is a column for the letters of staged changes.
            notice: Lines to show below the rows: why there are none, what to do.
        """
        self.rows, self.badges, self.notice = tuple(rows), badges, notice
        self._index = {row.name: i for i, row in enumerate(self.rows)}
        self.cursor = self._index.get(cursor or "", min(self.cursor, self._last))
        self._mouse.cancel()
        self._lay_out()
        self.scroll_to_row(self.cursor)

    @property
    def current(self) -> Row | None:
        """The row under the cursor."""
        return self.rows[self.cursor] if self.rows else None

    @property
    def selection(self) -> Selection:
        """The marks; some may be of names that are not shown now."""
        return self._selection

    @selection.setter
    def selection(self, selection: Selection) -> None:
        changed = selection.marked != self._selection.marked
        self._selection = selection
        if changed:
            self.refresh()
            self.post_message(self.MarksChanged())

    @property
    def marked_rows(self) -> tuple[Row, ...]:
        """The marked rows that are shown, in their order."""
        if not self._selection.marked:
            return ()
        return tuple(row for row in self.rows if row.name in self._selection)

    def names(self, first: int, last: int) -> Iterable[str]:
        """Name the markable rows between two indices, both included."""
        low, high = sorted((first, last))
        return (row.name for row in self.rows[max(0, low) : high + 1] if not row.is_up)

    @property
    def _last(self) -> int:
        return max(0, len(self.rows) - 1)

    # The cursor.

    def move_cursor(self, row: int) -> None:
        """Put the cursor on a row, as near as there is one, and show it."""
        old, self.cursor = self.cursor, max(0, min(row, self._last))
        if old != self.cursor:
            self.refresh_row(old)
            self.refresh_row(self.cursor)
        self.scroll_to_row(self.cursor)

    def scroll_to_row(self, row: int) -> None:
        """Scroll at once so that a row can be seen."""
        top, height = round(self.scroll_y), self.size.height
        if row < top:
            self.set_top(row)
        elif height and row >= top + height:
            self.set_top(row - height + 1)

    def set_top(self, row: int) -> None:
        """Let a row be the first one that is seen."""
        self.scroll_to(y=row, animate=False, immediate=True)

    def refresh_row(self, row: int) -> None:
        """Repaint one line."""
        self.refresh(Region(0, row - round(self.scroll_y), self.size.width, 1))

    def row_at(self, y: int) -> int | None:
        """Return the row at a line of the widget, None below the last."""
        row = y + round(self.scroll_y)
        return row if 0 <= y < self.size.height and row < len(self.rows) else None

    def set_drop_row(self, row: int | None) -> None:
        """Show where a drop would land."""
        if row == self.drop_row:
            return
        old, self.drop_row = self.drop_row, row
        for changed in (old, row):
            if changed is not None:
                self.refresh_row(changed)

    # Actions; their names are the keymap's.

    def action_cursor_up(self) -> None:
        """Go up."""
        self._step(self.cursor - 1)

    def action_cursor_down(self) -> None:
        """Go down."""
        self._step(self.cursor + 1)

    @override
    def action_page_up(self) -> None:
        """Go up a page."""
        self._step(self.cursor - max(1, self.size.height - 1))

    @override
    def action_page_down(self) -> None:
        """Go down a page."""
        self._step(self.cursor + max(1, self.size.height - 1))

    def action_first(self) -> None:
        """Go to the first row."""
        self._step(0)

    def action_last(self) -> None:
        """Go to the last row."""
        self._step(self._last)

    def _step(self, row: int) -> None:
        self._selection = self._selection.end()
        self.move_cursor(row)

    def action_open(self) -> None:
        """Open the row under the cursor."""
        if self.current:
            self.post_message(self.Opened(self.current))

    def action_leave(self) -> None:
        """Go to the folder above."""
        self.post_message(self.Left())

    def action_mark(self) -> None:
        """Turn the mark of the row around, and go down."""
        self.toggle_row(self.cursor)
        self.move_cursor(self.cursor + 1)

    def toggle_row(self, row: int) -> None:
        """Turn the mark of a row around."""
        if row < len(self.rows) and not self.rows[row].is_up:
            self.selection = self._selection.toggle(self.rows[row].name)

    def action_extend_up(self) -> None:
        """Mark from where the range began up to the row above."""
        self._extend(self.cursor - 1)

    def action_extend_down(self) -> None:
        """Mark from where the range began down to the row below."""
        self._extend(self.cursor + 1)

    def _extend(self, row: int) -> None:
        if self._selection.anchor not in self._index:
            self.begin_range(self.cursor)
        self.move_cursor(row)
        self.cover(self.cursor)

    def begin_range(self, row: int) -> None:
        """Start a range at a row."""
        if self.rows:
            self._selection = self._selection.begin(self.rows[row].name)

    def cover(self, row: int) -> None:
        """Let the range that was begun reach to a row."""
        anchor = self._index.get(self._selection.anchor or "", row)
        self.selection = self._selection.cover(self.names(anchor, row))

    def end_range(self) -> None:
        """Finish the range; its marks stay."""
        self._selection = self._selection.end()

    def action_select_all(self) -> None:
        """Mark all rows that are shown."""
        self.selection = self._selection.replace(self.names(0, self._last))

    def action_invert(self) -> None:
        """Turn all marks around."""
        self.selection = self._selection.invert(self.names(0, self._last))

    def action_again(self) -> None:
        """List the folder again."""
        self.post_message(self.RetryWanted())

    def action_back(self) -> None:
        """Undo one thing: a drag, else leave it to the pane."""
        if not self._mouse.cancel():
            self.post_message(self.SteppedBack())

    # The mouse.

    @property
    def has_mouse(self) -> bool:
        """Whether it captures the mouse."""
        captured = self.app.mouse_captured  # pyright: ignore[reportUnknownMemberType]
        return captured is self

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Press: move the cursor, toggle, or begin a drag."""
        self._mouse.press(event)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Drag."""
        self._mouse.move(event)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Release."""
        self._mouse.release(event)

    def on_mouse_release(self) -> None:
        """Something else took the mouse."""
        self._mouse.lost()

    def on_click(self, event: events.Click) -> None:
        """Open on a double click."""
        if event.chain == 2 and event.button == 1 and not event.ctrl:  # noqa: PLR2004
            row = self.row_at(event.y)
            if row is not None and row == self.cursor:
                self.action_open()

    # Drawing.

    def on_resize(self) -> None:
        """Choose the columns again."""
        self._lay_out()
        self.scroll_to_row(self.cursor)

    @override
    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles.clear()

    def on_focus(self) -> None:
        """Show the cursor bright."""
        self.refresh_row(self.cursor)

    def on_blur(self) -> None:
        """Show the cursor dim."""
        self.refresh_row(self.cursor)

    @property
    def columns(self) -> Columns:
        """The columns as they are laid out now."""
        return self._columns

    def _lay_out(self) -> None:
        set_length(self, len(self.rows))
        live = self.badges and any(row.live for row in self.rows)
        width = self.scrollable_content_region.width or self.size.width
        self._columns = columns_for(max(1, width), badges=self.badges, live=live)
        self._notice_lines = [
            (piece, part == 0)
            for part, text in enumerate(self.notice)
            for piece in wrap(text, max(1, width - 4), self.symbols.ellipsis)
        ]
        self.refresh()

    @override
    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        index = y + round(self.scroll_y)
        if index < len(self.rows):
            return Strip(self._segments(index), width)
        return self._notice_line(index - len(self.rows) - 1, width)

    def _notice_line(self, line: int, width: int) -> Strip:
        if not 0 <= line < len(self._notice_lines):
            return Strip.blank(width, self.rich_style)
        text, is_first = self._notice_lines[line]
        style = self._style("notice" if is_first else "muted")
        return Strip([Segment(fit_name(f"  {text}", width), style)], width)

    def _segments(self, index: int) -> list[Segment]:
        row, base = self.rows[index], self._base(index)
        marked = row.name in self._selection
        line = file_line(row, self._columns, self.symbols, marked=marked)
        ink = _no_ink if base.reverse else self._ink
        return [Segment(text, base + ink(role)) for text, role in line]

    def _base(self, index: int) -> Style:
        if index == self.drop_row:
            return self._style("drop")
        if index != self.cursor:
            return self._style("")
        return self._style("cursor" if self.has_focus else "cursor-blurred")

    def _style(self, name: str) -> Style:
        if name not in self._styles:
            full = f"file-list--{name}"
            style = self.get_component_rich_style(full) if name else self.rich_style
            self._styles[name] = style
        return self._styles[name]

    def _ink(self, name: str) -> Style:
        """Return a style without its background: that is the row's."""
        if not name:
            return Style()
        key = f"ink {name}"
        if key not in self._styles:
            style = self._style(name)
            self._styles[key] = Style(color=style.color, bold=style.bold, dim=style.dim)
        return self._styles[key]
