"""Asks for a name, and says at once what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Input, Static
from typing_extensions import override

from hypha_artifact.paths import printable
from hypha_tui.screens.dialog import Dialog
from hypha_tui.widgets.keys_line import KeyHint, Tone

_BACK = KeyHint(key="Esc", label="Cancel", action="leave")


class NameScreen(Dialog[str | None]):
    """One line to type a name in.

    Args:
        title: What the name is for.
        initial: What stands there at first.
        check: Returns what is wrong with a name, None when nothing is.
    """

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "leave", "Cancel")]

    def __init__(
        self, title: str, *, initial: str = "", check: Callable[[str], str | None]
    ) -> None:
        super().__init__(title)
        self._check = check
        self._initial = initial
        self._input = Input(placeholder="name", id="name")
        self._wrong = Static(id="wrong", classes="error", markup=False)
        self._say_keys(ok=check(initial) is None)

    @override
    def on_mount(self) -> None:
        """Let the name be changed."""
        self._input.value = self._initial

    @override
    def body(self) -> ComposeResult:
        yield self._input
        yield self._wrong

    def _say_keys(self, *, ok: bool) -> None:
        tone: Tone = "main" if ok else "off"
        enter = KeyHint(key="Enter", label="OK", action="accept", tone=tone)
        self.keys_line.show((enter, _BACK))

    @on(Input.Changed)
    def _changed(self) -> None:
        wrong = self._check(self._input.value)
        self._say_keys(ok=wrong is None)
        shown = wrong if self._input.value else None
        self._wrong.update(Content(printable(shown or "")))

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_accept()

    def action_accept(self) -> None:
        """Take the name if nothing is wrong with it."""
        name = self._input.value
        wrong = self._check(name)
        if wrong is None:
            self.dismiss(name)
        else:
            self._wrong.update(Content(printable(wrong)))
