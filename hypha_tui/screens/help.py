"""All keys, made from the keymap."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static
from typing_extensions import override

from hypha_tui.keymap import Key, keys_of, shown
from hypha_tui.themes import ASCII, Symbols

TITLES = {
    "main": "Everywhere",
    "list": "In a pane",
    "transfers": "In the transfers panel",
    "staged": "In the staged changes",
}
MOUSE = (
    ("click", "Put the cursor there"),
    ("double click", "Open the folder"),
    ("drag", "Mark rows; at an edge the list scrolls"),
    ("drag marked rows", "Carry them to the other pane: a copy, there"),
    ("ctrl+click", "Mark or unmark one row; so does the first column"),
    ("wheel", "Scroll"),
    ("path, titles, keys", "Can all be clicked"),
)
_WIDTH = 20


def help_text() -> Content:
    """Write down every key and the mouse."""
    parts: list[Content] = []
    for context, title in TITLES.items():
        parts.append(Content.styled(f"{title}\n", "bold $primary"))
        parts += [_line(_names(key), key.help) for key in keys_of(context)]
        parts.append(Content("\n"))
    parts.append(Content.styled("With the mouse\n", "bold $primary"))
    parts += [_line(what, text) for what, text in MOUSE]
    return Content("").join(parts)


def _names(key: Key) -> str:
    return "  ".join(shown(name) for name in key.keys)


def _line(left: str, right: str) -> Content:
    return Content.assemble((f"  {left:<{_WIDTH}}", "$accent"), f" {right}\n")


class HelpScreen(ModalScreen[None]):
    """Scrolls through the keys; any way out closes it.

    Args:
        symbols: The set to draw with.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1,enter", "dismiss", show=False),
    ]
    DEFAULT_CSS = """
    HelpScreen {
        align: center middle;
        background: $background 60%;
        VerticalScroll {
            width: 72; max-width: 96%; height: 90%; padding: 1 2;
            border: round $border; background: $surface;
            border-title-style: bold; border-subtitle-color: $text-muted;
        }
        Static { height: auto; }
        &.-ascii VerticalScroll { border: ascii $border; }
    }
    """

    def __init__(self, symbols: Symbols) -> None:
        super().__init__()
        self.set_class(symbols == ASCII, "-ascii")

    @override
    def compose(self) -> ComposeResult:
        with VerticalScroll() as box:
            box.border_title = "Keys"
            box.border_subtitle = "Esc closes"
            yield Static(help_text(), markup=False)
