"""What becomes of the files of a plan whose targets are there already. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from enum import Enum
from itertools import count

from msgspec import structs

from hypha_artifact.paths import MAX_SEGMENT_BYTES, RemotePath
from hypha_artifact.transfer.state import (
    Content,
    Direction,
    Existing,
    Overwrite,
    PlanItem,
    TransferPlan,
)

TICK = 0.001
"""Seconds; a time that went through a file system may be so much off."""

_DOUBLE = {"tar", "ome"}
"""What belongs to the suffix behind it: ``.tar.gz``, ``.ome.tiff``."""


_LONGEST_SUFFIX = 32


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


def standing(item: PlanItem) -> Standing:
    """Say how an item stands to what is there."""
    there = item.existing
    if there is None:
        return Standing.NEW
    if there.blocked is not None:
        return Standing.CONFLICT
    if there.content is not None:
        return _BY_CONTENT[there.content]
    current = there.size == item.size and not _is_newer(item, there, unsure=True)
    return Standing.SAME if current else Standing.DIFFERENT


def counts(plan: TransferPlan) -> dict[Standing, int]:
    """Count the items of a plan by how they stand, each standing once."""
    found = Counter(map(standing, plan.items))
    return {each: found[each] for each in Standing}


def decide(item: PlanItem, rule: Overwrite) -> Overwrite:
    """Say what a rule does to an item whose target is there.

    Args:
        item: One that has something at its target which can be replaced.
        rule: What the user chose.

    Returns:
        ``REPLACE``, ``SKIP``, ``RENAME`` or ``ASK``.
    """
    there = item.existing
    if there is None or rule not in _JUDGES:
        return rule
    return Overwrite.REPLACE if _JUDGES[rule](item, there) else Overwrite.SKIP


def _is_newer(item: PlanItem, there: Existing, *, unsure: bool = False) -> bool:
    if item.modified is None or there.modified is None:
        return unsure
    return item.modified > there.modified + TICK


def _has_other_size(item: PlanItem, there: Existing) -> bool:
    return item.size != there.size


def _has_other_content(item: PlanItem, there: Existing) -> bool:
    if item.size != there.size or not item.size:
        return item.size != there.size
    return there.content is not Content.SAME


_JUDGES: dict[Overwrite, Callable[[PlanItem, Existing], bool]] = {
    Overwrite.NEWER: _is_newer,
    Overwrite.SIZE: _has_other_size,
    Overwrite.CONTENT: _has_other_content,
}


def settled(item: PlanItem, rule: Overwrite, direction: Direction) -> PlanItem | None:
    """Return what is moved of an item, maybe under another name; None for nothing.

    Args:
        item: One of a plan.
        rule: What to do if something is at its target.
        direction: The plan's.
    """
    there = item.existing
    if there is None:
        return item
    if rule is Overwrite.RENAME:
        return _renamed(item, there.free, direction) if there.free else None
    replaced = there.blocked is None and decide(item, rule) is Overwrite.REPLACE
    return item if replaced else None


def resolve(
    plan: TransferPlan, decisions: Mapping[RemotePath, Overwrite]
) -> TransferPlan:
    """Drop what is to be skipped, and every collision without a decision.

    Args:
        plan: What would be moved.
        decisions: A rule for each colliding item, by its remote path.

    Returns:
        A plan that overwrites only what was decided to be overwritten.
    """
    found = (
        settled(item, decisions.get(item.remote, Overwrite.SKIP), plan.direction)
        for item in plan.items
    )
    return structs.replace(plan, items=tuple(item for item in found if item))


def ruled(plan: TransferPlan, choose: Callable[[PlanItem], Overwrite]) -> TransferPlan:
    """Follow a rule for each item, as ``resolve``.

    What cannot be replaced, nor get another name, stays, for whoever moves the plan to
    refuse.

    Args:
        plan: What would be moved.
        choose: Called for each item that there is a choice for.
    """
    items: list[PlanItem] = []
    for item in plan.items:
        there = item.existing
        if there is None or (there.blocked is not None and not there.free):
            items.append(item)
            continue
        moved = settled(item, choose(item), plan.direction)
        if moved or there.blocked is not None:
            items.append(moved or item)
    return structs.replace(plan, items=tuple(items))


def _renamed(item: PlanItem, number: int, direction: Direction) -> PlanItem:
    if direction is Direction.DOWNLOAD:
        local = item.local.with_name(numbered(item.local.name, number))
        return structs.replace(item, local=local, existing=None)
    remote = item.remote.parent / numbered(item.remote.name, number)
    return structs.replace(item, remote=remote, existing=None)


def numbered(name: str, number: int) -> str:
    """Put a number before a name's suffix: ``a (2).txt``; the stem is cut if need be.

    Args:
        name: A file's name, of at most 255 bytes.
        number: 2 for the first copy.
    """
    stem, suffix = _parted(name)
    mark = f" ({number}){suffix}"
    if len(name) + len(mark) <= MAX_SEGMENT_BYTES and name.isascii():
        return stem + mark
    room = MAX_SEGMENT_BYTES - len(mark.encode())
    return stem.encode()[:room].decode(errors="ignore") + mark


def _parted(name: str) -> tuple[str, str]:
    """Cut a name's suffix off, if it has one."""
    stem, dot, last = name.rpartition(".")
    if not stem.strip(".") or not last or len(last) > _LONGEST_SUFFIX:
        return name, ""
    first, other, before = stem.rpartition(".")
    if before in _DOUBLE and first:
        return first, f"{other}{before}{dot}{last}"
    return stem, f"{dot}{last}"


def free_name(name: str, is_taken: Callable[[str], bool]) -> tuple[int, str]:
    """Return the first number that makes of a name one that nothing has, and that.

    Args:
        name: The name that is taken.
        is_taken: Tells whether something has a name, or will have it.
    """
    copies = ((number, numbered(name, number)) for number in count(2))
    return next(copy for copy in copies if not is_taken(copy[1]))
