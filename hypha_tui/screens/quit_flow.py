"""Leaving: at once where nothing is pending, else as the user chooses."""

from __future__ import annotations

from collections.abc import Callable

from hypha_artifact.transfer.state import Action, Command, Snapshot
from hypha_tui.screens.quit import QuitChoice, QuitScreen
from hypha_tui.screens.ui import Ui


class QuitFlow:
    """Knows whether to leave now, or when everything is finished.

    Args:
        ui: The screen to ask and tell on.
        leave: Ends the program.
    """

    def __init__(self, ui: Ui, leave: Callable[[], None]) -> None:
        self._ui = ui
        self._leave = leave
        self._when_idle = False

    def look(self, snapshot: Snapshot) -> None:
        """Leave if everything is finished, and that was waited for."""
        if self._when_idle and snapshot.is_idle:
            self._leave()

    async def run(self, snapshot: Snapshot) -> None:
        """Leave, or ask while work is pending."""
        if snapshot.is_idle:
            self._leave()
            return
        client = self._ui.session.client
        choice = await self._ui.ask(QuitScreen(snapshot, outlives=client.outlives))
        if choice is QuitChoice.STOP:
            self._ui.say("Cancelling what is left, and cleaning up ...")
            if client.outlives:
                await client.control(Command(action=Action.CANCEL))
        if choice in {QuitChoice.STOP, QuitChoice.DETACH}:
            self._leave()
        self._when_idle = choice is QuitChoice.FINISH
        if self._when_idle:
            self._ui.say("Leaves when the transfers are finished. q = choose again.")
