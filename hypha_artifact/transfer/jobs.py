"""What the engine knows of one file and of one batch while it works on them."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Protocol

import anyio
import msgspec
from msgspec import Struct

from hypha_artifact.errors import HyphaError
from hypha_artifact.remote import MultipartUpload
from hypha_artifact.store import Link
from hypha_artifact.transfer.codec import decode
from hypha_artifact.transfer.items import PlanItem
from hypha_artifact.transfer.local import Fingerprint
from hypha_artifact.transfer.meter import Meter, Speed
from hypha_artifact.transfer.outcome import Outcome
from hypha_artifact.transfer.plan import MULTIPART_ABOVE
from hypha_artifact.transfer.rest import LARGE, Rest
from hypha_artifact.transfer.state import (
    Direction,
    JobState,
    Request,
    UploadRequest,
    direction_of,
)
from hypha_artifact.transfer.target import Target
from hypha_artifact.transfer.ways import Way, way_of

TRIES = 5


class Lane(Enum):
    """Small files and parts of large ones do not wait for each other."""

    SMALL = "small"
    LARGE = "large"

    @property
    def bits(self) -> int:
        """What it adds to the mark of a job that rests."""
        return LARGE if self is Lane.LARGE else 0


def lane_of(size: int) -> Lane:
    """Return where a file of so many bytes queues."""
    return Lane.LARGE if size > MULTIPART_ABOVE else Lane.SMALL


class Work:
    """One file under way: its parts, links, and what belongs to it on either side.

    Args:
        size: Bytes of the file.
        part_size: Bytes of each part but the last.
    """

    __slots__ = (
        "acknowledged",
        "etag",
        "fingerprint",
        "flying",
        "is_published",
        "is_restored",
        "link",
        "part_size",
        "parts",
        "size",
        "target",
        "todo",
        "upload",
        "written",
    )

    def __init__(self, size: int, part_size: int | None = None) -> None:
        self.size = size
        self.part_size = part_size or size
        self.parts = max(1, -(-size // self.part_size)) if size else 1
        self.todo: deque[int] = deque(range(self.parts))
        self.flying: dict[Step, anyio.CancelScope] = {}
        self.acknowledged: dict[int, str] = {}
        self.link: Link | None = None
        self.upload: MultipartUpload | None = None
        self.fingerprint: Fingerprint | None = None
        self.target: Target | None = None
        self.etag: str | None = None
        self.written: dict[int, int] = {}
        """Bytes of each part that a download has on disk."""
        self.is_restored = False
        """Whether it comes from a journal, and has to be looked at first."""
        self.is_published = False
        """Whether a download has its name already."""

    @property
    def is_linked(self) -> bool:
        """Whether its bytes have somewhere to go to, or to come from."""
        if self.is_restored:
            return False
        return self.link is not None or self.upload is not None

    @property
    def is_complete(self) -> bool:
        """Whether every part is acknowledged."""
        return len(self.acknowledged) == self.parts

    @property
    def kept(self) -> int:
        """Bytes that need not be moved again."""
        parts = self.acknowledged.keys() | self.written.keys()
        return sum(self._kept(part) for part in parts)

    @property
    def extent(self) -> int:
        """Bytes up to the end of the last ones that need not be moved again."""
        parts = self.acknowledged.keys() | self.written.keys()
        ends = (self.range_of(part)[0] + self._kept(part) for part in parts)
        return max(ends, default=0)

    def _kept(self, part: int) -> int:
        done = part in self.acknowledged
        return self.range_of(part)[1] if done else self.written.get(part, 0)

    def cut(self) -> None:
        """Cut its requests off, but for those that only wait for their answer.

        A store may still be at work on bytes that it has in full: what is sent again
        meanwhile, or cleaned up, would meet them (InvalidPart from rclone; a file
        without an entry in the stage).
        """
        for step, scope in self.flying.items():
            if not step.is_sent:
                scope.cancel()

    def link_of(self, part: int) -> Link:
        """Return the link for a part, counted from 0."""
        if self.upload is not None:
            return self.upload.links[part]
        if self.link is None:
            raise HyphaError("A part was started before its link was signed.")
        return self.link

    def range_of(self, part: int) -> tuple[int, int]:
        """Return the first byte of a part and its length, in bytes."""
        start = part * self.part_size
        return start, min(self.part_size, self.size - start)


class _Sized(Struct):
    size: int


def planned_size(packed: bytes) -> int:
    """Return the bytes that a packed plan item has, without unpacking all of it.

    Raises:
        msgspec.MsgspecError: It is no such thing.
    """
    return _sized.decode(packed).size


_sized = msgspec.msgpack.Decoder(_Sized)


class Job:
    """One file. ``done`` counts acknowledged bytes; ``due`` is a time of the clock.

    Args:
        number: Its number.
        group: Its batch.
        item: What is planned; packed (``codec``) it takes a fifth of the memory, and
            is unpacked when it is needed.
    """

    __slots__ = (
        "_item",
        "done",
        "due",
        "error",
        "etag",
        "furthest",
        "group",
        "hint",
        "id",
        "is_first",
        "is_touched",
        "kept",
        "lane",
        "lost_since",
        "meter",
        "note",
        "packed",
        "reason",
        "size",
        "state",
        "tries",
        "work",
    )

    def __init__(self, number: int, group: Group, item: PlanItem | bytes) -> None:
        self.id = number
        self.group = group
        self.packed = item if isinstance(item, bytes) else None
        self._item = None if isinstance(item, bytes) else item
        self.size = planned_size(item) if isinstance(item, bytes) else item.size
        self.lane = lane_of(self.size)
        """Where it queues."""
        self.state = JobState.QUEUED
        self.done = 0
        self.furthest = 0
        """Most bytes that were ever done: below that it is only catching up."""
        self.tries = 1
        self.due: float | None = None
        self.reason: str | None = None
        self.hint: str | None = None
        self.error: HyphaError | None = None
        self.etag: str | None = None
        self.work: Work | None = None
        self.meter: Meter | None = None
        self.kept = JobState.QUEUED
        """The state that the journal has."""
        self.lost_since: float | None = None
        """When the other side was first away, since bytes last got through."""
        self.note: str | None = None
        """What was found when it was resumed, for people."""
        self.is_first = False
        """Whether the user wants this one now."""
        self.is_touched = False
        """Whether an engine before this one may have left something of it."""

    @property
    def has_leftovers(self) -> bool:
        """Whether something of it may be on the server, or on the disk."""
        return self.work is not None or self.is_touched

    @property
    def item(self) -> PlanItem:
        """What is planned."""
        if self._item is None:
            self._item = decode(self.packed or b"", PlanItem)
        return self._item

    def shrink(self) -> None:
        """Keep what is planned packed, where it was."""
        if self.packed is not None:
            self._item = None

    def is_in(self, *states: JobState) -> bool:
        """Tell the state after an await, when it may have changed."""
        return self.state in states


class Step:
    """What one worker does next: one part of a file, or (None) its end."""

    __slots__ = ("is_sent", "job", "lane", "part", "work")

    def __init__(self, job: Job, work: Work, part: int | None) -> None:
        self.job = job
        self.work = work
        self.part = part
        self.lane = job.lane
        self.is_sent = False
        """Whether all its bytes are out, and only the answer is awaited."""

    @property
    def is_here(self) -> bool:
        """Whether this machine moves the bytes, not a cluster."""
        return isinstance(self.job.group.way, Direction)

    @property
    def length(self) -> int:
        """How many bytes it moves."""
        return 0 if self.part is None else self.work.range_of(self.part)[1]


class Mover(Protocol):
    """One direction of one batch. All that touches the disk or the server."""

    async def open(self) -> None:
        """Do what has to be done once, before the first file."""
        ...

    async def prepare(self, jobs: Sequence[Job]) -> dict[Job, HyphaError]:
        """Give jobs their links; returns those that cannot have one.

        Raises:
            HyphaError: What hits all of them.
        """
        ...

    async def move(self, step: Step, part: int, credit: Callable[[int], None]) -> str:
        """Move one part, and return its ETag.

        ``credit`` counts bytes that need not be moved again; a negative number takes
        some back.
        """
        ...

    async def finish(self, job: Job, work: Work) -> None:
        """Make a whole file of acknowledged parts."""
        ...

    async def forget(self, jobs: Sequence[Job]) -> None:
        """Remove what unfinished jobs left behind."""
        ...

    async def revive(self, job: Job, work: Work) -> str | None:
        """See whether a restored file can go on; returns why it cannot."""
        ...

    def renew(self, job: Job) -> bool:
        """Drop a stale link; returns False when the file has to start again."""
        ...


class Group:
    """One batch. ``left`` counts the bytes that live jobs still have to move."""

    def __init__(
        self, number: int, request: Request, mover: Mover, title: str, speed: Speed
    ) -> None:
        self.id = number
        self.key = secrets.token_hex(4)
        """A name that no other batch has, ever."""
        self.account, self.started = "", time.time()
        self.request = request
        self.direction: Direction = direction_of(request)
        self.way: Way = way_of(request)
        self.mover, self.title, self.speed = mover, title, speed
        self.jobs: dict[int, Job] = {}
        """Those in memory."""
        self.rest = Rest()
        """The others."""
        self.counts: dict[JobState, int] = dict.fromkeys(JobState, 0)
        self.size = self.done = self.left = 0
        self.error: str | None = None
        self.rank, self.served = 0, 0.0
        """A higher rank goes first; equal ones share, by how much each was given."""
        wanted = isinstance(request, UploadRequest) and request.commit
        self.outcome = Outcome() if wanted else None
        """What came of the commit at its end, if one is wanted."""
        self.is_open, self.failures = False, 0
        self.lost_since: float | None = None
        """When the other side was first away, since it last answered."""
        self.batch = 0
        """Files in its last call for links."""
        self.litter: dict[int, Job] = {}
        """Jobs whose leftovers are to be removed."""
        self.unlinked: dict[Lane, OrderedDict[int, Job]] = {
            lane: OrderedDict() for lane in Lane
        }
        """Queued jobs that have no link yet."""

    @property
    def files(self) -> int:
        """How many jobs are on the books."""
        return sum(self.counts.values())

    @property
    def is_final(self) -> bool:
        """Whether every file is done, failed or cancelled."""
        return all(state.is_final for state, n in self.counts.items() if n)

    @property
    def wants_commit(self) -> bool:
        """Whether all its files have arrived, and the commit is to come."""
        coming = self.outcome is not None and self.outcome.state.is_coming
        return coming and 0 < self.counts[JobState.DONE] == self.files
