"""A clock that tests turn, and an artifact that lives in memory."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Callable,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager
from math import inf
from types import MappingProxyType

import anyio
from typing_extensions import override

from hypha_artifact._api.transport import Transport
from hypha_artifact.errors import HyphaError, IntegrityError, NotFound
from hypha_artifact.models import (
    Artifact,
    Entry,
    EntryKind,
    StageEntry,
    StageMode,
    Version,
)
from hypha_artifact.paths import ROOT, ArtifactId, RemotePath
from hypha_artifact.record import STAGE
from hypha_artifact.remote import MultipartUpload, RemoteArtifact
from hypha_artifact.settings import ConnectionSettings
from hypha_artifact.store import Body, Link
from hypha_artifact.transfer.clock import Clock
from hypha_artifact.transfer.engine import TransferEngine
from hypha_artifact.transfer.jobs import Step
from hypha_artifact.transfer.state import GroupView, JobState, Snapshot

LAB = ArtifactId("lab", "demo")
NEVER_USED = ConnectionSettings(server_url="http://unused.invalid")


class FakeClock(Clock):
    """Stands still until it is advanced."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 1000.0
        self._waiting: list[tuple[float, anyio.Event]] = []

    @override
    def now(self) -> float:
        return self.time

    @override
    def epoch(self, at: float) -> float:
        return at

    @override
    async def wait(self, event: anyio.Event, until: float | None) -> None:
        if until is not None:
            self._waiting.append((until, event))
            if until <= self.time:
                await anyio.lowlevel.checkpoint()
                return
        await event.wait()

    def advance(self, seconds: float) -> None:
        """Go forward, and wake whoever waits for a time until then."""
        self.time += seconds
        due = [event for until, event in self._waiting if until <= self.time]
        self._waiting = [each for each in self._waiting if each[0] > self.time]
        for event in due:
            event.set()


Fault = Callable[[str, object], HyphaError | None]


