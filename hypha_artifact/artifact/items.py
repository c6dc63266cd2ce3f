"""Entries of a folder as the public interface gives them."""

from __future__ import annotations

from collections.abc import ItemsView, KeysView
from typing import Self, TypeVar, cast

from typing_extensions import override

from hypha_artifact.classes import ArtifactItem
from hypha_artifact.errors import InvalidInput
from hypha_artifact.models import Entry

T = TypeVar("T")


def item_of(entry: Entry) -> ArtifactItem:
    """Turn an entry into an item."""
    item = ArtifactItem(
        name=entry.name,
        type="directory" if entry.is_folder else "file",
        size=entry.size or 0,
        last_modified=entry.modified,
    )
    if entry.pending:
        item["pending"] = True
    return item


class ListedName(str):
    """A name in a folder that can be asked like an item: ``entry["size"]``.

    ``ls`` was documented to return items and returned names; callers rely on either.
    """

    __slots__ = ("item",)
    item: ArtifactItem

    def __new__(cls, entry: Entry) -> Self:  # noqa: D102
        self = super().__new__(cls, entry.name)
        self.item = item_of(entry)
        return self

    @override
    def __getitem__(self, key: object) -> object:  # type: ignore[override]
        """Return a field of the item by its name, or characters by their place."""
        if isinstance(key, str):
            return cast("dict[str, object]", self.item)[key]
        return super().__getitem__(cast("int", key))

    def get(self, key: str, default: T | None = None) -> object | T | None:
        """Return a field of the item, or a default."""
        return cast("dict[str, object]", self.item).get(key, default)

    def keys(self) -> KeysView[str]:
        """Name the item's fields; with them, ``dict(entry)`` is the item."""
        return self.item.keys()

    def items(self) -> ItemsView[str, object]:
        """Return the item's fields and values."""
        return self.item.items()


def checked_depth(maxdepth: int | None) -> int | None:
    """Return a number of levels, if it is one.

    Args:
        maxdepth: Levels of folders, 1 for a folder's own files; None for all.

    Raises:
        InvalidInput: It is less than 1.
    """
    if maxdepth is not None and maxdepth < 1:
        raise InvalidInput(
            f"maxdepth is {maxdepth}, but there is no level before the first.",
            hint="Use 1 for a folder's own files, or None for all levels.",
        )
    return maxdepth
