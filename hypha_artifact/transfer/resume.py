"""From a journal back to batches and jobs, when an engine starts."""

from __future__ import annotations

import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec
from msgspec import Struct

from hypha_artifact.errors import JournalDamaged
from hypha_artifact.paths import printable
from hypha_artifact.remote import MultipartUpload
from hypha_artifact.transfer.codec import decode
from hypha_artifact.transfer.jobs import Group, Job, Work, lane_of, planned_size
from hypha_artifact.transfer.journal import Journal, Row
from hypha_artifact.transfer.ledger import FORGOTTEN, LAST_BATCH, LIMIT
from hypha_artifact.transfer.local import Fingerprint
from hypha_artifact.transfer.outcome import Outcome
from hypha_artifact.transfer.rest import AWAKE, GONE, HELD, KEPT, Rest, mark_of
from hypha_artifact.transfer.state import (
    Direction,
    JobState,
    PastBatch,
    Request,
)
from hypha_artifact.transfer.target import Target

KEEP_SECONDS = 86_400.0
"""How long a batch that went well is shown after its end."""

_BOOT = Path("/proc/sys/kernel/random/boot_id")

T = TypeVar("T")


class StoredBatch(Struct, frozen=True, kw_only=True):
    """One batch as the journal has it."""

    id: int
    key: str
    account: str
    title: str
    request: Request
    started: float
    rank: int
    outcome: Outcome | None
    error: str | None
    jobs: tuple[StoredJob, ...]
    rest: Rest
    """Those of its jobs that stay in the journal for now."""


class StoredJob(Struct, frozen=True, kw_only=True):
    """One file as the journal has it; ``state`` is one that a job can start in."""

    id: int
    state: JobState
    is_forgotten: bool
    is_begun: bool
    is_first: bool
    size: int
    reason: str | None
    hint: str | None
    item: bytes
    work: StoredWork | None


class StoredWork(Struct, frozen=True, kw_only=True):
    """What is done of one file."""

    size: int
    part_size: int
    etag: str | None
    fingerprint: Fingerprint | None
    target: Target | None
    upload: MultipartUpload | None
    parts: dict[int, str]
    written: dict[int, int]


def load(journal: Journal) -> tuple[StoredBatch, ...]:
    """Read everything that is not cleared. Blocks; for the time before any write.

    Batches that went well some time ago are left out, and out of the journal.

    Raises:
        JournalDamaged: A row cannot be understood.
        JournalError: The system refuses.
    """
    try:
        _drop_unborn(journal)
        _drop_old(journal)
        _doubt_written(journal)
        works = dict(_works(journal))
        rows = journal.read(
            "SELECT id, key, account, title, request, started, rank, outcome "
            "FROM batches ORDER BY id"
        )
        return tuple(_batch(journal, row, works) for row in rows)
    except (msgspec.MsgspecError, zlib.error, ValueError) as error:
        shown = printable(str(journal.path))
        raise JournalDamaged(f"The journal '{shown}' is damaged: {error}.") from error


def last_batch(journal: Journal) -> int:
    """Return the number of the newest batch, also of one that was cleared. Blocks.

    Raises:
        JournalError: The journal cannot be read.
    """
    sql = "SELECT CAST(value AS INTEGER) FROM facts WHERE name = ?"
    rows = journal.read(sql, (LAST_BATCH,))
    return cast("int", rows[0][0]) if rows else 0


def limits(journal: Journal) -> dict[Direction, str]:
    """Return how fast the user lets bytes go, as it was written. Blocks.

    Raises:
        JournalError: The journal cannot be read.
    """
    sql = "SELECT value FROM facts WHERE name = ?"
    found = {way: journal.read(sql, (f"{LIMIT}{way.value}",)) for way in Direction}
    return {way: str(rows[0][0]) for way, rows in found.items() if rows}


def _drop_unborn(journal: Journal) -> None:
    """Forget the jobs of batches that were never whole."""
    rows = journal.read(
        "SELECT DISTINCT batch FROM jobs WHERE batch NOT IN (SELECT id FROM batches)"
    )
    journal.write("DELETE FROM jobs WHERE batch = ?", rows)
    journal.flush()


