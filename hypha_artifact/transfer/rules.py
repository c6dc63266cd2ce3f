"""What becomes of the files of a plan whose targets are there already. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count

from msgspec import structs

from hypha_artifact.paths import MAX_SEGMENT_BYTES, RemotePath
from hypha_artifact.transfer.items import Content, Existing, PlanItem, is_newer
from hypha_artifact.transfer.plans import TransferPlan
from hypha_artifact.transfer.state import Direction, Overwrite

_DOUBLE = {"tar", "ome"}
"""What belongs to the suffix behind it: ``.tar.gz``, ``.ome.tiff``."""


_LONGEST_SUFFIX = 32


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


def _has_other_size(item: PlanItem, there: Existing) -> bool:
    return item.size != there.size


def _has_other_content(item: PlanItem, there: Existing) -> bool:
    if item.size != there.size or not item.size:
        return item.size != there.size
    return there.content is not Content.SAME


_JUDGES: dict[Overwrite, Callable[[PlanItem, Existing], bool]] = {
    Overwrite.NEWER: is_newer,
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
    return plan.changed(
        lambda item: settled(
            item, decisions.get(item.remote, Overwrite.SKIP), plan.direction
        )
    )


def ruled(plan: TransferPlan, choose: Callable[[PlanItem], Overwrite]) -> TransferPlan:
    """Follow a rule for each item, as ``resolve``.

    What cannot be replaced, nor get another name, stays, for whoever moves the plan to
    refuse.

    Args:
        plan: What would be moved.
        choose: Called for each item that there is a choice for.
    """

    def follow(item: PlanItem) -> PlanItem | None:
        there = item.existing
        if there is None or (there.blocked is not None and not there.free):
            return item
        moved = settled(item, choose(item), plan.direction)
        return item if moved is None and there.blocked is not None else moved

    return plan.changed(follow)


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
