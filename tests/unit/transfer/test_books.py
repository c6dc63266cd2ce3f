"""A state machine over jobs, parts and the journal, with an end at any moment.

Only legal transitions happen, and what comes back from the journal is what the books
said when it was last written, whatever was not.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple, cast

import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
)
from typing_extensions import override

from hypha_artifact.errors import NetworkError
from hypha_artifact.models import StageMode
from hypha_artifact.paths import ROOT, RemotePath
from hypha_artifact.remote import MultipartUpload
from hypha_artifact.transfer import resume
from hypha_artifact.transfer.board import LIVE, Board
from hypha_artifact.transfer.clock import Clock
from hypha_artifact.transfer.commands import Commands
from hypha_artifact.transfer.faults import Faults
from hypha_artifact.transfer.items import PlanItem
from hypha_artifact.transfer.jobs import Group, Job, Work
from hypha_artifact.transfer.journal import Journal, Row
from hypha_artifact.transfer.ledger import Ledger
from hypha_artifact.transfer.limits import Limits
from hypha_artifact.transfer.meter import Speed
from hypha_artifact.transfer.rest import state_of
from hypha_artifact.transfer.resting import Resting
from hypha_artifact.transfer.resume import load, past, revive
from hypha_artifact.transfer.scheduler import Scheduler
from hypha_artifact.transfer.state import (
    TRANSITIONS,
    Action,
    Command,
    JobState,
    UploadRequest,
)
from hypha_artifact.transfer.upload import Upload
from hypha_artifact.transfer.workers import Workers
from tests.unit.transfer.fakes import LAB, FakeClock, FakeRemote

PART = 10
SIZES = (0, 5, 35, 35, 35)
REQUEST = UploadRequest(
    sources=(Path("/a"),), artifact=LAB, folder=ROOT, mode=StageMode.NEW_VERSION
)
LOST = NetworkError("It broke.")
RESTING = (
    JobState.QUEUED,
    JobState.PAUSED,
    JobState.DONE,
    JobState.FAILED,
    JobState.CANCELLED,
)


class Frail(Journal):
    """A journal whose program may be killed: from then on nothing is written."""

    left: int | None = None
    """How many statements are still written; None for all."""

    @override
    def write(self, sql: str, rows: Iterable[Row]) -> None:
        if self.left != 0:
            super().write(sql, rows)
        if self.left:
            self.left -= 1


class Kept(NamedTuple):
    """What a job has to be after an end."""

    state: JobState
    parts: frozenset[int]


class Books(RuleBasedStateMachine):
    """One engine's books without its workers."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._patch = pytest.MonkeyPatch()
        self._patch.setattr(resume, "KEPT", 1)
        self._open()

    def _open(self) -> None:
        self.journal = Frail(Path(self._folder.name) / "journal")
        limits = Limits(Clock())
        self.scheduler = Scheduler(limits)
        self.board = Board(FakeClock(), Ledger(self.journal))
        self.commands = Commands(self.board, self.scheduler)
        self.resting = Resting(self.board, self.scheduler)
        self.faults = Faults(self.board, self.scheduler, FakeClock())
        self.workers = Workers(
            *(self.board, self.scheduler, Clock(), limits, 1),
            remote_of=lambda _: _remote(),
        )
        self.seen: list[dict[int, Kept]] = []

    @override
    def teardown(self) -> None:
        self.journal.close()
        self._folder.cleanup()
        self._patch.undo()

    def _mover(self) -> Upload:
        return Upload(_remote(), REQUEST, self.board.resize)

    def _pick(self, number: int, *states: JobState) -> Job | None:
        jobs = [job for job in self.board.jobs.values() if job.state in states]
        return jobs[number % len(jobs)] if jobs else None

    def _truth(self) -> dict[int, Kept]:
        awake = {job.id: _kept(job) for job in self.board.jobs.values()}
        asleep = {number: _resting(state) for number, state, _ in self._resting()}
        assert not awake.keys() & asleep
        return awake | asleep

    def _resting(self) -> Iterator[tuple[int, JobState, int]]:
        for group in self.board.groups.values():
            rest = group.rest
            for number in range(rest.first, rest.last + 1):
                if number in rest:
                    yield number, state_of(rest.mark(number)), rest.size(number)

    def _remember(self) -> None:
        self.seen.append(self._truth())

    # What happens to jobs.

    @rule(sizes=st.lists(st.sampled_from(SIZES), min_size=1, max_size=4))
    @precondition(lambda self: len(self.board.jobs) < 12)
    def add(self, sizes: list[int]) -> None:
        items = [
            PlanItem(local=Path(f"/a/{n}"), remote=RemotePath(f"a/{n}"), size=size)
            for n, size in enumerate(sizes)
        ]
        self.scheduler.add(self.board.add(REQUEST, items, self._mover()))
        self._remember()

    @rule(number=st.integers(0), steps=st.integers(2, 7), part=st.integers(0))
    def go_on(self, number: int, steps: int, part: int) -> None:
        """Take a job some steps further on the way that leads to its end."""
        job = self._pick(number, *LIVE)
        for _ in range(steps if job else 0):
            if job and job.state in LIVE and job.id not in job.group.litter:
                self._step(job, part)
                self._remember()

    def _step(self, job: Job, part: int) -> None:
        if job.state is JobState.WAITING:
            self.board.move(job, JobState.QUEUED)
            self.scheduler.enqueue(job)
        elif job.work is None:
            self._prepare(job)
        elif job.state is JobState.QUEUED:
            self.scheduler.withdraw(job)
            self.board.move(job, JobState.RUNNING)
        elif job.state is JobState.RUNNING and job.work.todo:
            self._acknowledge(job, job.work, part)
        elif job.state is JobState.RUNNING:
            self.board.move(job, JobState.FINALISING)
            self.board.ledger.finishing(job, job.work)
        else:
            self.board.move(job, JobState.DONE)
            job.work = None

    def _prepare(self, job: Job) -> None:
        self.board.ledger.begin([job])
        job.work = Work(job.size, PART if job.size > PART else None)
        if job.work.parts > 1:
            job.work.upload = MultipartUpload(
                path=job.item.remote, upload_id="u", links=(), expires=9e9
            )
        self.board.ledger.prepared([job])

    def _acknowledge(self, job: Job, work: Work, part: int) -> None:
        chosen = work.todo[part % len(work.todo)]
        work.todo.remove(chosen)
        work.acknowledged[chosen] = f"etag {chosen}"
        self.board.credit(job, work.range_of(chosen)[1])
        self.board.ledger.part(job, work, chosen)

    @rule(number=st.integers(0), to=st.sampled_from(JobState))
    def fail(self, number: int, to: JobState) -> None:
        job = self._pick(number, *LIVE)
        if job is None or to not in {JobState.WAITING, JobState.FAILED}:
            return
        if to in TRANSITIONS[job.state]:
            self.scheduler.withdraw(job)
            self.board.move(job, to, LOST)
            self._remember()

    @rule(number=st.integers(0))
    def begin_again(self, number: int) -> None:
        job = self._pick(number, JobState.QUEUED, JobState.WAITING)
        if job is not None:
            self.board.reset(job)
            self._remember()

    # What people do.

    @rule(action=st.sampled_from(Action), number=st.integers(0))
    def order(self, action: Action, number: int) -> None:
        known = sorted(self._truth())
        some = None if number % 8 == 7 or not known else known[number % len(known)]
        jobs = None if some is None else (some,)
        asyncio.run(self.commands.run(Command(action=action, jobs=jobs)))
        self._remember()

    @rule(number=st.integers(0))
    @precondition(lambda self: self.journal.left is None)
    def go_to_rest(self, number: int) -> None:
        """Leave memory, whatever it is, if nobody is at it."""
        job = self._pick(number, *RESTING)
        if job is None or job.work is not None or job.id in job.group.litter:
            return
        if job.group.rest.is_kept:
            before = self._truth()
            self.scheduler.withdraw(job)
            self.resting.lay(job)
            assert self._truth() == before

    @rule(most=st.integers(1, 3))
    def wake_up(self, most: int) -> None:
        """Come back into memory as the queues ask for it."""
        for group in list(self.board.groups.values()):
            numbers = group.rest.queued(0, most)
            before = self._truth()
            wished = self._wished()
            for job in asyncio.run(self.resting.wake(group, numbers)):
                self.scheduler.enqueue(job)
                assert job.is_first == (job.id in wished)
            assert self._truth() == before
            assert not any(number in group.rest for number in numbers)

    @rule(number=st.integers(0), held=st.booleans())
    def stop_all(self, number: int, *, held: bool) -> None:
        """Fail what waits of a whole batch, or hold it until it is released."""
        groups = list(self.board.groups.values())
        if not groups:
            return
        group = groups[number % len(groups)]
        if held:
            self.commands.hold(group, LOST)
            self._remember()
            asyncio.run(self.commands.release(group))
        else:
            asyncio.run(self.faults._fail_group(group, LOST))
        self._remember()

    @rule(number=st.integers(0))
    def clean_up(self, number: int) -> None:
        groups = [group for group in self.scheduler._groups.values() if group.litter]
        if groups:
            group = groups[number % len(groups)]
            for job in list(group.litter.values()):
                self.workers._cleaned(job)
            self._remember()

    @rule(number=st.integers(0), state=st.sampled_from(JobState))
    def nothing_illegal(self, number: int, state: JobState) -> None:
        job = self._pick(number, *JobState)
        if job is not None and state not in TRANSITIONS[job.state]:
            before = self._truth()
            with pytest.raises(AssertionError, match="is no transition"):
                self.board.move(job, state)
            assert self._truth() == before

    # The end, and what comes after it.

    @rule(left=st.integers(0, 6))
    @precondition(lambda self: self.journal.left is None and self.seen)
    def be_about_to_die(self, left: int) -> None:
        """Let only so many statements of what comes be written."""
        self.seen = [self._truth()]
        self.journal.flush()
        self.journal.left = left

    @rule()
    @precondition(lambda self: self.seen)
    def die_and_come_back(self) -> None:
        possible = self.seen if self.journal.left is not None else [self._truth()]
        self.journal.close()
        self._open()
        for stored in load(self.journal):
            group = Group(
                stored.id, REQUEST, self._mover(), stored.title, Speed(Clock())
            )
            self.board.restore(group, revive(group, stored))
            self.scheduler.add(group)
        self._compare(possible)
        self._check_history()
        self._check_wishes()

    def _wished(self) -> set[int]:
        self.journal.flush()
        rows = self.journal.read("SELECT id FROM jobs WHERE first")
        return {cast("int", number) for (number,) in rows}

    def _check_wishes(self) -> None:
        """What is wanted now is in memory, and nothing else is."""
        wished = self._wished()
        for number, kept in self._truth().items():
            job = self.board.jobs.get(number)
            if job is not None:
                assert job.is_first == (number in wished)
            elif not kept.state.is_final:
                assert number not in wished

    def _check_history(self) -> None:
        """Every batch whose jobs are all final is in it, with its last counts."""
        self.journal.flush()
        kept = [batch.counts for batch in past(self.journal, 1000)]
        for group in self.board.groups.values():
            if group.is_final:
                counts = {state: n for state, n in group.counts.items() if n}
                assert counts in kept

    def _compare(self, possible: list[dict[int, Kept]]) -> None:
        """Each job is as it was at one of the moments since it was last written."""
        if len(possible) == 1:
            assert self._truth() == possible[0]
        for number, found in self._truth().items():
            known = [moment[number] for moment in possible if number in moment]
            assert found.state in {kept.state for kept in known}
            assert found.parts in {kept.parts for kept in known}

    @invariant()
    def wishes_are_written(self) -> None:
        """As long as the journal lives, it knows what is wanted now."""
        if self.journal.left is None:
            first = {job.id for job in self.board.jobs.values() if job.is_first}
            assert first <= self._wished()

    @invariant()
    def sums_are_right(self) -> None:
        for group in self.board.groups.values():
            jobs = [(job.state, job.size, job.done) for job in group.jobs.values()]
            jobs += [
                (state, size, size if state is JobState.DONE else 0)
                for number, state, size in self._resting()
                if number in group.rest
            ]
            assert group.size == sum(size for _, size, _ in jobs)
            assert group.done == sum(done for *_, done in jobs)
            live = [size - done for state, size, done in jobs if state in LIVE]
            assert group.left == sum(live)
            for state in JobState:
                assert group.counts[state] == sum(s is state for s, *_ in jobs)
        for job in self.board.jobs.values():
            assert job.id in self.board.by_state[job.state]
            done = job.work.kept if job.work else 0
            assert job.done == (job.size if job.state is JobState.DONE else done)


@cache
def _remote() -> FakeRemote:
    return FakeRemote()


def _resting(state: JobState) -> Kept:
    queued = state is JobState.QUEUED
    return Kept(JobState.QUEUED if queued else state, frozenset())


def _kept(job: Job) -> Kept:
    """Tell what a job is after an end: what was under way is queued again."""
    resumes = job.state in LIVE
    whole = job.state is JobState.DONE or job.work is None or job.work.parts == 1
    parts = frozenset[int]() if whole or not job.work else job.work.acknowledged
    return Kept(JobState.QUEUED if resumes else job.state, frozenset(parts))


TestBooks = Books.TestCase
TestBooks.settings = settings(max_examples=80, stateful_step_count=50, deadline=None)
