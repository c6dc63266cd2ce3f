"""A commit preview in words and rows: what readers will see of it."""

from __future__ import annotations

from hypha_artifact.models import (
    Artifact,
    CommitPreview,
    Fate,
    ResultingFile,
    StageMode,
    StageState,
)
from hypha_artifact.paths import printable
from hypha_tui.state.lines import Line, Role
from hypha_tui.state.text import count, fit_name, size
from hypha_tui.themes import Symbols

LETTERS: dict[Fate, tuple[str, Role]] = {
    Fate.NEW: ("A", "good"),
    Fate.CHANGED: ("M", "warn"),
    Fate.GONE: ("D", "bad"),
    Fate.KEPT: ("=", "muted"),
}
"""A letter for each fate, in the order in which they are listed."""

WIDE = 60
"""Cells from which a row says in words what happens to its file."""

RESERVED = frozenset({"stage", "latest", "new", "HEAD"})
"""Names that the server takes for something else than a version."""


def fate_rows(
    preview: CommitPreview, fate: Fate | None = None
) -> tuple[ResultingFile, ...]:
    """List the files of a preview: changes first, then what stays.

    Args:
        preview: What a commit would do.
        fate: Only the files of this fate; None for all.

    Returns:
        The files by fate, then by path.
    """
    fates = LETTERS if fate is None else (fate,)
    return tuple(file for each in fates for file in preview.files if file.fate is each)


def draw(row: ResultingFile, width: int, symbols: Symbols, state: StageState) -> Line:
    """Write a row: letter, path, sizes, and what happens to the file.

    Args:
        row: One of ``fate_rows``.
        width: In cells.
        symbols: The set to write with.
        state: What is committed.

    Returns:
        A line of ``width`` cells.
    """
    letter, role = LETTERS[row.fate]
    note = f" {_note(row.fate, state)}" if width >= WIDE else ""
    sizes = _sizes(row, symbols)
    note_width = 14 if note else 0
    name = fit_name(row.path, width - 3 - len(sizes) - note_width, symbols.ellipsis)
    quiet: Role = "muted" if row.fate in {Fate.KEPT, Fate.GONE} else "plain"
    return (
        (f" {letter} ", role),
        (name, quiet),
        (sizes, quiet),
        (fit_name(note, note_width), "muted"),
    )


def _sizes(row: ResultingFile, symbols: Symbols) -> str:
    before, after = size(row.size_before), size(row.size_after)
    if row.fate is not Fate.CHANGED or row.size_before is None:
        return f" {'':>5} {'':{len(symbols.arrow)}} {after or before:>5}"
    return f" {before:>5} {symbols.arrow} {after:>5}"


def _note(fate: Fate, state: StageState) -> str:
    if fate is not Fate.GONE or state.mode is not StageMode.NEW_VERSION:
        return {Fate.GONE: "removed"}.get(fate, fate.value)
    return f"not in {printable(state.target)}"


def tally(preview: CommitPreview, fate: Fate) -> str:
    """Say how many files have a fate, and their bytes: ``3 new 512M``."""
    number = preview.count(fate)
    total = size(preview.bytes_of(fate)) if number else ""
    return f"{number:,} {fate.value} {total}".rstrip()


def outcome(preview: CommitPreview) -> str:
    """Say in a sentence what readers will see."""
    state = preview.state
    after = [fate for fate in Fate if fate is not Fate.GONE]
    total = sum(map(preview.bytes_of, after))
    files = f"{count(sum(map(preview.count, after)), 'file')}, {size(total)}"
    latest = printable(state.artifact.latest.version) if state.artifact.latest else ""
    if state.mode is None:
        known = count(state.artifact.file_count or 0, "file")
        seen = f"Readers go on seeing {latest}: {known}." if latest else ""
        return f"Nothing is staged. {seen}".strip()
    if state.mode is not StageMode.NEW_VERSION and latest:
        return f"After the commit, readers of {latest} see {files}."
    target = printable(state.target)
    if not latest:
        return f"Readers will see {target}, the first version: {files}."
    return f"Readers will see {target}: {files}. {latest} stays as it is."


def kinds(artifact: Artifact) -> dict[StageMode, str]:
    """Name the kinds of commit that this artifact can have."""
    if artifact.is_git:
        text = f"To {printable(artifact.next_version)}: hidden until you commit."
        return {StageMode.ON_BRANCH: text}
    if artifact.latest is None:
        return {StageMode.NEW_VERSION: "First version: there is nothing before it."}
    return {
        StageMode.NEW_VERSION: "New version: hidden until you commit.",
        StageMode.IN_PLACE: "In place: uploads are live already.",
    }


def kind(state: StageState) -> str:
    """Name the kind of an open stage, and say why it cannot be chosen."""
    if state.mode is None:
        return ""
    known = kinds(state.artifact)
    why = " An open stage keeps its kind." if len(known) > 1 else ""
    return f"{known.get(state.mode, state.mode.value)}{why}"


def wrong_version(name: str, artifact: Artifact) -> str | None:
    """Tell what is wrong with a name for the new version.

    Args:
        name: As it was typed; empty takes the next number.
        artifact: What gets the version.

    Returns:
        A reason, None when nothing is wrong.
    """
    if not name:
        return None
    if not name.isprintable() or name != name.strip() or "/" in name:
        return "A version's name has no '/', no control characters, no outer spaces."
    if name in RESERVED:
        return f"'{name}' means something else to the server; choose another name."
    if name in {version.version for version in artifact.versions or ()}:
        return f"There is a version '{name}' already; choose another name."
    return None
