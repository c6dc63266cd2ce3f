"""The application: settings, theme, connection, and its one main screen."""

from __future__ import annotations

import os
from pathlib import Path

import anyio
from textual.app import App
from textual.screen import Screen
from typing_extensions import override

from hypha_artifact.paths import ArtifactId, RemotePath
from hypha_artifact.settings import ConnectionSettings
from hypha_tui.colours import THEMES, choose_theme
from hypha_tui.providers.session import Session
from hypha_tui.screens.main import MainScreen
from hypha_tui.themes import Symbols, choose_symbols


class HyphaApp(App[None]):
    """A two-pane file manager for Hypha artifacts.

    Args:
        settings: Where to connect, and as whom.
        local: The folder that the left pane starts in.
        remote: What the right pane opens; the picker asks when it is None.
        symbols: The characters to draw with; by default what the terminal can show.
        session: An open connection to use; by default one is made of the settings.
    """

    TITLE = "hypha"
    CSS_PATH = "hypha.tcss"
    ENABLE_COMMAND_PALETTE = True
    HORIZONTAL_BREAKPOINTS: list[tuple[int, str]] | None = [  # noqa: RUF012
        (0, "-narrow"),
        (60, "-compact"),
        (100, "-standard"),
        (160, "-wide"),
    ]
    VERTICAL_BREAKPOINTS: list[tuple[int, str]] | None = [  # noqa: RUF012
        (0, "-short"),
        (18, "-medium"),
        (32, "-tall"),
    ]

    def __init__(
        self,
        settings: ConnectionSettings,
        local: Path,
        remote: tuple[ArtifactId, RemotePath] | None = None,
        *,
        symbols: Symbols | None = None,
        session: Session | None = None,
    ) -> None:
        super().__init__()
        self.symbols = symbols or choose_symbols(os.environ)
        self._session = session or Session(settings)
        self._local = local
        self._remote = remote
        self._leaving = anyio.Event()
        self._left = anyio.Event()
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = choose_theme(os.environ)

    @override
    def get_default_screen(self) -> Screen[None]:
        return MainScreen(
            self._session, self._local, self._remote, symbols=self.symbols
        )

    def run_to_end(self) -> None:
        """Run until the user quits.

        Raises:
            SystemExit: With a status other than 0, after a crash.
        """
        self.run()
        if self.return_code:
            raise SystemExit(self.return_code)

    def on_mount(self) -> None:
        """Open the connection."""
        self.run_worker(self._hold_session(), group="session", name="session")

    async def _hold_session(self) -> None:
        """Keep the session open in one task, from the first key to the last."""
        try:
            async with self._session:
                await self._leaving.wait()
        finally:
            self._left.set()

    async def on_unmount(self) -> None:
        """Close the connection; transfers that run inside are cancelled."""
        self._leaving.set()
        await self._left.wait()
