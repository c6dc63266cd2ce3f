"""Transfers and stage in one line each, where there is no room for the panels."""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from hypha_artifact.models import StageState
from hypha_artifact.transfer.state import Direction, Snapshot
from hypha_tui.state import stage_rows, transfer_lines
from hypha_tui.state.lines import Line, Role
from hypha_tui.state.progress import current_job
from hypha_tui.state.text import fit_name
from hypha_tui.themes import Symbols, bar
from hypha_tui.widgets.line_list import content

_NAME, _BAR = 18, 12
MUTED = "$foreground-muted"


class SummaryLine(Static):
    """One line that opens its panel when clicked.

    Args:
        action: The keymap's action that opens the panel.
        idle: What to show while there is nothing to tell.
    """

    ALLOW_SELECT = False

    @dataclass
    class Pressed(Message):
        """The line was clicked."""

        action: str

    def __init__(self, action: str, idle: str, *, id: str) -> None:  # noqa: A002
        super().__init__("", id=id, markup=False)
        self._action = action
        self._idle = idle

    def on_mount(self) -> None:
        """Start idle."""
        self.tell(())

    def tell(self, line: Line) -> None:
        """Show a line of coloured texts, or the idle text for none."""
        shown = content(line) if line else Content.styled(self._idle, MUTED)
        # One line is one line: a layout would draw the whole screen at each look.
        self.update(Content(" ") + shown, layout=False)

    def on_click(self) -> None:
        """Ask for the panel."""
        self.post_message(self.Pressed(self._action))


def transfer_line(snapshot: Snapshot, symbols: Symbols) -> Line:
    """Say how the transfers are: the file that moves now, and the counts.

    Args:
        snapshot: The engine's state.
        symbols: The characters to draw with.

    Returns:
        A line; empty when there is nothing to tell.
    """
    head = transfer_lines.headline(snapshot, symbols)
    job = current_job(snapshot)
    if job is None:
        return head
    upload = job.direction is Direction.UPLOAD
    sign = symbols.up if upload else symbols.down
    name = fit_name(job.remote.name, _NAME, symbols.ellipsis)
    gauge = bar(job.fraction, _BAR, symbols)
    role: Role = "up" if upload else "down"
    return (
        (f"{sign} ", role),
        (f"{name} ", "plain"),
        (gauge, role),
        (f" {job.fraction:4.0%}   ", "plain"),
        *head,
    )


def stage_line(state: StageState | None) -> Line:
    """Say what is staged; empty when nothing is."""
    head = stage_rows.headline(state)
    if not head:
        return ()
    keys: Line = (("   s ", "accent"), ("show  ", "muted"), ("C ", "accent"))
    return (("STAGE  ", "strong"), *head, *keys, ("commit", "muted"))
