"""Large batches: most of their jobs rest in the journal, and nothing is lost there."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest
from typing_extensions import override

from hypha_artifact.errors import (
    JournalDamaged,
    PermissionDenied,
    SignInRequired,
)
from hypha_artifact.models import StageMode
from hypha_artifact.paths import ROOT, RemotePath
from hypha_artifact.transfer import resting, resume, scheduler, slices, submitting
from hypha_artifact.transfer.engine import TransferEngine
from hypha_artifact.transfer.items import PlanItem
from hypha_artifact.transfer.jobs import Group, Job
from hypha_artifact.transfer.journal import Journal, Row
from hypha_artifact.transfer.outcome import CommitOption, CommitState
from hypha_artifact.transfer.plan import MULTIPART_ABOVE
from hypha_artifact.transfer.rest import (
    AWAKE,
    BEGUN,
    GONE,
    LARGE,
    Rest,
    mark_of,
    moved,
)
from hypha_artifact.transfer.resume import load
from hypha_artifact.transfer.state import Action, Command, JobState, UploadRequest
from hypha_artifact.transfer.submitting import Piece, Taken
from tests.unit.transfer.fakes import LAB, Driver, FakeClock, FakeRemote, know_the_line

FILES = 200
KEPT, BATCH = 10, 20
AT_ONCE = 3 * BATCH + 2 * KEPT + scheduler.LARGE_AHEAD
"""Jobs in memory at the most: to be linked, linked, cleared up after, and shown."""


class Counting(Journal):
    """A journal that says how many statements it was given."""

    given = 0

    @override
    def write(self, sql: str, rows: Iterable[Row]) -> None:
        self.given += 1
        super().write(sql, rows)


@pytest.fixture(autouse=True)
def small_window(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (resting, resume, submitting):
        monkeypatch.setattr(module, "KEPT", KEPT)
    monkeypatch.setattr(scheduler, "FIRST_BATCH", BATCH)
    monkeypatch.setattr(scheduler, "LARGEST_BATCH", BATCH)


class Store:
    """A folder with many files, a journal, and a server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.remote = FakeRemote()
        self.data = {f"{n:03}": b"%d" % n for n in range(FILES)}
        self.held: SignInRequired | None = None
        for name, content in self.data.items():
            (folder / name).write_bytes(content)

    @asynccontextmanager
    async def engine(self) -> AsyncGenerator[Driver]:
        journal = Counting(self.folder / "journal.sqlite")
        stored = await anyio.to_thread.run_sync(load, journal)
        engine = TransferEngine(
            lambda _: self.remote, clock=FakeClock(), journal=journal
        )
        know_the_line(engine)
        try:
            async with anyio.create_task_group():
                await engine.__aenter__()
                engine.restore(stored, lambda _account: self.held)
                try:
                    yield Driver(engine)
                finally:
                    await engine.stop()
        finally:
            journal.close()

    def request(self, *, commit: bool = False) -> UploadRequest:
        return UploadRequest(
            sources=(self.folder,),
            artifact=LAB,
            folder=ROOT,
            mode=StageMode.NEW_VERSION,
            commit=CommitOption() if commit else None,
        )

    def items(self) -> list[PlanItem]:
        return [
            PlanItem(local=self.folder / name, remote=RemotePath(name), size=len(data))
            for name, data in self.data.items()
        ]

    def piece(self, start: int, stop: int, key: str = "key") -> Piece:
        items = self.items()[start:stop]
        request = self.request()
        return Piece(request=request, items=items, start=start, total=FILES, key=key)

    async def submit(self, driver: Driver, *, commit: bool = False) -> int:
        items = self.items()
        request = self.request(commit=commit)
        piece = Piece(request=request, items=items, start=0, total=FILES)
        return (await driver.engine.submit_piece(piece)).number or 0

    def shut(self) -> None:
        """Let no byte through."""
        self.remote.gate = anyio.Event()

    def open(self) -> None:
        self.remote.gate.set()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def sizes(driver: Driver) -> list[int]:
    return [group.files for group in driver.seen.groups]


def alive() -> int:
    return sum(isinstance(each, Job) for each in gc.get_objects())


