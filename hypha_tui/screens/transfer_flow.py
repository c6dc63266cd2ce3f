"""Commands to the engine; cancelling many files asks first."""

from __future__ import annotations

from hypha_artifact.transfer.state import Action, Command, JobState, Snapshot
from hypha_tui.screens.confirm import ConfirmScreen
from hypha_tui.screens.limit import LimitScreen
from hypha_tui.screens.ui import Ui
from hypha_tui.state.text import count, size

_LEFT = tuple(state for state in JobState if not state.is_final)


class TransferFlow:
    """Sends what the transfers panel wants.

    Args:
        ui: The screen to ask and tell on.
    """

    def __init__(self, ui: Ui) -> None:
        self._ui = ui

    async def run(self, command: Command, snapshot: Snapshot) -> None:
        """Send a command, unless the user thinks better of it."""
        if command.action is Action.CANCEL and command.jobs is None:
            dialog = _cancel_dialog(command, snapshot)
            if dialog and not await self._ui.ask(dialog):
                self._ui.say("Nothing was cancelled.")
                return
        await self._ui.session.client.control(command)

    async def limit(self, snapshot: Snapshot) -> None:
        """Ask how fast bytes may go, and see that they do."""
        wanted = await self._ui.ask(LimitScreen(snapshot))
        for way, text in (wanted or {}).items():
            await self._ui.session.client.limit(way, text)
        if wanted:
            told = ", ".join(f"{way.value} {text}" for way, text in wanted.items())
            self._ui.say(f"Limit: {told}.")


def _cancel_dialog(command: Command, snapshot: Snapshot) -> ConfirmScreen | None:
    """Ask about the files that are left; None where one or none is."""
    groups = [g for g in snapshot.groups if command.group in {None, g.id}]
    left = sum(group.count(*_LEFT) for group in groups)
    if left <= 1:
        return None
    to_go = size(sum(group.size - group.done for group in groups if not group.is_final))
    body = (
        f"Cancel {count(left, 'file')}, {to_go} to go?\n"
        "What has arrived stays. Unfinished files are taken back: nothing half done "
        "is left behind."
    )
    return ConfirmScreen("Cancel transfers", body, key="y", label="Cancel them")
