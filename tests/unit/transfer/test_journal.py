"""The journal file itself: what it keeps, and what is done when it cannot."""

from __future__ import annotations

import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import anyio
import pytest

from hypha_artifact.errors import JournalDamaged, JournalError, JournalNewer
from hypha_artifact.models import StageMode
from hypha_artifact.paths import ROOT, RemotePath
from hypha_artifact.transfer.codec import encode
from hypha_artifact.transfer.items import PlanItem
from hypha_artifact.transfer.journal import (
    APPLICATION,
    MIGRATIONS,
    VERSION,
    Journal,
    set_aside,
)
from hypha_artifact.transfer.resume import load
from hypha_artifact.transfer.state import JobState, UploadRequest
from tests import disks
from tests.unit.transfer.fakes import LAB

REQUEST = UploadRequest(
    sources=(Path("/a"),), artifact=LAB, folder=ROOT, mode=StageMode.NEW_VERSION
)
INSERT = "INSERT INTO facts VALUES (?, ?)"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(tmp_path / "journal.sqlite")
    yield journal
    journal.close()


def facts(path: Path) -> dict[str, str]:
    with closing(sqlite3.connect(path)) as database:
        return dict(database.execute("SELECT name, value FROM facts"))


async def test_what_is_settled_is_on_the_disk(journal: Journal) -> None:
    for number in range(1000):
        journal.write(INSERT, [(f"{number}", "x")])
    await journal.settled()
    assert len(facts(journal.path)) == 1000
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600
    assert {path.name for path in journal.path.parent.iterdir()} == {
        "journal.sqlite",
        "journal.sqlite-wal",
        "journal.sqlite-shm",
    }


async def test_statements_keep_their_order(journal: Journal) -> None:
    journal.write(INSERT, [("a", "1")])
    journal.write("UPDATE facts SET value = ? WHERE name = ?", [("2", "a")])
    journal.write("DELETE FROM facts", [()])
    journal.write(INSERT, [("a", "3")])
    await journal.settled()
    assert facts(journal.path) == {"a": "3"}


def test_closing_writes_what_is_queued(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    journal.write(INSERT, [("a", "1")])
    journal.close()
    assert facts(tmp_path / "j") == {"a": "1"}


@pytest.mark.parametrize("where", [0, 20 * 4096])
def test_a_damaged_journal_is_kept_aside(tmp_path: Path, where: int) -> None:
    path = tmp_path / "journal.sqlite"
    journal = Journal(path)
    journal.write(INSERT, [(f"{number}", "x" * 100) for number in range(500)])
    journal.close()
    with path.open("r+b") as file:
        file.seek(where)
        file.write(b"\xfe" * 3000)
    broken = path.read_bytes()
    with pytest.raises(JournalDamaged, match=r"damaged|no journal"):
        Journal(path)
    aside = set_aside(path)
    assert aside.read_bytes() == broken
    Journal(path).close()
    assert facts(path) == {}


def test_another_program_s_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE theirs (x)")
        database.execute("PRAGMA application_id = 7")
    with pytest.raises(JournalDamaged, match="no journal of this program"):
        Journal(path)


def test_a_newer_journal_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    Journal(path).close()
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"PRAGMA user_version = {VERSION + 1}")
    before = path.read_bytes()
    with pytest.raises(JournalNewer, match="newer version"):
        Journal(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("version", range(1, VERSION))
def test_an_older_journal_keeps_what_it_has(tmp_path: Path, version: int) -> None:
    path = tmp_path / "journal.sqlite"
    with closing(sqlite3.connect(path)) as database:
        for script in MIGRATIONS[:version]:
            database.executescript(script)
        request = encode(REQUEST)
        database.execute(
            "INSERT INTO batches (id, key, account, title, request, started) "
            "VALUES (1, 'k', '', 'title', ?, 5.0)",
            (request,),
        )
        item = PlanItem(local=Path("/a/b"), remote=RemotePath("b"), size=3)
        database.execute(
            "INSERT INTO jobs (id, batch, state, size, item) "
            "VALUES (2, 1, 'paused', 3, ?)",
            (encode(item),),
        )
        database.execute(f"PRAGMA user_version = {version}")
        database.execute(f"PRAGMA application_id = {APPLICATION}")
        database.commit()
    journal = Journal(path)
    try:
        (batch,) = load(journal)
        (job,) = batch.jobs
        assert (batch.title, batch.rank, batch.outcome) == ("title", 0, None)
        assert (job.state, job.size, job.is_first) == (JobState.PAUSED, 3, False)
        journal.write("UPDATE jobs SET first = 1", [()])
        journal.flush()
        assert load(journal)[0].jobs[0].is_first
    finally:
        journal.close()
    Journal(path).close()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="cannot be opened"):
        Journal(tmp_path / "nowhere" / "journal.sqlite")


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    with disks.small_disk(tmp_path / "disk", "2m") as folder:
        yield folder


async def test_a_full_disk_holds_up_and_loses_nothing(tiny_disk: Path) -> None:
    journal = Journal(tiny_disk / "journal.sqlite")
    told = threading.Event()
    journal.on_trouble = told.set
    ballast = disks.fill(tiny_disk)
    journal.write(INSERT, [(f"{number}", "x" * 100) for number in range(3000)])
    await anyio.to_thread.run_sync(told.wait)
    assert "Make room" in (journal.trouble or "")
    ballast.unlink()
    await journal.settled()
    assert journal.trouble is None
    assert len(facts(journal.path)) == 3000
    journal.close()


async def test_a_journal_that_breaks_later_holds_nothing_up(journal: Journal) -> None:
    journal.write("INSERT INTO no_such_table VALUES (?)", [(1,)])
    await journal.settled()
    assert "will not be resumed" in (journal.trouble or "")
