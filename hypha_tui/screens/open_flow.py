"""Opening places: the connection, artifacts, versions, local folders."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from hypha_artifact.errors import HyphaError, NetworkError, SignInRequired
from hypha_artifact.models import StageState, User
from hypha_artifact.paths import ROOT, ArtifactId, RemotePath
from hypha_tui.providers.base import Place
from hypha_tui.providers.local import LocalProvider
from hypha_tui.providers.remote import STAGE
from hypha_tui.screens.picker import Picked, PickerScreen
from hypha_tui.screens.ui import Ui
from hypha_tui.state.text import count
from hypha_tui.widgets.pane import Pane
from hypha_tui.widgets.status_bar import Link

_KEYS = "r = try again   @ = open another place"


class OpenUi(Ui, Protocol):
    """A screen with panes and a header."""

    def linked(self, link: Link, user: User | None = None) -> None:
        """Show whether the server answers, and for whom."""
        ...


class OpenFlow:
    """Fills panes with places; what fails is told in the pane itself.

    Args:
        ui: The screen with the panes.
        local: The folder that local panes start in.
    """

    def __init__(self, ui: OpenUi, local: Path) -> None:
        self._ui = ui
        self._local = local
        self._wanted: dict[Pane, tuple[ArtifactId, str | None, RemotePath]] = {}

    def open_local(self, pane: Pane, folder: Path | None = None) -> None:
        """Show a local folder."""
        self._wanted.pop(pane, None)
        place = Place(provider=LocalProvider(), folder=str(folder or self._local))
        pane.go(place)

    async def connect(
        self, pane: Pane, remote: tuple[ArtifactId, RemotePath] | None
    ) -> None:
        """Ask the server who we are, then open an artifact, or the picker.

        Args:
            pane: The pane for the artifact.
            remote: What to open; the picker asks when it is None.
        """
        pane.tell(f"Connecting to {self._ui.session.settings.server_url} ...")
        self._ui.linked(Link.CONNECTING)
        try:
            user = await self._ui.session.workspace().whoami()
        except HyphaError as error:
            self._failed(pane, error)
            return
        self._ui.linked(Link.OK, user)
        if remote is not None:
            await self.open_remote(pane, remote[0], folder=remote[1])
        else:
            pane.tell("No artifact is open.", "@ = choose one")
            await self.pick(pane)

    async def open_remote(
        self,
        pane: Pane,
        artifact_id: ArtifactId,
        *,
        version: str | None = None,
        folder: RemotePath = ROOT,
    ) -> None:
        """Show a folder of an artifact."""
        self._wanted[pane] = (artifact_id, version, folder)
        if pane.view is None:
            pane.tell(f"Opening {artifact_id} ...")
        session = self._ui.session
        try:
            stage = await session.stage(artifact_id)
        except HyphaError as error:
            self._failed(pane, error)
            return
        self._ui.linked(Link.OK)
        if version == STAGE and stage.mode is None:
            version = None
        if version is None and stage.mode is not None:
            self._ui.say(_open_stage(stage))
        pane.go(
            Place(provider=session.view(artifact_id, stage, version), folder=folder)
        )

    async def retry(
        self, pane: Pane, remote: tuple[ArtifactId, RemotePath] | None
    ) -> None:
        """Try again what failed last in a pane."""
        wanted = self._wanted.get(pane)
        if wanted is None:
            await self.connect(pane, remote)
        else:
            artifact_id, version, folder = wanted
            await self.open_remote(pane, artifact_id, version=version, folder=folder)

    async def pick(self, pane: Pane, artifact_id: ArtifactId | None = None) -> None:
        """Let the user choose what a pane shows.

        Args:
            pane: The pane to fill.
            artifact_id: Start with this artifact's versions.
        """
        dialog = PickerScreen(
            self._ui.session, symbols=self._ui.symbols, artifact_id=artifact_id
        )
        picked = await self._ui.ask(dialog)
        if picked is None:
            return
        await self._show(pane, picked)

    async def _show(self, pane: Pane, picked: Picked) -> None:
        if picked.artifact is None:
            self.open_local(pane)
            return
        await self.open_remote(pane, picked.artifact, version=picked.version)

    def _failed(self, pane: Pane, error: HyphaError) -> None:
        pane.close()
        pane.tell(error.message, error.hint, _KEYS)
        if isinstance(error, NetworkError):
            self._ui.linked(Link.DOWN)
        elif isinstance(error, SignInRequired):
            self._ui.linked(Link.REFUSED)


def _open_stage(stage: StageState) -> str:
    changes = count(len(stage.changes), "change")
    mode = stage.mode.value if stage.mode else ""
    return f"A stage is open ({mode}, {changes}): V = look into it, s = its changes."
