"""Jobs go to rest in the journal, and come back: what is in memory is a window.

Of each batch only those jobs are in memory that are under way or about to be, those
that left something behind, and the last ones that ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

from hypha_artifact.errors import HyphaError, JournalDamaged
from hypha_artifact.transfer.board import LIVE, Board
from hypha_artifact.transfer.jobs import Group, Job
from hypha_artifact.transfer.journal import Row
from hypha_artifact.transfer.ledger import Turn
from hypha_artifact.transfer.rest import (
    AWAKE,
    BEGUN,
    GONE,
    HELD,
    KEPT,
    Change,
    Rest,
    mark_of,
    state_of,
)
from hypha_artifact.transfer.scheduler import Scheduler
from hypha_artifact.transfer.state import JobState

_CHUNK = 500


class Resting:
    """Lets jobs rest, wakes them, and changes those that rest.

    Args:
        board: The books.
        scheduler: Knows which jobs are getting their links.
    """

    def __init__(self, board: Board, scheduler: Scheduler) -> None:
        self._board = board
        self._scheduler = scheduler

    def lay_down(self) -> None:
        """Let all ended jobs rest but for the last ones."""
        ended = self._board.ended
        while len(ended) > KEPT and not self._board.hands:
            job = ended.popleft()
            if self.may_rest(job):
                self.lay(job)

    def may_rest(self, job: Job) -> bool:
        """Whether a job is at its end, and nobody is at it any more."""
        if self._board.jobs.get(job.id) is not job or not job.state.is_final:
            return False
        if self._scheduler.is_linking(job) or job.id in job.group.litter:
            return False
        whole = job.done == (job.size if job.state is JobState.DONE else 0)
        return whole and job.work is None and job.note is None

    def lay(self, job: Job) -> None:
        """Take a job out of memory."""
        group, board = job.group, self._board
        bits = job.lane.bits | (BEGUN if job.is_touched else 0)
        if job.state is JobState.PAUSED and job.reason:
            bits |= HELD
        group.rest.put(job.id, mark_of(job.state, bits), job.size)
        del board.jobs[job.id], group.jobs[job.id], board.by_state[job.state][job.id]

    async def wake(self, group: Group, numbers: Iterable[int]) -> list[Job]:
        """Bring jobs back into memory; those that do not rest any more are left out.

        Raises:
            JournalError: The journal cannot be read, or has not all of them.
        """
        jobs: list[Job] = []
        wanted = list(numbers)
        while marks := {n: group.rest.mark(n) for n in wanted if n in group.rest}:
            rows = await self._board.ledger.rows(list(marks))
            if len(rows) < len(marks):
                raise JournalDamaged("The journal has lost files of a batch.")
            # What was changed meanwhile is read again.
            jobs += [
                self.rouse(group, row)
                for row in rows
                if group.rest.mark(_number(row)) == marks[_number(row)]
            ]
        return jobs

    def rouse(self, group: Group, row: Row) -> Job:
        """Bring a job back into memory.

        Args:
            group: Its batch.
            row: From ``Ledger.rows``.
        """
        job = made(group, row)
        group.rest.put(job.id, AWAKE)
        group.jobs[job.id] = self._board.jobs[job.id] = job
        self._board.by_state[job.state][job.id] = job
        return job

    async def page(self, group: Group, offset: int, limit: int) -> list[Job]:
        """Return some jobs of a batch in the order of its plan; who rests, rests on.

        Raises:
            JournalError: The journal cannot be read.
        """
        if not group.rest.is_kept:
            return list(group.jobs.values())[offset : offset + limit]
        numbers = group.rest.page(offset, limit)
        # Some may go to rest while the others are read.
        shown = {n: group.jobs[n] for n in numbers if n in group.jobs}
        rows = await self._board.ledger.rows([n for n in numbers if n not in shown])
        for row in rows:
            number = _number(row)
            awake = group.jobs.get(number)
            if awake is not None or number in group.rest:
                shown[number] = awake or made(group, row)
        return [shown[number] for number in numbers if number in shown]

    async def wake_all(self, group: Group, marks: list[int]) -> None:
        """Bring all jobs with one of these marks back into memory."""
        while numbers := group.rest.numbers(marks, _CHUNK):
            await self.wake(group, numbers)

    def turn(
        self, group: Group, table: Mapping[int, int], why: HyphaError | None = None
    ) -> None:
        """Do the same to all jobs of a batch that rest.

        Args:
            group: The batch.
            table: The mark that each mark becomes.
            why: What stopped them.
        """
        runs = list(group.rest.runs())
        changes = group.rest.change(table)
        held = all(mark & HELD for mark in table)
        self._take_in(group, changes)
        ways = {(state_of(each.before), _after(each)) for each in changes}
        for before, after in sorted(ways, key=str):
            if after is None:
                self._board.ledger.clear(group, runs, before)
            else:
                turn = Turn(before, after, why, held)
                self._board.ledger.turn(group, runs, turn)
        self._settle(group, changes)

    def turn_one(self, group: Group, number: int, table: Mapping[int, int]) -> None:
        """Do it to one job that rests; it stays as it is if its mark leads nowhere."""
        mark, size = group.rest.mark(number), group.rest.size(number)
        if mark not in table:
            return
        change = Change(mark, table[mark], 1, size)
        group.rest.put(number, change.after, size)
        self._take_in(group, [change])
        before, after, run = state_of(mark), _after(change), [(number, number)]
        if after is None:
            self._board.ledger.clear(group, run, before)
        else:
            self._board.ledger.turn(group, run, Turn(before, after))
        self._settle(group, [change])

    def _take_in(self, group: Group, changes: list[Change]) -> None:
        for each in changes:
            before, after = state_of(each.before), _after(each)
            group.counts[before] -= each.count
            if before in LIVE:
                group.left -= each.size
            if after is None:
                group.size -= each.size
                group.done -= each.size if before is JobState.DONE else 0
                continue
            group.counts[after] += each.count
            if after in LIVE:
                group.left += each.size

    def _settle(self, group: Group, changes: list[Change]) -> None:
        if not changes:
            return
        if any(each.after == GONE for each in changes):
            self._board.forgotten(group)
        elif group.is_final:
            self._board.ledger.ended(group)
        self._board.touch()


def _after(change: Change) -> JobState | None:
    return None if change.after == GONE else state_of(change.after)


def _number(row: Row) -> int:
    return cast("int", row[0])


def made(group: Group, row: Row) -> Job:
    """Make a job of what the journal has, as its mark says it is."""
    number, reason, hint, item, first = cast(
        "tuple[int, str | None, str | None, bytes, int]", row
    )
    rest: Rest = group.rest
    mark = rest.mark(number)
    job = Job(number, group, item)
    job.state = job.kept = state_of(mark)
    job.size = rest.size(number)
    job.is_touched, job.is_first = bool(mark & BEGUN), bool(first)
    job.done = job.size if job.state is JobState.DONE else 0
    if job.state is JobState.FAILED or mark & HELD:
        job.reason, job.hint = reason, hint
    return job
