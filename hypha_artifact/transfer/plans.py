"""A plan: what is moved, and what cannot be.

Of its files only an index is in memory, however many they are.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cached_property

from msgspec import Struct, structs
from typing_extensions import override

from hypha_artifact.transfer.codec import decoder, encode
from hypha_artifact.transfer.items import Draft, PlanItem, Problem, Standing, standing
from hypha_artifact.transfer.packed import CHUNK, Packed
from hypha_artifact.transfer.spool import Spool
from hypha_artifact.transfer.state import Direction, Request, direction_of

_STANDINGS = tuple(Standing)
_NUMBERS = {each: number for number, each in enumerate(_STANDINGS)}
_THERE = frozenset(Standing) - {Standing.NEW}

_unpacked = decoder(PlanItem)


class Piece(Struct, frozen=True):
    """Some files of a plan, packed, with what its index has of them."""

    items: list[bytes]
    sizes: list[int]
    standings: bytes


class PlanItems(Packed[PlanItem]):
    """The files of a plan, packed; 21 bytes of memory each.

    Args:
        items: The first ones.
        spool: Where they are packed.
    """

    def __init__(
        self, items: Iterable[PlanItem] = (), spool: Spool | None = None
    ) -> None:
        super().__init__(encode, _unpacked, spool)
        self._sizes: array[int] = array("Q")
        self._standings = bytearray()
        for item in items:
            self.add(item)

    @classmethod
    def drafted(cls, drafts: Iterable[Draft]) -> PlanItems:
        """Pack files that are planned just now."""
        made = cls()
        for draft in drafts:
            made.draft(draft)
        return made

    @classmethod
    def of(cls, items: Sequence[PlanItem]) -> PlanItems:
        """Return files packed, if they are not."""
        return items if isinstance(items, PlanItems) else cls(items)

    @cached_property
    def size(self) -> int:
        """Bytes to move in all."""
        return sum(self._sizes)

    @cached_property
    def collisions(self) -> PlanItems:
        """Those whose target is there already."""
        return self.those(_THERE)

    def those(self, standings: Collection[Standing]) -> PlanItems:
        """Return those of some standings."""
        wanted = frozenset(_NUMBERS[each] for each in standings)
        if wanted.issuperset(self._standings):
            return self
        made = PlanItems(spool=self.spool)
        if not wanted.isdisjoint(self._standings):
            for number, mark in enumerate(self._standings):
                if mark in wanted:
                    made._pick(self, number, number + 1)
        return made

    def counts(self) -> dict[Standing, int]:
        """Count them by how they stand, each standing once."""
        return {each: self._standings.count(n) for each, n in _NUMBERS.items()}

    @override
    def add(self, value: PlanItem) -> None:
        """Put a file at the end.

        Raises:
            EngineError: The disk does not take it.
        """
        self.draft(value)

    def draft(self, value: PlanItem | Draft) -> None:
        """Put a file at the end, in either form.

        Raises:
            EngineError: The disk does not take it.
        """
        self._put(encode(value))
        self._sizes.append(value.size)
        self._standings.append(_NUMBERS[standing(value)])

    def take(self, piece: Piece) -> None:
        """Put some files of another plan at the end.

        Raises:
            EngineError: The disk does not take them.
        """
        for data in piece.items:
            self._put(data)
        self._sizes.extend(piece.sizes)
        self._standings += piece.standings

    def piece(self, start: int, stop: int) -> Piece:
        """Return some files, packed.

        Raises:
            EngineError: The disk does not give them back.
        """
        return Piece(
            self.packed(start, stop),
            self._sizes[start:stop].tolist(),
            bytes(self._standings[start:stop]),
        )

    def changed(
        self,
        change: Callable[[PlanItem], PlanItem | None],
        only: Collection[Standing] = _THERE,
    ) -> PlanItems:
        """Return them with some changed, or left out; the others are not unpacked.

        Args:
            change: Gives what a file becomes: itself, another one, or None for nothing.
            only: The standings of those that it is asked for.

        Raises:
            EngineError: The disk does not take them, or does not give them back.
        """
        made = PlanItems(spool=self.spool)
        asked = frozenset(_NUMBERS[each] for each in only)
        for start in range(0, len(self), CHUNK):
            marks = self._standings[start : start + CHUNK]
            if asked.isdisjoint(marks):
                made._pick(self, start, start + CHUNK)
                continue
            self._change(made, start, asked, change)
        return made

    def _change(
        self,
        made: PlanItems,
        start: int,
        asked: Collection[int],
        change: Callable[[PlanItem], PlanItem | None],
    ) -> None:
        for number, data in enumerate(self.packed(start, start + CHUNK), start):
            if self._standings[number] not in asked:
                made._pick(self, number, number + 1)
                continue
            before = _unpacked(data)
            after = change(before)
            if after is before:
                made._pick(self, number, number + 1)
            elif after is not None:
                made.add(after)

    def _pick(self, other: PlanItems, start: int, stop: int) -> None:
        """Put some at the end that are on the same pile."""
        self._starts += other._starts[start:stop]
        self._lengths += other._lengths[start:stop]
        self._sizes += other._sizes[start:stop]
        self._standings += other._standings[start:stop]


class TransferPlan(Struct, frozen=True, kw_only=True):
    """What a request would do, before the first byte.

    ``items`` that the engine has planned are unpacked as they are asked for: go
    through them, or take slices.
    """

    request: Request
    items: Sequence[PlanItem]
    problems: tuple[Problem, ...] = ()

    @property
    def direction(self) -> Direction:
        """Which way the bytes go."""
        return direction_of(self.request)

    @property
    def packed(self) -> PlanItems:
        """The files, packed."""
        return PlanItems.of(self.items)

    @property
    def size(self) -> int:
        """Bytes to move in all."""
        return self.packed.size

    @property
    def collisions(self) -> Sequence[PlanItem]:
        """The items whose target is there already."""
        return self.packed.collisions

    def changed(
        self,
        change: Callable[[PlanItem], PlanItem | None],
        only: Collection[Standing] = _THERE,
    ) -> TransferPlan:
        """Return it with some files changed, or left out; see ``PlanItems.changed``.

        Raises:
            EngineError: The disk does not take them, or does not give them back.
        """
        return structs.replace(self, items=self.packed.changed(change, only))


def counts(plan: TransferPlan) -> dict[Standing, int]:
    """Count the items of a plan by how they stand, each standing once."""
    return plan.packed.counts()
