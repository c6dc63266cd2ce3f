"""A look into a file: its first bytes, as text or as hex; nothing is run or opened."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct
from rich.cells import chop_cells
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Static
from typing_extensions import override

from hypha_artifact.errors import HyphaError
from hypha_tui.providers.base import Place
from hypha_tui.screens.dialog import Dialog
from hypha_tui.screens.ui import Ui
from hypha_tui.state.lines import Line
from hypha_tui.state.looks import MOST, Look, look
from hypha_tui.state.rows import Row
from hypha_tui.state.text import size
from hypha_tui.widgets.keys_line import KeyHint
from hypha_tui.widgets.line_list import LineList
from hypha_tui.widgets.status_bar import Tone

_CLOSE = KeyHint(key="Esc", label="Close", action="leave", tone="main")


class _Piece(Struct, frozen=True):
    line: int
    part: int
    text: str


class LookList(LineList[_Piece]):
    """Lines, each broken where it is too long.

    Args:
        lines: Safe to show.
    """

    DEFAULT_CSS = """
    LookList { height: auto; min-height: 1; background: $panel; }
    """

    def __init__(self, lines: tuple[str, ...]) -> None:
        super().__init__(_draw)
        self._lines = lines

    def on_resize(self) -> None:
        """Break the lines anew."""
        if width := self.line_width:
            self.set_rows(
                [
                    _Piece(number, part, text)
                    for number, line in enumerate(self._lines)
                    for part, text in enumerate(chop_cells(line, width) or [""])
                ]
            )


def _draw(row: _Piece, width: int) -> Line:
    del width
    return ((row.text, "plain"),)


class ViewScreen(Dialog[None]):
    """Shows what a file begins with.

    Args:
        name: The file's name; untrusted.
        length: Its bytes in all, where that is known.
        found: What it begins with.
    """

    DEFAULT_CSS = """
    ViewScreen > #dialog { width: 98%; max-width: 130; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [("escape,q,f3,v", "leave", "Close")]

    def __init__(self, name: str, length: int | None, found: Look) -> None:
        super().__init__(name, keys=(_CLOSE,))
        cut = length is not None and length > MOST
        first = f"; these are the first {size(MOST)}" if cut else ""
        self._about = f"{found.kind}, {size(length)}{first}"
        self.list = self._lines = LookList(found.lines)

    @override
    def body(self) -> ComposeResult:
        yield Static(Content(self._about), classes="label")
        yield self._lines

    @override
    def on_mount(self) -> None:
        """Let it be scrolled at once."""
        super().on_mount()
        self._lines.focus()

    @override
    def room(self, height: int) -> int:
        return height - 8


class ViewFlow:
    """Reads the beginning of a file, and shows it.

    Args:
        ui: The screen to show it on.
    """

    def __init__(self, ui: Ui) -> None:
        self._ui = ui

    async def run(self, place: Place, row: Row | None) -> None:
        """Look into a file, or say why not.

        Raises:
            HyphaError: It cannot be read.
        """
        if row is None or row.is_folder or row.error:
            why = (row and row.error) or "that is no file"
            self._ui.say(f"There is nothing to look into: {why}.", Tone.WARNING)
            return
        self._ui.say("Reading ...", Tone.BUSY)
        try:
            data = await place.provider.head(place.folder, row.name, MOST)
        except HyphaError:
            self._ui.say("")
            raise
        self._ui.say("")
        if not self._ui.is_asking:
            await self._ui.ask(ViewScreen(row.name, row.size, look(data)))
