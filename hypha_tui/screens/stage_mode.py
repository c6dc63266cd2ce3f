"""Asks once what a stage should become, and says what each kind means for readers."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Static
from typing_extensions import override

from hypha_artifact.models import Artifact, StageMode
from hypha_artifact.paths import printable
from hypha_artifact.transfer.outcome import CommitOption
from hypha_tui.screens.dialog import Dialog
from hypha_tui.state.text import count
from hypha_tui.widgets.card import Card
from hypha_tui.widgets.commit_wish import WISH, CommitWish
from hypha_tui.widgets.keys_line import KeyHint

_MODES = {"new": StageMode.NEW_VERSION, "place": StageMode.IN_PLACE}
_KEYS = (
    KeyHint(key="n", label="New version", action="take('new')", tone="main"),
    KeyHint(key="i", label="In place", action="take('place')"),
    WISH,
    KeyHint(key="Esc", label="Cancel", action="leave"),
)


def new_version(artifact: Artifact) -> tuple[str, str]:
    """Name the kind "new version", and say what readers will see of it."""
    target, latest = printable(artifact.next_version), _latest(artifact)
    number = artifact.file_count
    files = f"the {count(number, 'file')}" if number else "the files"
    are = "is" if number == 1 else "are"
    text = (
        f"Readers see nothing of it until you commit.\n{target} starts empty: "
        f"{files} of {latest} {are} not carried into it. {latest} stays as it is."
    )
    return f"A new version, {target}", text


def in_place(artifact: Artifact) -> tuple[str, str]:
    """Name the kind "in place", and say what readers will see of it."""
    latest = _latest(artifact)
    text = (
        "LIVE: readers see each file as soon as it is uploaded, before any commit.\n"
        f"What you do not touch stays in {latest}. Overwritten files get their old "
        "content back if you discard the stage."
    )
    return f"In place, in {latest}", text


def _latest(artifact: Artifact) -> str:
    latest = artifact.latest
    return printable(latest.version) if latest else "the latest version"


class StageModeScreen(Dialog[StageMode | None]):
    """Two cards, and a box for what comes after; the caller remembers the answer.

    Args:
        artifact: What is going to be changed.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape", "leave", "Cancel"),
        ("n", "take('new')", "New version"),
        ("i", "take('place')", "In place"),
        ("c", "wish_commit", "Commit after"),
    ]

    def __init__(self, artifact: Artifact) -> None:
        super().__init__(f"Stage changes of {artifact.id}", keys=_KEYS)
        self._artifact = artifact
        self._wish = CommitWish()

    @property
    def commit(self) -> CommitOption | None:
        """Whether the upload is to end with a commit, and its message."""
        return self._wish.option

    @override
    def body(self) -> ComposeResult:
        yield Static(Content("What shall the changes become?\n"))
        yield Card("n", *new_version(self._artifact), id="new")
        yield Card("i", *in_place(self._artifact), id="place")
        note = "It cannot be changed while the stage is open."
        yield Static(Content(note), classes="label")
        yield self._wish

    @on(Card.Taken)
    def _taken(self, event: Card.Taken) -> None:
        self.action_take(event.card.id or "")

    @on(CommitWish.Accepted)
    def _wished(self) -> None:
        self.query(Card).first().focus()

    def action_wish_commit(self) -> None:
        """Let the upload end with a commit, or not."""
        self._wish.turn()

    def action_take(self, name: str) -> None:
        """Answer with a kind."""
        self.dismiss(_MODES[name])
