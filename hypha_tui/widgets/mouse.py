"""The mouse in a file list: click, mark, range by drag, carry to the other pane."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct
from textual import events
from textual.geometry import Offset
from textual.timer import Timer

from hypha_tui.state.columns import MARK_WIDTH

if TYPE_CHECKING:
    from hypha_tui.widgets.file_list import FileList

TICK = 0.05
"""Seconds between two steps of the autoscroll."""
SLOW_TICKS = 10
FASTEST = 12


class Gesture(Enum):
    """What a drag does."""

    RANGE = "range"
    """Mark from the row that was pressed to the row under the pointer."""
    CARRY = "carry"
    """Take the marked rows to the other pane."""


class Press(Struct, frozen=True, kw_only=True):
    """A button that is held down; ``moved`` once it left its row."""

    row: int
    gesture: Gesture
    moved: bool = False


def scroll_step(ticks: int, distance: int) -> int:
    """Return how many rows to scroll: slow at first, then faster.

    Args:
        ticks: How often it was scrolled before, in this drag.
        distance: How many cells the pointer is beyond the edge, negative above it.
    """
    if ticks < SLOW_TICKS:
        rows = ticks % 2
    else:
        rows = min(FASTEST, abs(distance) + (ticks - SLOW_TICKS) // SLOW_TICKS)
    return rows if distance > 0 else -rows


class MouseGrammar:
    """Turns presses, moves and releases into cursor moves, marks and drops.

    Args:
        target: The list it works on.
    """

    def __init__(self, target: FileList) -> None:
        self._list = target
        self._press: Press | None = None
        self._timer: Timer | None = None
        self._ticks = 0
        self._beyond = 0

    def press(self, event: events.MouseDown) -> None:
        """Move the cursor; toggle in the mark column or with ctrl; arm a drag."""
        row = self._list.row_at(event.y)
        if row is None or event.button != 1:
            return
        marked = self._list.rows[row].name in self._list.selection
        toggles = event.ctrl or event.x < MARK_WIDTH - 1
        self._list.end_range()
        self._list.move_cursor(row)
        if toggles:
            self._list.toggle_row(row)
        carries = marked and not toggles
        gesture = Gesture.CARRY if carries else Gesture.RANGE
        self._press = Press(row=row, gesture=gesture)
        self._list.capture_mouse()

    def move(self, event: events.MouseMove) -> None:
        """Draw the range, scroll at an edge, or carry."""
        if self._press is None:
            return
        if self._press.gesture is Gesture.CARRY:
            self._carry(event)
            return
        self._reach(event.y)
        self._watch_edge(event.y)

    def release(self, event: events.MouseUp) -> None:
        """Finish the range, or drop."""
        press = self._stop()
        if press is None or not press.moved:
            return
        if press.gesture is Gesture.CARRY:
            self._say(event.screen_offset, dropped=True)
        else:
            self._list.end_range()

    def cancel(self) -> bool:
        """Give up a drag; tell whether there was one."""
        press = self._stop()
        if press is None or not press.moved:
            return False
        if press.gesture is Gesture.CARRY:
            self._say(Offset(-1, -1), cancelled=True)
        else:
            self._list.selection = self._list.selection.replace(
                self._list.selection.base
            )
        return True

    def lost(self) -> None:
        """The capture is gone; nothing is dropped.

        The message may come late, when the next press has captured the mouse again.
        """
        if self._press is not None and not self._list.has_mouse:
            self.cancel()

    def _reach(self, y: int) -> None:
        press = self._press
        last = len(self._list.rows) - 1
        if press is None or last < 0:
            return
        height = self._list.size.height
        inside = max(0, min(y, height - 1)) + round(self._list.scroll_y)
        row = min(inside, last)
        if not press.moved:
            if row == press.row:
                return
            self._press = Press(row=press.row, gesture=press.gesture, moved=True)
            self._list.begin_range(press.row)
        if row != self._list.cursor:
            self._list.move_cursor(row)
        self._list.cover(row)

    def _watch_edge(self, y: int) -> None:
        height = self._list.size.height
        self._beyond = y if y < 0 else max(0, y - height + 1)
        if not self._beyond:
            self._stop_timer()
        elif self._timer is None:
            self._ticks = 0
            self._timer = self._list.set_interval(TICK, self.tick)

    def tick(self) -> None:
        """Scroll one step while the pointer is beyond an edge, and reach on."""
        rows = scroll_step(self._ticks, self._beyond)
        self._ticks += 1
        if not rows or self._press is None:
            return
        edge = 0 if rows < 0 else self._list.size.height - 1
        self._list.set_top(max(0, round(self._list.scroll_y) + rows))
        self._reach(edge)

    def _carry(self, event: events.MouseMove) -> None:
        press = self._press
        if press is None:
            return
        if not press.moved and self._list.row_at(event.y) == press.row:
            inside = 0 <= event.x < self._list.size.width
            if inside:
                return
        self._press = Press(row=press.row, gesture=press.gesture, moved=True)
        self._say(event.screen_offset)

    def _say(
        self, at: Offset, *, dropped: bool = False, cancelled: bool = False
    ) -> None:
        message = self._list.Carried(at, dropped=dropped, cancelled=cancelled)
        self._list.post_message(message)

    def _stop(self) -> Press | None:
        press, self._press = self._press, None
        self._stop_timer()
        if press is not None:
            self._list.release_mouse()
        return press

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
