"""An engine that ends in the middle, and the next one that goes on from its journal."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import cast

import anyio
import pytest
from typing_extensions import override

from hypha_artifact.errors import JournalDamaged, NetworkError, SignInRequired
from hypha_artifact.models import StageMode
from hypha_artifact.paths import ROOT, RemotePath
from hypha_artifact.transfer.download import Download
from hypha_artifact.transfer.engine import TransferEngine
from hypha_artifact.transfer.jobs import Group, Mover
from hypha_artifact.transfer.journal import Journal, Row
from hypha_artifact.transfer.ledger import Ledger
from hypha_artifact.transfer.meter import Speed
from hypha_artifact.transfer.outcome import CommitOption
from hypha_artifact.transfer.plan import MULTIPART_ABOVE, PART_SIZE
from hypha_artifact.transfer.resume import last_batch, load
from hypha_artifact.transfer.state import (
    Action,
    Command,
    DownloadRequest,
    JobState,
    UploadRequest,
)
from tests.unit.transfer.fakes import LAB, Driver, FakeClock, FakeRemote, know_the_line

PARTS = 6
BIG = PARTS * PART_SIZE - 5
assert BIG > MULTIPART_ABOVE


class Machine:
    """Where engines live one after the other: a journal, a folder, a server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.remote = FakeRemote()
        self.journal = folder / "journal.sqlite"

    @asynccontextmanager
    async def engine(
        self, held: SignInRequired | None = None
    ) -> AsyncGenerator[Driver]:
        """Run an engine that ends as a kill ends it: nothing is cleaned up."""
        journal = Journal(self.journal)
        stored = await anyio.to_thread.run_sync(load, journal)
        last = await anyio.to_thread.run_sync(last_batch, journal)
        engine = TransferEngine(
            lambda _: self.remote, clock=FakeClock(), journal=journal
        )
        know_the_line(engine)
        try:
            async with anyio.create_task_group():
                await engine.__aenter__()
                engine.restore(stored, lambda _account: held, last)
                try:
                    yield Driver(engine)
                finally:
                    await engine.stop()
        finally:
            journal.close()

    def write(self, **sizes: int) -> dict[str, bytes]:
        data = {name: os.urandom(size) for name, size in sizes.items()}
        for name, content in data.items():
            (self.folder / name).write_bytes(content)
        return data

    async def upload(self, driver: Driver, *names: str) -> int:
        request = UploadRequest(
            sources=tuple(self.folder / name for name in names),
            artifact=LAB,
            folder=ROOT,
            mode=StageMode.NEW_VERSION,
        )
        return await driver.engine.submit(await driver.engine.plan(request))

    async def download(self, driver: Driver, *names: str) -> int:
        request = DownloadRequest(
            sources=tuple(map(RemotePath, names)),
            artifact=LAB,
            folder=self.folder / "to",
        )
        return await driver.engine.submit(await driver.engine.plan(request))

    def leftovers(self) -> list[Path]:
        return list(self.folder.rglob("*.hypha-part"))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def hold_parts_from(machine: Machine, first: int) -> None:
    """Let only the first parts through."""
    machine.remote.gate = anyio.Event()
    machine.remote.holds = lambda link: (
        link.url.startswith("part ") and int(link.url[5:]) >= first
    )


def let_go(machine: Machine) -> None:
    machine.remote.gate.set()
    machine.remote.calls.clear()


async def half_sent(machine: Machine) -> dict[str, bytes]:
    data = machine.write(big=BIG, small=10)
    hold_parts_from(machine, 4)
    async with machine.engine() as driver:
        await machine.upload(driver, *data)
        await driver.until(lambda s: s.jobs[0].parts_done == 4 and s.groups[0].done > 4)
        await driver.count(JobState.DONE, 1)
    let_go(machine)
    return data


async def test_an_upload_goes_on_after_its_last_part(machine: Machine) -> None:
    data = await half_sent(machine)
    async with machine.engine() as driver:
        assert driver.seen.groups[0].done == 4 * PART_SIZE + 10
        group = await driver.final()
    assert group.counts == {JobState.DONE: 2}
    assert group.done == group.size
    assert machine.remote.files == data
    assert machine.remote.calls["put"] == PARTS - 4
    assert machine.remote.calls["start_multipart"] == 0


@pytest.mark.parametrize("why", ["too old", "changed", "not in the stage"])
async def test_an_upload_that_cannot_go_on_begins_again(
    machine: Machine, why: str
) -> None:
    machine.remote.expires = time.time() + (100 if why == "too old" else 10_000)
    data = await half_sent(machine)
    if why == "changed":
        data |= machine.write(big=BIG)
    if why == "not in the stage":
        machine.remote.announced.clear()
    async with machine.engine() as driver:
        await driver.final()
        assert why in (driver.seen.jobs[-1].reason or driver.seen.jobs[-2].reason or "")
    assert machine.remote.files == data
    assert machine.remote.calls["put"] == PARTS


