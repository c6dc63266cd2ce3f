"""Where a pane has been: back and forward, as in a browser."""

from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import Struct

T = TypeVar("T")
LIMIT = 100


class History(Struct, Generic[T], frozen=True, kw_only=True):
    """Places behind and ahead of the current one; nearest last in both."""

    past: tuple[T, ...] = ()
    future: tuple[T, ...] = ()

    def visit(self, left: T) -> History[T]:
        """Go somewhere new from ``left``; what was ahead is forgotten."""
        return History(past=(*self.past, left)[-LIMIT:])

    def back(self, here: T) -> tuple[History[T], T] | None:
        """Step back from ``here``; None when there is nothing behind."""
        if not self.past:
            return None
        *past, place = self.past
        return History(past=tuple(past), future=(*self.future, here)), place

    def forward(self, here: T) -> tuple[History[T], T] | None:
        """Step forward again; None when there is nothing ahead."""
        if not self.future:
            return None
        *future, place = self.future
        return History(past=(*self.past, here), future=tuple(future)), place