class FakeRemote(RemoteArtifact):
    """Keeps files in a dict.

    ``fault`` may refuse any call, ``gate`` holds bytes back, ``answers`` what the
    store says when it has them all.
    """

    def __init__(self) -> None:
        super().__init__(LAB, Transport(NEVER_USED))
        self.files: dict[RemotePath, bytes] = {}
        self.announced: set[RemotePath] = set()
        self.cleared: list[RemotePath] = []
        self.calls: Counter[str] = Counter()
        self.gate = anyio.Event()
        self.gate.set()
        self.answers = anyio.Event()
        self.answers.set()
        self.holds: Callable[[Link], bool] = lambda _link: True
        self.moving = 0
        self.most_moving = 0
        self.fault: Fault = lambda _call, _about: None
        self.versions: list[Version] | None = [Version(version="v0")]
        self.expires = inf
        self.etag = "same"
        self._parts: dict[str, bytes] = {}

    def _call(self, name: str, about: object = None) -> None:
        self.calls[name] += 1
        error = self.fault(name, about)
        if error is not None:
            raise error

    @override
    async def read(self, *, version: str | None = None) -> Artifact:
        self._call("read", version)
        staging = [StageEntry(path=path) for path in self.announced]
        return Artifact(
            id=str(LAB),
            workspace="lab",
            versions=self.versions,
            staging=staging if version == STAGE and staging else None,
        )

    @override
    async def open_stage(self, mode: StageMode) -> Artifact:
        self._call("open_stage", mode)
        return await self.read()

    @override
    async def list_folder(
        self,
        folder: RemotePath = ROOT,
        *,
        version: str | None = None,
        pending: bool = False,
    ) -> tuple[Entry, ...]:
        self._call("list_folder", folder)
        found: dict[str, Entry] = {}
        for path, data in self.files.items():
            if path.is_under(folder) and path != folder:
                head, *rest = path.relative_to(folder).segments
                found[head] = (
                    Entry(name=head, kind=EntryKind.FOLDER)
                    if rest
                    else Entry(name=head, size=len(data), modified=1_700_000_000.5)
                )
        return tuple(found.values())

    @override
    async def sign_uploads(
        self, paths: Sequence[RemotePath], *, expires_in: int = 3600
    ) -> dict[RemotePath, Link]:
        self._call("sign_uploads", list(paths))
        self.announced.update(paths)
        return {path: Link(path=path, url=path) for path in paths}

    @override
    async def start_multipart(
        self, path: RemotePath, parts: int, *, expires_in: int = 86400
    ) -> MultipartUpload:
        self._call("start_multipart", path)
        self.announced.add(path)
        links = tuple(Link(path=path, url=f"part {n}") for n in range(parts))
        return MultipartUpload(
            path=path, upload_id="u", links=links, expires=self.expires
        )

    @override
    async def complete_multipart(
        self,
        upload: MultipartUpload,
        etags: Sequence[str],
        *,
        size: int,
        replaces: float | None = None,
    ) -> None:
        self._call("complete_multipart", upload.path)
        data = b"".join(self._parts[link.url] for link in upload.links)
        assert len(data) == size
        self.files[upload.path] = data

    @override
    async def clear_pending(self, paths: Iterable[RemotePath]) -> tuple[str, ...]:
        paths = list(paths)
        self._call("clear_pending", paths)
        self.cleared += [path for path in paths if path not in self.files]
        return tuple(paths)

    @override
    async def sign_downloads(
        self,
        paths: Sequence[RemotePath],
        *,
        version: str | None = None,
        expires_in: int = 3600,
    ) -> dict[RemotePath, Link]:
        self._call("sign_downloads", list(paths))
        missing = [path for path in paths if path not in self.files]
        if missing:
            raise NotFound(f"'{missing[0]}' does not exist.", status=404)
        return {path: Link(path=path, url=path) for path in paths}

    @override
    async def put(
        self,
        link: Link,
        body: AsyncIterator[bytes],
        length: int,
        *,
        md5: bytes | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> str:
        async with self._moves():
            self._call("put", link)
            if self.holds(link):
                await self.gate.wait()
            data = b"".join([piece async for piece in body])
            await self.answers.wait()
        assert len(data) == length
        if md5 != hashlib.md5(data, usedforsecurity=False).digest():
            raise IntegrityError("The bytes changed on their way.")
        if link.url.startswith("part "):
            self._parts[link.url] = data
        else:
            self.files[link.path] = data
        return md5.hex()

    @override
    @asynccontextmanager
    async def fetch(
        self,
        link: Link,
        start: int = 0,
        stop: int | None = None,
        *,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> AsyncGenerator[Body]:
        async with self._moves():
            self._call("fetch", (link.path, start, stop))
            data = self.files[link.path]
            yield Body(
                start=start,
                size=len(data),
                etag=self.etag,
                chunks=self._chunks(data[start:stop], link.path),
            )

    async def _chunks(self, data: bytes, path: RemotePath) -> AsyncIterator[bytes]:
        for at in range(0, len(data), 1 << 20):
            self._call("chunk", path)
            yield data[at : at + (1 << 20)]
            await self.gate.wait()

    @asynccontextmanager
    async def _moves(self) -> AsyncGenerator[None]:
        self.moving += 1
        self.most_moving = max(self.moving, self.most_moving)
        try:
            yield
        finally:
            self.moving -= 1


def know_the_line(engine: TransferEngine) -> None:
    """Let it be a fast one: a clock that stands still cannot measure any."""
    for pace in engine._scheduler.paces.values():
        pace.rate = 1e9


class Driver:
    """Waits until an engine shows what a test waits for."""

    def __init__(self, engine: TransferEngine) -> None:
        self.engine = engine

    @property
    def seen(self) -> Snapshot:
        return self.engine.snapshot(fresh=True)

    def flying(self) -> list[Step]:
        jobs = self.engine._board.jobs.values()
        return [step for job in jobs if job.work for step in job.work.flying]

    async def until(self, true: Callable[[Snapshot], bool]) -> Snapshot:
        with anyio.fail_after(20):
            while not true(self.seen):
                await self.engine.news().wait()
        return self.seen

    async def soon(self, true: Callable[[], bool]) -> None:
        """Wait for what no snapshot shows."""
        with anyio.fail_after(20):
            while not true():
                await anyio.lowlevel.checkpoint()

    async def final(self) -> GroupView:
        return (await self.until(lambda s: s.is_idle)).groups[-1]

    async def count(self, state: JobState, number: int) -> Snapshot:
        return await self.until(lambda s: s.count(state) == number)

    async def try_number(self, number: int) -> Snapshot:
        return await self.until(lambda s: s.jobs[-1].try_ == number)
