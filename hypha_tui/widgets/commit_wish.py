"""The wish that an upload ends with a commit: a box to tick, and the message."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input
from typing_extensions import override

from hypha_artifact.transfer.outcome import CommitOption
from hypha_tui.widgets.keys_line import KeyHint
from hypha_tui.widgets.tick import Tick

_TEXT = (
    "Commit when every file has arrived: the whole stage, by itself, once. "
    "Nothing is committed if a file fails."
)
WISH = KeyHint(key="c", label="Commit after", action="wish_commit")
"""The key that turns it, in a dialog that has ``action_wish_commit``."""


class CommitWish(Vertical):
    """Off by default. Enter in the message posts ``Accepted``.

    Args:
        option: What was wished for already, if anything.
    """

    ROWS = 3
    """What it takes, ticked, in a dialog of usual width."""

    DEFAULT_CSS = """
    CommitWish { height: auto; }
    .-tall CommitWish { margin-top: 1; }
    """

    class Accepted(Message):
        """The user has written the message."""

    def __init__(self, option: CommitOption | None = None) -> None:
        super().__init__(id="wish")
        self._tick = Tick(_TEXT, on=option is not None, id="commit")
        hint = "Message: what changed, and why"
        self._message = Input(placeholder=hint, id="message")
        self._message.display = option is not None
        self._comment = option.comment if option else None

    @override
    def compose(self) -> ComposeResult:
        yield self._tick
        yield self._message

    def on_mount(self) -> None:
        """Show what was written already."""
        self._message.value = self._comment or ""

    @property
    def option(self) -> CommitOption | None:
        """What is wished for; None where there is to be no commit."""
        if not self._tick.is_on:
            return None
        return CommitOption(comment=self._message.value.strip() or None)

    def turn(self) -> None:
        """Tick the box, or take the tick away."""
        self._tick.action_turn()

    @on(Tick.Turned)
    def _turned(self, event: Tick.Turned) -> None:
        event.stop()
        self._message.display = self._tick.is_on
        (self._message if self._tick.is_on else self._tick).focus()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Accepted())
