"""The main screen: two panes, transfers and stage, and what the keys do."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Coroutine
from pathlib import Path
from typing import ClassVar, TypeVar, cast

from msgspec import structs
from textual import events, on
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from typing_extensions import override

from hypha_artifact.errors import HyphaError, NetworkError
from hypha_artifact.models import StageMode, StageState, User
from hypha_artifact.paths import ArtifactId, RemotePath
from hypha_artifact.transfer.state import Direction, Snapshot
from hypha_tui.providers.remote import STAGE, RemoteProvider
from hypha_tui.providers.session import Session
from hypha_tui.screens.copy_flow import CopyFlow, CopyIntent
from hypha_tui.screens.engine_watch import EngineWatch, poll_seconds
from hypha_tui.screens.help import HelpScreen
from hypha_tui.screens.local_flow import LocalFlow
from hypha_tui.screens.open_flow import OpenFlow
from hypha_tui.screens.quit_flow import QuitFlow
from hypha_tui.screens.stage_flow import StageFlow
from hypha_tui.screens.stages import Stages
from hypha_tui.screens.transfer_flow import TransferFlow
from hypha_tui.screens.view import ViewFlow
from hypha_tui.state.rows import Row
from hypha_tui.themes import ASCII, Symbols
from hypha_tui.widgets.bindings import bindings_of
from hypha_tui.widgets.key_bar import KeyBar
from hypha_tui.widgets.pane import Pane
from hypha_tui.widgets.pane_pair import PanePair
from hypha_tui.widgets.staged import StagedPanel
from hypha_tui.widgets.status_bar import (
    HeaderBar,
    HeaderState,
    Link,
    StatusLine,
    Tone,
)
from hypha_tui.widgets.summary import SummaryLine, stage_line, transfer_line
from hypha_tui.widgets.transfers import TransfersPanel

T = TypeVar("T")


class MainScreen(Screen[None]):
    """Two panes, two panels, and the flows between them.

    Args:
        session: The connection and the engine.
        local: The folder of the left pane.
        remote: What the right pane opens; the picker asks when it is None.
        symbols: The characters to draw with.
    """

    AUTO_FOCUS: ClassVar[str | None] = "FileList"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("main")

    def __init__(
        self,
        session: Session,
        local: Path,
        remote: tuple[ArtifactId, RemotePath] | None,
        *,
        symbols: Symbols,
    ) -> None:
        super().__init__()
        self.symbols = symbols
        self._session = session
        self._remote = remote
        self._header = HeaderBar(symbols)
        self._pair = PanePair(symbols)
        self._transfers = TransfersPanel(symbols, id="transfers")
        self._staged = StagedPanel(symbols, id="staged")
        self._transfer_line = SummaryLine(
            "transfers", "Nothing is moving.", id="moving"
        )
        self._stage_line = SummaryLine("staged", "Nothing is staged.", id="staging")
        self._status = StatusLine(symbols)
        self._keys = KeyBar()
        self._head = HeaderState()
        self._stages = Stages(session, self._pair)
        self._copying = CopyFlow(self)
        self._staging = StageFlow(self)
        self._locals = LocalFlow(self)
        self._moving = TransferFlow(self)
        self._viewing = ViewFlow(self)
        self._opening = OpenFlow(self, local)
        self._quitting = QuitFlow(self, self._leave)
        self._watch = EngineWatch(session.client, self)

    @override
    def compose(self) -> ComposeResult:
        yield self._header
        yield self._pair
        with Horizontal(id="panels"):
            yield self._transfers
            yield self._staged
        yield self._transfer_line
        yield self._stage_line
        yield self._status
        yield self._keys

    def on_mount(self) -> None:
        """Fill the panes and start to look at the engine."""
        self.set_class(self.symbols == ASCII, "-ascii")
        self._opening.open_local(self._pair.left)
        self._run(self._opening.connect(self._pair.right, self._remote), "connect")
        self.set_interval(poll_seconds(os.environ), self._poll)

    @property
    def _host(self) -> App[None]:
        return cast("App[None]", self.app)  # pyright: ignore[reportUnknownMemberType]

    # What the flows need (screens.ui.Ui, open_flow.OpenUi).

    @property
    def session(self) -> Session:
        """The connection and the engine."""
        return self._session

    @property
    def is_asking(self) -> bool:
        """Whether a dialog is open."""
        return self._host.screen is not self

    async def ask(self, dialog: ModalScreen[T]) -> T | None:
        """Show a dialog and wait for its answer."""
        return await self._host.push_screen_wait(dialog)

    def say(self, text: str, tone: Tone = Tone.INFO) -> None:
        """Show a message in the status line."""
        self._status.say(text, tone)

    def linked(self, link: Link, user: User | None = None) -> None:
        """Show whether the server answers, and for whom."""
        name = (user.email or user.id) if user else self._head.user
        self._show_header(link=link, user=name)

    async def refresh_artifact(self, artifact_id: ArtifactId) -> None:
        """Read an artifact again and show it in every pane and panel that has it."""
        seconds = await self._stages.read(artifact_id)
        self._watch.took(seconds)
        self.linked(Link.OK)
        self._show_artifact()

    def refresh_local(self) -> None:
        """List local panes again."""
        self._pair.reload_local()

    def follow_stage(self, artifact_id: ArtifactId) -> None:
        """Let panes on the latest version show the stage as soon as it is open."""
        self._stages.follow(artifact_id)

    # Work in the background; what goes wrong is told in the status line.

    def _run(self, work: Coroutine[None, None, None], group: str = "flow") -> None:
        self.run_worker(self._guarded(work), group=group)

    async def _guarded(self, work: Awaitable[None]) -> None:
        try:
            await work
        except HyphaError as error:
            self.say(error.explain(), Tone.ERROR)
            if isinstance(error, NetworkError):
                self.linked(Link.DOWN)

    # The engine (engine_watch.Watcher).

    def _poll(self) -> None:
        self._watch.poll()
        self._quitting.look(self._watch.snapshot)

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show how far everything is."""
        self._transfers.show(snapshot)
        self._transfer_line.tell(transfer_line(snapshot, self.symbols))
        idle = snapshot.is_idle
        self._show_header(
            upload_rate=0.0 if idle else snapshot.upload_rate,
            download_rate=0.0 if idle else snapshot.download_rate,
            eta=None if idle else snapshot.eta,
        )

    def relist(self, artifact_id: ArtifactId) -> None:
        """List an artifact's panes again, in the background."""
        # One that waits for its turn already will see what this one would.
        if not self._stages.is_awaited(artifact_id):
            self._run(self.refresh_artifact(artifact_id), "refresh")

    def _show_header(self, **changes: object) -> None:
        self._head = structs.replace(self._head, **changes)
        self._header.show(self._head)

    # Panes.

    @property
    def panes(self) -> tuple[Pane, Pane]:
        """The left and the right pane."""
        return self._pair.panes

    @on(Pane.Viewed)
    def _viewed(self, event: Pane.Viewed) -> None:
        view = event.pane.view
        provider = view.place.provider if view else None
        if view and isinstance(provider, RemoteProvider):
            self.linked(Link.DOWN if view.listing.offline else Link.OK)
            self._stages.learn(provider)
        self._show_artifact()

    @on(Pane.RetryWanted)
    def _retry(self, event: Pane.RetryWanted) -> None:
        self._run(self._opening.retry(event.pane, self._remote), "connect")

    def _show_artifact(self) -> None:
        state = self._stages.current
        self._staged.show(state)
        self._stage_line.tell(stage_line(state))
        latest = state.artifact.latest if state else None
        self._show_header(
            artifact=str(self._pair.artifact or ""),
            version=latest.version if latest else "",
            target=_target(state),
        )

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Show the keys that work now."""
        contexts: dict[Widget, str] = {
            self._transfers: "transfers",
            self._staged: "staged",
        }
        self._keys.show((contexts.get(event.widget, "list"), "main"))

    def _focus(self, widget: Widget) -> None:
        if widget.focusable:
            # At once: the next key may have been pressed already.
            self.set_focus(widget)
        else:
            self.call_after_refresh(widget.focus)

    # Actions; their names are the keymap's.

    def action_help(self) -> None:
        """Show all keys."""
        self._host.push_screen(HelpScreen(self.symbols))

    def action_switch_pane(self) -> None:
        """Go to the other pane; from a panel, back to the pane."""
        if self._pair.has_list_focus:
            self._pair.activate(self._pair.other)
        self._leave_panels()

    def action_copy(self) -> None:
        """Copy the selection to the other pane."""
        if self._only_in_pane():
            self._copy(self._pair.active, self._pair.other)

    def action_view(self) -> None:
        """Look into the file under the cursor."""
        pane = self._pair.active
        if self._only_in_pane():
            self._view(pane, pane.files.current)

    @on(Pane.FileOpened)
    def _file_opened(self, event: Pane.FileOpened) -> None:
        self._view(event.pane, event.row)

    def _view(self, pane: Pane, row: Row | None) -> None:
        if pane.place:
            self._run(self._viewing.run(pane.place, row))

    def _copy(self, origin: Pane, target: Pane, folder: str | None = None) -> None:
        if origin.place is None or target.place is None:
            self.say("The other pane shows no place yet: @ = open one.", Tone.WARNING)
            return
        goal = target.place
        if folder is not None:
            goal = structs.replace(goal, folder=folder)
        intent = CopyIntent(rows=origin.chosen, origin=origin.place, target=goal)
        self._run(self._copy_and_unmark(origin, intent))

    async def _copy_and_unmark(self, origin: Pane, intent: CopyIntent) -> None:
        if await self._copying.run(intent) and origin.place == intent.origin:
            origin.unmark(intent.rows)

    def _only_in_pane(self) -> bool:
        if not self._pair.has_list_focus:
            self.say("This key works on files: Tab = go to a pane.", Tone.WARNING)
        return self._pair.has_list_focus

    def action_make_folder(self) -> None:
        """Make a folder in the active pane."""
        if self._only_in_pane() and self._pair.active.place:
            self._run(self._make_folder(self._pair.active))

    async def _make_folder(self, pane: Pane) -> None:
        view = pane.view
        if view is None:
            return
        taken = frozenset(row.name for row in view.listing.rows)
        name = await self._locals.make_folder(view.place, taken)
        if name and pane.place and pane.place.folder == view.place.folder:
            pane.reload(cursor=name)

    def action_remove(self) -> None:
        """Remove the selection."""
        place, rows = self._pair.active.place, self._pair.active.chosen
        if not self._only_in_pane() or place is None:
            return
        if not rows:
            self.say("Nothing is selected.", Tone.WARNING)
            return
        flow = self._staging if place.provider.is_remote else self._locals
        self._run(flow.remove(place, rows))

    def action_filter(self) -> None:
        """Filter the active pane."""
        self._pair.active.open_filter()

    def action_transfers(self) -> None:
        """Go to the transfers panel, or leave it."""
        self._enter_panel(self._transfers, "-full-transfers")

    def action_staged(self) -> None:
        """Go to the staged changes, or leave them."""
        self._enter_panel(self._staged, "-full-staged")

    def _enter_panel(self, panel: Widget, name: str) -> None:
        if self.focused is panel:
            self._leave_panels()
            return
        self.remove_class("-full-transfers", "-full-staged", "-zoom")
        self.add_class(name)
        self._focus(panel)

    def _leave_panels(self) -> None:
        self.remove_class("-full-transfers", "-full-staged", "-zoom")
        self._focus(self._pair.active.files)

    def action_commit(self) -> None:
        """Review and commit the stage."""
        artifact_id = self._pair.artifact
        if artifact_id is None:
            self.say("No artifact is open: @ = choose one.", Tone.WARNING)
        else:
            self._run(self._staging.commit(artifact_id))

    def action_pick(self) -> None:
        """Choose what the active pane shows."""
        self._run(self._opening.pick(self._pair.active))

    def action_versions(self) -> None:
        """Choose a version of the artifact."""
        artifact_id = self._pair.artifact
        if artifact_id is None:
            self.say("No artifact is open: @ = choose one.", Tone.WARNING)
            return
        place = self._pair.active.place
        remote = place is not None and place.provider.is_remote
        pane = self._pair.active if remote else self._pair.other
        self._run(self._opening.pick(pane, artifact_id))

    def action_refresh(self) -> None:
        """List both panes again."""
        self.refresh_local()
        for pane in self.panes:
            if pane.view is None:
                self._run(self._opening.retry(pane, self._remote), "connect")
        if self._pair.artifact:
            self._run(self.refresh_artifact(self._pair.artifact), "refresh")

    def action_swap_panes(self) -> None:
        """Swap the two panes."""
        self._pair.swap()

    def action_toggle_hidden(self) -> None:
        """Show or hide dot files."""
        self._pair.active.toggle_hidden()

    def action_sort(self) -> None:
        """Sort by the next column."""
        self._pair.active.sort(self._pair.active.order.next())
        self.say(f"Sorted by {self._pair.active.order.by.value}.")

    def action_history_back(self) -> None:
        """Go back to where the pane was before."""
        self._pair.active.step_history(forward=False)

    def action_history_forward(self) -> None:
        """Go forward again."""
        self._pair.active.step_history(forward=True)

    def action_zoom(self) -> None:
        """Let the focused pane or panel fill the screen, or not any more."""
        zoomed = self._pair.active if self._pair.has_list_focus else self.focused
        for widget in (*self.panes, self._transfers, self._staged):
            widget.set_class(widget is zoomed, "-zoomed")
        self.set_class(self._pair.has_list_focus, "-zoom-panes")
        self.set_class(not self._pair.has_list_focus, "-zoom-panels")
        self.toggle_class("-zoom")

    def action_quit(self) -> None:
        """Quit; ask while work is pending."""
        self._run(self._quitting.run(self._watch.snapshot))

    def _leave(self) -> None:
        self._host.exit()

    # Panels, key bar, and drags.

    @on(KeyBar.Pressed)
    async def _key_pressed(self, event: KeyBar.Pressed) -> None:
        on_screen = event.key.context == "main"
        target = self if on_screen else self.focused or self
        await self._host.run_action(event.key.action, target)

    @on(SummaryLine.Pressed)
    async def _summary_pressed(self, event: SummaryLine.Pressed) -> None:
        await self._host.run_action(event.action, self)

    @on(TransfersPanel.Commanded)
    def _commanded(self, event: TransfersPanel.Commanded) -> None:
        self._run(self._moving.run(event.command, self._watch.snapshot), "control")

    @on(TransfersPanel.LimitWanted)
    def _limit_wanted(self) -> None:
        self._run(self._moving.limit(self._watch.snapshot), "limit")

    @on(TransfersPanel.GoTo)
    def _go_to(self, event: TransfersPanel.GoTo) -> None:
        job = event.job
        groups = {group.id: group for group in self._watch.snapshot.groups}
        if job.direction is Direction.DOWNLOAD:
            self._opening.open_local(
                self._pair.pane_for(remote=False), job.local.parent
            )
        elif job.group in groups:
            opening = self._opening.open_remote(
                self._pair.pane_for(remote=True),
                groups[job.group].artifact,
                version=STAGE,
                folder=job.remote.parent,
            )
            self._run(opening)
        self._leave_panels()

    @on(StagedPanel.UnstageRequested)
    def _unstage(self, event: StagedPanel.UnstageRequested) -> None:
        if self._pair.artifact:
            self._run(self._staging.unstage(self._pair.artifact, event.changes))

    @on(StagedPanel.DiscardRequested)
    def _discard(self) -> None:
        if self._pair.artifact:
            self._run(self._staging.discard(self._pair.artifact))

    @on(StagedPanel.CommitRequested)
    def _commit_requested(self) -> None:
        self.action_commit()

    @on(PanePair.Activated)
    def _activated(self) -> None:
        self._show_artifact()

    @on(PanePair.Dropped)
    def _dropped(self, event: PanePair.Dropped) -> None:
        if event.folder is None:
            self.say("Dropped beside the other pane: nothing was copied.")
        else:
            self._copy(self._pair.active, self._pair.other, event.folder)


def _target(state: StageState | None) -> str:
    if state is None or state.mode is None:
        return ""
    return "in place" if state.mode is StageMode.IN_PLACE else state.target
