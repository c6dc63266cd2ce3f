from __future__ import annotations

from pathlib import Path

from hypha_artifact.models import StageMode
from hypha_artifact.paths import ROOT, RemotePath
from hypha_artifact.store import Link
from hypha_artifact.transfer.board import Board
from hypha_artifact.transfer.commands import Commands
from hypha_artifact.transfer.items import PlanItem
from hypha_artifact.transfer.jobs import Group, Job, Work
from hypha_artifact.transfer.plan import MULTIPART_ABOVE, PART_SIZE
from hypha_artifact.transfer.scheduler import FIRST_BATCH, Scheduler, Task
from hypha_artifact.transfer.state import (
    Action,
    Command,
    Direction,
    JobState,
    UploadRequest,
)
from hypha_artifact.transfer.upload import Upload
from tests.unit.transfer.fakes import LAB, FakeClock, FakeRemote

BIG = MULTIPART_ABOVE + 1


class Desk:
    """A board and a scheduler, without an engine."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.board = Board(self.clock)
        self.scheduler = Scheduler()
        self.scheduler.paces[Direction.UPLOAD].rate = 1e9

    def submit(self, *sizes: int) -> Group:
        request = UploadRequest(
            sources=(Path("/d"),),
            artifact=LAB,
            folder=ROOT,
            mode=StageMode.NEW_VERSION,
        )
        items = tuple(
            PlanItem(local=Path(f"/d/{n}"), remote=RemotePath(f"{n}"), size=size)
            for n, size in enumerate(sizes)
        )
        mover = Upload(FakeRemote(), request, self.board.resize)
        group = self.board.add(request, items, mover)
        self.scheduler.add(group)
        return group

    def link_all(self) -> None:
        while (chore := self.scheduler.next_chore(self.clock.now())) is not None:
            self.scheduler.linked(chore)
            for job in chore.jobs:
                link(job)
                self.scheduler.enqueue(job)
            self.scheduler.done_with(chore)


def link(job: Job) -> None:
    job.work = Work(job.size, PART_SIZE if job.size > MULTIPART_ABOVE else None)
    job.work.link = Link(path=job.item.remote, url="")


def test_links_are_signed_in_batches_just_ahead() -> None:
    desk = Desk()
    group = desk.submit(*[1] * (3 * FIRST_BATCH))
    chore = desk.scheduler.next_chore(0)
    assert chore is not None
    assert chore.task is Task.PREPARE
    assert len(chore.jobs) == FIRST_BATCH
    assert desk.scheduler.next_chore(0) is None, "one chore of a batch at a time"
    desk.scheduler.done_with(chore)
    desk.link_all()
    linked = sum(job.work is not None for job in group.jobs.values())
    assert linked < 3 * FIRST_BATCH


def test_neither_lane_starves_the_other() -> None:
    desk = Desk()
    desk.submit(BIG, BIG, *[1] * 50)
    desk.link_all()
    steps = [desk.scheduler.next_step(0) for _ in range(8)]
    lanes = [step.lane.value for step in steps if step]
    assert lanes.count("small") == 4
    assert lanes.count("large") == 4


def test_one_lane_alone_gets_all_workers() -> None:
    desk = Desk()
    desk.submit(BIG, BIG)
    desk.link_all()
    steps = [desk.scheduler.next_step(0) for _ in range(8)]
    assert all(step and step.lane.value == "large" for step in steps)


def test_no_part_is_given_twice() -> None:
    desk = Desk()
    desk.submit(BIG)
    desk.link_all()
    parts = []
    while (step := desk.scheduler.next_step(0)) is not None:
        parts.append(step.part)
    assert parts == list(range(5))


def test_a_part_that_failed_comes_back_first() -> None:
    desk = Desk()
    desk.submit(BIG)
    desk.link_all()
    step = desk.scheduler.next_step(0)
    assert step is not None
    desk.scheduler.settle(step, 0, acknowledged=False)
    again = desk.scheduler.next_step(0)
    assert again is not None
    assert again.part == 0


def test_a_held_lane_gives_nothing_until_its_time() -> None:
    desk = Desk()
    desk.submit(1)
    desk.link_all()
    desk.scheduler.hold(until=10)
    assert desk.scheduler.next_step(9.9) is None
    assert desk.scheduler.next_time(0) == 10
    assert desk.scheduler.next_step(10) is not None


def test_waiting_jobs_come_back_when_they_are_due() -> None:
    desk = Desk()
    job = next(iter(desk.submit(1).jobs.values()))
    desk.board.move(job, JobState.WAITING)
    desk.scheduler.wait(job, 5)
    assert desk.scheduler.next_time(0) == 5
    assert desk.scheduler.pop_due(4) == []
    assert desk.scheduler.pop_due(5) == [job]
    assert desk.scheduler.pop_due(5) == []


def test_a_waiting_job_that_was_paused_is_not_due() -> None:
    desk = Desk()
    job = next(iter(desk.submit(1).jobs.values()))
    desk.board.move(job, JobState.WAITING)
    desk.scheduler.wait(job, 5)
    desk.board.move(job, JobState.PAUSED)
    assert desk.scheduler.pop_due(6) == []


def test_batches_take_turns() -> None:
    desk = Desk()
    first, second = desk.submit(*[1] * 300), desk.submit(*[1] * 300)
    served = []
    for _ in range(2):
        chore = desk.scheduler.next_chore(0)
        assert chore is not None
        served.append(chore.group)
        desk.scheduler.done_with(chore)
    assert served == [first, second]


def groups_of_steps(desk: Desk, count: int) -> list[int]:
    """Take so many parts; each is acknowledged at once."""
    found: list[int] = []
    for _ in range(count):
        step = desk.scheduler.next_step(0)
        assert step is not None
        if step.part is not None:
            step.work.acknowledged[step.part] = "etag"
        desk.scheduler.settle(step, 0, acknowledged=True)
        found.append(step.job.group.id)
    return found


def test_batches_share_by_bytes_and_a_late_one_is_not_behind() -> None:
    desk = Desk()
    long = desk.submit(*[10_000_000] * 200)
    desk.link_all()
    assert set(groups_of_steps(desk, 20)) == {long.id}
    desk.submit(*[1_000_000] * 200)
    desk.link_all()
    order = groups_of_steps(desk, 44)
    assert long.id in order[:11], "it has no claim on what was before"
    assert 3 <= order.count(long.id) <= 5, "ten of the short ones weigh one long one"


def test_a_higher_rank_goes_first_in_both_lanes() -> None:
    desk = Desk()
    desk.submit(BIG, BIG, 1, 1)
    high = desk.submit(BIG, 1, 1)
    desk.board.rank(high, 1)
    chore = desk.scheduler.next_chore(0)
    assert chore is not None
    assert chore.group is high
    for job in chore.jobs:
        link(job)
        desk.scheduler.enqueue(job)
    desk.scheduler.done_with(chore)
    desk.link_all()
    assert set(groups_of_steps(desk, 7)) == {high.id}


async def test_what_the_user_wants_now_goes_before_everything() -> None:
    desk = Desk()
    high, low = desk.submit(*[1] * 1200), desk.submit(*[1] * 1200)
    desk.board.rank(high, 5)
    desk.link_all()
    commands = Commands(desk.board, desk.scheduler)
    linked = list(low.jobs.values())[20]
    unlinked = list(low.jobs.values())[1100]
    for job in (linked, unlinked):
        await commands.run(Command(action=Action.FIRST, jobs=(job.id,)))
    chore = desk.scheduler.next_chore(0)
    assert chore is not None
    assert unlinked in chore.jobs, "it gets its link although enough others have one"
    step = desk.scheduler.next_step(0)
    assert step is not None
    assert step.job is linked
    assert set(groups_of_steps(desk, 5)) == {high.id}


async def test_a_cleared_file_does_not_take_its_batch_with_it() -> None:
    desk = Desk()
    group = desk.submit(1, 1)
    commands = Commands(desk.board, desk.scheduler)
    one = next(iter(group.jobs))
    for action in (Action.CANCEL, Action.CLEAR):
        await commands.run(Command(action=action, jobs=(one,)))
    assert one not in group.jobs
    desk.link_all()
    step = desk.scheduler.next_step(desk.clock.now())
    assert step
    assert step.job in group.jobs.values()


async def test_orders_give_ranks() -> None:
    desk = Desk()
    one, two, three = desk.submit(1), desk.submit(1), desk.submit(1)
    commands = Commands(desk.board, desk.scheduler)

    async def order(
        action: Action, group: Group, other: Group | None = None
    ) -> list[int]:
        number = other.id if other else None
        await commands.run(Command(action=action, group=group.id, other=number))
        by_rank = sorted((one, two, three), key=lambda group: -group.rank)
        return [group.id for group in by_rank]

    assert await order(Action.FIRST, three) == [three.id, one.id, two.id]
    assert await order(Action.LAST, one) == [three.id, two.id, one.id]
    assert await order(Action.BEFORE, one, two) == [three.id, one.id, two.id]
    await order(Action.LOWER, three)
    assert three.rank == one.rank, "they share now"
    await order(Action.RAISE, two)
    assert two.rank == one.rank


def test_cleaning_comes_before_new_links() -> None:
    desk = Desk()
    group = desk.submit(1, 1)
    desk.link_all()
    job = next(iter(group.jobs.values()))
    group.litter[job.id] = job
    chore = desk.scheduler.next_chore(0)
    assert chore is not None
    assert chore.task is Task.CLEAN
    assert chore.jobs == (job,)


def test_what_is_resumed_while_it_gets_its_link_gets_no_second_one() -> None:
    desk = Desk()
    group = desk.submit(10)
    (job,) = group.jobs.values()
    chore = desk.scheduler.next_chore(0.0)
    assert chore is not None
    desk.scheduler.withdraw(job)
    desk.scheduler.enqueue(job)
    link(job)
    desk.scheduler.linked(chore)
    desk.scheduler.enqueue(job)
    desk.scheduler.done_with(chore)
    assert desk.scheduler.next_chore(0.0) is None
    assert desk.scheduler.next_step(0.0) is not None