async def test_only_a_window_is_in_memory_while_all_files_go_up(store: Store) -> None:
    gc.collect()
    before, most = alive(), 0
    async with store.engine() as driver:
        await store.submit(driver)
        looks = 0
        while not driver.seen.is_idle:
            if driver.seen.count(JobState.DONE) >= looks * BATCH:
                looks, most = looks + 1, max(most, alive() - before)
            await driver.engine.news().wait()
        assert looks >= FILES / BATCH / 2
        assert driver.seen.groups[0].counts == {JobState.DONE: FILES}
        assert driver.seen.groups[0].done == driver.seen.groups[0].size
        pages = await driver.engine.page(1, 0, 2 * FILES)
        assert [job.remote for job in pages] == list(store.data)
        assert {job.state for job in pages} == {JobState.DONE}
        await driver.engine.control(Command(action=Action.CLEAR))
        assert driver.seen.groups == ()
    assert KEPT < most <= AT_ONCE
    assert store.remote.files == store.data


async def test_a_whole_batch_is_changed_in_few_statements(store: Store) -> None:
    store.shut()
    async with store.engine() as driver:
        await store.submit(driver)
        journal = driver.engine._ledger._journal
        assert isinstance(journal, Counting)
        for action, state in (
            (Action.PAUSE, JobState.PAUSED),
            (Action.RESUME, JobState.QUEUED),
            (Action.CANCEL, JobState.CANCELLED),
            (Action.RETRY, JobState.QUEUED),
            (Action.PAUSE, JobState.PAUSED),
        ):
            before = journal.given
            await driver.engine.control(Command(action=action))
            assert driver.seen.count(state) >= FILES - AT_ONCE
            assert journal.given - before <= 3 * AT_ONCE
    # The next engine finds what the last one was told.
    async with store.engine() as driver:
        assert driver.seen.groups[0].counts == {JobState.PAUSED: FILES}
        assert len(driver.engine._board.jobs) <= AT_ONCE
        store.open()
        await driver.engine.control(Command(action=Action.RESUME))
        await driver.count(JobState.DONE, FILES)
    assert store.remote.files == store.data


async def test_single_files_that_rest_are_found(store: Store) -> None:
    store.shut()
    async with store.engine() as driver:
        number = await store.submit(driver)
        last = await driver.engine.page(number, FILES - 5, 10)
        assert [job.remote for job in last] == list(store.data)[-5:]
        one, two, three, four, _ = (job.id for job in last)
        control = driver.engine.control
        await control(Command(action=Action.PAUSE, jobs=(one, two)))
        await control(Command(action=Action.CANCEL, jobs=(three, 10**9)))
        await control(Command(action=Action.FIRST, jobs=(four, two)))
        states = [job.state for job in await driver.engine.page(number, FILES - 5, 3)]
        assert states == [JobState.PAUSED, JobState.QUEUED, JobState.CANCELLED]
        await control(Command(action=Action.CLEAR, jobs=(three,)))
        rest = await driver.engine.page(number, FILES - 5, 10)
        assert [job.id for job in rest] == [one, two, four, last[-1].id]
        assert four in driver.engine._board.jobs, "it is wanted now"
        store.open()
        await driver.count(JobState.DONE, FILES - 2)
        await control(Command(action=Action.RESUME, jobs=(one,)))
        await driver.count(JobState.DONE, FILES - 1)
    gone = list(store.data)[-3]
    assert store.remote.files == {k: v for k, v in store.data.items() if k != gone}


async def test_what_is_wanted_now_is_first_in_the_next_engine_too(
    store: Store,
) -> None:
    store.shut()
    async with store.engine() as driver:
        number = await store.submit(driver)
        last = await driver.engine.page(number, FILES - 3, 3)
        wanted, paused = (job.id for job in last[:2])
        await driver.engine.control(Command(action=Action.FIRST, jobs=(wanted, paused)))
        await driver.engine.control(Command(action=Action.PAUSE, jobs=(paused,)))
    signed: list[object] = []
    store.remote.fault = lambda call, about: (
        signed.append(about) if call == "sign_uploads" else None
    )
    async with store.engine() as driver:
        await driver.soon(lambda: len(signed) > 0)
        assert isinstance(signed[0], list)
        assert signed[0][0] == last[0].remote
        assert last[1].remote not in signed[0]
        signed.clear()
        await driver.engine.control(Command(action=Action.RESUME, jobs=(paused,)))
        await driver.soon(lambda: len(signed) > 0)
        assert isinstance(signed[0], list)
        assert signed[0][0] == last[1].remote
        store.open()
        await driver.count(JobState.DONE, FILES)
    assert store.remote.files == store.data


