"""Two trees of files side by side: what is new, changed or gone. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import TypeAlias

from msgspec import Struct

from hypha_artifact.paths import RemotePath


class Fact(Struct, frozen=True, kw_only=True):
    """What is known of one file.

    ``size`` in bytes, ``modified`` in epoch seconds; ``etag`` is the store's checksum
    of the content, unquoted: an MD5 in hex, or with ``-N`` at its end one over the
    MD5s of N parts.
    """

    size: int
    modified: float | None = None
    etag: str | None = None


Tree: TypeAlias = Mapping[RemotePath, Fact]
Same: TypeAlias = Callable[[Fact, Fact], bool | None]
"""Whether a file is the same before and after; None when it cannot be told."""

_TICK = 0.001
"""Seconds; a time that went through a file system may be so much off."""


class Difference(Enum):
    """What became of a file; the value is its letter in lists."""

    NEW = "A"
    CHANGED = "M"
    GONE = "D"
    SAME = "="
    UNSURE = "?"
    """Of the same size, with checksums that cannot be compared."""


class FileDifference(Struct, frozen=True, kw_only=True):
    """One file before and after; a size is None where it is not there."""

    path: RemotePath
    difference: Difference
    size_before: int | None = None
    size_after: int | None = None


def compare(before: Tree, after: Tree, same: Same) -> tuple[FileDifference, ...]:
    """Compare two trees.

    Args:
        before: The older one, or the target of a copy.
        after: The newer one, or its source.
        same: Judges files that are in both.

    Returns:
        Every file of either, by path.
    """
    return tuple(
        _difference(path, before.get(path), after.get(path), same)
        for path in sorted(before.keys() | after.keys())
    )


def _difference(
    path: RemotePath, before: Fact | None, after: Fact | None, same: Same
) -> FileDifference:
    if before is None or after is None:
        kind = Difference.NEW if before is None else Difference.GONE
    else:
        judged = same(before, after)
        kind = Difference.SAME if judged else Difference.CHANGED
        kind = Difference.UNSURE if judged is None else kind
    return FileDifference(
        path=path,
        difference=kind,
        size_before=before.size if before else None,
        size_after=after.size if after else None,
    )


def by_time(target: Fact, source: Fact) -> bool:
    """Take a target for current that has the size, and is not older."""
    if target.size != source.size or target.modified is None:
        return False
    return source.modified is not None and target.modified + _TICK >= source.modified


def by_content(before: Fact, after: Fact) -> bool | None:
    """Compare sizes and checksums; None where those were made of unequal parts."""
    if before.size != after.size or not before.size:
        return before.size == after.size
    if before.etag is None or after.etag is None:
        return None
    if before.etag == after.etag:
        return True
    in_parts = _parts(before.etag), _parts(after.etag)
    return False if in_parts[0] == in_parts[1] else None


def by_size(before: Fact, after: Fact) -> bool | None:
    """Tell changed sizes, and that empty files are the same; no more."""
    if before.size != after.size or not before.size:
        return before.size == after.size
    return None


def _parts(etag: str) -> str:
    return etag.partition("-")[2]
