"""Leaving while files are on their way."""

from __future__ import annotations

from enum import Enum
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Static
from typing_extensions import override

from hypha_artifact.transfer.state import JobState, Snapshot
from hypha_tui.screens.dialog import Dialog
from hypha_tui.state.text import count, duration, size
from hypha_tui.state.transfer_rows import MOVING, OPEN
from hypha_tui.widgets.card import Card
from hypha_tui.widgets.keys_line import KeyHint


class QuitChoice(Enum):
    """How to leave."""

    DETACH = "detach"
    FINISH = "finish"
    STOP = "stop"
    BACK = "back"


_CARDS = {
    QuitChoice.DETACH: (
        "d",
        "Detach",
        "Leaves now. The transfers go on, and are here when you come back.",
    ),
    QuitChoice.FINISH: (
        "f",
        "Finish, then quit",
        "Keeps on copying and leaves when the last file is there.",
    ),
    QuitChoice.STOP: (
        "s",
        "Stop and quit",
        "Cancels what is left and cleans up after it. What has arrived stays.",
    ),
}
_DETACH = KeyHint(key="d", label="Detach", action="take('detach')", tone="main")
_KEYS = (
    KeyHint(key="f", label="Finish", action="take('finish')", tone="main"),
    KeyHint(key="s", label="Stop", action="take('stop')", tone="danger"),
    KeyHint(key="Esc", label="Back", action="leave"),
)


def pending(snapshot: Snapshot) -> str:
    """Say in a sentence what is not finished yet."""
    moving = snapshot.count(*MOVING)
    waiting = snapshot.count(*OPEN) - moving
    paused = snapshot.count(JobState.PAUSED)
    parts = [
        f"{count(moving, 'file')} moving" if moving else "",
        f"{waiting:,} waiting" if waiting else "",
        f"{paused:,} paused" if paused else "",
    ]
    groups = [group for group in snapshot.groups if not group.is_final]
    left = sum(group.size - group.done for group in groups)
    text = f"{', '.join(filter(None, parts))}: {size(left)} to go"
    return f"{text}, about {duration(snapshot.eta)}." if snapshot.eta else f"{text}."


class QuitScreen(Dialog[QuitChoice]):
    """Asks how to leave; nothing is lost by coming back.

    Args:
        snapshot: What the engine is doing.
        outlives: Whether the engine goes on without this program.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape,b", "leave", "Back"),
        ("d", "take('detach')", "Detach"),
        ("f", "take('finish')", "Finish"),
        ("s", "take('stop')", "Stop"),
    ]

    def __init__(self, snapshot: Snapshot, *, outlives: bool = False) -> None:
        super().__init__("Quit?", keys=(_DETACH, *_KEYS) if outlives else _KEYS)
        self._snapshot = snapshot
        self._outlives = outlives

    @override
    def body(self) -> ComposeResult:
        yield Static(Content(pending(self._snapshot)))
        if self._snapshot.count(JobState.PAUSED):
            paused = "Paused files do not finish by themselves: resume them first (P)."
            yield Static(Content(paused), classes="warning")
        yield Static()
        for choice, (key, name, text) in _CARDS.items():
            if self._outlives or choice is not QuitChoice.DETACH:
                yield Card(key, name, text, id=choice.value)

    @on(Card.Taken)
    def _taken(self, event: Card.Taken) -> None:
        self.action_take(event.card.id or "")

    def action_take(self, name: str) -> None:
        """Answer with a choice, if it is one here."""
        if name == QuitChoice.DETACH.value and not self._outlives:
            return
        self.dismiss(QuitChoice(name))

    @override
    def action_leave(self) -> None:
        """Do not quit."""
        self.dismiss(QuitChoice.BACK)
