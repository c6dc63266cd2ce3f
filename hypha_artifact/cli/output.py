"""What goes to stdout: JSON for programs, lines for people."""

from __future__ import annotations

import codecs
import io
import json
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta


def json_text(value: object) -> str:
    """Write a value as JSON, every character beyond ASCII escaped."""
    return json.dumps(value, indent=2)


def shown(text: str) -> str:
    """Return a name as stdout may have it: on a terminal nothing that steers it.

    In a pipe it is left as it is, unless it has control characters, which would break
    lines.
    """
    from hypha_artifact.paths import printable

    steers = any(unicodedata.category(char) == "Cc" for char in text)
    return printable(text) if steers or sys.stdout.isatty() else text


def stdout_writer() -> Callable[[bytes], object]:
    """Return what takes a file's bytes to stdout.

    A pipe gets them as they are; a terminal as text, with nothing in it that steers
    the terminal.
    """
    if not sys.stdout.isatty():
        return sys.stdout.buffer.write
    utf = codecs.getincrementaldecoder("utf-8")("replace")
    lines = io.IncrementalNewlineDecoder(utf, translate=True)
    return lambda chunk: sys.stdout.write(_calm(lines.decode(chunk)))


def _calm(text: str) -> str:
    from hypha_artifact.paths import printable

    return "".join(
        piece if piece in {"\n", "\t"} else printable(piece)
        for piece in re.split(r"([\n\t])", text)
    )


def size_text(size: float | None) -> str:
    """Write bytes for people: ``1.2 MiB``; empty when unknown."""
    from humanize import naturalsize

    return "" if size is None else naturalsize(size, binary=True).replace("Bytes", "B")


def rate_text(rate: float | None) -> str:
    """Write bytes per second for people: ``1.2 MiB/s``; empty when there are none."""
    return f"{size_text(rate)}/s" if rate else ""


def left_text(seconds: float | None) -> str:
    """Write how long something still takes: ``0:01:30 left``; empty when unknown."""
    return "" if seconds is None else f"{timedelta(seconds=round(seconds))} left"


def time_text(moment: float | None) -> str:
    """Write epoch seconds as local time; empty when unknown."""
    if moment is None:
        return ""
    local = datetime.fromtimestamp(moment, UTC).astimezone()
    return local.strftime("%Y-%m-%d %H:%M:%S")


def columns(rows: Iterable[Sequence[str]], *, right: Sequence[int] = ()) -> list[str]:
    """Set rows in columns, two spaces apart.

    Args:
        rows: Cells; all rows have the same number of them.
        right: The columns that are set to the right.
    """
    from rich.cells import cell_len

    table = list(rows)
    if not table:
        return []
    widths = [max(map(cell_len, column)) for column in zip(*table, strict=True)]
    lines: list[str] = []
    for row in table:
        cells: list[str] = []
        for number, (cell, width) in enumerate(zip(row, widths, strict=True)):
            room = " " * (width - cell_len(cell))
            cells.append(room + cell if number in right else cell + room)
        lines.append("  ".join(cells).rstrip())
    return lines
