"""One line of a list as text with roles: what it says, not yet how it is coloured."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Literal, TypeAlias

from rich.cells import cell_len, chop_cells

from hypha_artifact.paths import printable

Role: TypeAlias = Literal[
    "plain", "muted", "strong", "accent", "good", "warn", "bad", "up", "down"
]
"""What a piece of text means. A role is never the only sign of it."""

Span: TypeAlias = tuple[str, Role]
Line: TypeAlias = tuple[Span, ...]

MAX_WRAPPED = 4


def plain(line: Line) -> str:
    """Return a line's text."""
    return "".join(text for text, _ in line)


def join(parts: Iterable[Span], gap: str = "  ") -> Line:
    """Put a gap between the parts that are not empty."""
    between: Span = (gap, "plain")
    shown = [part for part in parts if part[0]]
    return tuple(span for part in shown for span in (between, part))[1:]


def wrap(text: str, width: int, ellipsis: str = "…") -> list[str]:
    """Break an untrusted text into at most ``MAX_WRAPPED`` lines of ``width`` cells.

    Args:
        text: The text as it came; control characters are made visible.
        width: In cells.
        ellipsis: What stands for the rest of a text that is too long.

    Returns:
        The lines, at least one.
    """
    lines = textwrap.wrap(
        printable(text),
        max(width, cell_len(ellipsis) + 1),
        max_lines=MAX_WRAPPED,
        placeholder=ellipsis,
    )
    pieces = [piece for line in lines for piece in chop_cells(line, max(1, width))]
    return pieces or [""]
