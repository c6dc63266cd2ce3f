"""What work weighs where time is the measure: its bytes, and each file some more."""

from __future__ import annotations

EACH = 64 * 1024
"""Bytes that would take as long as a file, or a part, takes besides its own."""


def weight(size: int, files: int) -> int:
    """Return what so many bytes in so many files weigh."""
    return size + files * EACH
