"""The bottom lines: keys that work now, made from the keymap; each can be clicked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from msgspec import Struct
from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget
from typing_extensions import override

from hypha_tui.keymap import Key, keys_of, shown

GAP = 2


class Label(Struct, frozen=True, kw_only=True):
    """A key's label, and the cell where it starts."""

    start: int
    text: str
    key: Key


def label_of(key: Key, *, twins: bool = True) -> str:
    """Name a key and what it does: ``F5/c Copy``.

    Args:
        key: The keymap's row.
        twins: Whether an F-key is named with its letter, as desktops eat some.
    """
    is_function = key.keys[0][:1] == "f" and key.keys[0] != "f"
    names = key.keys[: 2 if is_function and twins else 1]
    return f"{'/'.join(shown(name) for name in names)} {key.label}"


def fitted(keys: Sequence[Key], width: int, lines: int) -> list[list[Label]]:
    """Lay out as many keys as there is room for, each of them whole.

    First F-keys lose their letter, then the keys are left out that can best be spared.

    Args:
        keys: In the order in which they are to stand.
        width: Cells of a line.
        lines: How many lines there are at most.
    """
    kept = list(keys)
    twins = True
    while True:
        laid = flow([(label_of(key, twins=twins), key) for key in kept], width, lines)
        if sum(map(len, laid)) == len(kept) or len(kept) == 1:
            return laid
        if twins:
            twins = False
        else:
            # Of equal ones the last is taken.
            kept.remove(max(reversed(kept), key=lambda key: key.spare))


def flow(
    labels: Iterable[tuple[str, Key]], width: int, lines: int
) -> list[list[Label]]:
    """Lay labels out in lines; what does not fit is left out.

    Args:
        labels: In order of importance.
        width: Cells of a line.
        lines: How many lines there are at most.

    Returns:
        The labels of each line that is used.
    """
    laid: list[list[Label]] = [[]]
    x = 1
    for text, key in labels:
        need = cell_len(text)
        if x + need > width and laid[-1]:
            if len(laid) == lines:
                break
            laid.append([])
            x = 1
        laid[-1].append(Label(start=x, text=text, key=key))
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
        self._lines: list[list[Label]] = []

    def show(self, contexts: Sequence[str]) -> None:
        """Show the keys of these contexts, the first one's first."""
        self._contexts = tuple(contexts)
        self._lay_out()

    def on_resize(self) -> None:
        """Flow the labels again."""
        self._lay_out()

    def _lay_out(self) -> None:
        keys = [k for context in self._contexts for k in keys_of(context) if k.label]
        if "list" not in self._contexts:
            keys = [key for key in keys if not key.on_files]
        keys.sort(key=_rank)
        self._lines = fitted(keys, self.size.width, max(1, self.size.height))
        self.refresh()

    @override
    def render_line(self, y: int) -> Strip:
        name = self.get_component_rich_style("key-bar--key")
        label = self.get_component_rich_style("key-bar--label")
        segments: list[Segment] = []
        x = 0
        for each in self._lines[y] if y < len(self._lines) else ():
            segments.append(Segment(" " * (each.start - x), self.rich_style))
            keys, _, text = each.text.partition(" ")
            segments += [Segment(keys, name), Segment(f" {text}", label)]
            x = each.start + cell_len(each.text)
        strip = Strip(segments)
        return strip.adjust_cell_length(self.size.width, self.rich_style)

    def on_click(self, event: events.Click) -> None:
        """Tell which label was hit."""
        for each in self._lines[event.y] if event.y < len(self._lines) else ():
            if each.start <= event.x < each.start + cell_len(each.text):
                self.post_message(self.Pressed(each.key))


def _rank(key: Key) -> int:
    return 0 if key.action == "help" else 1
