"""The Dask clusters of an engine, by the addresses that requests have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import structs

from hypha_artifact.errors import ClusterUnreachable
from hypha_artifact.transfer.cluster import Cluster
from hypha_artifact.transfer.state import CarryRequest, Request

if TYPE_CHECKING:
    import distributed


class Clusters:
    """The clusters that an engine is connected to.

    Args:
        known: Certificates of those that are not Dask's configured ones, by address.
    """

    def __init__(
        self, known: Mapping[str, distributed.Security | None] | None = None
    ) -> None:
        self._known = dict(known or {})
        self._open: dict[str, Cluster] = {}

    def of(self, address: str) -> Cluster:
        """Return the cluster of a scheduler; it need not be connected."""
        if address not in self._open:
            self._open[address] = Cluster(address, self._known.get(address))
        return self._open[address]

    async def aclose(self) -> None:
        """End all connections."""
        while self._open:
            await self._open.popitem()[1].aclose()


def on_cluster(
    request: Request, scheduler: str | distributed.Client | None
) -> tuple[Request, Clusters]:
    """Return a request for a cluster, and what connects to that.

    Args:
        request: What to copy.
        scheduler: An address, or a client that is connected; it is only looked at.

    Raises:
        ClusterUnreachable: The client is not connected.
    """
    if scheduler is None or isinstance(request, CarryRequest):
        return request, Clusters()
    if isinstance(scheduler, str):
        return structs.replace(request, scheduler=scheduler), Clusters()
    if scheduler.scheduler is None:
        raise ClusterUnreachable("The Dask client is not connected to a scheduler.")
    address = scheduler.scheduler.address
    known = {address: scheduler.security}
    return structs.replace(request, scheduler=address), Clusters(known)
