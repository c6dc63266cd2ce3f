"""Choosing what a pane shows: workspace, artifact, version, or local files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from msgspec import Struct
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static
from typing_extensions import override

from hypha_artifact.errors import HyphaError
from hypha_artifact.models import Artifact
from hypha_artifact.paths import ArtifactId, printable
from hypha_tui.providers.session import Session
from hypha_tui.state.lines import Line, Role, wrap
from hypha_tui.state.pick_rows import (
    ArtifactRow,
    LocalRow,
    PickRow,
    VersionRow,
    WorkspaceRow,
    draw,
    matching,
    text_of,
    version_rows,
)
from hypha_tui.themes import Symbols
from hypha_tui.widgets.line_list import LineList

_HINT = "type to search   Enter open   Backspace up   Esc close"


class Picked(Struct, frozen=True, kw_only=True):
    """What was chosen; no artifact means local files."""

    artifact: ArtifactId | None = None
    version: str | None = None


class Level(Struct, frozen=True, kw_only=True):
    """One level of the picker: all workspaces, or one, a collection, an artifact."""

    workspace: str | None = None
    collection: Artifact | None = None
    artifact: ArtifactId | None = None


class PickList(LineList[PickRow], inherit_bindings=False):
    """The picker's list; letters are left for searching."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "cursor_up", show=False),
        Binding("down", "cursor_down", show=False),
        Binding("pageup", "page_up", show=False),
        Binding("pagedown", "page_down", show=False),
        Binding("home", "first", show=False),
        Binding("end", "last", show=False),
        Binding("enter,right", "open", show=False),
    ]


