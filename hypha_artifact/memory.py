"""What this process has seen of an open staging session.

The server tells of a staged path neither its size nor whether its bytes came; asking
costs a listing for each folder. What was sent from here need not be asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hypha_artifact.listings import Cache


@dataclass(slots=True)
class StageMemory:
    """One session, known by the record's ``last_modified`` (see ``baseline``).

    ``announced`` are paths whose bytes have not all been acknowledged; ``sent`` has
    the sizes in bytes of those that have; ``carried`` are copies of files of the
    latest version; ``committed`` are listings of the latest
    version, which a new-version session does not change.
    """

    opened: float | None = None
    announced: set[str] = field(default_factory=set[str])
    sent: dict[str, int] = field(default_factory=dict[str, int])
    carried: set[str] = field(default_factory=set[str])
    committed: Cache = field(default_factory=Cache)

    def announce(self, path: str) -> None:
        """Note that bytes are to come; those of an older upload stay as they are."""
        self.announced.add(path)
        self.carried.discard(path)
        self.sent.pop(path, None)

    def acknowledge(self, path: str, size: int) -> None:
        """Note that the store has a whole file."""
        self.announced.discard(path)
        self.sent[path] = size

    def learn(self, path: str, size: int) -> None:
        """Note a size that a listing told, unless bytes are under way."""
        if path not in self.announced:
            self.sent[path] = size

    def forget(self, path: str) -> None:
        """Note that a path has left the stage."""
        self.announced.discard(path)
        self.sent.pop(path, None)


_memories: dict[str, StageMemory] = {}


def stage_memory(key: str, opened: float | None) -> StageMemory:
    """Return the memory of an artifact's session; a new session starts empty.

    Args:
        key: Server and artifact.
        opened: The record's ``last_modified``.
    """
    known = _memories.get(key)
    if known is None or known.opened != opened:
        known = _memories[key] = StageMemory(opened)
    return known


def current_memory(key: str) -> StageMemory:
    """Return the memory of the session that was looked at last."""
    return _memories.setdefault(key, StageMemory())