async def test_a_batch_that_is_refused_fails_whole_and_is_tried_again(
    store: Store,
) -> None:
    refused = PermissionDenied("You may not write there.")
    store.remote.fault = lambda call, _: refused if call == "open_stage" else None
    async with store.engine() as driver:
        number = await store.submit(driver)
        await driver.count(JobState.FAILED, FILES)
        (last,) = await driver.engine.page(number, FILES - 1, 1)
        assert last.reason == "You may not write there."
    store.remote.fault = lambda _call, _about: None
    async with store.engine() as driver:
        assert driver.seen.count(JobState.FAILED) == FILES
        await driver.engine.control(Command(action=Action.RETRY))
        await driver.count(JobState.DONE, FILES)
        assert driver.seen.groups[0].error is None
    assert store.remote.files == store.data


async def test_a_cleared_failure_takes_the_commit_with_it(store: Store) -> None:
    store.shut()
    async with store.engine() as driver:
        number = await store.submit(driver, commit=True)
        await driver.engine.control(Command(action=Action.PAUSE))
        (last,) = await driver.engine.page(number, FILES - 1, 1)
        for action in (Action.CANCEL, Action.CLEAR):
            await driver.engine.control(Command(action=action, jobs=(last.id,)))
        found = driver.seen.groups[0].commit
        assert found
        assert found.state is CommitState.DROPPED


async def test_a_lost_sign_in_holds_what_rests_until_it_is_back(store: Store) -> None:
    store.shut()
    lost = SignInRequired("The token has expired.")
    async with store.engine() as driver:
        number = await store.submit(driver)
        (last,) = await driver.engine.page(number, FILES - 1, 1)
        pause = Command(action=Action.PAUSE, jobs=(last.id,))
        await driver.engine.control(pause)
    store.held = lost
    async with store.engine() as driver:
        assert driver.seen.groups[0].counts == {JobState.PAUSED: FILES}
        assert "has expired" in (driver.seen.groups[0].error or "")
    store.open()
    # It is known from the journal, too; what the user paused is not let go.
    async with store.engine() as driver:
        assert "has expired" in (driver.seen.groups[0].error or "")
        await driver.engine.release("")
        await driver.count(JobState.DONE, FILES - 1)
        assert driver.seen.count(JobState.PAUSED) == 1
        assert driver.seen.groups[0].error is None


@pytest.mark.parametrize("action", [Action.PAUSE, Action.CANCEL, None])
async def test_no_turn_of_the_loop_is_long_where_all_is_in_memory(
    store: Store, monkeypatch: pytest.MonkeyPatch, action: Action | None
) -> None:
    """Without a journal each job is changed for itself, some of them at a time."""
    monkeypatch.setattr(slices, "SLICE", 0.0)
    store.shut()
    turn: Counter[str] = Counter()
    refused = PermissionDenied("You may not write there.")
    if action is None:
        store.remote.fault = lambda call, _: refused if call == "open_stage" else None

    async def others() -> None:
        while True:
            turn["most"], turn["now"] = max(turn["most"], turn["now"]), 0
            await anyio.lowlevel.checkpoint()

    def count(_: object) -> None:
        turn["now"] += 1

    async with TransferEngine(
        lambda _: store.remote, clock=FakeClock(), watch=count
    ) as engine:
        driver = Driver(engine)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(others)
            await store.submit(driver)
            if action is None:
                await driver.count(JobState.FAILED, FILES)
            else:
                await engine.control(Command(action=action))
            tasks.cancel_scope.cancel()
    assert 0 < turn["most"] <= 2 * slices.STRIDE


