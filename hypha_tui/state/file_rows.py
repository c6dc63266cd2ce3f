"""How the rows of a file pane are written: name, badge, size and time, with roles."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from hypha_tui.state.columns import Columns, time_text
from hypha_tui.state.rows import Row
from hypha_tui.state.text import fit_name, size
from hypha_tui.themes import Symbols

BADGES = {"A": "added", "M": "modified", "D": "removed", "!": "pending", "?": "pending"}


def file_line(
    row: Row, columns: Columns, symbols: Symbols, *, marked: bool
) -> tuple[tuple[str, str], ...]:
    """Write one row.

    Args:
        row: What to write.
        columns: How wide each column is.
        symbols: The characters to draw with.
        marked: Whether the user has marked it.

    Returns:
        Texts with their roles, as wide as the columns; an empty role is plain.
    """
    return tuple(_pieces(row, columns, symbols, marked=marked))


def _pieces(
    row: Row, columns: Columns, symbols: Symbols, *, marked: bool
) -> Iterator[tuple[str, str]]:
    yield f"{symbols.marked if marked else ' '} ", "marked"
    if columns.badge:
        yield f"{row.badge:<2.2}", BADGES.get(row.badge, "muted")
    name = fit_name(_name(row), columns.name, symbols.ellipsis)
    yield name, _role(row, marked=marked)
    if columns.live:
        yield f"{'LIVE' if row.live else '':>5}", "live"
    yield f"{_facts(row, columns.modified)} ", "muted"


def _name(row: Row) -> str:
    name = f"{row.name}/" if row.is_folder else row.name
    return f"{name}@" if row.is_link else name


def _role(row: Row, *, marked: bool) -> str:
    if row.error:
        return "error"
    if marked:
        return "marked"
    if row.is_folder:
        return "folder"
    return "link" if row.is_link else ""


def _facts(row: Row, width: int) -> str:
    text = f"{_size(row):>6}"
    if not width:
        return text
    when = time_text(row.modified, width, datetime.now().astimezone())
    return f"{text}{when:>{width}}"


def _size(row: Row) -> str:
    if row.note:
        return row.note
    return "dir" if row.is_folder and not row.is_up else size(row.size)
