"""A text with a box before it: to be ticked, or one of several to be chosen."""

from __future__ import annotations

from typing import ClassVar, Literal, TypeAlias

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Static
from typing_extensions import override

Shape: TypeAlias = Literal["box", "circle"]
_MARKS: dict[Shape, tuple[str, str]] = {"box": ("[ ]", "[x]"), "circle": ("( )", "(*)")}


class Bullet(Horizontal):
    """A mark, and a text that wraps beside it.

    Args:
        mark: At most three characters.
        text: Shown as it is, never as markup.
        id: The widget's name in the tree.
        classes: Its classes in the style sheet.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Bullet {
        height: auto;
        & > .mark { width: 4; text-style: bold; }
        & > .text { width: 1fr; height: auto; }
    }
    """

    def __init__(
        self,
        mark: str,
        text: Content | str,
        *,
        id: str | None = None,  # noqa: A002 - Textual's name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._mark = Static(Content(mark), classes="mark")
        shown = Content(text) if isinstance(text, str) else text
        self._text = Static(shown, classes="text")

    @override
    def compose(self) -> ComposeResult:
        yield self._mark
        yield self._text


class Tick(Bullet, can_focus=True):
    """Space, Enter or a click turns it; its text wraps beside the box.

    Args:
        text: What is said yes to; shown as it is, never as markup.
        shape: A box for a yes, a circle for one of several.
        on: Whether it is ticked.
        id: The widget's name in the tree.
        classes: Its classes in the style sheet.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space,enter", "turn", "Yes", show=False),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]
    DEFAULT_CSS = """
    Tick {
        & > .mark { color: $accent; }
        &:focus { background: $block-cursor-background; }
        &:focus > Static { color: $block-cursor-foreground; }
        &:ansi:focus > Static { text-style: reverse; }
        &:disabled > Static { color: $text-muted; text-style: none; }
    }
    """

    class Turned(Message):
        """The user ticked it, or took the tick away."""

        def __init__(self, tick: Tick) -> None:
            super().__init__()
            self.tick = tick

        @property
        @override
        def control(self) -> Tick:
            return self.tick

    def __init__(
        self,
        text: Content | str,
        *,
        shape: Shape = "box",
        on: bool = False,
        id: str | None = None,  # noqa: A002 - Textual's name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(_MARKS[shape][on], text, id=id, classes=classes)
        self._marks = _MARKS[shape]
        self._on = on

    @property
    def is_on(self) -> bool:
        """Whether it is ticked."""
        return self._on

    def set_on(self, *, on: bool) -> None:
        """Tick it, or take the tick away; posts nothing."""
        self._on = on
        self._mark.update(Content(self._marks[on]), layout=False)

    def on_click(self) -> None:
        """Turn it."""
        self.action_turn()

    def action_turn(self) -> None:
        """Turn it and tell."""
        self.set_on(on=not self._on)
        self.post_message(self.Turned(self))
