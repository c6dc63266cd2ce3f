"""What a transfer is and how far it is: states, legal transitions, frozen snapshots.

A *group* is one batch as the user asked for it; a *job* is one file of it. A front
end sees nothing but these values: it submits a plan, sends commands, and polls
``Snapshot``.
"""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct

from hypha_artifact.models import StageMode
from hypha_artifact.paths import ArtifactId, RemotePath
from hypha_artifact.transfer.outcome import CommitOption, Outcome
from hypha_artifact.transfer.weight import weight


class Direction(Enum):
    """Which way the bytes go."""

    UPLOAD = "up"
    DOWNLOAD = "down"


class JobState(Enum):
    """How far one file is."""

    QUEUED = "queued"
    RUNNING = "running"
    FINALISING = "finalising"
    """All bytes are there; parts are being joined, or the size checked."""
    WAITING = "waiting"
    """A try failed; the next one is due at ``JobView.due``."""
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens unless the user asks for it."""
        return self in {JobState.DONE, JobState.FAILED, JobState.CANCELLED}


TRANSITIONS: dict[JobState, frozenset[JobState]] = {
    JobState.QUEUED: frozenset(
        {
            JobState.RUNNING,
            JobState.WAITING,
            JobState.PAUSED,
            JobState.FAILED,
            JobState.CANCELLED,
        }
    ),
    JobState.RUNNING: frozenset(
        {
            JobState.FINALISING,
            JobState.WAITING,
            JobState.PAUSED,
            JobState.FAILED,
            JobState.CANCELLED,
        }
    ),
    JobState.FINALISING: frozenset(
        {
            JobState.DONE,
            JobState.WAITING,
            JobState.PAUSED,
            JobState.FAILED,
            JobState.CANCELLED,
        }
    ),
    JobState.WAITING: frozenset(
        {JobState.QUEUED, JobState.PAUSED, JobState.FAILED, JobState.CANCELLED}
    ),
    JobState.PAUSED: frozenset({JobState.QUEUED, JobState.CANCELLED}),
    JobState.FAILED: frozenset({JobState.QUEUED}),
    JobState.CANCELLED: frozenset({JobState.QUEUED}),
    JobState.DONE: frozenset(),
}


class Overwrite(Enum):
    """What to do with a file whose target is there already; ``rules`` does it."""

    REPLACE = "overwrite"
    SKIP = "skip"
    NEWER = "newer"
    """Overwrite what is older than the source."""
    SIZE = "size"
    """Overwrite what has another size."""
    CONTENT = "content"
    """Overwrite what has other bytes, or may have them; see ``compare`` of requests."""
    RENAME = "rename"
    """Keep both: the new one gets a name that nothing has."""
    ASK = "ask"
    """Leave it as it is until somebody decides."""


class Links(Enum):
    """What to do with the symbolic links below a source."""

    FILES = "files"
    """Follow those to files; those to folders are problems."""
    FOLLOW = "follow"
    SKIP = "skip"


class UploadRequest(Struct, frozen=True, kw_only=True, tag="upload"):
    """Copy local files and folders into a folder of an artifact.

    A folder's tree goes under its own name: ``/data/plate7`` into ``raw`` becomes
    ``raw/plate7/…``. ``names`` gives each source another one, with slashes if need
    be; ``""`` puts a folder's contents into ``folder`` itself. ``mode`` is the kind of
    stage to open, or to join. ``maxdepth`` counts levels, 1 for a folder's own files.
    Files longer than ``multipart_above`` go in parts of at least ``part_size`` bytes;
    None leaves either to the engine. ``links`` is for the symbolic ones; with
    ``compare``, the plan says of files that are there whether their content differs.
    ``scheduler`` is the address of a Dask cluster whose workers send the bytes.
    """

    sources: tuple[Path, ...]
    artifact: ArtifactId
    folder: RemotePath
    mode: StageMode
    names: tuple[str, ...] | None = None
    maxdepth: int | None = None
    multipart_above: int | None = None
    part_size: int | None = None
    links: Links = Links.FILES
    compare: bool = False
    scheduler: str | None = None
    commit: CommitOption | None = None


class DownloadRequest(Struct, frozen=True, kw_only=True, tag="download"):
    """Copy files and folders of an artifact into a local folder.

    ``version`` is a name, None for the latest, or ``"stage"`` for the staged view.
    ``targets`` gives each source a local path of its own instead: where a file goes,
    or the folder for a folder's contents. ``maxdepth`` counts levels, 1 for a folder's
    own files. With ``lenient``, a source that is not there is one of the plan's
    problems, not an error. ``compare`` and ``scheduler`` are as for uploads.
    """

    sources: tuple[RemotePath, ...]
    artifact: ArtifactId
    folder: Path
    version: str | None = None
    targets: tuple[Path, ...] | None = None
    maxdepth: int | None = None
    lenient: bool = False
    compare: bool = False
    scheduler: str | None = None


class CarryRequest(Struct, frozen=True, kw_only=True, tag="carry"):
    """Copy files within an artifact: from a version of it into its stage.

    ``paths`` is what to copy; it keeps its names unless ``targets`` has one for each.
    ``version`` is a name, or ``"stage"``; ``mode`` the kind of stage to open, or join.
    """

    artifact: ArtifactId
    version: str
    paths: tuple[RemotePath, ...]
    targets: tuple[RemotePath, ...] | None = None
    mode: StageMode = StageMode.NEW_VERSION


Request: TypeAlias = UploadRequest | DownloadRequest | CarryRequest


def direction_of(request: Request) -> Direction:
    """Return which way a request's bytes go."""
    download = isinstance(request, DownloadRequest)
    return Direction.DOWNLOAD if download else Direction.UPLOAD


