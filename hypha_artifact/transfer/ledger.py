"""What the engine writes into its journal, and when: intent first, then what is done.

Queued, running and waiting are one state in the journal: after a crash all of them
are queued again. Without a journal nothing is written and nothing waits.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterable, Iterator, Sequence

import anyio.lowlevel
import anyio.to_thread
from msgspec import Struct

from hypha_artifact.errors import HyphaError
from hypha_artifact.transfer.codec import encode
from hypha_artifact.transfer.items import PlanItem
from hypha_artifact.transfer.jobs import Group, Job, Work, planned_size
from hypha_artifact.transfer.journal import Journal, Lazy, Row
from hypha_artifact.transfer.state import Direction, JobState

STRIDE = 4 * 1024 * 1024
"""Bytes of a part on disk after which they are noted."""

BACKLOG = 4000
"""Statements that may wait in memory while many jobs are changed at once."""

FORGOTTEN = "forgotten"
"""The state of a job that is off the books, but whose leftovers are not removed."""

LAST_BATCH = "last batch"
"""What the fact is called that is the newest batch's number."""

LIMIT = "limit."
"""What facts are called that limit a direction."""

_AS_QUEUED = frozenset({JobState.RUNNING, JobState.WAITING})


class Turn(Struct, frozen=True):
    """Jobs that rest went from one state to another, all at once.

    ``error`` stopped them; ``held``: only those that one had stopped before.
    """

    before: JobState
    after: JobState
    error: HyphaError | None = None
    held: bool = False


