"""A list of what went wrong, to read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from msgspec import Struct
from textual.app import ComposeResult
from textual.binding import BindingType
from typing_extensions import override

from hypha_tui.screens.dialog import Dialog
from hypha_tui.state.lines import Line, wrap
from hypha_tui.widgets.keys_line import KeyHint
from hypha_tui.widgets.line_list import LineList

_CLOSE = KeyHint(key="Esc", label="Close", action="leave", tone="main")


class _Row(Struct, frozen=True, kw_only=True):
    problem: int
    line: int
    text: str


class ProblemList(LineList[_Row]):
    """Problems, each broken into as many lines as it needs.

    Args:
        problems: Untrusted texts.
        ellipsis: What stands for the rest of a text that is too long.
    """

    DEFAULT_CSS = """
    ProblemList { height: auto; min-height: 1; }
    """

    def __init__(self, problems: Sequence[str], ellipsis: str) -> None:
        super().__init__(_draw)
        self._problems = tuple(problems)
        self._ellipsis = ellipsis

    def on_resize(self) -> None:
        """Break the texts anew."""
        if width := self.line_width:
            self.set_rows(list(self._broken(width - 2)))

    def _broken(self, width: int) -> Iterable[_Row]:
        for number, problem in enumerate(self._problems):
            for line, text in enumerate(wrap(problem, width, self._ellipsis)):
                yield _Row(problem=number, line=line, text=text)


def _draw(row: _Row, width: int) -> Line:
    del width
    return (("  " if row.line else "! ", "bad"), (row.text, "plain"))


class ProblemsScreen(Dialog[None]):
    """Shows problems, one below the other.

    Args:
        title: What they have in common.
        lines: What went wrong, one text for each; untrusted.
    """

    DEFAULT_CSS = """
    ProblemsScreen > #dialog { max-width: 100; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [("escape,q,enter", "leave", "Close")]

    def __init__(self, title: str, lines: Sequence[str]) -> None:
        super().__init__(title, keys=(_CLOSE,))
        self._lines = tuple(lines)

    @override
    def body(self) -> ComposeResult:
        self.list = ProblemList(self._lines, self.symbols.ellipsis)
        yield self.list
