"""Marks in a file list: by name, so that they outlive sorting and reloading."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

_NONE: frozenset[str] = frozenset()


class Selection(Struct, frozen=True, kw_only=True):
    """Marked names, and the range that is being drawn, if there is one.

    ``base`` is what was marked before the range began at ``anchor``; a range that
    shrinks again gives its rows back.
    """

    marked: frozenset[str] = _NONE
    base: frozenset[str] = _NONE
    anchor: str | None = None

    def __contains__(self, name: object) -> bool:
        return name in self.marked

    def __len__(self) -> int:
        return len(self.marked)

    def toggle(self, name: str) -> Selection:
        """Turn one mark around; a range ends."""
        return Selection(marked=self.marked ^ {name})

    def replace(self, names: Iterable[str]) -> Selection:
        """Mark exactly these; a range ends."""
        return Selection(marked=frozenset(names))

    def invert(self, names: Iterable[str]) -> Selection:
        """Turn the marks of these names around; others keep theirs."""
        return Selection(marked=self.marked.symmetric_difference(names))

    def begin(self, anchor: str) -> Selection:
        """Start a range at a row, on top of what is marked."""
        return Selection(marked=self.marked, base=self.marked, anchor=anchor)

    def cover(self, names: Iterable[str]) -> Selection:
        """Let the range cover exactly these names."""
        marked = self.base.union(names)
        return Selection(marked=marked, base=self.base, anchor=self.anchor)

    def end(self) -> Selection:
        """Finish the range; its marks stay."""
        return self if self.anchor is None else Selection(marked=self.marked)

    def keep(self, names: Iterable[str]) -> Selection:
        """Drop marks of names that are no longer there."""
        return Selection(marked=self.marked.intersection(names))
