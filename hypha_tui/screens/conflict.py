"""All collisions of a batch in one table, decided before the first byte moves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import ClassVar, TypeAlias

import anyio.to_thread
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Static
from typing_extensions import override

from hypha_artifact.errors import HyphaError
from hypha_artifact.paths import RemotePath
from hypha_artifact.transfer.items import PlanItem
from hypha_artifact.transfer.outcome import CommitOption
from hypha_artifact.transfer.plans import TransferPlan
from hypha_artifact.transfer.state import Overwrite, UploadRequest
from hypha_tui.screens.dialog import Dialog
from hypha_tui.state.conflict_rows import (
    ConflictRows,
    Row,
    decided,
    detail,
    draw,
    has_choice,
    identify,
    outcome,
    standings,
    summary,
    titles,
    uncertainty,
    warning,
)
from hypha_tui.state.lines import Line
from hypha_tui.state.text import count
from hypha_tui.themes import Symbols
from hypha_tui.widgets.commit_wish import WISH, CommitWish
from hypha_tui.widgets.keys_line import KeyHint
from hypha_tui.widgets.line_list import MOVES, LineList, content

Compare: TypeAlias = Callable[[], Awaitable[TransferPlan]]
"""Makes the plan again, with contents compared."""

_AT_ONCE = 2000
"""Rows that are decided about within a key press; more are, beside the loop."""

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
        ("b", "decide('rename')", "Keep both"),
        ("space", "turn", "Turn"),
        ("O", "decide_all('overwrite')", "Overwrite all"),
        ("S", "decide_all('skip')", "Skip all"),
        ("B", "decide_all('rename')", "Keep both of all"),
        ("N", "decide_all('newer')", "Overwrite what is older"),
        ("Z", "decide_all('size')", "Overwrite what has another size"),
        ("C", "compare", "Overwrite what has other content"),
        ("c", "wish_commit", "Commit after"),
    ]

    def __init__(
        self,
        plan: TransferPlan,
        *,
        live: bool,
        symbols: Symbols,
        compare: Compare | None = None,
    ) -> None:
        title = "There already" if plan.collisions else "Not everything can be copied"
        super().__init__(title, symbols=symbols)
        self.plan = plan
        """What is decided about; with contents compared, once that was wanted."""
        self._compare = compare
        self._is_busy = False
        self._live = live
        self._decisions: dict[RemotePath, Overwrite] = {}
        self._table = ConflictList(self._draw, identify, id="table", ranged=True)
        self._summary = Static(markup=False)
        self._counts = Static(classes="label", markup=False)
        self._titles = Static(id="titles", markup=False)
        self._detail = Static(id="detail", markup=False)
        request = plan.request
        upload = request if isinstance(request, UploadRequest) else None
        self._wish = CommitWish(upload.commit) if upload else None
        self.list = self._table

    def _draw(self, row: Row, width: int) -> Line:
        return draw(row, width, self.symbols, self._decisions)

    @override
    def body(self) -> ComposeResult:
        yield self._summary
        yield self._counts
        warn = warning(self.plan, live=self._live)
        if warn:
            yield Static(Content(warn), classes="warning" if self._live else "label")
        yield self._titles
        yield self._table
        yield self._detail
        if self._wish:
            yield self._wish

    @property
    def commit(self) -> CommitOption | None:
        """Whether the upload is to end with a commit, and its message."""
        return self._wish.option if self._wish else None

    @override
    def on_mount(self) -> None:
        """Fill the table."""
        self._table.focus()
        self._fill()

    def _fill(self) -> None:
        self._summary.update(Content(summary(self.plan)))
        self._counts.update(Content(standings(self.plan)))
        self._counts.display = bool(self.plan.collisions)
        self._table.set_rows(ConflictRows(self.plan))
        self._say_keys()
        self._show_detail()

    @override
    def room(self, height: int) -> int:
        self.call_after_refresh(self._name_columns)
        return height - 17 - (CommitWish.ROWS if self._wish else 0)

    def _name_columns(self) -> None:
        self._titles.display = bool(self.plan.collisions)
        self._titles.update(Content(titles(self._table.line_width)))

    @on(LineList.Moved)
    def _show_detail(self) -> None:
        self._detail.update(content(detail(self._table.current)))

    def _say_keys(self) -> None:
        text = outcome(self.plan, self._decisions) or "nothing"
        go = KeyHint(key="Enter", label=f"Go: {text}", action="go", tone="main")
        wish = (WISH,) if self._wish else ()
        self.keys_line.show((go, *self._choices(), *wish, _BACK))

    def _choices(self) -> tuple[KeyHint, ...]:
        if not any(map(has_choice, self._table.rows)):
            return ()
        keys = [
            KeyHint(key="o", label="Overwrite", action="decide('overwrite')"),
            KeyHint(key="s", label="Skip", action="decide('skip')"),
            KeyHint(key="b", label="Keep both", action="decide('rename')"),
            KeyHint(key="O", label="Overwrite all", action="decide_all('overwrite')"),
            KeyHint(key="S", label="Skip all", action="decide_all('skip')"),
            KeyHint(key="B", label="Both", action="decide_all('rename')"),
            KeyHint(key="N", label="If newer", action="decide_all('newer')"),
            KeyHint(key="Z", label="Other size", action="decide_all('size')"),
        ]
        if self._compare:
            keys.append(KeyHint(key="C", label="Other content", action="compare"))
        return tuple(keys)

    def _set(self, rows: Sequence[Row], rule: Overwrite) -> None:
        self._take(_decisions(rows, rule))

    def _take(self, found: Mapping[RemotePath, Overwrite | None]) -> None:
        self._decisions |= {path: rule for path, rule in found.items() if rule}
        for path in [path for path, rule in found.items() if rule is None]:
            self._decisions.pop(path, None)
        self._table.refresh()
        self._say_keys()

    def _set_all(self, rule: Overwrite) -> None:
        if len(self._table.rows) <= _AT_ONCE:
            self._set(self._table.rows, rule)
        else:
            self._is_busy = True
            self.note(f"Deciding about {count(len(self._table.rows), 'file')} ...")
            self.run_worker(self._set_very_many(rule))

    async def _set_very_many(self, rule: Overwrite) -> None:
        try:
            self._take(await self._decided(rule))
        finally:
            self._is_busy = False
            self.note("")

    async def _decided(self, rule: Overwrite) -> dict[RemotePath, Overwrite | None]:
        return await anyio.to_thread.run_sync(_decisions, self._table.rows, rule)

    @on(LineList.Opened)
    def action_turn(self) -> None:
        """Overwrite what was to be skipped, or the other way round."""
        row = self._table.current
        if isinstance(row, PlanItem) and not self._is_busy:
            replace = self._decisions.get(row.remote) is Overwrite.REPLACE
            self._set((row,), Overwrite.SKIP if replace else Overwrite.REPLACE)

    def action_decide(self, name: str) -> None:
        """Decide about the selected rows, and go to the next one."""
        if self._is_busy:
            return  # what is under way would decide about them once more
        rows = self._table.selected
        self._set(rows, Overwrite(name))
        if len(rows) == 1:
            self._table.action_cursor_down()

    def action_decide_all(self, name: str) -> None:
        """Decide about all rows."""
        if not self._is_busy:
            self._set_all(Overwrite(name))

    def action_compare(self) -> None:
        """Overwrite what has other content: compare it first."""
        if self._compare and not self._is_busy:
            self._is_busy = True
            self.note("Comparing the content of files that are as long ...")
            self.run_worker(self._by_content(self._compare))

    async def _by_content(self, compare: Compare) -> None:
        try:
            self.plan = await compare()
            self._decisions.clear()
            self._fill()
            self._take(await self._decided(Overwrite.CONTENT))
        except HyphaError as error:
            self.note(error.explain())
        else:
            self.note(uncertainty(self.plan))
        finally:
            self._is_busy = False

    def action_wish_commit(self) -> None:
        """Let an upload end with a commit, or not."""
        if self._wish:
            self._wish.turn()

    @on(CommitWish.Accepted)
    def action_go(self) -> None:
        """Answer with the decisions."""
        if not self._is_busy:
            self.dismiss(self._decisions)


def _decisions(
    rows: Sequence[Row], rule: Overwrite
) -> dict[RemotePath, Overwrite | None]:
    """Follow a rule; None for what it leaves to be skipped."""
    return {row.remote: decided(row, rule) for row in rows if isinstance(row, PlanItem)}
