"""A pane's path as a border title: fitted to its width, and clickable."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from rich.cells import cell_len
from textual.content import Content

from hypha_artifact.paths import printable
from hypha_tui.providers.base import Crumb
from hypha_tui.state.text import fit_name

TITLE_START = 2
"""Cells from a widget's left edge to the first cell of its border title."""


class PathBar(Struct, frozen=True, kw_only=True):
    """A fitted path: its text, and which cells lead where."""

    text: str
    spans: tuple[tuple[int, int, str], ...]

    @property
    def content(self) -> Content:
        """The text as Textual takes it; never read as markup."""
        return Content(self.text)

    def folder_at(self, x: int) -> str | None:
        """Return the folder at a cell of the widget, None beside the names."""
        cell = x - TITLE_START
        for start, end, folder in self.spans:
            if start <= cell < end:
                return folder
        return None


def fit_path(
    title: str, crumbs: Sequence[Crumb], width: int, ellipsis: str = "…"
) -> PathBar:
    """Fit a path into a width: its end is what counts.

    Args:
        title: Stands before the path; untrusted.
        crumbs: From the top down; untrusted.
        width: Cells to use at most.
        ellipsis: What stands for the part left out.

    Returns:
        A text, and the cells of each folder in it.
    """
    length = sum(cell_len(printable(crumb.text)) + 1 for crumb in crumbs)
    spare = max(width // 2 - 1, width - length - 4)
    head = f"{_fit(title, spare, ellipsis)} " if title else ""
    room = width - cell_len(head) - cell_len(ellipsis) - 1
    kept = _tail(crumbs, room)
    text = head + (f"{ellipsis}/" if len(kept) < len(crumbs) else "")
    spans: list[tuple[int, int, str]] = []
    for crumb in kept:
        name = _fit(crumb.text, room, ellipsis)
        start = cell_len(text)
        text += name if name == "/" else f"{name}/"
        spans.append((start, start + cell_len(name), crumb.folder))
    if kept[-1].text != "/":
        text = text.removesuffix("/")
    return PathBar(text=text, spans=tuple(spans))


def _tail(crumbs: Sequence[Crumb], room: int) -> list[Crumb]:
    kept: list[Crumb] = []
    used = 0
    for crumb in reversed(crumbs):
        used += cell_len(printable(crumb.text)) + 1
        if kept and used > room + 1:
            break
        kept.insert(0, crumb)
    return kept


def _fit(name: str, width: int, ellipsis: str) -> str:
    shown = printable(name)
    return shown if cell_len(shown) <= width else fit_name(name, width, ellipsis)
