"""Which columns of a file list fit into a width, and the texts in them."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

MARK_WIDTH = 2
BADGE_WIDTH = 2
SIZE_WIDTH = 6
LIVE_WIDTH = 5
SHORT_TIME, LONG_TIME = 11, 16
_SHORT_FROM, _LONG_FROM = 54, 76


class Columns(Struct, frozen=True, kw_only=True):
    """Widths in cells; a column that is not shown has none.

    From the left: mark, badge, name, live, size, modified, one cell of margin.
    """

    name: int
    badge: int = 0
    live: int = 0
    size: int = SIZE_WIDTH
    modified: int = 0

    @property
    def name_start(self) -> int:
        """The cell where names begin."""
        return MARK_WIDTH + self.badge

    @property
    def size_end(self) -> int:
        """The cell after the sizes."""
        return self.name_start + self.name + self.live + self.size


def columns_for(width: int, *, badges: bool = False, live: bool = False) -> Columns:
    """Choose the columns for a list of some width.

    Args:
        width: Cells to fill.
        badges: Whether staged changes can occur (remote lists).
        live: Whether some rows are seen by readers already.

    Returns:
        Columns that fill the width exactly.
    """
    badge = BADGE_WIDTH if badges else 0
    seen = LIVE_WIDTH if live and width >= 30 else 0  # noqa: PLR2004
    time = 0
    if width >= _SHORT_FROM:
        time = 2 + (LONG_TIME if width >= _LONG_FROM else SHORT_TIME)
    name = width - MARK_WIDTH - badge - seen - SIZE_WIDTH - time - 1
    return Columns(name=max(1, name), badge=badge, live=seen, modified=time)


def time_text(epoch: float | None, width: int, now: datetime) -> str:
    """Format a time of change for its column.

    Args:
        epoch: Seconds, or None for no text.
        width: Of the column, with its two cells of gap.
        now: Times of another year show the year in a short column.

    Returns:
        ``2026-08-22 10:11``, or short ``08-22 10:11`` or ``2024-08-22``.
    """
    if epoch is None:
        return ""
    local = datetime.fromtimestamp(epoch).astimezone()
    if width >= LONG_TIME:
        return local.strftime("%Y-%m-%d %H:%M")
    return local.strftime("%m-%d %H:%M" if local.year == now.year else "%Y-%m-%d")
