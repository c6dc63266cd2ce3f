"""The only module that imports httpx: pools, timeouts, and the mapping of errors."""

from __future__ import annotations

from hypha_artifact.settings import ConnectionSettings


class Transport:
    """Connections to one server, on one event loop; an async context manager.

    Args:
        settings: Where to connect, and as whom.
    """

    def __init__(self, settings: ConnectionSettings) -> None:
        self.settings = settings
