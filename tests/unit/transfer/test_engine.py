"""The engine on an artifact in memory, with a clock that the tests turn."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import anyio
import pytest

from hypha_artifact.errors import (
    HyphaError,
    IntegrityError,
    LinkExpired,
    NetworkError,
    PermissionDenied,
    RateLimited,
    ServerFault,
    SignInRequired,
    StageConflict,
    Unreachable,
)
from hypha_artifact.models import StageMode
from hypha_artifact.paths import ROOT, RemotePath
from hypha_artifact.store import Link
from hypha_artifact.transfer.engine import TransferEngine
from hypha_artifact.transfer.faults import LONGEST_WAIT
from hypha_artifact.transfer.plan import MIB, MULTIPART_ABOVE, PART_SIZE
from hypha_artifact.transfer.state import (
    VISIBLE_JOBS,
    Action,
    Command,
    DownloadRequest,
    JobState,
    Snapshot,
    UploadRequest,
)
from tests.unit.transfer.fakes import (
    LAB,
    Driver,
    FakeClock,
    FakeRemote,
    Fault,
    know_the_line,
)

BIG = MULTIPART_ABOVE + PART_SIZE // 2


@pytest.fixture
def remote() -> FakeRemote:
    return FakeRemote()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def driver(remote: FakeRemote, clock: FakeClock) -> AsyncIterator[Driver]:
    async with TransferEngine(lambda _: remote, clock=clock) as engine:
        know_the_line(engine)
        yield Driver(engine)


def write(folder: Path, **sizes: int) -> dict[str, bytes]:
    data = {name: os.urandom(size) for name, size in sizes.items()}
    for name, content in data.items():
        (folder / name).write_bytes(content)
    return data


async def upload(driver: Driver, *sources: Path) -> int:
    request = UploadRequest(
        sources=sources, artifact=LAB, folder=ROOT, mode=StageMode.NEW_VERSION
    )
    return await driver.engine.submit(await driver.engine.plan(request))


async def download(driver: Driver, folder: Path, *names: str) -> int:
    request = DownloadRequest(
        sources=tuple(map(RemotePath, names)), artifact=LAB, folder=folder
    )
    return await driver.engine.submit(await driver.engine.plan(request))


def fails(times: int, error: HyphaError, call: str = "put") -> Fault:
    left = [times]

    def fault(name: str, _about: object) -> HyphaError | None:
        if name != call or not left[0]:
            return None
        left[0] -= 1
        return error

    return fault


def leftovers(folder: Path) -> list[Path]:
    return list(folder.rglob("*.hypha-part"))


async def test_a_mixed_batch_goes_up(
    driver: Driver, remote: FakeRemote, tmp_path: Path
) -> None:
    data = write(tmp_path, small=10, empty=0, big=BIG)
    await upload(driver, *[tmp_path / name for name in data])
    group = await driver.final()
    assert group.counts == {JobState.DONE: 3}
    assert remote.files == data
    assert group.done == group.size == sum(map(len, data.values()))
    assert remote.calls["open_stage"] == 1


async def test_a_mixed_batch_comes_down(
    driver: Driver, remote: FakeRemote, tmp_path: Path
) -> None:
    data = {"d/small": b"x", "d/e/empty": b"", "d/big": os.urandom(BIG)}
    remote.files = {RemotePath(name): content for name, content in data.items()}
    await download(driver, tmp_path, "d")
    group = await driver.final()
    assert group.counts == {JobState.DONE: 3}
    assert group.done == group.size
    for name, content in data.items():
        assert (tmp_path / name).read_bytes() == content
    assert (tmp_path / "d/small").stat().st_mtime == 1_700_000_000.5
    assert not leftovers(tmp_path)


async def test_a_failed_try_waits_and_shows_until_when(
    driver: Driver, remote: FakeRemote, clock: FakeClock, tmp_path: Path
) -> None:
    data = write(tmp_path, f=10)
    remote.fault = fails(2, NetworkError("It broke."))
    await upload(driver, tmp_path / "f")
    job = (await driver.count(JobState.WAITING, 1)).jobs[0]
    assert job.reason == "It broke."
    assert job.try_ == 2
    assert job.due is not None
    assert 0.75 <= job.due - clock.now() <= 1.25
    clock.advance(1.25)
    await driver.until(lambda s: s.jobs[0].try_ == 3)
    assert driver.seen.jobs[0].due is not None
    clock.advance(2.5)
    assert (await driver.final()).counts == {JobState.DONE: 1}
    assert remote.files == data
    assert driver.seen.jobs[0].due is None


async def test_tries_come_to_an_end_and_retry_begins_anew(
    driver: Driver, remote: FakeRemote, clock: FakeClock, tmp_path: Path
) -> None:
    data = write(tmp_path, f=10)
    remote.fault = fails(5, NetworkError("It broke."))
    await upload(driver, tmp_path / "f")
    for number in range(2, 6):
        await driver.try_number(number)
        clock.advance(LONGEST_WAIT)
    assert (await driver.final()).counts == {JobState.FAILED: 1}
    job = driver.seen.jobs[0]
    assert job.reason == "It broke."
    assert job.hint
    await driver.engine.control(Command(action=Action.RETRY))
    assert (await driver.final()).counts == {JobState.DONE: 1}
    assert remote.files == data


async def test_one_failure_stops_no_other(
    driver: Driver, remote: FakeRemote, tmp_path: Path
) -> None:
    data = write(tmp_path, **{f"f{n}": 5 for n in range(50)})

    def fault(name: str, about: object) -> HyphaError | None:
        bad = name == "put" and isinstance(about, Link) and about.path == "f7"
        return PermissionDenied("Not this one.") if bad else None

    remote.fault = fault
    await upload(driver, *[tmp_path / name for name in data])
    group = await driver.final()
    assert group.counts == {JobState.DONE: 49, JobState.FAILED: 1}
    failed = driver.seen.jobs[0]
    assert failed.remote == "f7"
    assert failed.reason == "Not this one."


async def test_an_unforeseen_exception_fails_one_file(
    driver: Driver, remote: FakeRemote, tmp_path: Path
) -> None:
    write(tmp_path, a=1, b=1)

    def fault(name: str, about: object) -> HyphaError | None:
        if name == "put" and isinstance(about, Link) and about.path == "a":
            raise ZeroDivisionError
        return None

    remote.fault = fault
    await upload(driver, tmp_path / "a", tmp_path / "b")
    assert (await driver.final()).counts == {JobState.DONE: 1, JobState.FAILED: 1}


async def test_an_expired_link_is_signed_anew(
    driver: Driver, remote: FakeRemote, tmp_path: Path
) -> None:
    data = write(tmp_path, f=10)
    remote.fault = fails(1, LinkExpired("Too old."))
    await upload(driver, tmp_path / "f")
    assert (await driver.final()).counts == {JobState.DONE: 1}
    assert remote.calls["sign_uploads"] == 2
    assert remote.files == data


async def test_an_expired_multipart_upload_starts_again(
    driver: Driver, remote: FakeRemote, tmp_path: Path
) -> None:
    data = write(tmp_path, f=BIG)
    remote.fault = fails(1, LinkExpired("Too old."))
    await upload(driver, tmp_path / "f")
    group = await driver.final()
    assert group.counts == {JobState.DONE: 1}
    assert remote.calls["start_multipart"] == 2
    assert remote.files == data
    assert group.done == group.size == BIG


def tried(remote: FakeRemote, puts: int, seen: Snapshot) -> bool:
    again = remote.calls["put"] > puts and seen.count(JobState.RUNNING) == 0
    return seen.is_idle or again


async def test_too_many_requests_hold_everything_back(
    driver: Driver, remote: FakeRemote, clock: FakeClock, tmp_path: Path
) -> None:
    data = write(tmp_path, **{f"f{n}": 1 for n in range(30)})
    too_many = RateLimited("Slow down.", retry_after=7)
    remote.fault = fails(20, too_many)
    await upload(driver, *[tmp_path / name for name in data])
    await driver.until(lambda s: s.count(JobState.WAITING) > 0)
    puts = remote.calls["put"]
    assert puts <= 8
    while not driver.seen.is_idle:
        puts = remote.calls["put"]
        clock.advance(7)
        await driver.until(partial(tried, remote, puts))
    assert (await driver.final()).counts == {JobState.DONE: 30}
    assert remote.files == data


async def test_a_stage_that_cannot_be_opened_fails_the_batch(
    driver: Driver, remote: FakeRemote, tmp_path: Path
) -> None:
    data = write(tmp_path, **{f"f{n}": 1 for n in range(300)})
    remote.fault = fails(1, StageConflict("Another."), "open_stage")
    await upload(driver, *[tmp_path / name for name in data])
    group = await driver.final()
    assert group.counts == {JobState.FAILED: 300}
    assert group.error == "Another. Commit or discard the open session first."
    assert {job.reason for job in driver.seen.jobs} == {"Another."}
    await driver.engine.control(Command(action=Action.RETRY, group=group.id))
    group = await driver.final()
    assert group.counts == {JobState.DONE: 300}
    assert group.error is None


async def test_a_lost_sign_in_pauses_the_batch_until_retry(
    driver: Driver, remote: FakeRemote, tmp_path: Path
) -> None:
    data = write(tmp_path, a=1, b=1, c=1)
    remote.fault = fails(1, SignInRequired("Expired."), "sign_uploads")
    await upload(driver, *[tmp_path / name for name in data])
    snapshot = await driver.count(JobState.PAUSED, 3)
    assert "Expired." in (snapshot.groups[0].error or "")
    await driver.engine.control(Command(action=Action.RETRY))
    group = await driver.final()
    assert group.counts == {JobState.DONE: 3}
    assert group.error is None


async def test_a_server_that_stays_away_fails_the_batch_in_the_end(
    driver: Driver, remote: FakeRemote, clock: FakeClock, tmp_path: Path
) -> None:
    data = write(tmp_path, a=1, b=1)
    remote.fault = fails(5, NetworkError("Away."), "sign_uploads")
    await upload(driver, *[tmp_path / name for name in data])
    for number in range(2, 6):
        await driver.try_number(number)
        clock.advance(LONGEST_WAIT)
    assert (await driver.final()).counts == {JobState.FAILED: 2}
    await driver.engine.control(Command(action=Action.RETRY))
    assert (await driver.final()).counts == {JobState.DONE: 2}


async def test_a_missing_file_does_not_take_its_batch_along(
    driver: Driver, remote: FakeRemote, tmp_path: Path
) -> None:
    remote.files = {RemotePath(f"f{n:02}"): b"x" for n in range(20)}
    request = DownloadRequest(sources=(ROOT,), artifact=LAB, folder=tmp_path)
    plan = await driver.engine.plan(request)
    del remote.files[RemotePath("f03")]
    await driver.engine.submit(plan)
    group = await driver.final()
    assert group.counts == {JobState.DONE: 19, JobState.FAILED: 1}
    assert len(list(tmp_path.iterdir())) == 19


async def test_a_paused_upload_keeps_its_acknowledged_parts(
    driver: Driver, remote: FakeRemote, tmp_path: Path
) -> None:
    data = write(tmp_path, f=BIG)
    remote.gate = anyio.Event()
    remote.holds = lambda link: link.url not in {"part 0", "part 1"}
    await upload(driver, tmp_path / "f")
    await driver.until(lambda s: s.groups[0].done == 2 * PART_SIZE)
    await driver.engine.control(Command(action=Action.PAUSE))
    await driver.count(JobState.PAUSED, 1)
    await driver.soon(lambda: not remote.moving)
    assert driver.seen.groups[0].done == 2 * PART_SIZE
    assert driver.seen.jobs[0].parts_done == 2
    puts = remote.calls["put"]
    remote.gate.set()
    await driver.engine.control(Command(action=Action.RESUME))
    assert (await driver.final()).counts == {JobState.DONE: 1}
    assert remote.files == data
    assert remote.calls["put"] - puts == 3
    assert remote.calls["start_multipart"] == 1


async def test_a_part_that_only_awaits_its_answer_is_not_cut_off(
    driver: Driver, remote: FakeRemote, tmp_path: Path
) -> None:
    data = write(tmp_path, f=BIG)
    remote.answers = anyio.Event()
    await upload(driver, tmp_path / "f")
    await driver.soon(lambda: [s.is_sent for s in driver.flying()] == [True] * 5)
    await driver.engine.control(Command(action=Action.PAUSE))
    assert driver.seen.count(JobState.PAUSED) == 1
    remote.answers.set()
    await driver.until(lambda s: s.jobs[0].parts_done == 5)
    assert driver.seen.count(JobState.PAUSED) == 1
    await driver.engine.control(Command(action=Action.RESUME))
    assert (await driver.final()).counts == {JobState.DONE: 1}
    assert remote.files == data
    assert remote.calls["put"] == 5


async def test_a_cut_off_download_goes_on_at_its_byte(
    driver: Driver, remote: FakeRemote, clock: FakeClock, tmp_path: Path
) -> None:
    content = os.urandom(5 << 20)
    remote.files = {RemotePath("f"): content}
    pieces = [3]
    starts = []

    def fault(name: str, about: object) -> HyphaError | None:
        if name == "fetch" and isinstance(about, tuple):
            starts.append(about[1])
        if name == "chunk":
            pieces[0] -= 1
            return NetworkError("It broke.") if pieces[0] == 0 else None
        return None

    remote.fault = fault
    await download(driver, tmp_path, "f")
    await driver.count(JobState.WAITING, 1)
    assert driver.seen.groups[0].done == 2 << 20
    clock.advance(LONGEST_WAIT)
    group = await driver.final()
    assert group.done == group.size
    assert starts == [0, 2 << 20]
    assert (tmp_path / "f").read_bytes() == content


async def test_cancelling_an_upload_takes_back_what_was_announced(
    driver: Driver, remote: FakeRemote, tmp_path: Path
) -> None:
    data = write(tmp_path, **{f"f{n}": 1 for n in range(20)})
    remote.gate = anyio.Event()
    await upload(driver, *[tmp_path / name for name in data])
    await driver.count(JobState.RUNNING, 8)
    await driver.engine.control(Command(action=Action.CANCEL))
    assert driver.seen.count(JobState.CANCELLED) == 20
    await driver.until(lambda _: remote.calls["clear_pending"] == 1)
    assert remote.moving == 0
    assert set(remote.cleared) == set(data)
    remote.gate.set()
    await driver.engine.control(Command(action=Action.RETRY))
    assert (await driver.final()).counts == {JobState.DONE: 20}
    assert remote.files == data


async def test_cancelling_a_download_removes_its_temporary_file(
    driver: Driver, remote: FakeRemote, tmp_path: Path
) -> None:
    remote.files = {RemotePath("f"): os.urandom(BIG), RemotePath("g"): b"xx"}
    remote.gate = anyio.Event()
    await download(driver, tmp_path, "f", "g")
    await driver.until(lambda s: s.groups[0].done > 0)
    assert leftovers(tmp_path)
    await driver.engine.control(Command(action=Action.CANCEL))
    await driver.until(lambda s: s.groups[0].done == 0)
    assert list(tmp_path.iterdir()) == []


async def test_a_changed_source_fails_and_can_be_retried(
    driver: Driver, remote: FakeRemote, tmp_path: Path
) -> None:
    path = tmp_path / "f"
    path.write_bytes(bytes(MIB + 1))  # a smaller one is read before it is sent

    def fault(name: str, _about: object) -> HyphaError | None:
        if name == "put":
            path.write_bytes(b"other content")
            remote.fault = lambda _call, _about: None
        return None

    remote.fault = fault
    await upload(driver, path)
    assert (await driver.final()).counts == {JobState.FAILED: 1}
    assert "changed" in (driver.seen.jobs[0].reason or "")
    await driver.engine.control(Command(action=Action.RETRY))
    group = await driver.final()
    assert group.counts == {JobState.DONE: 1}
    assert remote.files == {"f": b"other content"}
    assert group.done == group.size == len(b"other content")


async def test_a_wrong_etag_is_not_accepted(
    driver: Driver, remote: FakeRemote, clock: FakeClock, tmp_path: Path
) -> None:
    write(tmp_path, f=5)
    remote.fault = fails(1, IntegrityError("Other bytes."))
    await upload(driver, tmp_path / "f")
    await driver.count(JobState.WAITING, 1)
    clock.advance(LONGEST_WAIT)
    assert (await driver.final()).counts == {JobState.DONE: 1}


async def test_a_target_that_appeared_is_not_replaced(
    driver: Driver, remote: FakeRemote, tmp_path: Path
) -> None:
    remote.files = {RemotePath("f"): b"new"}
    request = DownloadRequest(sources=(ROOT,), artifact=LAB, folder=tmp_path)
    plan = await driver.engine.plan(request)
    (tmp_path / "f").write_bytes(b"theirs")
    await driver.engine.submit(plan)
    assert (await driver.final()).counts == {JobState.FAILED: 1}
    await driver.until(lambda _: not leftovers(tmp_path))
    assert (tmp_path / "f").read_bytes() == b"theirs"
    again = await driver.engine.plan(request)
    assert again.collisions
    await driver.engine.submit(again)
    await driver.count(JobState.DONE, 1)
    assert (tmp_path / "f").read_bytes() == b"new"


async def test_clear_forgets_final_jobs(driver: Driver, tmp_path: Path) -> None:
    data = write(tmp_path, a=1, b=1)
    group = await upload(driver, *[tmp_path / name for name in data])
    await driver.final()
    assert len(await driver.engine.page(group, 0, 10)) == 2
    assert len(await driver.engine.page(group, 1, 10)) == 1
    await driver.engine.control(Command(action=Action.CLEAR))
    assert driver.seen.groups == ()
    assert driver.seen.jobs == ()
    assert await driver.engine.page(group, 0, 10) == ()


async def test_a_snapshot_is_the_same_while_nothing_changes(
    driver: Driver, clock: FakeClock, tmp_path: Path
) -> None:
    data = write(tmp_path, **{f"f{n}": 1 for n in range(VISIBLE_JOBS + 10)})
    await upload(driver, *[tmp_path / name for name in data])
    await driver.final()
    clock.advance(100)
    first = driver.engine.snapshot()
    clock.advance(1)
    assert driver.engine.snapshot() is first
    assert len(first.jobs) == VISIBLE_JOBS
    assert first.upload_rate == 0


async def test_closing_leaves_neither_phantoms_nor_temporary_files(
    remote: FakeRemote, tmp_path: Path
) -> None:
    data = write(tmp_path, a=1, b=1)
    remote.files = {RemotePath("f"): os.urandom(BIG)}
    remote.gate = anyio.Event()
    async with TransferEngine(lambda _: remote) as engine:
        driver = Driver(engine)
        await upload(driver, *[tmp_path / name for name in data])
        await download(driver, tmp_path / "to", "f")
        await driver.count(JobState.RUNNING, 3)
    assert set(remote.cleared) == set(data)
    assert not leftovers(tmp_path)


def is_due_later(due: float, snapshot: Snapshot) -> bool:
    return (snapshot.jobs[0].due or 0) > due


def ends_later(driver: Driver, clock: FakeClock) -> bool:
    clock.advance(16)
    return driver.seen.is_idle


@pytest.mark.parametrize("call", ["put", "sign_uploads"])
@pytest.mark.parametrize(
    "error", [Unreachable("no way"), ServerFault("gateway", status=503)]
)
async def test_an_outage_is_sat_out(
    remote: FakeRemote,
    clock: FakeClock,
    tmp_path: Path,
    call: str,
    error: HyphaError,
) -> None:
    data = write(tmp_path, a=10)
    away = True
    remote.fault = lambda name, _: error if away and name == call else None
    async with TransferEngine(lambda _: remote, clock=clock, patience=900) as engine:
        driver = Driver(engine)
        await upload(driver, tmp_path / "a")
        until = clock.time + 800
        while clock.time < until:
            snapshot = await driver.count(JobState.WAITING, 1)
            due = snapshot.jobs[0].due or 0
            assert clock.time < due <= clock.time + 15
            assert snapshot.jobs[0].try_ == 1
            clock.advance(due - clock.time + 0.1)
            await driver.until(partial(is_due_later, due))
        away = False
        await driver.soon(partial(ends_later, driver, clock))
    assert remote.files == data


async def test_patience_ends(
    remote: FakeRemote, clock: FakeClock, tmp_path: Path
) -> None:
    write(tmp_path, a=10)
    remote.fault = lambda name, _: Unreachable("no way") if name == "put" else None
    async with TransferEngine(lambda _: remote, clock=clock, patience=900) as engine:
        driver = Driver(engine)
        await upload(driver, tmp_path / "a")
        start = clock.time
        await driver.soon(partial(ends_later, driver, clock))
        assert driver.seen.count(JobState.FAILED) == 1
        assert clock.time - start > 900