class PickerScreen(ModalScreen[Picked | None]):
    """A list that is searched by typing.

    Args:
        session: The connection to ask.
        symbols: The characters to draw with.
        artifact_id: Start with this artifact's versions.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", show=False),
        Binding("left", "up", show=False),
    ]
    DEFAULT_CSS = """
    PickerScreen {
        align: center middle;
        background: $background 60%;
        #picker {
            width: 90%; max-width: 100; height: 80%; max-height: 32;
            border: round $border; background: $surface; padding: 0 1;
            border-title-color: $foreground; border-title-style: bold;
            border-subtitle-color: $text-muted;
        }
        #search { height: 1; color: $text-muted; margin-bottom: 1; }
        &.-ascii #picker { border: ascii $border; }
    }
    """

    def __init__(
        self,
        session: Session,
        *,
        symbols: Symbols,
        artifact_id: ArtifactId | None = None,
    ) -> None:
        super().__init__()
        self._session = session
        self._symbols = symbols
        self._typed = ""
        self._options: tuple[PickRow, ...] = ()
        self._level = Level(artifact=artifact_id)
        self._trail: list[Level] = []
        self._list = PickList(self._draw_row, text_of, id="choices")
        self._search = Static(id="search", markup=False)

    def _draw_row(self, row: PickRow, width: int) -> Line:
        return draw(row, width, self._symbols)

    @override
    def compose(self) -> ComposeResult:
        with Vertical(id="picker") as box:
            box.border_subtitle = Content(_HINT)
            yield self._search
            yield self._list

    def on_mount(self) -> None:
        """Ask for the first level."""
        self.set_class(self._symbols.ellipsis == "~", "-ascii")
        level = self._level
        if level.artifact:
            self._trail.append(Level(workspace=level.artifact.workspace))
        else:
            level = Level(workspace=self._session.settings.workspace)
        self._go(level)

    # Levels.

    def _go(self, level: Level) -> None:
        self._level = level
        self._typed = ""
        self._options = ()
        self._show_title()
        self._show(())
        self._list.set_empty(((("Asking the server ...", "muted"),),))
        self.run_worker(self._load(level), group="level", exclusive=True)

    async def _load(self, level: Level) -> None:
        try:
            options = await self._rows(level)
        except HyphaError as error:
            self._fail(error)
            return
        self._options = options
        nothing: Line = (("Nothing here.", "muted"),)
        self._list.set_empty((nothing,))
        self._show(options)

    async def _rows(self, level: Level) -> tuple[PickRow, ...]:
        if level.artifact:
            return version_rows(await self._session.stage(level.artifact))
        if level.workspace is None:
            return await self._top()
        rows = await self._artifacts(level)
        return rows if level.collection else (*rows, LocalRow())

    async def _top(self) -> tuple[PickRow, ...]:
        space = self._session.workspace()
        names = await space.workspaces()
        if len(names) == 1:
            self._level = Level(workspace=names[0])
            self._show_title()
            return (*(await self._artifacts(self._level)), LocalRow())
        return (*(WorkspaceRow(name=name) for name in names), LocalRow())

    async def _artifacts(self, level: Level) -> tuple[PickRow, ...]:
        space = self._session.workspace(level.workspace)
        parent = level.collection
        found = await space.list_artifacts(
            parent=parent.artifact_id if parent else None
        )
        rows: list[PickRow] = [ArtifactRow(artifact=a) for a in found]
        if parent:
            rows.insert(0, ArtifactRow(artifact=parent, own=True))
        return tuple(rows)

    def _fail(self, error: HyphaError) -> None:
        width = max(20, self._list.size.width - 4)
        ellipsis = self._symbols.ellipsis
        lines = _lines(error.message, "bad", width, ellipsis)
        lines += _lines(error.hint, "muted", width, ellipsis)
        self._show(())
        self._list.set_empty(lines)

    # Showing.

    def _show(self, rows: Sequence[PickRow]) -> None:
        self._list.set_rows(rows)
        self._list.move_to(0)
        text = self._typed or "type to search"
        self._search.update(Content(f"/ {printable(text)}"))

    def _show_title(self) -> None:
        level = self._level
        parts = [level.workspace or "", level.collection and level.collection.alias]
        title = " / ".join(printable(part) for part in parts if part)
        if level.artifact:
            title = f"{printable(str(level.artifact))}: versions"
        box = self.query_one("#picker", Vertical)
        box.border_title = Content(title or "Open")

    # Keys.

    def on_key(self, event: events.Key) -> None:
        """Search by typing."""
        if event.key == "backspace":
            if not self._typed:
                self.action_up()
                return
            self._search_for(self._typed[:-1])
        elif event.is_printable and event.character:
            self._search_for(self._typed + event.character)
        else:
            return
        event.stop()

    def _search_for(self, typed: str) -> None:
        self._typed = typed
        self._show(matching(self._options, typed))

    def action_back(self) -> None:
        """Clear the search, else close."""
        if self._typed:
            self._search_for("")
        else:
            self.dismiss(None)

    def action_up(self) -> None:
        """Go back to the level before, or to all workspaces."""
        if self._trail:
            self._go(self._trail.pop())
        elif self._level.workspace is not None and self._level.collection is None:
            self._go(Level())

    def _down(self, level: Level) -> None:
        self._trail.append(self._level)
        self._go(level)

    @on(LineList.Opened)
    def _opened(self, event: PickList.Opened) -> None:
        event.stop()
        row = self._list.current
        if row is not None:
            self._open(row)

    def _open(self, row: PickRow) -> None:
        match row:
            case LocalRow():
                self.dismiss(Picked())
            case WorkspaceRow(name=name):
                self._down(Level(workspace=name))
            case VersionRow(version=version):
                self.dismiss(Picked(artifact=self._level.artifact, version=version))
            case ArtifactRow(artifact=artifact, own=own):
                self._open_artifact(artifact, own=own)

    def _open_artifact(self, artifact: Artifact, *, own: bool) -> None:
        if artifact.is_collection and not own:
            workspace = artifact.workspace or self._level.workspace
            self._down(Level(workspace=workspace, collection=artifact))
        elif len(artifact.versions or []) <= 1 and not artifact.is_staged:
            self.dismiss(Picked(artifact=artifact.artifact_id))
        else:
            self._down(Level(artifact=artifact.artifact_id))


def _lines(text: str, role: Role, width: int, ellipsis: str) -> list[Line]:
    return [((piece, role),) for piece in wrap(text, width, ellipsis)]