class Ledger:
    """Writes an engine's books into its journal.

    Args:
        journal: Where to; None for an engine that is not to be resumed.
    """

    def __init__(self, journal: Journal | None = None) -> None:
        self._journal = journal

    @property
    def trouble(self) -> str | None:
        """Why nothing can be written just now, for people."""
        return self._journal.trouble if self._journal else None

    @property
    def is_kept(self) -> bool:
        """Whether there is a journal."""
        return self._journal is not None

    @property
    def is_sound(self) -> bool:
        """Whether what is written can be read again."""
        return self._journal is not None and not self._journal.is_broken

    def _write(self, sql: str, *rows: Row) -> None:
        if self._journal is not None:
            self._journal.write(sql, rows)

    async def settled(self) -> None:
        """Wait until all that was written so far is safe."""
        if self._journal is not None:
            await self._journal.settled()

    async def room(self) -> None:
        """Let others work; and the journal, if much of it waits in memory."""
        await anyio.lowlevel.checkpoint()
        if self._journal is not None and self._journal.backlog > BACKLOG:
            await self._journal.settled()

    def fill(self, group: Group, first: int, items: Sequence[PlanItem | bytes]) -> None:
        """Enter jobs of a batch; they are none before the batch's own row is there."""
        if self._journal is not None:
            self._journal.write(
                "INSERT INTO jobs (id, batch, state, size, item) "
                "VALUES (?, ?, ?, ?, ?)",
                Lazy(lambda: _job_rows(group.id, first, items)),
            )

    def unfill(self, group: Group) -> None:
        """Take the jobs of a batch out that came to nothing."""
        self._write("DELETE FROM jobs WHERE batch = ?", (group.id,))

    def add(self, group: Group) -> None:
        """Enter a batch with all its jobs, and with its commit: none is forgotten."""
        head = (group.id, group.key, group.account, group.title)
        self._write(
            "INSERT INTO batches (id, key, account, title, request, started, "
            "committing, outcome) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (*head, encode(group.request), group.started, *_committing(group)),
        )
        self._fact(LAST_BATCH, str(group.id))

    def rank(self, group: Group) -> None:
        """Note which batches go before others."""
        self._write("UPDATE batches SET rank = ? WHERE id = ?", (group.rank, group.id))

    def commit(self, group: Group) -> None:
        """Note how far a batch's commit is; before it is sent, too."""
        self._write(
            "UPDATE batches SET committing = ?, outcome = ? WHERE id = ?",
            (*_committing(group), group.id),
        )

    def limit(self, direction: Direction, text: str) -> None:
        """Note how fast the user lets bytes go."""
        self._fact(f"{LIMIT}{direction.value}", text)

    def _fact(self, name: str, value: str) -> None:
        self._write("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def begin(self, jobs: Iterable[Job]) -> None:
        """Note that jobs may have something on the server, or on the disk, from now."""
        self._write(
            "UPDATE jobs SET begun = 1 WHERE id = ?", *[(job.id,) for job in jobs]
        )

    def first(self, job: Job) -> None:
        """Note that the user wants this file before all others."""
        self._write("UPDATE jobs SET first = 1 WHERE id = ?", (job.id,))

    def prepared(self, jobs: Iterable[Job]) -> None:
        """Note what those of them need that go on part by part after a crash."""
        for job in jobs:
            if job.work is not None and job.work.parts > 1:
                self._work(job.id, job.work)

    def _work(self, number: int, work: Work) -> None:
        if self._journal is None:
            return
        row = (number, work.size, work.part_size, work.etag)
        values = (work.fingerprint, work.target, work.upload)
        # All of them are frozen; ten thousand links are packed in the other thread.
        self._journal.write(
            "INSERT OR REPLACE INTO works VALUES (?, ?, ?, ?, ?, ?, ?)",
            Lazy(lambda: [(*row, *map(_packed, values))]),
        )

    def part(self, job: Job, work: Work, part: int) -> None:
        """Note that one part of several is done."""
        if work.parts > 1:
            self._write(
                "INSERT OR REPLACE INTO parts VALUES (?, ?, ?)",
                (job.id, part, work.acknowledged[part]),
            )

    def written(self, job: Job, work: Work, part: int, count: int) -> None:
        """Note from time to time how much of a part is on the disk."""
        at = work.written.get(part, 0)
        if work.parts > 1 and (at // STRIDE != (at - count) // STRIDE or count < 0):
            # First whose bytes they are: a crash may come between the two.
            self._write("UPDATE works SET etag = ? WHERE job = ?", (work.etag, job.id))
            self._write(
                "INSERT OR REPLACE INTO written VALUES (?, ?, ?)", (job.id, part, at)
            )

    def finishing(self, job: Job, work: Work) -> None:
        """Note that a file is about to get its name, or to be joined."""
        if job.group.direction is Direction.DOWNLOAD or work.parts > 1:
            self.state(job)
        if job.group.direction is Direction.DOWNLOAD:
            self._work(job.id, work)

    def state(self, job: Job) -> None:
        """Note a job's state, where that is another one for the journal."""
        state = JobState.QUEUED if job.state in _AS_QUEUED else job.state
        if state is job.kept and not job.reason:
            return
        job.kept = state
        self._write(
            "UPDATE jobs SET state = ?, size = ?, reason = ?, hint = ? WHERE id = ?",
            (state.value, job.size, job.reason, job.hint, job.id),
        )
        if state is JobState.DONE:
            self._drop_work(job)

    def ended(self, group: Group, *, anew: bool = True) -> None:
        """Note a batch whose jobs are all final in the history.

        Args:
            group: The batch.
            anew: Whether it ended just now; one from the journal is only noted if the
                engine before this one had no time to.
        """
        if self._journal is None:
            return
        counts = {state.value: n for state, n in group.counts.items() if n}
        artifact = str(group.request.artifact)
        head = (group.key, group.account, group.direction.value, artifact, group.title)
        row = (group.size, group.done, encode(counts), group.error, group.started)
        self._write(
            "INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (key) DO UPDATE SET title = excluded.title, "
            "size = excluded.size, done = excluded.done, counts = excluded.counts, "
            "error = excluded.error, ended = excluded.ended "
            "WHERE ? OR counts <> excluded.counts",
            (*head, *row, time.time(), anew),
        )

    def reset(self, job: Job) -> None:
        """Note that a job starts from its first byte again."""
        self._drop_work(job)

    def _drop_work(self, job: Job) -> None:
        self._write("DELETE FROM works WHERE job = ?", (job.id,))

    def cleaned(self, job: Job) -> None:
        """Note that nothing of a job is left anywhere."""
        self._write("UPDATE jobs SET begun = 0 WHERE id = ?", (job.id,))
        self._drop_work(job)

    def forget(self, job: Job, *, littered: bool) -> None:
        """Take a job out; not wholly while its leftovers are not removed."""
        if littered:
            self._write("UPDATE jobs SET state = ? WHERE id = ?", (FORGOTTEN, job.id))
            return
        self._drop_work(job)
        self._write("DELETE FROM jobs WHERE id = ?", (job.id,))

    def turn(self, group: Group, runs: Sequence[tuple[int, int]], turn: Turn) -> None:
        """Note that all jobs in some runs went from one state to another.

        Args:
            group: Their batch.
            runs: Their first and last numbers.
            turn: What happened to them.
        """
        error = turn.error
        text, hint = (error.message, error.hint) if error else (None, None)
        new, old = turn.after.value, turn.before.value
        self._write(
            "UPDATE jobs SET state = ?, reason = ?, hint = ? WHERE id BETWEEN ? AND ? "
            "AND +batch = ? AND state = ? AND (reason IS NOT NULL OR NOT ?)",
            *[(new, text, hint, *run, group.id, old, turn.held) for run in runs],
        )

    def clear(
        self, group: Group, runs: Sequence[tuple[int, int]], state: JobState
    ) -> None:
        """Take all jobs in some runs out that are in a state."""
        self._write(
            "DELETE FROM jobs WHERE id BETWEEN ? AND ? AND +batch = ? AND state = ?",
            *[(*run, group.id, state.value) for run in runs],
        )

    async def rows(self, numbers: Sequence[int]) -> list[Row]:
        """Return what the journal has of jobs: id, reason, hint, item, first.

        Raises:
            JournalError: The journal cannot be read.
        """
        if self._journal is None or not numbers:
            return []
        await self._journal.settled()
        return await anyio.to_thread.run_sync(_read, self._journal, numbers)

    def drop(self, group: Group) -> None:
        """Take a batch out once it has no jobs."""
        self._write(
            "DELETE FROM batches WHERE id = ? AND NOT EXISTS "
            "(SELECT 1 FROM jobs WHERE batch = batches.id)",
            (group.id,),
        )


def _committing(group: Group) -> tuple[str | None, bytes | None]:
    """Write down what is to become of a batch's commit, or became of it."""
    found = group.outcome
    return (found.state.value, encode(found)) if found else (None, None)


def _job_rows(
    batch: int, first: int, items: Sequence[PlanItem | bytes]
) -> Iterator[Row]:
    # A length that changes meanwhile is written again with the state.
    for number, item in enumerate(items, first):
        packed = item if isinstance(item, bytes) else encode(item)
        yield number, batch, JobState.QUEUED.value, planned_size(packed), packed


def _read(journal: Journal, numbers: Sequence[int]) -> list[Row]:
    found: list[Row] = []
    for start in range(0, len(numbers), 500):
        chosen = numbers[start : start + 500]
        marks = ", ".join("?" * len(chosen))
        sql = "SELECT id, reason, hint, item, first FROM jobs"
        found += journal.read(f"{sql} WHERE id IN ({marks}) ORDER BY id", chosen)
    return found


def _packed(value: Struct | None) -> bytes | None:
    return None if value is None else zlib.compress(encode(value), 1)