async def test_a_batch_comes_in_pieces(store: Store) -> None:
    async with store.engine() as driver:
        take = driver.engine.submit_piece
        assert await take(store.piece(50, 100)) == Taken(0), "nothing was begun"
        assert await take(store.piece(0, 100)) == Taken(100)
        assert await take(store.piece(0, 100)) == Taken(100), "it is known"
        assert await take(store.piece(150, 200)) == Taken(100), "that is not the next"
        assert await take(store.piece(0, 150, "other")) == Taken(150)
        assert sizes(driver) == []
        taken = await take(store.piece(100, FILES))
        assert taken.number
        assert await take(store.piece(100, FILES)) == taken
        assert sizes(driver) == [FILES]
        driver.engine.give_up(["other", "nobody"])
        assert await take(store.piece(150, 200, "other")) == Taken(0)
        await driver.count(JobState.DONE, FILES)
        assert await take(store.piece(0, 50, "third")) == Taken(50)
    assert store.remote.files == store.data
    async with store.engine() as driver:
        assert sizes(driver) == [FILES], "no half one"
        journal = driver.engine._ledger._journal
        assert journal
        assert journal.read("SELECT count(*) FROM jobs") == [(FILES,)]


async def test_a_file_that_the_journal_has_lost_is_told(store: Store) -> None:
    store.shut()
    async with store.engine() as driver:
        number = await store.submit(driver)
        journal = driver.engine._ledger._journal
        assert journal
        journal.write("DELETE FROM jobs WHERE id > ?", [(FILES - 5,)])
        await driver.engine.control(Command(action=Action.PAUSE, jobs=(FILES,)))
        assert await driver.engine.page(number, FILES - 1, 1) == ()
        with pytest.raises(JournalDamaged, match="lost"):
            await driver.engine.control(Command(action=Action.FIRST, jobs=(FILES,)))
        store.open()
        await driver.until(lambda s: "lost" in (s.groups[0].error or ""))


def test_marks_say_how_each_job_is() -> None:
    rest = Rest(100, 6)
    small, large = mark_of(JobState.QUEUED), mark_of(JobState.QUEUED, LARGE)
    rest.lay_out(1, bytes([small, large, small, small]), [1, 20, 3, 4])
    assert (len(rest), rest.last) == (4, 105)
    assert 101 in rest
    assert [number in rest for number in (99, 100, 105, 106)] == [False] * 4
    assert rest.queued(0, 2) == (101, 103)
    assert rest.queued(LARGE, 2) == (102,)
    rest.put(103, AWAKE)
    rest.put(104, mark_of(JobState.FAILED, BEGUN), 5)
    assert list(rest.runs()) == [(101, 102), (104, 104)]
    assert rest.page(1, 3) == (101, 102, 103)
    table = moved(JobState.PAUSED, [small, large])
    changes = {(each.before, each.count, each.size) for each in rest.change(table)}
    assert changes == {(small, 1, 1), (large, 1, 20)}
    assert rest.change(table) == []
    assert rest.mark(102) == mark_of(JobState.PAUSED, LARGE)
    rest.change({mark_of(JobState.PAUSED, LARGE): GONE})
    assert rest.page(0, 10) == (100, 101, 103, 104, 105)
    assert rest.page(2, 2) == (103, 104)
    assert sorted(rest.sums()) == sorted(
        [
            (mark_of(JobState.PAUSED), 1, 1),
            (mark_of(JobState.FAILED, BEGUN), 1, 5),
        ]
    )


async def test_large_files_that_rest_keep_their_lane(store: Store) -> None:
    store.shut()
    items = [
        PlanItem(
            local=store.folder / name,
            remote=RemotePath(name),
            size=MULTIPART_ABOVE + 1 if number % 2 else 1,
        )
        for number, name in enumerate(store.data)
    ]
    request = store.request()
    piece = Piece(request=request, items=items, start=0, total=FILES)
    async with store.engine() as driver:
        await driver.engine.submit_piece(piece)
        await driver.engine.control(Command(action=Action.PAUSE))
    async with store.engine() as driver:
        group: Group = next(iter(driver.engine._board.groups.values()))
        paused = JobState.PAUSED
        small, large = (group.rest.count(mark_of(paused, bits)) for bits in (0, LARGE))
        assert small > FILES / 3
        assert large > FILES / 3
        assert driver.seen.groups[0].size == sum(item.size for item in items)
