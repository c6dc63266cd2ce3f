"""Which names a typed pattern lets through."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from fnmatch import translate

from hypha_tui.state.rows import Row


def matcher(pattern: str) -> Callable[[str], bool]:
    """Compile what a user typed.

    Args:
        pattern: A glob if it has ``*``, ``?`` or ``[``, else a part of the name;
            upper and lower case are the same.

    Returns:
        A test for names; an empty pattern lets all through.
    """
    wanted = pattern.casefold()
    if not any(char in wanted for char in "*?["):
        return lambda name: wanted in name.casefold()
    match = re.compile(translate(wanted)).match
    return lambda name: match(name.casefold()) is not None


def visible(
    rows: Iterable[Row], *, pattern: str = "", hidden: bool = True
) -> tuple[Row, ...]:
    """Drop the rows that a pattern or the wish for no dot files leaves out."""
    fits = matcher(pattern)
    return tuple(
        row
        for row in rows
        if (hidden or not row.is_hidden) and (not pattern or fits(row.name))
    )
