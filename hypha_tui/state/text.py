"""Texts that fit fixed columns: sizes, times, durations, names."""

from __future__ import annotations

from datetime import datetime

from rich.cells import cell_len, chop_cells, set_cell_size

from hypha_artifact.paths import printable

_UNITS = "BKMGTPE"
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def size(count: float | None) -> str:
    """Format bytes in at most five cells: ``0B``, ``999B``, ``1.2K``, ``512M``.

    Powers of 1024; one decimal below ten; empty for None.
    """
    if count is None:
        return ""
    value, unit = float(count), 0
    while value >= 999.5 and unit < len(_UNITS) - 1:  # noqa: PLR2004
        value /= 1024
        unit += 1
    digits = 1 if unit and value < 9.95 else 0  # noqa: PLR2004
    return f"{value:.{digits}f}{_UNITS[unit]}"


def rate(per_second: float) -> str:
    """Format bytes per second: ``12M/s``; empty when nothing moves."""
    return f"{size(per_second)}/s" if per_second >= 1 else ""


def duration(seconds: float | None) -> str:
    """Format a time to go: ``0:41``, ``12:05``, ``3:10h``, ``2d``; empty for None."""
    if seconds is None:
        return ""
    whole = int(seconds + 0.5)
    if whole < _HOUR:
        return f"{whole // _MINUTE}:{whole % _MINUTE:02}"
    if whole < _DAY:
        return f"{whole // _HOUR}:{whole % _HOUR // _MINUTE:02}h"
    return f"{whole // _DAY}d"


def moment(epoch: float | None) -> str:
    """Format a time of change as local ``2026-08-22 10:11``; empty for None."""
    if epoch is None:
        return ""
    local = datetime.fromtimestamp(epoch).astimezone()
    return local.strftime("%Y-%m-%d %H:%M")


def fit_name(name: str, width: int, ellipsis: str = "…") -> str:
    """Make an untrusted name safe and exactly as wide as its column.

    A name that is too long loses its middle and keeps its ending.

    Args:
        name: The name as it came.
        width: Cells to fill.
        ellipsis: What stands for the part left out.

    Returns:
        A text of ``width`` cells.
    """
    shown = printable(name)
    if cell_len(shown) <= width:
        return set_cell_size(shown, width)
    tail_width = min(12, max(0, (width - cell_len(ellipsis)) // 2))
    head_width = width - cell_len(ellipsis) - tail_width
    if head_width < 1:
        return set_cell_size(shown, width)
    tail = _last_cells(shown, tail_width)
    head = chop_cells(shown, head_width)[0]
    return set_cell_size(head + ellipsis + tail, width)


def fit_start(text: str, width: int, ellipsis: str = "…") -> str:
    """Make an untrusted text safe and ``width`` cells wide; it loses its end."""
    shown = printable(text)
    room = width - cell_len(ellipsis)
    if cell_len(shown) > width and room > 0:
        shown = chop_cells(shown, room)[0] + ellipsis
    return set_cell_size(shown, width)


def _last_cells(text: str, width: int) -> str:
    tail = text[-width:] if width else ""
    while cell_len(tail) > width:
        tail = tail[1:]
    return tail


def count(number: int, noun: str) -> str:
    """Say how many: ``1 file``, ``1,234 files``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
