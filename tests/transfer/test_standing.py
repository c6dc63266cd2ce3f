"""Commands without ``--detach`` keep to the limits that the user has set."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from hypha_artifact.transfer import standing
from hypha_artifact.transfer.engine import TransferEngine
from hypha_artifact.transfer.journal import Journal
from hypha_artifact.transfer.ledger import Ledger
from hypha_artifact.transfer.limits import Limits
from hypha_artifact.transfer.place import Place
from hypha_artifact.transfer.standing import StandingLimits, read_limits
from hypha_artifact.transfer.state import Direction, Limit
from hypha_artifact.transfer.timetable import Timetable
from tests.contract.conftest import Draft, Run, draft, run
from tests.unit.transfer.fakes import FakeRemote

__all__ = ["draft", "run"]
UP, DOWN = Direction.UPLOAD, Direction.DOWNLOAD


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.sqlite")


async def test_a_limit_binds_at_the_start_and_when_it_changes(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing, "LOOK", 0.0)
    ledger, remote = Ledger(journal), FakeRemote()
    ledger.limit(UP, "00:00,2M")
    ledger.limit(DOWN, "no such limit")
    await ledger.settled()
    async with TransferEngine(lambda _: remote) as engine:
        await StandingLimits(journal.path).bind(engine)
        assert engine.limits.shown(UP) == Limit(text="00:00,2M", rate=2.0 * 1024**2)
        assert engine.limits.shown(DOWN) == Limit()
        ledger.limit(UP, "off")
        ledger.limit(DOWN, "1M")
        with anyio.fail_after(30):
            while engine.limits.shown(DOWN).rate is None:
                await engine.news().wait()
        assert engine.limits.shown(UP) == Limit()
    journal.close()


def test_without_a_readable_journal_nothing_is_limited(tmp_path: Path) -> None:
    assert read_limits(tmp_path / "none") == {}
    damaged = tmp_path / "damaged"
    damaged.write_bytes(b"no database" * 100)
    assert read_limits(damaged) == {}


@pytest.fixture
def fast() -> Iterator[None]:
    """Limits that are no hindrance, as an engine in the background keeps them."""
    Place().make()
    _set("700M", "800M")
    yield
    _set("off", "off")


def _set(up: str, down: str) -> None:
    journal = Journal(Place().journal)
    Ledger(journal).limit(UP, up)
    Ledger(journal).limit(DOWN, down)
    journal.close()


@pytest.mark.usefixtures("fast")
def test_commands_are_bound(
    draft: Draft, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[tuple[Direction, str]] = []
    really = Limits.set

    def noted(self: Limits, way: Direction, text: str) -> Timetable:
        kept.append((way, text))
        return really(self, way, text)

    monkeypatch.setattr(Limits, "set", noted)
    (tmp_path / "a").write_text("a")
    run("-a", draft.name, "put", str(tmp_path / "a"), "a")
    assert (UP, "700M") in kept
    kept.clear()
    run("-a", draft.name, "sync", ":", str(tmp_path / "down"), "--version", "stage")
    assert (DOWN, "800M") in kept