def _drop_old(journal: Journal) -> None:
    rows = journal.read(
        "SELECT id FROM batches WHERE NOT EXISTS (SELECT 1 FROM jobs "
        "WHERE batch = batches.id AND state <> 'done') "
        "AND coalesce(committing NOT IN ('waiting', 'committing'), 1) AND key IN "
        "(SELECT key FROM history WHERE ended < ?)",
        (time.time() - KEEP_SECONDS,),
    )
    journal.write("DELETE FROM jobs WHERE batch = ?", rows)
    journal.write("DELETE FROM batches WHERE id = ?", rows)
    journal.flush()


def _doubt_written(journal: Journal) -> None:
    """Forget bytes of unfinished parts that a power cut may have taken.

    Whole parts were synced before they were noted.
    """
    boot = _BOOT.read_text().strip() if _BOOT.exists() else ""
    known = journal.read("SELECT value FROM facts WHERE name = 'boot'")
    if known != [(boot,)]:
        journal.write("DELETE FROM written", [()])
    journal.write("INSERT OR REPLACE INTO facts VALUES ('boot', ?)", [(boot,)])
    journal.flush()


def _batch(journal: Journal, row: Row, works: dict[int, StoredWork]) -> StoredBatch:
    number, key, account, title, request, started, rank, outcome = cast(
        "tuple[int, str, str, str, bytes, float, int, bytes | None]", row
    )
    rest, jobs, held = _jobs(journal, number, works)
    return StoredBatch(
        id=number,
        key=key,
        account=account,
        title=title,
        request=decode(request, cast("type[Request]", Request)),
        started=started,
        rank=rank,
        outcome=None if outcome is None else decode(outcome, Outcome),
        error=held,
        jobs=jobs,
        rest=rest,
    )


def _jobs(
    journal: Journal, batch: int, works: dict[int, StoredWork]
) -> tuple[Rest, tuple[StoredJob, ...], str | None]:
    """Read a batch's jobs: most of them rest; and what the whole batch was held by."""
    ((first, last),) = cast(
        "list[tuple[int | None, int | None]]",
        journal.read("SELECT min(id), max(id) FROM jobs WHERE batch = ?", (batch,)),
    )
    rest = Rest(first or 0, (last or 0) - (first or 0) + 1 if first else 0, GONE)
    held, awake = None, list[StoredJob]()
    kept: Counter[bool] = Counter()
    sql = (
        "SELECT id, state, begun, first, size, reason, hint, item FROM jobs "
        "WHERE batch = ? ORDER BY id"
    )
    for row in journal.each(sql, (batch,)):
        job = _job(row, works)
        if job.state is JobState.PAUSED and job.reason:
            held = f"{job.reason} {job.hint or ''}".strip()
        is_done = job.state is JobState.DONE
        if _must_wake(job) or kept[is_done] < KEPT:
            kept[is_done] += 1
            awake.append(job)
            rest.put(job.id, GONE if job.is_forgotten else AWAKE)
        else:
            rest.put(job.id, _mark(job), job.size)
    return rest, tuple(awake), held


def _must_wake(job: StoredJob) -> bool:
    begun = job.is_begun and job.state is not JobState.DONE
    wanted = job.is_first and not job.state.is_final
    return begun or wanted or job.is_forgotten or job.work is not None


def _mark(job: StoredJob) -> int:
    held = HELD if job.state is JobState.PAUSED and job.reason else 0
    return mark_of(job.state, lane_of(planned_size(job.item)).bits | held)


def _job(row: Row, works: dict[int, StoredWork]) -> StoredJob:
    number, state, begun, first, size, reason, hint, item = cast(
        "tuple[int, str, int, int, int, str | None, str | None, bytes]", row
    )
    forgotten = state == FORGOTTEN
    found = JobState.CANCELLED if forgotten else JobState(state)
    work = works.get(number)
    if found is JobState.FINALISING:
        found = JobState.QUEUED
        if work is not None and not work.parts:
            work = msgspec.structs.replace(work, parts={0: work.etag or ""})
    return StoredJob(
        id=number,
        state=found,
        is_forgotten=forgotten,
        is_begun=bool(begun),
        is_first=bool(first),
        size=size,
        reason=reason,
        hint=hint,
        item=_checked(item),
        work=work,
    )


