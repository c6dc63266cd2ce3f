"""The commit at the end of a batch: whether it is wanted, and what came of it."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct


class CommitOption(Struct, frozen=True, kw_only=True):
    """Commit the stage once every file has arrived.

    ``comment`` is the version's message, ``version`` the name of a new one; None takes
    the next number.
    """

    comment: str | None = None
    version: str | None = None


class CommitState(Enum):
    """How far the commit of a batch is."""

    WAITING = "waiting"
    """For the last file, and for other batches that go to the same artifact."""
    HELD = "held"
    """Some files failed or were cancelled; it goes on once they have arrived."""
    COMMITTING = "committing"
    """It may have been sent."""
    DONE = "done"
    FAILED = "failed"
    """Refused; ``reason`` says why. A retry of the batch tries it again."""
    DROPPED = "dropped"
    """Files that had failed were cleared, so it is not made."""

    @property
    def is_coming(self) -> bool:
        """Whether it is made without anybody asking for it again."""
        return self in {CommitState.WAITING, CommitState.COMMITTING}


class Outcome(Struct, frozen=True, kw_only=True):
    """What came of a commit. ``version`` is what was made, ``reason`` is for people.

    ``versions`` is how many there were before the commit was sent, if it adds one: how
    a lost answer is looked up.
    """

    state: CommitState = CommitState.WAITING
    version: str | None = None
    reason: str | None = None
    versions: int | None = None
