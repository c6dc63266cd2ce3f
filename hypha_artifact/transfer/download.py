"""One direction of one batch: files of an artifact to a local folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import anyio.to_thread
from msgspec import structs

from hypha_artifact.errors import HyphaError
from hypha_artifact.paths import RemotePath
from hypha_artifact.remote import RemoteArtifact
from hypha_artifact.store import Body, Link
from hypha_artifact.transfer import target as files
from hypha_artifact.transfer.apart import sign_apart
from hypha_artifact.transfer.errands import MD5, Fetching, fetch, require_same
from hypha_artifact.transfer.items import PlanItem
from hypha_artifact.transfer.jobs import Job, Step, Work
from hypha_artifact.transfer.limits import Limiter
from hypha_artifact.transfer.plan import MIB, MULTIPART_ABOVE, part_size
from hypha_artifact.transfer.state import DownloadRequest
from hypha_artifact.transfer.target import Target

RANGE, LONGEST_RANGE, STREAMS = 32 * MIB, 256 * MIB, 4
"""A large file comes in four ranges, unless they are too short or too long.

Each costs some stores a look at the whole file (rclone takes its MD5), and one that is
cut off goes on where it was.
"""


class Download:
    """Fetches the files of one request.

    Args:
        remote: Where they come from.
        request: What the user asked for.
        durable: Whether each part is on the disk, not only in its cache, when done.
        limiter: How fast bytes may come.
        streams: Tells how many requests share that.
    """

    def __init__(
        self,
        remote: RemoteArtifact,
        request: DownloadRequest,
        *,
        durable: bool = False,
        limiter: Limiter | None = None,
        streams: Callable[[], int] = lambda: 1,
    ) -> None:
        self._limiter = limiter
        self._streams = streams
        self._durable = durable
        self._remote = remote
        self._version = request.version
        self._root = request.folder

    async def open(self) -> None:
        """Need nothing before the first file."""

    async def prepare(self, jobs: Sequence[Job]) -> dict[Job, HyphaError]:
        """Get links, and room for the files that come in parts."""
        for job in jobs:
            if job.work is None:
                job.work = self._work(job)
        failed = await sign_apart(self._sign, jobs)
        for job in jobs:
            work = job.work
            if job not in failed and work and work.parts > 1 and not work.target:
                try:
                    await self._create(job, work)
                except HyphaError as error:
                    failed[job] = error
        return failed

    def _work(self, job: Job) -> Work:
        in_parts = job.size > MULTIPART_ABOVE and self._remote.takes_parts(
            job.item.remote
        )
        length = part_size(job.size, self._range(job.size)) if in_parts else None
        return Work(job.size, length)

    def _range(self, size: int) -> int:
        """Return how long the ranges of a large file are, in bytes."""
        return min(max(RANGE, -(-size // STREAMS)), LONGEST_RANGE)

    def _aim(self, job: Job) -> Target:
        # The same name after a crash, so that nothing is left behind.
        token = f"{job.group.key}{job.id:x}"
        return Target.of(job.item.root or self._root, job.item.local, token)

    async def _create(self, job: Job, work: Work) -> Target:
        aim = self._aim(job)
        work.target = await anyio.to_thread.run_sync(files.create, aim)
        return work.target

    async def _sign(self, paths: Sequence[RemotePath]) -> dict[RemotePath, Link]:
        return await self._remote.sign_downloads(paths, version=self._version)

    async def move(self, step: Step, part: int, credit: Callable[[int], None]) -> str:
        """Fetch one part; its bytes count once they are written."""
        work = step.work
        if work.target is None and work.size <= MIB:
            return await self._fetch_small(step, credit)
        return await self._fetch(step, part, credit)

    async def _fetch_small(self, step: Step, credit: Callable[[int], None]) -> str:
        """Fetch a file whole, and write it in one thread."""
        work = step.work
        async with self._remote.fetch(work.link_of(0)) as body:
            _check(step, body)
            data = b"".join([piece async for piece in body.chunks])
        if self._limiter is not None:
            await self._limiter.take(len(data))
        aim = self._aim(step.job)
        work.target = await anyio.to_thread.run_sync(files.create, aim, data)
        work.written[0] = len(data)
        credit(len(data))
        return body.etag or ""

    async def _fetch(self, step: Step, part: int, credit: Callable[[int], None]) -> str:
        """Fetch what a part lacks; under a limit in ranges that take a short while."""
        work, etag = step.work, step.work.etag or ""

        def wrote(count: int) -> None:
            work.written[part] += count
            credit(count)

        check = partial(_check, step)
        while (errand := await self.errand(step, part, credit)) is not None:
            short = self._short(errand)
            etag = await fetch(self._remote, short, check, wrote, limiter=self._limiter)
            if short is errand:
                break
        return etag

    def _short(self, errand: Fetching) -> Fetching:
        """Ask for less where the whole of it would take too long under the limit."""
        most = self._limiter.range(self._streams()) if self._limiter else None
        if most is None or errand.link.whole:
            return errand
        stop = errand.size if errand.stop is None else errand.stop
        near = errand.start + most
        return structs.replace(errand, stop=near) if near < stop else errand

    async def errand(
        self, step: Step, part: int, credit: Callable[[int], None]
    ) -> Fetching | None:
        """Say what there is to do for a part; None where all of it is written."""
        work, link = step.work, step.work.link_of(part)
        target = await self._target(step)
        if link.whole:
            credit(-work.written.pop(part, 0))
        start, length = work.range_of(part)
        stop = start + length if work.parts > 1 else None
        start += work.written.setdefault(part, 0)
        if 0 < length == work.written[part]:
            return None
        return Fetching(
            target=target,
            link=link,
            start=start,
            stop=stop,
            size=work.size,
            etag=work.etag,
            durable=self._durable and work.parts > 1,
        )

    async def _target(self, step: Step) -> Target:
        """Return the temporary file; one for a file in parts is there already."""
        return step.work.target or await self._create(step.job, step.work)

    async def finish(self, job: Job, work: Work) -> None:
        """Give the file its name, unless another one took it meanwhile.

        Raises:
            IntegrityError: These are not the bytes that the store has.
        """
        if work.target is None:
            raise AssertionError("a download was finished without a file")
        if work.is_published:
            return
        await anyio.to_thread.run_sync(_publish, work.target, work, job.item)

    async def revive(self, job: Job, work: Work) -> str | None:
        """Go on with the temporary file, if it is there still as it was."""
        target, size = work.target, job.item.size
        if target is None or work.size != size:
            return "There was nothing on the disk yet; it begins again."
        if work.is_complete:
            work.is_published = await anyio.to_thread.run_sync(
                files.is_published, target, size
            )
        if work.is_published or await anyio.to_thread.run_sync(
            files.has_temp, target, work.extent
        ):
            return None
        return "Its unfinished file was gone or changed; it begins again."

    async def forget(self, jobs: Sequence[Job]) -> None:
        """Remove temporary files."""
        targets = [target for job in jobs if (target := self._leftover(job))]
        await anyio.to_thread.run_sync(_discard, targets)

    def _leftover(self, job: Job) -> Target | None:
        if job.work is not None and job.work.target is not None:
            return job.work.target
        return self._aim(job) if job.is_touched else None

    def renew(self, job: Job) -> bool:
        """Drop a stale link; what is written stays."""
        if job.work is not None:
            job.work.link = None
        return True


def _check(step: Step, body: Body) -> None:
    work, path = step.work, step.job.item.remote
    require_same(path, body, work.size, work.etag)
    work.etag = work.etag or body.etag


def _discard(targets: Sequence[Target]) -> None:
    for target in targets:
        files.discard(target)


def _publish(target: Target, work: Work, item: PlanItem) -> None:
    """Compare a file with what the store has, and name it."""
    if work.parts == 1 and work.etag and MD5.fullmatch(work.etag):
        files.verify(target, work.etag)
    replace = item.existing is not None
    files.publish(target, work.size, item.modified, replace=replace)
