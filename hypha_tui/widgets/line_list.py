"""A list drawn line by line: no widget a row, no hover, two lines a cursor move."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import ClassVar, Generic, TypeVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.style import Style as ContentStyle
from textual.widget import Widget
from typing_extensions import override

from hypha_tui.keymap import Key, keys_of
from hypha_tui.state.lines import Line, Role, plain
from hypha_tui.widgets.scrollbar import set_length, use_whole_cells

RowT = TypeVar("RowT")
Draw = Callable[[RowT, int], Line]

_MOVES = {
    "cursor_up",
    "cursor_down",
    "page_up",
    "page_down",
    "first",
    "last",
    "open",
    "extend_up",
    "extend_down",
    "select_all",
}

COLOURS: dict[Role, str] = {
    "plain": "",
    "muted": "dim",
    "strong": "bold",
    "accent": "bold $accent",
    "good": "$text-success",
    "warn": "$text-warning",
    "bad": "bold $text-error",
    "up": "$secondary",
    "down": "$primary",
}


def bindings(keys: Iterable[Key]) -> list[BindingType]:
    """Make hidden bindings of rows of the keymap."""
    return [Binding(",".join(k.keys), k.action, k.help, show=False) for k in keys]


MOVES: list[BindingType] = bindings(
    key for key in keys_of("list") if key.action in _MOVES - {"open"}
)
"""What moves the cursor; for lists whose other keys are their own."""


def content(line: Line) -> Content:
    """Make a text of a line that is not drawn by a list: a title, a hint."""
    return Content.assemble(*((text, COLOURS[role]) for text, role in line))


def clickable(key: str, label: str, action: str) -> Content:
    """Name a key and what it does, as a text that does it when clicked."""
    click = ContentStyle.from_meta({"@click": action})
    text = Content.assemble((key, "bold $accent"), " ", label)
    return text.stylize(click)


class LineList(ScrollView, Generic[RowT], can_focus=True):
    """Rows of one line, with a cursor and a range.

    Args:
        draw: Makes the line of a row for a width in cells.
        identify: What makes a row the same after an update; the row itself by default.
        empty: Shown in the middle while there are no rows.
        id: The widget's name in the tree.
        ranged: Whether Shift-arrows and dragging mark a range.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "line--cursor",
        "line--range",
        *(f"line--{role}" for role in COLOURS),
    }
    BINDINGS: ClassVar[list[BindingType]] = bindings(
        key for key in keys_of("list") if key.action in _MOVES
    )
    DEFAULT_CSS = """
    LineList {
        background: $surface;
        color: $foreground;
        scrollbar-size-vertical: 1;
        scrollbar-gutter: stable;
        overflow-x: hidden;
        scrollbar-size-horizontal: 0;
        link-style: none;
        link-background-hover: $boost;
    }
    LineList > .line--muted { color: $text-muted; }
    LineList > .line--strong { text-style: bold; }
    LineList > .line--accent { color: $accent; text-style: bold; }
    LineList > .line--good { color: $text-success; }
    LineList > .line--warn { color: $text-warning; }
    LineList > .line--bad { color: $text-error; text-style: bold; }
    LineList > .line--up { color: $secondary; }
    LineList > .line--down { color: $primary; }
    LineList > .line--range { background: $primary-muted; }
    LineList:focus > .line--cursor {
        color: $block-cursor-foreground;
        background: $block-cursor-background;
        text-style: $block-cursor-text-style;
    }
    LineList:ansi > .line--muted { color: ansi_default; text-style: dim; }
    LineList:ansi:focus > .line--cursor { text-style: reverse; }
    """

    class Told(Message):
        """Something happened in a list."""

        def __init__(self, source: Widget) -> None:
            super().__init__()
            self.source = source

        @property
        @override
        def control(self) -> Widget:
            return self.source

    class Moved(Told):
        """The cursor is on another row."""

    class Opened(Told):
        """Enter or a double click on the row under the cursor."""

    def __init__(
        self,
        draw: Draw[RowT],
        identify: Callable[[RowT], Hashable] | None = None,
        *,
        empty: Sequence[Line] = (),
        id: str | None = None,  # noqa: A002 - Textual's name for it
        ranged: bool = False,
    ) -> None:
        super().__init__(id=id)
        self._draw = draw
        self._identify: Callable[[RowT], Hashable] = identify or _itself
        self._empty = tuple(empty)
        self._ranged = ranged
        self._rows: Sequence[RowT] = ()
        self._cursor = 0
        self._anchor: int | None = None
        self._dragging = False
        self._blank = Style()

    @override
    def on_mount(self) -> None:
        """Draw the scrollbar with characters that every terminal has."""
        use_whole_cells(self)

    @property
    def rows(self) -> Sequence[RowT]:
        """The rows, in order."""
        return self._rows

    @property
    def cursor(self) -> int:
        """The cursor's row, from 0."""
        return self._cursor

    @property
    def current(self) -> RowT | None:
        """The row under the cursor; None in an empty list."""
        return self._rows[self._cursor] if self._rows else None

    @property
    def selected(self) -> tuple[RowT, ...]:
        """The rows of the range, or the one under the cursor."""
        first, last = self._range()
        return tuple(self._rows[first : last + 1])

    @property
    def line_width(self) -> int:
        """Cells of a line, beside the scrollbar; 0 before there is a layout."""
        return max(0, self.scrollable_content_region.width)

    def _range(self) -> tuple[int, int]:
        anchor = self._cursor if self._anchor is None else self._anchor
        return min(anchor, self._cursor), max(anchor, self._cursor)

    def set_rows(self, rows: Sequence[RowT]) -> None:
        """Show other rows; the cursor stays on its row where that is still there.

        Those of a list are copied; of others, whoever gives them does not change them.
        """
        own = tuple(rows) if isinstance(rows, list) else rows
        old, self._rows = self._rows, own
        self._follow(old)
        if len(old) != len(self._rows):
            set_length(self, len(self._rows))
            self.refresh()
        else:
            self.refresh_rows(lambda index: old[index] != self._rows[index])

    def _follow(self, old: Sequence[RowT]) -> None:
        anchor = self._cursor if self._anchor is None else self._anchor
        if not old or all(self._stays(old, i) for i in (self._cursor, anchor)):
            return
        marks = {self._identify(old[index]) for index in (self._cursor, anchor)}
        keys = map(self._identify, self._rows)
        places = {key: index for index, key in enumerate(keys) if key in marks}
        last = max(0, len(self._rows) - 1)
        if self._anchor is not None:
            self._anchor = places.get(self._identify(old[self._anchor]))
        self._cursor = places.get(
            self._identify(old[self._cursor]), min(self._cursor, last)
        )

    def _stays(self, old: Sequence[RowT], index: int) -> bool:
        rows, identify = self._rows, self._identify
        return index < len(rows) and identify(rows[index]) == identify(old[index])

    def set_empty(self, empty: Sequence[Line]) -> None:
        """Change what is shown while there are no rows."""
        if self._empty != tuple(empty):
            self._empty = tuple(empty)
            self.refresh()

    def refresh_rows(self, changed: Callable[[int], bool]) -> None:
        """Paint again those rows on the screen that have changed."""
        first = self.scroll_offset.y
        last = min(len(self._rows), first + self.size.height)
        regions = [self._line(i) for i in range(first, last) if changed(i)]
        if regions:
            self.refresh(*regions)

    def _line(self, index: int) -> Region:
        return Region(0, index - self.scroll_offset.y, self.size.width, 1)

    @override
    def render_lines(self, crop: Region) -> list[Strip]:
        self._blank = self.rich_style  # each look at it asks all ancestors
        return super().render_lines(crop)

    @override
    def render_line(self, y: int) -> Strip:
        width = self.line_width
        index = y + self.scroll_offset.y
        if index < len(self._rows):
            line = self._draw(self._rows[index], width)
            segments = self._segments(line, index)
        else:
            segments = self._empty_line(y, width)
        style = segments[0].style if segments and index < len(self._rows) else None
        strip = Strip(segments).adjust_cell_length(width, self._background(style))
        return strip.adjust_cell_length(self.size.width, self._blank)

    def _background(self, style: Style | None) -> Style:
        return self._blank + Style(bgcolor=style.bgcolor if style else None)

    def _segments(self, line: Line, index: int) -> list[Segment]:
        first, last = self._range()
        if index == self._cursor and self.has_focus:
            style = self.get_component_rich_style("line--cursor")
            return [Segment(text, style) for text, _ in line]
        back = Style()
        if self._anchor is not None and first <= index <= last:
            marked = self.get_component_rich_style("line--range")
            back = Style(bgcolor=marked.bgcolor)
        return [Segment(text, self._style(role) + back) for text, role in line]

    def _style(self, role: Role) -> Style:
        return self.get_component_rich_style(f"line--{role}")

    def _empty_line(self, y: int, width: int) -> list[Segment]:
        index = y - max(0, (self.size.height - len(self._empty)) // 2)
        if self._rows or not 0 <= index < len(self._empty):
            return []
        line = self._empty[index]
        left = max(0, (width - Content(plain(line)).cell_length) // 2)
        pad = Segment(" " * left, self._blank)
        return [pad, *(Segment(text, self._style(role)) for text, role in line)]

    def move_to(self, index: int, *, extend: bool = False) -> None:
        """Put the cursor on a row, the nearest there is; ``extend`` marks the way."""
        if not self._rows:
            return
        was = self._range()
        keep = self._cursor if self._anchor is None else self._anchor
        self._anchor = keep if extend and self._ranged else None
        self._cursor = max(0, min(index, len(self._rows) - 1))
        self._repaint(was)
        self.scroll_to_region(
            Region(0, self._cursor, 1, 1), animate=False, x_axis=False, immediate=True
        )
        self.post_message(self.Moved(self))

    def _repaint(self, was: tuple[int, int]) -> None:
        now = self._range()
        touched = {*range(was[0], was[1] + 1), *range(now[0], now[1] + 1)}
        self.refresh_rows(touched.__contains__)

    @override
    def watch_has_focus(self, _has_focus: bool) -> None:
        super().watch_has_focus(_has_focus)
        self.refresh_rows(self._cursor.__eq__)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Put the cursor where the click is, and start a range."""
        if event.button == 1 and (index := self._row_at(event)) is not None:
            self.move_to(index)
            if self._ranged:
                self._dragging = True
                self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Mark what the drag passes over; scroll at the edges."""
        if self._dragging:
            top = self.content_region.y - self.region.y
            self.move_to(event.y - top + self.scroll_offset.y, extend=True)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """End the drag."""
        event.stop()
        self._dragging = False
        self.release_mouse()

    def on_click(self, event: events.Click) -> None:
        """Open the row at the second click."""
        if event.chain == 2 and self._row_at(event) is not None:  # noqa: PLR2004
            self.action_open()

    def _row_at(self, event: events.MouseEvent) -> int | None:
        offset = event.get_content_offset(self)
        index = offset.y + self.scroll_offset.y if offset else len(self._rows)
        return index if index < len(self._rows) else None

    def action_cursor_up(self) -> None:
        """Go up a row."""
        self.move_to(self._cursor - 1)

    def action_cursor_down(self) -> None:
        """Go down a row."""
        self.move_to(self._cursor + 1)

    @override
    def action_page_up(self) -> None:
        """Go up a page."""
        self.move_to(self._cursor - max(1, self.size.height - 1))

    @override
    def action_page_down(self) -> None:
        """Go down a page."""
        self.move_to(self._cursor + max(1, self.size.height - 1))

    def action_first(self) -> None:
        """Go to the first row."""
        self.move_to(0)

    def action_last(self) -> None:
        """Go to the last row."""
        self.move_to(len(self._rows) - 1)

    def action_extend_up(self) -> None:
        """Mark, and go up a row."""
        self.move_to(self._cursor - 1, extend=True)

    def action_extend_down(self) -> None:
        """Mark, and go down a row."""
        self.move_to(self._cursor + 1, extend=True)

    def action_select_all(self) -> None:
        """Mark all rows."""
        self.move_to(0)
        self.move_to(len(self._rows) - 1, extend=True)

    def action_open(self) -> None:
        """Open the row under the cursor."""
        if self._rows:
            self.post_message(self.Opened(self))


def _itself(row: object) -> Hashable:
    return row
