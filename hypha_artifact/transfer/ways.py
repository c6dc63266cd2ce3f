"""Through what a batch's bytes go: this machine, or a cluster."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from hypha_artifact.transfer.state import (
    CarryRequest,
    Direction,
    Request,
    direction_of,
)


class Away(Struct, frozen=True):
    """A direction through a Dask cluster's workers, by its scheduler's address."""

    direction: Direction
    scheduler: str


Way: TypeAlias = Direction | Away
"""Through what the bytes go: what has a speed of its own."""


def way_of(request: Request) -> Way:
    """Return through what a request's bytes go."""
    if isinstance(request, CarryRequest) or request.scheduler is None:
        return direction_of(request)
    return Away(direction_of(request), request.scheduler)
