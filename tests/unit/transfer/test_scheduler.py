from __future__ import annotations

from pathlib import Path

from hypha_artifact.models import StageMode
from hypha_artifact.paths import ROOT, RemotePath
from hypha_artifact.remote import Link
from hypha_artifact.transfer.board import Board
from hypha_artifact.transfer.jobs import Group, Job, Work
from hypha_artifact.transfer.plan import MULTIPART_ABOVE, PART_SIZE
from hypha_artifact.transfer.scheduler import FIRST_BATCH, Scheduler, Task
from hypha_artifact.transfer.state import (
    Direction,
    JobState,
    PlanItem,
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
