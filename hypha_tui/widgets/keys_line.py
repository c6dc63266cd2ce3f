"""The last line of a dialog: every key that works there, each of them a button."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from msgspec import Struct
from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget
from typing_extensions import override

Tone: TypeAlias = Literal["plain", "main", "danger", "off"]

_COLOURS: dict[Tone, tuple[str, str]] = {
    "plain": ("bold $accent on $panel", "$foreground on $panel"),
    "main": ("bold $background on $primary", "bold $background on $primary"),
    "danger": ("bold $background on $error", "bold $background on $error"),
    "off": ("dim on $panel", "dim on $panel"),
}


class KeyHint(Struct, frozen=True, kw_only=True):
    """One button: the key, what it does in a word, and the action.

    An action without a namespace is the screen's.
    """

    key: str
    label: str
    action: str
    tone: Tone = "plain"


class KeysLine(Widget):
    """Draws keys as flat buttons; breaks between two of them where it must.

    Args:
        hints: The keys, the most important first.
        gap: Cells between two of them.
        id: The widget's name in the tree.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    KeysLine { height: auto; width: 1fr; }
    """

    def __init__(
        self,
        hints: Sequence[KeyHint] = (),
        *,
        gap: int = 2,
        id: str = "keys",  # noqa: A002 - Textual's name for it
    ) -> None:
        super().__init__(id=id)
        self._hints = tuple(hints)
        self._gap = gap

    @property
    def hints(self) -> tuple[KeyHint, ...]:
        """The keys that are shown."""
        return self._hints

    def show(self, hints: Sequence[KeyHint]) -> None:
        """Show other keys."""
        if self._hints != tuple(hints):
            self._hints = tuple(hints)
            self.refresh(layout=True)

    @override
    def get_content_width(self, container: Size, viewport: Size) -> int:
        return container.width

    @override
    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._rows(width))

    @override
    def render(self) -> Content:
        rows = self._rows(self.size.width)
        lines = (Content(" " * self._gap).join(map(_button, row)) for row in rows)
        return Content("\n").join(lines)

    def _rows(self, width: int) -> list[list[KeyHint]]:
        rows: list[list[KeyHint]] = [[]]
        left = width
        for hint in self._hints:
            wide = _button(hint).cell_length
            if rows[-1] and wide > left:
                rows.append([])
                left = width
            rows[-1].append(hint)
            left -= wide + self._gap
        return rows

    async def on_click(self, event: events.Click) -> None:
        """Do what the button under the pointer does."""
        event.stop()
        hint = self._hint_at(event.x, event.y)
        if hint and hint.tone != "off":
            space = "" if hint.action.startswith("app.") else "screen."
            await self.run_action(f"{space}{hint.action}")

    def _hint_at(self, x: int, y: int) -> KeyHint | None:
        for hint in self._rows(self.size.width)[y]:
            wide = _button(hint).cell_length
            if 0 <= x < wide:
                return hint
            x -= wide + self._gap
        return None


def _button(hint: KeyHint) -> Content:
    key, label = _COLOURS[hint.tone]
    return Content.assemble((f" {hint.key} ", key), (f"{hint.label} ", label))