class JobView(Struct, frozen=True, kw_only=True):
    """One file's progress.

    ``done`` counts acknowledged bytes: on upload those that S3 answered 200 with an
    ETag, on download those written to disk. ``due`` is epoch seconds of the next try;
    ``try_`` counts from 1. ``reason`` and ``hint`` tell why it waits or failed.
    """

    id: int
    group: int
    direction: Direction
    local: Path
    remote: RemotePath
    state: JobState
    size: int
    done: int = 0
    rate: float = 0.0
    parts: int = 1
    parts_done: int = 0
    try_: int = 1
    tries: int = 5
    due: float | None = None
    reason: str | None = None
    hint: str | None = None
    etag: str | None = None
    """What the store called the bytes of a file that was sent whole."""

    @property
    def fraction(self) -> float:
        """How much is done, from 0 to 1."""
        if self.state is JobState.DONE:
            return 1.0
        return self.done / self.size if self.size else 0.0


class GroupView(Struct, frozen=True, kw_only=True):
    """One batch's progress. ``counts`` has the number of jobs in each state.

    ``rate`` in bytes per second over the last seconds, ``eta`` in seconds (None when
    it cannot be told); ``error`` is what stopped the whole batch, if anything did. A
    batch of a higher ``rank`` goes first; equal ones share.
    """

    id: int
    title: str
    direction: Direction
    artifact: ArtifactId
    size: int
    done: int
    counts: dict[JobState, int]
    rate: float = 0.0
    eta: float | None = None
    error: str | None = None
    rank: int = 0
    commit: Outcome | None = None

    @property
    def files(self) -> int:
        """Files in the batch."""
        return sum(self.counts.values())

    @property
    def fraction(self) -> float:
        """How much of the work is done, 0 to 1: bytes, and each file as some more."""
        whole = weight(self.size, self.files)
        done = weight(self.done, self.count(JobState.DONE))
        return done / whole if whole else 0.0

    def count(self, *states: JobState) -> int:
        """Count the files in the given states."""
        return sum(self.counts.get(state, 0) for state in states)

    @property
    def is_final(self) -> bool:
        """Whether every file is done, failed or cancelled, and no commit to come."""
        if self.commit is not None and self.commit.state.is_coming:
            return False
        return all(state.is_final for state, n in self.counts.items() if n)


class Limit(Struct, frozen=True, kw_only=True):
    """A limit as it was given (``off``, a rate, a timetable) and what it is just now.

    ``rate`` in bytes per second; None for no limit.
    """

    text: str = "off"
    rate: float | None = None


class Snapshot(Struct, frozen=True, kw_only=True):
    """All that a front end shows of the engine, at one moment.

    ``jobs`` holds at most ``VISIBLE_JOBS``: running ones first, then waiting, failed,
    paused, queued, and the newest finished; ``TransferClient.page`` has the rest. A
    new ``revision`` means that something changed; the same object, that nothing did.
    """

    revision: int = 0
    groups: tuple[GroupView, ...] = ()
    jobs: tuple[JobView, ...] = ()
    upload_rate: float = 0.0
    download_rate: float = 0.0
    upload_limit: Limit = Limit()
    download_limit: Limit = Limit()
    eta: float | None = None
    notice: str | None = None
    """What the user should know of the engine itself: a journal that fails …"""

    def count(self, *states: JobState) -> int:
        """Count the files of all groups in the given states."""
        return sum(group.count(*states) for group in self.groups)

    @property
    def is_idle(self) -> bool:
        """Whether every batch is final."""
        return all(group.is_final for group in self.groups)


class PastBatch(Struct, frozen=True, kw_only=True):
    """A batch that ended; times in epoch seconds, sizes in bytes."""

    title: str
    direction: Direction
    artifact: str
    size: int
    done: int
    counts: dict[JobState, int]
    error: str | None
    started: float
    ended: float


VISIBLE_JOBS = 200


class Action(Enum):
    """What a front end may ask of jobs."""

    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    RETRY = "retry"
    CLEAR = "clear"
    """Forget final jobs; it moves no bytes."""
    FIRST = "first"
    """Before all others: a file goes on at once, also if it is paused or waits."""
    LAST = "last"
    RAISE = "raise"
    LOWER = "lower"
    BEFORE = "before"
    """Before the batch ``Command.other``."""
    COMMIT = "commit"
    """Commit once every file of an upload has arrived; asked again, do not."""


ORDERING = frozenset(
    {Action.FIRST, Action.LAST, Action.RAISE, Action.LOWER, Action.BEFORE}
)
"""What changes a batch's rank; of these, only ``FIRST`` can be done to files."""


class Command(Struct, frozen=True, kw_only=True):
    """An action on some jobs, on all jobs of a group, or (both None) on everything.

    ``other`` is the group that another one is to go before.
    """

    action: Action
    jobs: tuple[int, ...] | None = None
    group: int | None = None
    other: int | None = None
