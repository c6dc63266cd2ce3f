"""One of a few ways to go on: a name, and what it means."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import Static
from typing_extensions import override


class Card(Static, can_focus=True):
    """A choice with a few lines about it; Enter, Space or a click takes it.

    Args:
        key: The key that takes it from anywhere in the dialog.
        name: What it is, in a few words.
        text: What it means; both untrusted, never markup.
        id: The widget's name in the tree.
    """

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "take", "Choose", show=False),
        Binding("down,j,right", "app.focus_next", show=False),
        Binding("up,k,left", "app.focus_previous", show=False),
    ]
    DEFAULT_CSS = """
    Card {
        height: auto; padding: 0 1; margin: 0 0 1 0;
        background: $panel; border-left: outer $border-blurred;
        &:focus { background: $block-cursor-background; border-left: outer $accent; }
        &:ansi:focus { text-style: reverse; }
    }
    """

    class Taken(Message):
        """The user chose it."""

        def __init__(self, card: Card) -> None:
            super().__init__()
            self.card = card

        @property
        @override
        def control(self) -> Card:
            return self.card

    def __init__(self, key: str, name: str, text: str, *, id: str) -> None:  # noqa: A002 - Textual's name for it
        head = Content.assemble((f"{key}  ", "bold $accent"), (name, "bold"))
        body = Content(f"\n{text}")
        super().__init__(head + body, id=id)

    def on_click(self) -> None:
        """Take it."""
        self.action_take()

    def action_take(self) -> None:
        """Take it."""
        self.post_message(self.Taken(self))
