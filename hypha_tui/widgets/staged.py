"""The staged-changes panel: what a commit would change, and what readers see of it."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from typing_extensions import override

from hypha_artifact.models import StagedChange, StageState
from hypha_artifact.paths import printable
from hypha_tui.keymap import KEYMAP, Key, keys_of, shown
from hypha_tui.state.lines import Line, wrap
from hypha_tui.state.stage_rows import Row, draw, headline, identify, stage_rows
from hypha_tui.themes import ASCII, Symbols
from hypha_tui.widgets.line_list import LineList, bindings, clickable, content


class StagedPanel(LineList[Row]):
    """A view of ``StageState``; posts what the user wants and does nothing itself.

    Args:
        symbols: The set to draw with.
        id: The widget's name in the tree.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(keys_of("staged"))
    DEFAULT_CSS = """
    StagedPanel {
        border: round $border-blurred;
        border-title-color: $foreground;
        border-subtitle-color: $text-muted;
        &:focus { border: round $border; }
        &.-ascii { border: ascii $border-blurred; }
        &.-ascii:focus { border: ascii $border; }
    }
    """

    class UnstageRequested(Message):
        """The user wants to take changes out of the stage."""

        def __init__(self, changes: tuple[StagedChange, ...]) -> None:
            super().__init__()
            self.changes = changes

    class DiscardRequested(Message):
        """The user wants to throw the stage away; nothing was asked yet."""

    class CommitRequested(Message):
        """The user wants to review and commit the stage."""

    def __init__(
        self,
        symbols: Symbols,
        *,
        id: str | None = None,  # noqa: A002 - Textual's name for it
    ) -> None:
        super().__init__(self._draw_row, identify, id=id, ranged=True)
        self._symbols = symbols
        self._state: StageState | None = None
        self._error: str | None = None
        self.set_class(symbols == ASCII, "-ascii")
        self._retitle(busy=False)

    def _draw_row(self, row: Row, width: int) -> Line:
        latest = self._state.artifact.latest if self._state else None
        name = printable(latest.version) if latest else ""
        return draw(row, width, self._symbols, name)

    def show(
        self, state: StageState | None, *, error: str | None = None, busy: bool = False
    ) -> None:
        """Show a stage.

        Args:
            state: The stage; None where no artifact is open.
            error: Why the stage could not be read.
            busy: Whether it is being read just now.
        """
        self._state, self._error = state, error
        self._list()
        self._retitle(busy=busy)

    def on_resize(self) -> None:
        """Break the notes anew."""
        self._list()

    def _list(self) -> None:
        if width := self.line_width:
            self.set_empty(self._message(width))
            state = None if self._error else self._state
            self.set_rows(stage_rows(state, width, self._symbols))

    def _message(self, width: int) -> list[Line]:
        if self._error:
            lines = wrap(self._error, width - 4, self._symbols.ellipsis)
            return [((line, "bad"),) for line in lines]
        if self._state is None:
            return [
                (("No artifact is open.", "muted"),),
                (("@", "accent"), (" opens one.", "muted")),
            ]
        return [
            (("Nothing is staged here.", "muted"),),
            (("F5", "accent"), (" from the other pane stages files.", "muted")),
        ]

    def _retitle(self, *, busy: bool) -> None:
        wait: Line = ((f"  reading {self._symbols.waiting}", "muted"),) if busy else ()
        line: Line = (("Stage  ", "strong"), *headline(self._state), *wait)
        self.border_title = content(line)
        self._rehint()

    def _rehint(self) -> None:
        hints = [clickable(*hint) for hint in self._hints()] if self._offers else []
        self.border_subtitle = Content("  ").join(hints)

    @property
    def _offers(self) -> bool:
        return bool(self._state and self._state.mode and not self._error)

    def _hints(self) -> list[tuple[str, str, str]]:
        commit = next(key for key in KEYMAP if key.action == "commit")
        own = keys_of("staged") if self.has_focus else ()
        return [_hint(key) for key in (*own, commit)]

    @override
    def watch_has_focus(self, _has_focus: bool) -> None:
        super().watch_has_focus(_has_focus)
        self._rehint()

    def action_unstage(self) -> None:
        """Ask to take the selected changes out of the stage."""
        changes = tuple(row for row in self.selected if isinstance(row, StagedChange))
        if changes:
            self.post_message(self.UnstageRequested(changes))

    def action_discard(self) -> None:
        """Ask to throw the stage away."""
        if self._offers:
            self.post_message(self.DiscardRequested())

    def action_commit(self) -> None:
        """Ask to commit."""
        if self._offers:
            self.post_message(self.CommitRequested())


def _hint(key: Key) -> tuple[str, str, str]:
    return shown(key.keys[0]), key.label, key.action
