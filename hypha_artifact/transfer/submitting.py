"""Batches come in piece by piece, and are one when the last piece is written down."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import anyio
from msgspec import Struct

from hypha_artifact.errors import JournalError
from hypha_artifact.transfer.board import Board
from hypha_artifact.transfer.items import PlanItem
from hypha_artifact.transfer.jobs import Group, Mover
from hypha_artifact.transfer.rest import KEPT
from hypha_artifact.transfer.scheduler import Scheduler
from hypha_artifact.transfer.slices import in_slices
from hypha_artifact.transfer.state import Request


class Piece(Struct, frozen=True, kw_only=True):
    """Some files of a plan: ``start`` come before them, ``total`` are in it.

    ``key`` is the batch's own name: submitted twice, it is added once. Items may be
    packed.
    """

    request: Request
    items: Sequence[PlanItem | bytes]
    start: int
    total: int
    account: str = ""
    key: str | None = None


class Taken(Struct, frozen=True):
    """What is in: the whole batch, with its number, or its files up to ``next``."""

    next: int
    number: int | None = None


class Submissions:
    """Takes batches in.

    Args:
        board: The books.
        scheduler: Where whole batches go.
        mover_of: Makes what moves a batch.
    """

    def __init__(
        self,
        board: Board,
        scheduler: Scheduler,
        mover_of: Callable[[Request, str], Mover],
    ) -> None:
        self._board = board
        self._scheduler = scheduler
        self._mover_of = mover_of
        self._drafts: dict[str, Group] = {}
        self._turn = anyio.Lock()

    async def take(self, piece: Piece) -> Taken:
        """Take a piece in, if it is the next one; else say which one is.

        Raises:
            JournalError: The journal broke while the batch was written down.
        """
        async with self._turn:
            for known in self._board.groups.values():
                if known.key == piece.key:
                    return Taken(piece.total, known.id)
            group = self._draft_of(piece)
            filled = group.files if group else 0
            if group is None or filled != piece.start:
                return Taken(filled)
            with anyio.CancelScope(shield=True):
                await in_slices(self._board.fill(group, piece.items, piece.start, KEPT))
                await self._written(group)
                if self._drafts.get(group.key) is not group:
                    return Taken(0)  # whoever began it has left meanwhile
                if group.files < piece.total:
                    return Taken(group.files)
                await self._enter(group)
        return Taken(piece.total, group.id)

    def _draft_of(self, piece: Piece) -> Group | None:
        found = self._drafts.get(piece.key or "")
        if found is None and not piece.start:
            mover = self._mover_of(piece.request, piece.account)
            found = self._board.draft(
                piece.request, piece.total, mover, piece.account, piece.key
            )
            self._drafts[found.key] = found
        return found

    async def _written(self, group: Group) -> None:
        ledger = self._board.ledger
        await ledger.settled()
        if len(group.rest) and not ledger.is_sound:
            self.give_up(group.key)
            raise JournalError(f"The batch could not be written down: {ledger.trouble}")

    async def _enter(self, group: Group) -> None:
        del self._drafts[group.key]
        await in_slices(self._board.enter(group))
        await self._board.ledger.settled()
        await in_slices(self._scheduler.take_in(group))

    def give_up(self, key: str) -> None:
        """Forget a batch that did not come in whole, if it is one."""
        group = self._drafts.pop(key, None)
        if group is not None:
            self._board.ledger.unfill(group)
