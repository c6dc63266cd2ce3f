"""One file of a plan, what is there already, and how the two stand to each other."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from msgspec import Struct

from hypha_artifact.paths import RemotePath


class Content(Enum):
    """What came of comparing two files byte for byte, by their checksums."""

    SAME = "same"
    DIFFERENT = "different"
    UNKNOWN = "unknown"
    """The store has no checksum that can be computed here."""


class Existing(Struct, frozen=True, kw_only=True):
    """What is at a target already. ``blocked`` says why it cannot be replaced.

    ``content`` is None where it was not compared. ``free`` is the number of the first
    name beside it that nothing has (2: ``name (2).ext``), 0 where there is none.
    """

    size: int | None
    modified: float | None
    blocked: str | None = None
    is_folder: bool = False
    content: Content | None = None
    free: int = 0


class PlanItem(Struct, frozen=True, kw_only=True):
    """One file to move. ``remote`` is its path in the artifact; sizes in bytes.

    What is copied within an artifact has its old remote path as ``local``. ``root`` is
    the folder that a download may not leave, where that is not the request's;
    ``headers`` go along with an upload, in the place of those it would have.
    """

    local: Path
    remote: RemotePath
    size: int
    modified: float | None = None
    existing: Existing | None = None
    root: Path | None = None
    headers: dict[str, str] = {}


class Draft(Struct, frozen=True, kw_only=True):
    """A ``PlanItem`` as it is packed: local paths are bytes, which are made faster."""

    local: bytes
    remote: str
    size: int
    modified: float | None = None
    existing: Existing | None = None
    root: bytes | None = None
    headers: dict[str, str] = {}


class Problem(Struct, frozen=True, kw_only=True):
    """A source that cannot be moved, and why. ``source`` is untrusted text."""

    source: str
    reason: str
    missing: bool = False
    """Whether it is not there at all."""
    is_note: bool = False
    """Whether it is left out as a matter of course, and the user only told."""


TICK = 0.001
"""Seconds; a time that went through a file system may be so much off."""


class Standing(Enum):
    """How a file of a plan stands to what is at its target."""

    NEW = "new"
    SAME = "same"
    """The same content; or, where that was not compared, size, and not older."""
    DIFFERENT = "different"
    UNKNOWN = "unknown"
    """The content was to be compared, and cannot be: taken for different."""
    CONFLICT = "conflict"
    """It cannot be replaced."""


_BY_CONTENT = {
    Content.SAME: Standing.SAME,
    Content.DIFFERENT: Standing.DIFFERENT,
    Content.UNKNOWN: Standing.UNKNOWN,
}


def standing(item: PlanItem | Draft) -> Standing:
    """Say how an item stands to what is there."""
    there = item.existing
    if there is None:
        return Standing.NEW
    if there.blocked is not None:
        return Standing.CONFLICT
    if there.content is not None:
        return _BY_CONTENT[there.content]
    current = there.size == item.size and not is_newer(item, there, unsure=True)
    return Standing.SAME if current else Standing.DIFFERENT


def is_newer(item: PlanItem | Draft, there: Existing, *, unsure: bool = False) -> bool:
    """Tell whether what comes is newer than what is there; ``unsure`` if unknown."""
    if item.modified is None or there.modified is None:
        return unsure
    return item.modified > there.modified + TICK
