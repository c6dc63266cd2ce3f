"""The bottom lines: keys that work now, made from the keymap; each can be clicked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget
from typing_extensions import override

from hypha_tui.keymap import Key, keys_of, shown

GAP = 2


def label_of(key: Key) -> str:
    """Name a key's first key and what it does: ``F5/c Copy``."""
    # An F-key has a letter for a twin, as desktops eat some of them.
    many = 2 if key.keys[0][:1] == "f" and key.keys[0] != "f" else 1
    names = "/".join(shown(name) for name in key.keys[:many])
    return f"{names} {key.label}"


def flow(keys: Iterable[Key], width: int, lines: int) -> list[list[tuple[int, Key]]]:
    """Lay keys out in lines, each with its first cell; what does not fit is left out.

    Args:
        keys: In order of importance.
        width: Cells of a line.
        lines: How many lines there are at most.

    Returns:
        For each line used, the start cell and the key of each label.
    """
    laid: list[list[tuple[int, Key]]] = [[]]
    x = 1
    for key in keys:
        need = cell_len(label_of(key))
        if x + need > width and laid[-1]:
            if len(laid) == lines:
                break
            laid.append([])
            x = 1
        laid[-1].append((x, key))
        x += need + GAP
    return laid


class KeyBar(Widget):
    """Shows the labelled keys of the given contexts."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"key-bar--key", "key-bar--label"}

    @dataclass
    class Pressed(Message):
        """A label was clicked."""

        key: Key

    def __init__(self) -> None:
        super().__init__()
        self._contexts: tuple[str, ...] = ("list", "main")
        self._lines: list[list[tuple[int, Key]]] = []

    def show(self, contexts: Sequence[str]) -> None:
        """Show the keys of these contexts, the first one's first."""
        self._contexts = tuple(contexts)
        self._lay_out()

    def on_resize(self) -> None:
        """Flow the labels again."""
        self._lay_out()

    def _lay_out(self) -> None:
        keys = [
            key for context in self._contexts for key in keys_of(context) if key.label
        ]
        keys.sort(key=_rank)
        self._lines = flow(keys, self.size.width, max(1, self.size.height))
        self.refresh()

    @override
    def render_line(self, y: int) -> Strip:
        name = self.get_component_rich_style("key-bar--key")
        label = self.get_component_rich_style("key-bar--label")
        segments: list[Segment] = []
        x = 0
        for start, key in self._lines[y] if y < len(self._lines) else ():
            segments.append(Segment(" " * (start - x), self.rich_style))
            keys, _, text = label_of(key).partition(" ")
            segments += [Segment(keys, name), Segment(f" {text}", label)]
            x = start + cell_len(label_of(key))
        strip = Strip(segments)
        return strip.adjust_cell_length(self.size.width, self.rich_style)

    def on_click(self, event: events.Click) -> None:
        """Tell which label was hit."""
        for start, key in self._lines[event.y] if event.y < len(self._lines) else ():
            if start <= event.x < start + cell_len(label_of(key)):
                self.post_message(self.Pressed(key))


def _rank(key: Key) -> int:
    return 0 if key.action == "help" else 1