async def test_a_join_whose_answer_was_lost_is_not_sent_again(
    machine: Machine,
) -> None:
    data = machine.write(big=BIG)

    async with machine.engine() as driver:
        joined = anyio.Event()
        complete = machine.remote.complete_multipart

        async def and_hang(*args: object, **more: object) -> None:
            await complete(*args, **more)  # type: ignore[arg-type]
            joined.set()
            await anyio.sleep_forever()

        machine.remote.complete_multipart = and_hang  # type: ignore[method-assign]
        await machine.upload(driver, "big")
        await joined.wait()
    del machine.remote.complete_multipart
    machine.remote.calls.clear()
    async with machine.engine() as driver:
        group = await driver.final()
    assert group.counts == {JobState.DONE: 1}
    assert machine.remote.files == data
    assert machine.remote.calls["complete_multipart"] == 0
    assert machine.remote.calls["put"] == 0


async def test_a_download_goes_on_with_what_is_on_the_disk(machine: Machine) -> None:
    content = os.urandom(200 * 1024 * 1024)
    machine.remote.files[RemotePath("big")] = content
    got = 0
    async with machine.engine() as driver:
        await machine.download(driver, "big")
        await driver.until(lambda s: s.groups[0].done > len(content) // 2)
        got = driver.seen.groups[0].done
        await driver.engine._ledger.settled()
    machine.remote.calls.clear()
    async with machine.engine() as driver:
        assert driver.seen.groups[0].done > got - 8 * 4 * 1024 * 1024
        await driver.final()
    assert (machine.folder / "to" / "big").read_bytes() == content
    assert not machine.leftovers()
    fetched = machine.remote.calls["chunk"] << 20
    assert fetched < len(content) - got + 9 * 4 * 1024 * 1024


async def test_a_download_whose_file_is_gone_begins_again(machine: Machine) -> None:
    content = os.urandom(100 * 1024 * 1024)
    machine.remote.files[RemotePath("big")] = content
    async with machine.engine() as driver:
        await machine.download(driver, "big")
        await driver.until(lambda s: s.groups[0].done > len(content) // 2)
    for path in machine.leftovers():
        path.unlink()
    async with machine.engine() as driver:
        await driver.final()
    assert (machine.folder / "to" / "big").read_bytes() == content


async def test_a_download_of_a_file_that_changed_is_never_mixed(
    machine: Machine,
) -> None:
    machine.remote.files[RemotePath("big")] = os.urandom(100 * 1024 * 1024)
    async with machine.engine() as driver:
        await machine.download(driver, "big")
        await driver.until(lambda s: s.groups[0].done > 50 * 1024 * 1024)
        await driver.engine._ledger.settled()
    machine.remote.etag = "another"
    async with machine.engine() as driver:
        group = await driver.final()
        assert group.counts == {JobState.FAILED: 1}
        assert "changed while it was read" in (driver.seen.jobs[0].reason or "")


async def test_a_rename_that_was_not_noted_is_found(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.remote.files[RemotePath("small")] = b"small"
    published = anyio.Event()

    async with machine.engine() as driver:
        whole = Download.finish

        async def and_hang(*args: object) -> None:
            await whole(*args)  # type: ignore[arg-type]
            published.set()
            await anyio.sleep_forever()

        with monkeypatch.context() as patch:
            patch.setattr(Download, "finish", and_hang)
            await machine.download(driver, "small")
            await published.wait()
    machine.remote.calls.clear()
    async with machine.engine() as driver:
        group = await driver.final()
    assert group.counts == {JobState.DONE: 1}
    assert machine.remote.calls["fetch"] == 0
    assert (machine.folder / "to" / "small").read_bytes() == b"small"


async def test_a_cancel_after_the_restart_cleans_up(machine: Machine) -> None:
    machine.remote.files[RemotePath("down")] = bytes(BIG)
    data = machine.write(big=BIG, small=10)
    machine.remote.gate = anyio.Event()
    async with machine.engine() as driver:
        await machine.upload(driver, *data)
        await machine.download(driver, "down")
        await driver.soon(lambda: machine.remote.moving == 9)
    assert machine.leftovers()
    async with machine.engine() as driver:
        await driver.engine.control(Command(action=Action.CANCEL))
        await driver.engine.control(Command(action=Action.CLEAR))
        await driver.soon(lambda: driver.engine._scheduler.is_tidy)
    assert not machine.leftovers()
    assert sorted(machine.remote.cleared) == ["big", "small"]
    async with machine.engine() as driver:
        assert driver.seen.groups == ()


async def test_a_clean_up_that_was_cut_off_is_done_later(machine: Machine) -> None:
    machine.remote.files[RemotePath("down")] = bytes(BIG)
    machine.remote.gate = anyio.Event()
    async with machine.engine() as driver:
        await machine.download(driver, "down")
        await driver.soon(lambda: machine.remote.moving > 0)
        driver.engine._workers._clean = anyio.sleep_forever  # type: ignore[assignment,method-assign]
        await driver.engine.control(Command(action=Action.CANCEL))
        await driver.engine.control(Command(action=Action.CLEAR))
        await driver.engine._ledger.settled()
    assert machine.leftovers()
    async with machine.engine() as driver:
        assert driver.seen.groups == ()
        await driver.soon(lambda: not machine.leftovers())
        await driver.soon(lambda: driver.engine._scheduler.is_tidy)


async def test_an_order_that_was_answered_is_not_forgotten(machine: Machine) -> None:
    data = machine.write(**{f"f{number}": 1 for number in range(500)})
    machine.remote.gate = anyio.Event()
    async with machine.engine() as driver:
        await machine.upload(driver, *data)
        for action, state in ((Action.PAUSE, "paused"), (Action.CANCEL, "cancelled")):
            await driver.engine.control(Command(action=action))
            with closing(sqlite3.connect(machine.journal)) as seen:
                states = seen.execute("SELECT DISTINCT state FROM jobs").fetchall()
            assert states == [(state,)]
        machine.remote.gate.set()


async def test_paused_stays_paused_and_failed_can_be_retried(machine: Machine) -> None:
    data = machine.write(one=10, two=10)
    machine.remote.fault = lambda call, _: (
        NetworkError("no") if call == "sign_uploads" else None
    )
    async with machine.engine() as driver:
        await machine.upload(driver, "one")
        await driver.engine.control(Command(action=Action.PAUSE))
        second = await machine.upload(driver, "two")
        await driver.engine.control(Command(action=Action.CANCEL, group=second))
        await driver.engine._ledger.settled()
    machine.remote.fault = lambda _call, _about: None
    async with machine.engine() as driver:
        assert driver.seen.count(JobState.PAUSED) == 1
        assert driver.seen.count(JobState.CANCELLED) == 1
        await driver.engine.control(Command(action=Action.RESUME))
        await driver.engine.control(Command(action=Action.RETRY))
        await driver.count(JobState.DONE, 2)
    assert machine.remote.files == data


async def test_a_batch_without_a_token_waits_for_one(machine: Machine) -> None:
    data = await half_sent(machine)
    async with machine.engine(SignInRequired("No token is known.")) as driver:
        (group,) = driver.seen.groups
        assert group.counts == {JobState.DONE: 1, JobState.PAUSED: 1}
        assert "No token is known" in (group.error or "")
        assert machine.remote.calls.total() == 0
        await driver.engine.release("")
        assert (await driver.final()).error is None
    assert machine.remote.files == data


async def test_no_number_of_a_batch_is_given_twice(machine: Machine) -> None:
    data = machine.write(small=10, other=20)
    numbers: list[int] = []
    for name in [*data, *data]:
        async with machine.engine() as driver:
            numbers.append(await machine.upload(driver, name))
            await driver.final()
            await driver.engine.control(Command(action=Action.CLEAR))
    assert numbers == [1, 2, 3, 4]


async def test_what_went_well_is_in_the_history(machine: Machine) -> None:
    data = machine.write(one=10)
    async with machine.engine() as driver:
        await machine.upload(driver, *data)
        await driver.final()
        await driver.engine.control(Command(action=Action.CLEAR))
    journal = Journal(machine.journal)
    try:
        rows = journal.read("SELECT title, size, done FROM history")
        assert rows == [("one → lab/demo", 10, 10)]
        assert journal.read("SELECT * FROM jobs") == []
        assert journal.read("SELECT * FROM batches") == []
    finally:
        journal.close()


async def test_a_row_that_makes_no_sense_is_damage(machine: Machine) -> None:
    await half_sent(machine)
    journal = Journal(machine.journal)
    try:
        journal.write("UPDATE jobs SET item = x'00'", [()])
        await journal.settled()
        with pytest.raises(JournalDamaged):
            load(journal)
    finally:
        journal.close()


class Cut(Journal):
    """A journal whose program dies as soon as the batch is written down."""

    is_over = False

    @override
    def write(self, sql: str, rows: Iterable[Row]) -> None:
        if not self.is_over:
            super().write(sql, rows)
        self.is_over |= "INTO batches" in sql


@pytest.mark.parametrize("option", [None, CommitOption(comment="all of it")])
def test_a_batch_is_never_written_down_without_its_commit(
    tmp_path: Path, option: CommitOption | None
) -> None:
    request = UploadRequest(
        sources=(),
        artifact=LAB,
        folder=ROOT,
        mode=StageMode.NEW_VERSION,
        commit=option,
    )
    mover = cast("Mover", None)  # nothing is moved
    group = Group(1, request, mover, "nothing", Speed(FakeClock()))
    with closing(Cut(tmp_path / "journal.sqlite")) as journal:
        Ledger(journal).add(group)
    with closing(Journal(tmp_path / "journal.sqlite")) as journal:
        (stored,) = load(journal)
    assert stored.outcome == group.outcome
    assert (stored.outcome is not None) is (option is not None)
