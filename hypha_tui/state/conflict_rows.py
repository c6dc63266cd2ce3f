"""What a copy would overwrite, and what it cannot move: rows, counts and words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import TypeAlias, overload

from msgspec import Struct
from typing_extensions import override

from hypha_artifact.paths import RemotePath, printable
from hypha_artifact.transfer.items import Content, Existing, PlanItem, Problem, Standing
from hypha_artifact.transfer.plans import TransferPlan, counts
from hypha_artifact.transfer.rules import decide
from hypha_artifact.transfer.state import Direction, Overwrite
from hypha_tui.state.lines import Line, Role, Span
from hypha_tui.state.text import count, fit_name, moment, size
from hypha_tui.themes import Symbols

Row: TypeAlias = PlanItem | Problem
Decisions: TypeAlias = Mapping[RemotePath, Overwrite]

WIDE = 96
"""Cells from which the table has both dates, not only which one is newer."""

_CHOICE = 11
_AGE = 10


class ConflictRows(Sequence[Row]):
    """What needs a look: what can be decided, what is blocked, the problems.

    Files are unpacked as they are asked for.
    """

    def __init__(self, plan: TransferPlan) -> None:
        packed = plan.packed
        free = set(Standing) - {Standing.NEW, Standing.CONFLICT}
        self._parts: tuple[Sequence[Row], ...] = (
            packed.those(free),
            packed.those({Standing.CONFLICT}),
            plan.problems,
        )

    @override
    def __len__(self) -> int:
        return sum(map(len, self._parts))

    @overload
    def __getitem__(self, at: int) -> Row: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Row, ...]: ...
    @override
    def __getitem__(self, at: int | slice) -> Row | tuple[Row, ...]:
        if isinstance(at, slice):
            return tuple(self[number] for number in range(len(self))[at])
        number = range(len(self))[at]
        for part in self._parts:
            if number < len(part):
                return part[number]
            number -= len(part)
        raise IndexError(at)

    @override
    def __iter__(self) -> Iterator[Row]:
        return chain(*self._parts)


def identify(row: Row) -> tuple[str, str]:
    """Return what a row is."""
    if isinstance(row, Problem):
        return "problem", row.source
    return "item", row.remote


def is_blocked(row: Row) -> bool:
    """Whether a row cannot be overwritten, whatever the user decides."""
    return isinstance(row, Problem) or bool(row.existing and row.existing.blocked)


def has_choice(row: Row) -> bool:
    """Whether there is something to decide about a row."""
    if isinstance(row, Problem):
        return False
    return not is_blocked(row) or bool(row.existing and row.existing.free)


def decided(row: Row, rule: Overwrite) -> Overwrite | None:
    """Return what a rule does to a row; None where it can do nothing."""
    if not isinstance(row, PlanItem) or not has_choice(row):
        return None
    if is_blocked(row) and rule is not Overwrite.RENAME:
        return None
    return decide(row, rule)


def age(item: PlanItem, there: Existing) -> str:
    """Compare what comes with what is there: ``newer``, ``older`` or ``same age``."""
    if item.modified is None or there.modified is None:
        return ""
    apart = item.modified - there.modified
    if abs(apart) < 1:
        return "same age"
    return "newer" if apart > 0 else "older"


class _Columns(Struct, frozen=True, kw_only=True):
    name: int
    date: int


def _columns(width: int) -> _Columns:
    date = 17 if width >= WIDE else 0
    return _Columns(name=max(8, width - _CHOICE - 2 * (7 + date) - _AGE), date=date)


def titles(width: int) -> str:
    """Name the columns of ``draw``."""
    columns = _columns(width)
    new, there = (f"{text:>7}{'':{columns.date}}" for text in ("new", "there"))
    return f"{'':{_CHOICE}}{'':{columns.name}}{new}{there}  yours is"[:width]


def draw(row: Row, width: int, symbols: Symbols, decisions: Decisions) -> Line:
    """Write a row: the decision, the path, both sizes and dates.

    Args:
        row: One of ``conflict_rows``.
        width: In cells.
        symbols: The set to write with.
        decisions: What was decided so far.

    Returns:
        A line of ``width`` cells.
    """
    if isinstance(row, Problem):
        return _refused(row.source, row.reason, width, symbols)
    there = row.existing
    decision = decisions.get(row.remote, Overwrite.SKIP)
    stays = there is None or (there.blocked and decision is not Overwrite.RENAME)
    if there is None or stays:
        return _refused(
            row.remote, there.blocked or "" if there else "", width, symbols
        )
    columns = _columns(width)
    role: Role = "muted" if decision is Overwrite.SKIP else "plain"
    return (
        _choice(decision),
        (fit_name(row.remote, columns.name, symbols.ellipsis), "plain"),
        (_side(row.size, row.modified, columns), role),
        (_side(there.size, there.modified, columns), role),
        _age_span(age(row, there), role),
    )


def _age_span(text: str, role: Role) -> Span:
    return f"  {text:<{_AGE - 2}}", "warn" if text == "older" else role


_CHOICES: dict[Overwrite, Span] = {
    Overwrite.REPLACE: ("overwrite", "warn"),
    Overwrite.RENAME: ("keep both", "good"),
}


def _choice(decision: Overwrite) -> Span:
    text, role = _CHOICES.get(decision, ("skip", "muted"))
    return f" {text:<{_CHOICE - 1}}", role


def _refused(name: str, reason: str, width: int, symbols: Symbols) -> Line:
    cells = max(8, (width - _CHOICE) // 2)
    rest = max(0, width - _CHOICE - cells)
    return (
        (f" {'cannot':<{_CHOICE - 1}}", "bad"),
        (fit_name(name, cells, symbols.ellipsis), "plain"),
        (fit_name(f"  {reason}", rest, symbols.ellipsis), "bad"),
    )


def _side(length: int | None, modified: float | None, columns: _Columns) -> str:
    date = f" {moment(modified):<16}" if columns.date else ""
    return f"  {size(length):>5}{date}"


_CONTENTS: dict[Content | None, str] = {
    None: "",
    Content.SAME: "  the same content",
    Content.DIFFERENT: "  other content",
    Content.UNKNOWN: "  content cannot be compared",
}


def detail(row: Row | None) -> Line:
    """Say all about one row, with nothing left out."""
    if row is None:
        return ()
    if isinstance(row, Problem):
        return (
            (printable(row.source), "strong"),
            (f"\n{printable(row.reason)}", "bad"),
        )
    name: Span = (printable(row.remote), "strong")
    there = row.existing
    if there is None:
        return (name,)
    if there.blocked:
        return (name, (f"\nCannot be overwritten: {printable(there.blocked)}", "bad"))
    return (
        name,
        (_CONTENTS[there.content], "muted"),
        (f"\nnew    {size(row.size):>5}  {moment(row.modified)}", "plain"),
        (f"\nthere  {size(there.size):>5}  {moment(there.modified)}", "plain"),
    )


def summary(plan: TransferPlan) -> str:
    """Say in a sentence or two what the whole batch is, and what is in its way."""
    verb = "Uploading" if plan.direction is Direction.UPLOAD else "Downloading"
    parts = [f"{verb} {count(len(plan.items), 'file')}, {size(plan.size)}."]
    if plan.collisions:
        number = len(plan.collisions)
        parts.append(f"{number:,} {_verb(number)} there already.")
    notes = sum(problem.is_note for problem in plan.problems)
    if len(plan.problems) > notes:
        parts.append(f"{len(plan.problems) - notes:,} more cannot be copied.")
    if notes:
        parts.append(f"{notes:,} {_verb(notes)} left out.")
    return " ".join(parts)


def standings(plan: TransferPlan) -> str:
    """Count the files of the batch by how they stand to what is there."""
    found = counts(plan).items()
    return ", ".join(f"{number:,} {each.value}" for each, number in found if number)


def uncertainty(plan: TransferPlan) -> str:
    """Say what could not be compared."""
    unknown = counts(plan)[Standing.UNKNOWN]
    if not unknown:
        return ""
    return (
        f"{count(unknown, 'file')} cannot be compared: the store has no checksum that "
        "can be computed here. Taken for different."
    )


def warning(plan: TransferPlan, *, live: bool) -> str:
    """Say what overwriting means for readers, or for this machine."""
    if all(map(is_blocked, plan.collisions)):
        return ""
    if plan.direction is Direction.DOWNLOAD:
        return "What you overwrite on this machine is gone."
    if live:
        return (
            "LIVE: this stage is in place. Readers see what you overwrite as soon as "
            "it is uploaded, before any commit."
        )
    return "Only what is staged is overwritten: committed versions stay as they are."


def _verb(number: int) -> str:
    return "is" if number == 1 else "are"


def outcome(plan: TransferPlan, decisions: Decisions) -> str:
    """Say what happens next, with the decisions as they are.

    Only what cannot be overwritten is looked at; the other decisions are counted.
    """
    chosen = Counter(decisions.values())
    for item in plan.packed.those({Standing.CONFLICT}):
        wish = decisions.get(item.remote)
        if wish is not None and decided(item, wish) is None:
            chosen[wish] -= 1
    replaced, renamed = chosen[Overwrite.REPLACE], chosen[Overwrite.RENAME]
    there = len(plan.collisions)
    skipped = there - replaced - renamed
    parts = [
        (len(plan.items) - there, "new"),
        (replaced, "overwritten"),
        (renamed, "kept beside"),
        (skipped, "skipped"),
    ]
    return ", ".join(f"{number:,} {word}" for number, word in parts if number)
