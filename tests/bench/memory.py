"""How much memory a process has; one's own ``ru_maxrss`` counts its parent's, too."""

from __future__ import annotations

import os
from pathlib import Path


def memory(what: str, pid: int | None) -> int:
    """Return a field of a process's status, in bytes: ``VmRSS``, ``VmHWM``."""
    assert pid is not None, "there is no such process"
    status = Path(f"/proc/{pid}/status").read_text()
    (line,) = (each for each in status.splitlines() if each.startswith(what))
    return int(line.split()[1]) * 1024


def peak() -> int:
    """Return the most memory that this process had, in bytes."""
    return memory("VmHWM", os.getpid())
