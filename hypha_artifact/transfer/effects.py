"""What a user's command does to jobs that rest, all of a kind at once."""

from __future__ import annotations

from msgspec import Struct

from hypha_artifact.transfer.jobs import Group
from hypha_artifact.transfer.rest import BEGUN, GONE, HELD, marks_of, moved
from hypha_artifact.transfer.state import Action, JobState

GIVEN_UP = frozenset(marks_of(JobState.FAILED, JobState.CANCELLED))


class Effect(Struct, frozen=True):
    """What becomes of the marks that an action fits, and which jobs it has to wake."""

    table: dict[int, int]
    wakes: list[int] = []


def effect_of(action: Action, group: Group) -> Effect:
    """Say what an action does to what rests of a batch, as it is now."""
    if action is Action.FIRST:
        return Effect({}, marks_of(JobState.QUEUED, JobState.PAUSED))
    if action is Action.CANCEL:
        clean, begun = _apart(marks_of(JobState.QUEUED, JobState.PAUSED))
        return Effect(moved(JobState.CANCELLED, clean), begun)
    if action is Action.CLEAR and not group.wants_commit:
        clean, begun = _apart(list(GIVEN_UP))
        return Effect(dict.fromkeys([*marks_of(JobState.DONE), *clean], GONE), begun)
    return Effect(_simply(action, group))


def _simply(action: Action, group: Group) -> dict[int, int]:
    if action is Action.PAUSE:
        return moved(JobState.PAUSED, marks_of(JobState.QUEUED))
    if action is Action.RESUME:
        return moved(JobState.QUEUED, marks_of(JobState.PAUSED))
    if action is Action.RETRY:
        stopped = [JobState.PAUSED] if group.error is not None else []
        states = (JobState.FAILED, JobState.CANCELLED, *stopped)
        return moved(JobState.QUEUED, marks_of(*states))
    return {}


def held_marks() -> dict[int, int]:
    """Return what becomes of those that an error holds until somebody signs in."""
    return moved(JobState.PAUSED, marks_of(JobState.QUEUED), HELD)


def failed_marks() -> dict[int, int]:
    """Return what becomes of those that fail with their batch."""
    return moved(JobState.FAILED, marks_of(JobState.QUEUED))


def _apart(marks: list[int]) -> tuple[list[int], list[int]]:
    """Part those without leftovers from those that may have some."""
    return (
        [mark for mark in marks if not mark & BEGUN],
        [mark for mark in marks if mark & BEGUN],
    )
