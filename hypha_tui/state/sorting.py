"""The order of a file list: folders first, then by one column."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum
from typing import TypeAlias

from msgspec import Struct

from hypha_tui.state.rows import Row

_DIGITS = re.compile(r"(\d+)")
NaturalKey: TypeAlias = tuple[str | tuple[int, str], ...]


class SortBy(Enum):
    """The columns to sort by; the value is the column's title."""

    NAME = "name"
    SIZE = "size"
    MODIFIED = "modified"


class Order(Struct, frozen=True, kw_only=True):
    """A column, and whether it runs against its natural direction.

    Names run from a to z, sizes from the largest, times from the newest.
    """

    by: SortBy = SortBy.NAME
    reverse: bool = False

    def next(self) -> Order:
        """Return the order by the next column."""
        columns = list(SortBy)
        return Order(by=columns[(columns.index(self.by) + 1) % len(columns)])

    def by_title(self, by: SortBy) -> Order:
        """Return the order after a click on a title: a second click reverses."""
        return Order(by=by, reverse=by is self.by and not self.reverse)

    @property
    def descends(self) -> bool:
        """Whether large values come first."""
        return self.reverse == (self.by is SortBy.NAME)


def natural_key(name: str) -> NaturalKey:
    """Make a key that sorts ``img_2`` before ``img_10``, whatever the case.

    Texts and numbers take turns, so keys always compare; a number is compared by
    its length first, then by its digits, so it may be as long as it likes.
    """
    parts = _DIGITS.split(name.casefold())
    return tuple(
        (len(part.lstrip("0")), part.lstrip("0")) if odd % 2 else part
        for odd, part in enumerate(parts)
    )


def sort_rows(rows: Iterable[Row], order: Order) -> tuple[Row, ...]:
    """Sort rows: folders first, then by the order; equal ones by name.

    Args:
        rows: In any order, without the row that leads up.
        order: The column and direction.

    Returns:
        The same rows.
    """
    named = sorted(rows, key=_name_key, reverse=_names_descend(order))
    if order.by is SortBy.SIZE:
        named.sort(key=_size, reverse=order.descends)
    elif order.by is SortBy.MODIFIED:
        named.sort(key=_modified, reverse=order.descends)
    named.sort(key=_is_file)
    return tuple(named)


def _names_descend(order: Order) -> bool:
    return order.by is SortBy.NAME and order.reverse


def _name_key(row: Row) -> tuple[NaturalKey, str]:
    return natural_key(row.name), row.name


def _size(row: Row) -> int:
    return -1 if row.size is None else row.size


def _modified(row: Row) -> float:
    return row.modified or 0.0


def _is_file(row: Row) -> bool:
    return not row.is_folder
