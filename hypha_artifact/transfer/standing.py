"""The limits that the user set, for engines inside a command.

They are kept in the journal of the engine in the background. Each command keeps to
them by itself: together, several may go faster.
"""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread

from hypha_artifact.errors import InvalidInput
from hypha_artifact.transfer.engine import TransferEngine
from hypha_artifact.transfer.ledger import LIMIT
from hypha_artifact.transfer.state import Direction
from hypha_artifact.transfer.timetable import OFF

LOOK = 2.0
"""Seconds between two looks for a change."""

_log = logging.getLogger(__name__)


class StandingLimits:
    """What ``transfers limit`` has set.

    Args:
        journal: The journal's file; where there is none, nothing is limited.
    """

    def __init__(self, journal: Path) -> None:
        self._journal = journal

    async def bind(self, engine: TransferEngine) -> None:
        """Let an engine keep to them from now on, also when they change."""
        await self._apply(engine)
        engine.run_beside(partial(self._follow, engine))

    async def _follow(self, engine: TransferEngine) -> None:
        while True:
            await anyio.sleep(LOOK)
            await self._apply(engine)

    async def _apply(self, engine: TransferEngine) -> None:
        texts = await anyio.to_thread.run_sync(read_limits, self._journal)
        for way in Direction:
            text = texts.get(way, OFF)
            if text == engine.limits.shown(way).text:
                continue
            try:
                await engine.limit(way, text)
            except InvalidInput as error:  # of a newer version of this program
                _log.warning("a limit was left out: %s", error)


def read_limits(journal: Path) -> dict[Direction, str]:
    """Return the limits as they were written. Blocks.

    Args:
        journal: The journal's file; one that cannot be read limits nothing, and the
            engine that it belongs to says what is wrong with it.
    """
    if not journal.exists():
        return {}
    try:
        with closing(sqlite3.connect(journal)) as database:
            rows = database.execute("SELECT name, value FROM facts").fetchall()
    except sqlite3.Error as error:
        _log.warning("the limits cannot be read: %s", error)
        return {}
    found = {str(name): str(value) for name, value in rows}
    names = {way: f"{LIMIT}{way.value}" for way in Direction}
    return {way: found[name] for way, name in names.items() if name in found}
