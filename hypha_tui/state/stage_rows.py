"""A stage as rows and lines: what is staged, and what readers see of it."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from hypha_artifact.models import ChangeKind, StagedChange, StageMode, StageState
from hypha_artifact.paths import printable
from hypha_tui.state.lines import Line, Role, Span, join, wrap
from hypha_tui.state.text import fit_name, size
from hypha_tui.themes import Symbols


class NoteRow(Struct, frozen=True, kw_only=True):
    """A line of what this kind of stage means, under the changes."""

    text: str
    line: int
    role: Role = "muted"


Row: TypeAlias = StagedChange | NoteRow

ROLES: dict[ChangeKind, Role] = {
    ChangeKind.ADDED: "good",
    ChangeKind.MODIFIED: "warn",
    ChangeKind.REMOVED: "bad",
    ChangeKind.SAME: "muted",
    ChangeKind.PENDING: "accent",
    ChangeKind.UNKNOWN: "accent",
}

_NOTES: dict[ChangeKind, tuple[str, str]] = {
    ChangeKind.ADDED: ("new", "new"),
    ChangeKind.MODIFIED: ("changed", "replaces the file of {latest}"),
    ChangeKind.SAME: ("carried over", "carried over from {latest}, unchanged"),
    ChangeKind.REMOVED: ("goes at commit", "removed by the commit"),
    ChangeKind.PENDING: ("no bytes yet", "no bytes yet: a commit would fail"),
    ChangeKind.UNKNOWN: ("new or changed", "new or changed: staged elsewhere"),
}

WIDE = 84
"""Cells from which a note is a sentence, not a word."""


def identify(row: Row) -> tuple[str, int]:
    """Return what a row is, whatever it says at the moment."""
    if isinstance(row, NoteRow):
        return row.text, row.line
    return row.path, -1


def stage_rows(
    state: StageState | None, width: int, symbols: Symbols
) -> tuple[Row, ...]:
    """List a stage: what would make a commit fail first, then by path.

    Args:
        state: The stage; None where there is no artifact.
        width: Cells of a line, to break notes at.
        symbols: The set to write with.

    Returns:
        The rows, in order; none while nothing is staged.
    """
    if not state or not state.changes:
        return ()
    pending = [c for c in state.changes if c.kind is ChangeKind.PENDING]
    others = (c for c in state.changes if c.kind is not ChangeKind.PENDING)
    return (*pending, *others, *_notes(state, width, symbols))


def _notes(state: StageState, width: int, symbols: Symbols) -> list[NoteRow]:
    text = meaning(state)
    lines = wrap(text, width - 2, symbols.ellipsis) if text else []
    role: Role = "warn" if state.is_live else "muted"
    return [NoteRow(text=line, line=i, role=role) for i, line in enumerate(lines)]


def meaning(state: StageState) -> str:
    """Say what the kind of this stage means for readers; empty where it is plain."""
    if state.mode is None:
        return ""
    latest = state.artifact.latest
    live = state.is_live
    if latest is None:
        return "LIVE: readers can see these files before the first commit." * live
    return _meaning(state, printable(latest.version), live=live)


def _meaning(state: StageState, name: str, *, live: bool) -> str:
    if state.mode is StageMode.ON_BRANCH:
        return f"Readers see it after the commit; {name} keeps its other files."
    if state.mode is StageMode.NEW_VERSION:
        target = printable(state.target)
        return (
            f"{target} starts empty and will hold only what is staged here: the "
            f"other files of {name} will not be in it."
        )
    if live:
        return (
            f"LIVE: readers of {name} see these bytes already, before any commit. "
            "Discard puts the old ones back."
        )
    return f"The commit changes {name} itself; no new version is made."


def draw(row: Row, width: int, symbols: Symbols, latest: str) -> Line:
    """Write a row.

    Args:
        row: One of ``stage_rows``.
        width: In cells.
        symbols: The set to write with.
        latest: The name of the version that readers get by default.

    Returns:
        A line of ``width`` cells.
    """
    if isinstance(row, NoteRow):
        return (("  " + row.text, row.role),)
    note_width = 34 if width >= WIDE else 15 if width >= 50 else 0  # noqa: PLR2004
    short, long = _NOTES[row.kind]
    note = long.format(latest=latest) if width >= WIDE else short
    name_width = max(8, width - 2 - 6 - 5 - note_width)
    role = ROLES[row.kind]
    return (
        (f"{row.kind.value} ", role),
        (fit_name(row.path, name_width, symbols.ellipsis), "plain"),
        (f" {size(row.size):>5}", "plain"),
        (" LIVE" if row.live else "     ", "warn"),
        (fit_name(f" {note}", note_width, symbols.ellipsis), "muted"),
    )


def headline(state: StageState | None) -> Line:
    """Say in one line what is staged: letters and counts, bytes, the target."""
    if state is None or state.mode is None:
        return ()
    counts: list[Span] = [
        (f"{kind.value} {state.count(kind):,}" if state.count(kind) else "", role)
        for kind, role in ROLES.items()
    ]
    total = size(state.size) if state.changes else ""
    return join([*counts, (total, "plain"), (goal(state), "strong")])


def goal(state: StageState) -> str:
    """Name what a commit makes: ``new version v4``, or ``in place, in v3``."""
    target = printable(state.target)
    if state.mode is StageMode.ON_BRANCH:
        return f"next commit of {target}"
    if state.mode is StageMode.IN_PLACE:
        return f"in place, in {target}"
    return f"{'new' if state.artifact.latest else 'first'} version {target}"
