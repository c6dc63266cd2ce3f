"""Two panes side by side, of which one is the active one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from typing_extensions import override

from hypha_artifact.paths import ArtifactId
from hypha_tui.providers.remote import RemoteProvider
from hypha_tui.themes import Symbols
from hypha_tui.widgets.column_titles import ColumnTitles
from hypha_tui.widgets.file_list import FileList
from hypha_tui.widgets.landing import landing, show_landing
from hypha_tui.widgets.pane import Pane


class PanePair(Horizontal):
    """The left and the right pane; the one with the focus is the active one.

    Args:
        symbols: The characters to draw with.
    """

    class Activated(Message):
        """The other pane is the active one now."""

    @dataclass
    class Dropped(Message):
        """Rows of the active pane were dropped; None beside the other pane."""

        folder: str | None

    def __init__(self, symbols: Symbols) -> None:
        super().__init__(id="panes")
        self.left = Pane(symbols, id="left")
        self.right = Pane(symbols, id="right")
        self.active = self.left

    @override
    def compose(self) -> ComposeResult:
        yield self.left
        yield self.right

    def on_mount(self) -> None:
        """Show which one is active."""
        self.activate(self.active)

    @property
    def panes(self) -> tuple[Pane, Pane]:
        """The left one and the right one."""
        return self.left, self.right

    @property
    def other(self) -> Pane:
        """The pane that is not active: where copies go."""
        return self.right if self.active is self.left else self.left

    @property
    def has_list_focus(self) -> bool:
        """Whether keys go to one of the lists."""
        return any(pane.files.has_focus for pane in self.panes)

    def activate(self, pane: Pane) -> None:
        """Make a pane the active one."""
        self.active = pane
        for each in self.panes:
            each.set_class(each is pane, "-active")
        self.post_message(self.Activated())

    def swap(self) -> None:
        """Let the panes change places."""
        self.left, self.right = self.right, self.left
        self.move_child(self.left, before=self.right)

    @property
    def artifact(self) -> ArtifactId | None:
        """The artifact that the active pane shows, else the other one."""
        for pane in (self.active, self.other):
            provider = pane.place.provider if pane.place else None
            if isinstance(provider, RemoteProvider):
                return provider.remote.id
        return None

    def views_of(
        self, artifact_id: ArtifactId
    ) -> Iterator[tuple[Pane, RemoteProvider]]:
        """Yield the panes that show an artifact, or are about to, and how."""
        for pane in self.panes:
            provider = pane.heading.provider if pane.heading else None
            if not isinstance(provider, RemoteProvider):
                continue
            if provider.remote.id == artifact_id:
                yield pane, provider

    def pane_for(self, *, remote: bool) -> Pane:
        """Return the pane that shows artifacts, or local folders."""
        for pane in (self.active, self.other):
            if pane.place and pane.place.provider.is_remote is remote:
                return pane
        return self.active

    def reload_local(self) -> None:
        """List local folders again."""
        for pane in self.panes:
            if pane.place and not pane.place.provider.is_remote:
                pane.reload()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Follow the focus."""
        for pane in self.panes:
            if pane in event.widget.ancestors_with_self and pane is not self.active:
                self.activate(pane)

    @on(ColumnTitles.Chosen)
    def _title_chosen(self, event: ColumnTitles.Chosen) -> None:
        event.stop()
        for pane in self.panes:
            if event.titles in pane.children:
                pane.sort(pane.order.by_title(event.by))

    @on(FileList.Carried)
    def _carried(self, event: FileList.Carried) -> None:
        event.stop()
        found = landing(self.screen, self.other, event.at)
        over = event.dropped or event.cancelled
        show_landing(self.other, None if over else found)
        if event.dropped:
            self.post_message(self.Dropped(found.folder if found else None))
