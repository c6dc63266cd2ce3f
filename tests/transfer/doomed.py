"""The engine's process as it is, but it kills itself at a step of its journal.

Started in the place of ``hypha_artifact.transfer.service``. The file that ``DOOM``
names says where: a method of ``Ledger``, or any statement; which call of it; and
whether before it, or after what it wrote was committed. Large files begin at 1 MiB
here, and ``WINDOW`` says how many jobs of a batch are in memory.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import NamedTuple, TypeVar

from hypha_artifact.transfer import plan, rest

T = TypeVar("T")
KIB = 1024
MIB = 1024 * KIB
if __name__ == "__main__":
    plan.MULTIPART_ABOVE = MIB  # before anybody copies it
    rest.KEPT = int(os.environ.get("WINDOW", rest.KEPT))

from hypha_artifact.transfer import download, ledger, scheduler  # noqa: E402
from hypha_artifact.transfer.journal import Journal  # noqa: E402
from hypha_artifact.transfer.ledger import Ledger  # noqa: E402
from hypha_artifact.transfer.service import main  # noqa: E402

NO_STEPS = {"trouble", "is_kept", "is_sound", "settled", "room", "rows"}
"""What else is public in ``Ledger``."""

STATEMENT = "statement"
"""Any statement: several of them may make a step."""

FACTS = {"rank", "first", "limit", "unfill"}
"""Steps that nothing hangs on: single facts, and the end of what is no batch yet."""


class Doom(NamedTuple):
    """One step of the journal: the ``call``-th one, from 1, of a ledger's method."""

    step: str
    call: int
    when: str

    def write(self) -> None:
        """Let the engine die there."""
        fresh = _file().with_suffix(".new")
        fresh.write_text(f"{self.step} {self.call} {self.when}")
        fresh.replace(_file())

    @staticmethod
    def read() -> Doom | None:
        """Return what is to come; None once it has come."""
        try:
            step, call, when = _file().read_text().split()
        except FileNotFoundError:
            return None
        return Doom(step, int(call), when)


def _file() -> Path:
    return Path(os.environ["DOOM"])


def steps() -> set[str]:
    """Name all steps of a journal."""
    methods = {name for name in vars(Ledger) if not name.startswith("_")}
    return methods - NO_STEPS - FACTS | {STATEMENT}


def _is_due(step: str) -> str | None:
    doom = Doom.read()
    if doom is None or doom.step != step:
        return None
    if doom.call > 1:
        doom._replace(call=doom.call - 1).write()
        return None
    return doom.when


def _die() -> None:
    _file().unlink()
    os.kill(os.getpid(), signal.SIGKILL)


def _doom(
    kind: type[T], method: str, journal_of: Callable[[T], Journal | None], name: str
) -> None:
    """Let a method look whether the engine is to die at it."""
    honest: Callable[..., None] = getattr(kind, method)

    @wraps(honest)
    def step(self: T, *args: object, **options: object) -> None:
        when = _is_due(name)
        if when == "before":
            _die()
        honest(self, *args, **options)
        if when == "after":
            journal = journal_of(self)
            assert journal
            journal.flush()
            _die()

    setattr(kind, method, step)


def _journal_of(ledger: Ledger) -> Journal | None:
    return ledger._journal


if __name__ == "__main__":
    download.RANGE, download.STREAMS, ledger.STRIDE = 256 * KIB, 12, 64 * KIB
    if "WINDOW" in os.environ:
        scheduler.FIRST_BATCH = scheduler.LARGEST_BATCH = rest.KEPT
    for each in steps() - {STATEMENT}:
        _doom(Ledger, each, _journal_of, each)
    _doom(Journal, "write", lambda journal: journal, STATEMENT)
    main()
