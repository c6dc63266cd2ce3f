"""All collisions of a batch in one table, decided before the first byte moves."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Static
from typing_extensions import override

from hypha_artifact.paths import RemotePath
from hypha_artifact.transfer.state import Overwrite, PlanItem, TransferPlan
from hypha_tui.screens.dialog import Dialog
from hypha_tui.state.conflict_rows import (
    Row,
    conflict_rows,
    detail,
    draw,
    identify,
    is_blocked,
    outcome,
    summary,
    titles,
    warning,
)
from hypha_tui.state.lines import Line
from hypha_tui.themes import Symbols
from hypha_tui.widgets.keys_line import KeyHint
from hypha_tui.widgets.line_list import MOVES, LineList, content

_BACK = KeyHint(key="Esc", label="Cancel all", action="leave")


class ConflictList(LineList[Row], inherit_bindings=False):
    """The table."""

    BINDINGS: ClassVar[list[BindingType]] = [*MOVES]
    DEFAULT_CSS = """
    ConflictList { height: auto; min-height: 1; background: $panel; }
    """


class ConflictScreen(Dialog[dict[RemotePath, Overwrite] | None]):
    """Answers with what is to be overwritten; what is not decided is skipped.

    Args:
        plan: What would be copied.
        live: Whether readers see overwritten bytes at once.
        symbols: The set to draw with.
    """

    DEFAULT_CSS = """
    ConflictScreen {
        & > #dialog { width: 98%; max-width: 130; }
        #titles { height: 1; margin-top: 1; color: $text-muted; }
        #detail { min-height: 3; margin-top: 1; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape", "leave", "Cancel"),
        ("enter", "go", "Go"),
        ("o", "decide('overwrite')", "Overwrite"),
        ("s", "decide('skip')", "Skip"),
        ("space", "turn", "Turn"),
        ("O", "decide_all('overwrite')", "Overwrite all"),
        ("S", "decide_all('skip')", "Skip all"),
    ]

    def __init__(self, plan: TransferPlan, *, live: bool, symbols: Symbols) -> None:
        title = "There already" if plan.collisions else "Not everything can be copied"
        super().__init__(title, symbols=symbols)
        self._plan = plan
        self._live = live
        self._decisions: dict[RemotePath, Overwrite] = {}
        self._table = ConflictList(self._draw, identify, id="table", ranged=True)
        self._titles = Static(id="titles", markup=False)
        self._detail = Static(id="detail", markup=False)
        self.list = self._table

    def _draw(self, row: Row, width: int) -> Line:
        return draw(row, width, self.symbols, self._decisions)

    @override
    def body(self) -> ComposeResult:
        yield Static(Content(summary(self._plan)))
        warn = warning(self._plan, live=self._live)
        if warn:
            yield Static(Content(warn), classes="warning" if self._live else "label")
        yield self._titles
        yield self._table
        yield self._detail

    @override
    def on_mount(self) -> None:
        """Fill the table."""
        self._table.set_rows(conflict_rows(self._plan))
        self._table.focus()
        self._say_keys()
        self._show_detail()

    @override
    def room(self, height: int) -> int:
        self.call_after_refresh(self._name_columns)
        return height - 15

    def _name_columns(self) -> None:
        self._titles.display = bool(self._plan.collisions)
        self._titles.update(Content(titles(self._table.line_width)))

    @on(LineList.Moved)
    def _show_detail(self) -> None:
        self._detail.update(content(detail(self._table.current)))

    def _say_keys(self) -> None:
        text = outcome(self._plan, self._decisions) or "nothing"
        go = KeyHint(key="Enter", label=f"Go: {text}", action="go", tone="main")
        self.keys_line.show((go, *self._choices(), _BACK))

    def _choices(self) -> tuple[KeyHint, ...]:
        if all(map(is_blocked, self._table.rows)):
            return ()
        return (
            KeyHint(key="o", label="Overwrite", action="decide('overwrite')"),
            KeyHint(key="s", label="Skip", action="decide('skip')"),
            KeyHint(key="O", label="Overwrite all", action="decide_all('overwrite')"),
            KeyHint(key="S", label="Skip all", action="decide_all('skip')"),
        )

    def _set(self, rows: tuple[Row, ...], choice: Overwrite) -> None:
        for row in rows:
            if isinstance(row, PlanItem) and not is_blocked(row):
                self._decisions[row.remote] = choice
        self._table.refresh()
        self._say_keys()

    @on(LineList.Opened)
    def action_turn(self) -> None:
        """Overwrite what was to be skipped, or the other way round."""
        row = self._table.current
        if isinstance(row, PlanItem):
            replace = self._decisions.get(row.remote) is Overwrite.REPLACE
            self._set((row,), Overwrite.SKIP if replace else Overwrite.REPLACE)

    def action_decide(self, name: str) -> None:
        """Decide about the selected rows, and go to the next one."""
        rows = self._table.selected
        self._set(rows, Overwrite(name))
        if len(rows) == 1:
            self._table.action_cursor_down()

    def action_decide_all(self, name: str) -> None:
        """Decide about all rows."""
        self._set(self._table.rows, Overwrite(name))

    def action_go(self) -> None:
        """Answer with the decisions."""
        self.dismiss(self._decisions)
