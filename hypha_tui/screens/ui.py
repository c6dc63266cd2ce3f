"""What the flows need of the screen they run on."""

from __future__ import annotations

from typing import Protocol, TypeVar

from textual.screen import ModalScreen

from hypha_artifact.paths import ArtifactId
from hypha_tui.providers.session import Session
from hypha_tui.themes import Symbols
from hypha_tui.widgets.status_bar import Tone

T = TypeVar("T")


class Ui(Protocol):
    """Asks, tells, and shows again what has changed."""

    symbols: Symbols

    @property
    def session(self) -> Session:
        """The connection and the engine."""
        ...

    @property
    def is_asking(self) -> bool:
        """Whether a dialog is open; nothing may open another one over it."""
        ...

    async def ask(self, dialog: ModalScreen[T]) -> T | None:
        """Show a dialog and wait for its answer."""
        ...

    def say(self, text: str, tone: Tone = Tone.INFO) -> None:
        """Show a message in the status line."""
        ...

    async def refresh_artifact(self, artifact_id: ArtifactId) -> None:
        """Read an artifact again and show it in every pane and panel that has it."""
        ...

    def refresh_local(self) -> None:
        """List local panes again."""
        ...

    def follow_stage(self, artifact_id: ArtifactId) -> None:
        """Let panes on the latest version show the stage as soon as it is open."""
        ...
