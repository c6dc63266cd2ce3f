"""Asks how fast bytes may go, each way, and says at once what is wrong with it."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, Static
from typing_extensions import override

from hypha_artifact.errors import InvalidInput
from hypha_artifact.paths import printable
from hypha_artifact.transfer.state import Direction, Snapshot
from hypha_artifact.transfer.timetable import parse
from hypha_tui.screens.dialog import Dialog
from hypha_tui.widgets.keys_line import KeyHint, Tone

_NOTE = (
    "512k or 5M bytes a second, off, or by local time: 08:00,512k 18:00,off.\n"
    "It holds for all transfers in the background, and after a restart."
)
_BACK = KeyHint(key="Esc", label="Cancel", action="leave")


class LimitScreen(Dialog[dict[Direction, str] | None]):
    """One line for each direction.

    Args:
        snapshot: Has the limits as they are.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__("Limit the rate")
        limits = {
            Direction.UPLOAD: snapshot.upload_limit,
            Direction.DOWNLOAD: snapshot.download_limit,
        }
        self._initial = {way: limit.text for way, limit in limits.items()}
        self._inputs = {way: Input(id=f"limit-{way.value}") for way in limits}
        self._wrong = Static(id="wrong", classes="error", markup=False)

    @override
    def on_mount(self) -> None:
        """Show the limits as they are."""
        super().on_mount()
        for way, line in self._inputs.items():
            line.value = self._initial[way]

    @override
    def body(self) -> ComposeResult:
        for way, line in self._inputs.items():
            yield Static(Content(f"What goes {way.value}"), classes="label")
            yield line
        yield Static(Content(_NOTE), classes="label gap")
        yield self._wrong

    @on(Input.Changed)
    def _changed(self) -> None:
        wrong = self._problem()
        self._wrong.update(Content(printable(wrong or "")))
        tone: Tone = "off" if wrong else "main"
        enter = KeyHint(key="Enter", label="Set", action="accept", tone=tone)
        self.keys_line.show((enter, _BACK))

    def _problem(self) -> str | None:
        for line in self._inputs.values():
            try:
                parse(line.value)
            except InvalidInput as error:
                return error.message
        return None

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_accept()

    def action_accept(self) -> None:
        """Answer with both, if nothing is wrong with them."""
        if self._problem() is None:
            self.dismiss({way: line.value for way, line in self._inputs.items()})