def _checked(item: bytes) -> bytes:
    planned_size(item)
    return item


def _works(journal: Journal) -> Iterator[tuple[int, StoredWork]]:
    parts: dict[int, dict[int, Any]] = defaultdict(dict)
    written: dict[int, dict[int, Any]] = defaultdict(dict)
    for kept, sql in (
        (parts, "SELECT job, part, etag FROM parts"),
        (written, "SELECT job, part, bytes FROM written"),
    ):
        for job, part, value in cast("list[tuple[int, int, Any]]", journal.read(sql)):
            kept[job][part] = value
    for row in journal.read("SELECT * FROM works"):
        number, size, part_size, etag, fingerprint, target, upload = cast(
            "tuple[int, int, int, str | None, bytes, bytes, bytes]", row
        )
        yield (
            number,
            StoredWork(
                size=size,
                part_size=part_size,
                etag=etag or next(iter(parts[number].values()), None),
                fingerprint=_unpacked(fingerprint, Fingerprint),
                target=_unpacked(target, Target),
                upload=_unpacked(upload, MultipartUpload),
                parts=parts[number],
                written=written[number],
            ),
        )


def past(journal: Journal, limit: int) -> tuple[PastBatch, ...]:
    """Return the batches that ended, the last one first. Blocks.

    Raises:
        JournalError: The journal cannot be read.
    """
    rows = journal.read(
        "SELECT title, direction, artifact, size, done, counts, error, started, ended "
        "FROM history ORDER BY ended DESC LIMIT ?",
        (limit,),
    )
    return tuple(_past(row) for row in rows)


def _past(row: Row) -> PastBatch:
    title, direction, artifact, size, done, counts, error, started, ended = cast(
        "tuple[str, str, str, int, int, bytes, str | None, float, float]", row
    )
    return PastBatch(
        title=title,
        direction=Direction(direction),
        artifact=artifact,
        size=size,
        done=done,
        counts=decode(counts, dict[JobState, int]),
        error=error,
        started=started,
        ended=ended,
    )


def _unpacked(data: bytes | None, kind: type[T]) -> T | None:
    return None if data is None else decode(zlib.decompress(data), kind)


def revive(group: Group, stored: StoredBatch) -> Iterator[Job]:
    """Make the jobs of a batch again; what is to be cleaned up becomes its litter."""
    group.id, group.key, group.account = stored.id, stored.key, stored.account
    group.title, group.started = stored.title, stored.started
    group.rank, group.outcome = stored.rank, stored.outcome
    group.error, group.rest = stored.error, stored.rest
    for each in stored.jobs:
        job = _revived(group, each)
        stopped = each.state is JobState.CANCELLED and job.has_leftovers
        if stopped or each.is_forgotten:
            group.litter[job.id] = job
        if not each.is_forgotten:
            yield job


def _revived(group: Group, stored: StoredJob) -> Job:
    job = Job(stored.id, group, stored.item)
    job.state = job.kept = stored.state
    job.size = stored.size
    job.reason, job.hint = stored.reason, stored.hint
    job.is_touched, job.is_first = stored.is_begun, stored.is_first
    if stored.state is JobState.DONE:
        job.done, job.is_touched = job.size, False
    elif stored.work is not None:
        job.work = _revived_work(stored.work)
        job.done = job.work.kept
    return job


def _revived_work(stored: StoredWork) -> Work:
    work = Work(stored.size, stored.part_size)
    work.etag = stored.etag
    work.fingerprint, work.target = stored.fingerprint, stored.target
    work.upload = stored.upload
    work.acknowledged.update(stored.parts)
    work.written.update(stored.written)
    work.todo = type(work.todo)(
        part for part in range(work.parts) if part not in work.acknowledged
    )
    work.is_restored = True
    return work
