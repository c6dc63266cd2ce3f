"""The transfers panel: every batch and file with its progress, and what to do to it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from typing_extensions import override

from hypha_artifact.transfer.state import Action, Command, JobState, JobView, Snapshot
from hypha_tui.keymap import keys_of, shown
from hypha_tui.state.lines import Line
from hypha_tui.state.transfer_commands import (
    commands,
    commands_for_all,
    orders,
    retries,
)
from hypha_tui.state.transfer_lines import draw, headline
from hypha_tui.state.transfer_rows import (
    GroupRow,
    JobRow,
    Row,
    identify,
    jobs_of,
    transfer_rows,
)
from hypha_tui.themes import ASCII, Symbols
from hypha_tui.widgets.line_list import LineList, bindings, clickable, content

_NAME = "Transfers  "
_CORNERS = 4
"""Cells of the upper border that a title leaves to corners and blanks."""
_EMPTY: tuple[Line, ...] = (
    (("Nothing is moving.", "muted"),),
    (("F5", "accent"), (" copies the selection to the other pane.", "muted")),
)


class TransfersPanel(LineList[Row]):
    """A view of ``Snapshot``; posts what the user wants done and does nothing itself.

    Args:
        symbols: The set to draw with.
        clock: Epoch seconds now, to count down to a next try.
        id: The widget's name in the tree.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(keys_of("transfers"))
    DEFAULT_CSS = """
    TransfersPanel {
        border: round $border-blurred;
        border-title-color: $foreground;
        border-subtitle-color: $text-muted;
        &:focus { border: round $border; }
        &.-ascii { border: ascii $border-blurred; }
        &.-ascii:focus { border: ascii $border; }
    }
    """

    class Commanded(Message):
        """The user wants something done to some jobs."""

        def __init__(self, command: Command) -> None:
            super().__init__()
            self.command = command

    class LimitWanted(Message):
        """The user wants to say how fast bytes may go."""

    class GoTo(Message):
        """The user wants to see where a file goes to."""

        def __init__(self, job: JobView) -> None:
            super().__init__()
            self.job = job

    def __init__(
        self,
        symbols: Symbols,
        *,
        clock: Callable[[], float] = time.time,
        id: str | None = None,  # noqa: A002 - Textual's name for it
    ) -> None:
        super().__init__(self._draw_row, identify, empty=_EMPTY, id=id, ranged=True)
        self._symbols = symbols
        self._clock = clock
        self._snapshot = Snapshot()
        self.set_class(symbols == ASCII, "-ascii")
        self._retitle()

    def _draw_row(self, row: Row, width: int) -> Line:
        return draw(row, width, self._symbols, self._clock())

    @override
    def on_mount(self) -> None:
        """Count down to next tries, once a second."""
        self.set_interval(1.0, self._tick)

    def _tick(self) -> None:
        rows = self.rows
        self.refresh_rows(lambda index: _waits(rows[index]))

    def on_resize(self) -> None:
        """Break the reasons anew, and see how much the title can say."""
        self._list()
        self._retitle()

    def show(self, snapshot: Snapshot) -> None:
        """Show another snapshot; only the rows that changed are painted again."""
        self._snapshot = snapshot
        self._list()
        self._retitle()

    def _list(self) -> None:
        if width := self.line_width:
            self.set_rows(transfer_rows(self._snapshot, width, self._symbols))

    def _retitle(self) -> None:
        room = self.size.width - len(_NAME) - _CORNERS
        title = headline(self._snapshot, self._symbols, max(0, room))
        self.border_title = content(((_NAME, "strong"), *title))
        self._rehint()

    def _rehint(self) -> None:
        hints = self._hints() if self.has_focus and self.rows else []
        self.border_subtitle = Content("  ").join(hints)

    def _hints(self) -> list[Content]:
        able = {
            "pause": self._commands(Action.PAUSE) or self._commands(Action.RESUME),
            "cancel": self._commands(Action.CANCEL),
            "retry": self._commands(Action.RETRY),
            "retry_all": retries(self._snapshot),
            "now": orders(Action.FIRST, self.selected, self._snapshot),
            "limit": self._snapshot.groups,
            "clear": commands_for_all(Action.CLEAR, self._snapshot),
        }
        return [
            clickable(shown(key.keys[0]), key.label, key.action)
            for key in keys_of("transfers")
            if able.get(key.action) and key.label
        ]

    @override
    def watch_has_focus(self, _has_focus: bool) -> None:
        super().watch_has_focus(_has_focus)
        self._rehint()

    def on_line_list_moved(self) -> None:
        """Show the keys of the row."""
        self._rehint()

    def on_line_list_opened(self, event: LineList.Opened) -> None:
        """Go to where the file is."""
        event.stop()
        jobs = jobs_of(self.current) if self.current else ()
        if not jobs and isinstance(self.current, GroupRow):
            group = self.current.group.id
            jobs = tuple(job for job in self._snapshot.jobs if job.group == group)
        if jobs:
            self.post_message(self.GoTo(jobs[0]))

    def _commands(self, action: Action) -> list[Command]:
        return commands(action, self.selected, self._snapshot)

    def _post(self, found: list[Command]) -> None:
        for command in found:
            self.post_message(self.Commanded(command))

    def action_pause(self) -> None:
        """Pause what is selected, or resume it where all of it is paused."""
        self._post(self._commands(Action.PAUSE) or self._commands(Action.RESUME))

    def action_pause_all(self) -> None:
        """Pause everything, or resume it where all of it is paused."""
        snapshot = self._snapshot
        self._post(
            commands_for_all(Action.PAUSE, snapshot)
            or commands_for_all(Action.RESUME, snapshot)
        )

    def action_cancel(self) -> None:
        """Cancel what is selected."""
        self._post(self._commands(Action.CANCEL))

    def action_cancel_all(self) -> None:
        """Cancel everything that is left."""
        self._post(commands_for_all(Action.CANCEL, self._snapshot))

    def action_retry(self) -> None:
        """Try what is selected again."""
        self._post(self._commands(Action.RETRY))

    def action_retry_all(self) -> None:
        """Try all failed files again."""
        self._post(retries(self._snapshot))

    def _order(self, action: Action) -> None:
        self._post(orders(action, self.selected, self._snapshot))

    def action_now(self) -> None:
        """Let what is selected go before all others."""
        self._order(Action.FIRST)

    def action_raise(self) -> None:
        """Let the batch go before others."""
        self._order(Action.RAISE)

    def action_lower(self) -> None:
        """Let others go before the batch."""
        self._order(Action.LOWER)

    def action_commit_after(self) -> None:
        """Commit once the batch is up, or not."""
        self._order(Action.COMMIT)

    def action_limit(self) -> None:
        """Ask how fast bytes may go."""
        self.post_message(self.LimitWanted())

    def action_clear(self) -> None:
        """Forget what is finished."""
        self._post(commands_for_all(Action.CLEAR, self._snapshot))


def _waits(row: Row) -> bool:
    return isinstance(row, JobRow) and row.job.state is JobState.WAITING
