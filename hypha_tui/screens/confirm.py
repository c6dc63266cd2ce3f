"""The last question before something is destroyed."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Input, Static
from typing_extensions import override

from hypha_tui.screens.dialog import Dialog
from hypha_tui.widgets.keys_line import KeyHint, Tone

_BACK = KeyHint(key="Esc", label="Back", action="leave")


class ConfirmScreen(Dialog[bool]):
    """Says what will be lost; only its own key, or the typed number, confirms.

    Args:
        title: What is about to happen.
        body: What it costs, with counts and sizes; names already made printable.
        key: The key that confirms: another one than opened the dialog.
        label: What the key does, in a word.
        typed: A number of files that has to be typed instead of pressing the key.
    """

    DEFAULT_CSS = """
    ConfirmScreen > #dialog { border: round $error; }
    ConfirmScreen.-ascii > #dialog { border: ascii $error; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [("escape", "leave", "Back")]

    def __init__(
        self, title: str, body: str, *, key: str, label: str, typed: int | None = None
    ) -> None:
        super().__init__(title)
        self._body = body
        self._key = key
        self._label = label
        self._typed = typed
        self._say_keys(sure=typed is None)

    @override
    def body(self) -> ComposeResult:
        yield Static(Content(self._body))
        if self._typed is not None:
            yield Static(
                Content.assemble("Type ", (f"{self._typed}", "bold"), " to confirm:"),
                classes="gap",
            )
            yield Input(restrict=r"[0-9]*", id="typed")

    def _say_keys(self, *, sure: bool) -> None:
        key = self._key if self._typed is None else "Enter"
        tone: Tone = "danger" if sure else "off"
        yes = KeyHint(key=key, label=self._label, action="confirm", tone=tone)
        self.keys_line.show((yes, _BACK))

    @property
    def _is_sure(self) -> bool:
        if self._typed is None:
            return True
        return self.query_one("#typed", Input).value == str(self._typed)

    @on(Input.Changed)
    def _changed(self) -> None:
        self._say_keys(sure=self._is_sure)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_confirm()

    def on_key(self, event: events.Key) -> None:
        """Confirm with the one key that does."""
        if self._typed is None and event.character == self._key:
            event.stop()
            self.action_confirm()

    def action_confirm(self) -> None:
        """Say yes, if the number was typed where one is asked for."""
        if self._is_sure:
            self.dismiss(result=True)

    @override
    def action_leave(self) -> None:
        """Say no."""
        self.dismiss(result=False)
