"""What a pane says around its rows: below the list, and where there are none."""

from __future__ import annotations

from collections.abc import Sequence

from hypha_artifact.paths import printable
from hypha_tui.providers.base import Listing
from hypha_tui.state.rows import Row
from hypha_tui.state.text import count, size


def notice(listing: Listing, *, shown: int, pattern: str) -> tuple[str, ...]:
    """Say why a list is empty, and what to do; nothing where it is not.

    Args:
        listing: What the place holds.
        shown: How many of its rows are shown.
        pattern: What the names are filtered by.
    """
    if listing.error:
        keys = "r = try again   Backspace = folder above   @ = open another place"
        return tuple(filter(None, (listing.error, listing.hint, keys)))
    if shown:
        return ()
    if listing.rows and pattern:
        return ("No name matches the filter.", "Esc = show all names")
    if listing.rows:
        return ("Only hidden files here.", ". = show them")
    return ("Nothing here yet.", "F5 in the other pane copies to this place.")


def summary(
    listing: Listing, marked: Sequence[Row], *, shown: int, pattern: str
) -> list[str]:
    """Say what is marked, how much there is, and what is left out.

    Args:
        listing: What the place holds.
        marked: The rows that the user has marked.
        shown: How many rows are shown.
        pattern: What the names are filtered by; untrusted.

    Returns:
        The parts that there is something to say of.
    """
    total = sum(row.size or 0 for row in marked)
    parts = (
        f"{len(marked):,} marked {size(total)}" if marked else "",
        _counts(listing, shown),
        f"filter {printable(pattern)}" if pattern else "",
        listing.note,
    )
    return [part for part in parts if part]


def _counts(listing: Listing, shown: int) -> str:
    if listing.error:
        return "not listed"
    hidden = len(listing.rows) - shown
    return count(shown, "item") + (f", {hidden:,} hidden" if hidden else "")


def loading(folder: str, current: str | None) -> str:
    """Say that a folder is being listed; ``current`` is the one that is shown."""
    if folder == current:
        return "listing again ..."
    return f"opening {printable(folder.rpartition('/')[2] or '/')} ..."
