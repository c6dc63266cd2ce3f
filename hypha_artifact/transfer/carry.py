"""Files of an artifact into its stage: from an older version, or under a new name.

A new version starts empty and the server has no copy of its own (verified, Hypha
0.21), so the bytes come here and go back, a piece at a time.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Sequence

from hypha_artifact.errors import HyphaError, IntegrityError
from hypha_artifact.paths import RemotePath, printable
from hypha_artifact.remote import RemoteArtifact
from hypha_artifact.store import Link
from hypha_artifact.transfer.apart import sign_apart
from hypha_artifact.transfer.jobs import Job, Step, Work
from hypha_artifact.transfer.limits import Limiter
from hypha_artifact.transfer.plan import MULTIPART_ABOVE, part_size
from hypha_artifact.transfer.revival import replaced, revive_parts
from hypha_artifact.transfer.state import CarryRequest

_LINK_SECONDS = 86400
"""As long as the links of a multipart upload's parts."""


class Carry:
    """Copies files of an artifact into its stage.

    Args:
        remote: The artifact.
        request: What the user asked for.
        limiter: How fast bytes may go up; they come down as fast.
    """

    def __init__(
        self,
        remote: RemoteArtifact,
        request: CarryRequest,
        limiter: Limiter | None = None,
    ) -> None:
        self._limiter = limiter
        self._remote = remote
        self._version = request.version
        self._mode = request.mode
        self._carries = request.targets is None
        self._sources: dict[RemotePath, Link] = {}
        self._takes_parts = True

    async def open(self) -> None:
        """Open the stage, or join one of the same kind.

        Raises:
            StageConflict: One of the other kind is open.
        """
        artifact = await self._remote.open_stage(self._mode)
        self._takes_parts = not artifact.is_git

    async def prepare(self, jobs: Sequence[Job]) -> dict[Job, HyphaError]:
        """Get links to read each file from, then to write it to."""
        for job in jobs:
            job.work = job.work or self._work(job)
        failed = await sign_apart(self._sign_sources, jobs, source_of)
        whole: list[Job] = []
        for job in jobs:
            if job in failed or job.work is None:
                continue
            job.work.link = None
            if job.work.parts == 1:
                whole.append(job)
            elif job.work.upload is None:
                job.work.upload = await self._remote.start_multipart(
                    job.item.remote, job.work.parts
                )
        return failed | await sign_apart(self._remote.sign_uploads, whole)

    def _work(self, job: Job) -> Work:
        in_parts = (
            job.size > MULTIPART_ABOVE
            and self._takes_parts
            and self._remote.takes_parts(job.item.remote)
        )
        return Work(job.size, part_size(job.size) if in_parts else None)

    async def _sign_sources(
        self, paths: Sequence[RemotePath]
    ) -> dict[RemotePath, Link]:
        links = await self._remote.sign_downloads(
            paths, version=self._version, expires_in=_LINK_SECONDS
        )
        self._sources.update(links)
        return links

    async def move(self, step: Step, part: int, credit: Callable[[int], None]) -> str:
        """Copy one part; its bytes count once the store has acknowledged them."""
        work, path = step.work, step.job.item.remote
        start, length = work.range_of(part)
        stop = start + length if work.parts > 1 else None
        md5 = hashlib.md5(usedforsecurity=False)
        source = self._sources[source_of(step.job)]
        async with self._remote.fetch(source, start, stop) as body:
            pieces = _digested(body.chunks, md5.update)
            link = work.link_of(part)
            if self._limiter is not None:
                pieces = self._limiter.paced(pieces, proxied=link.is_proxied)
            etag = await self._remote.put(link, pieces, length)
        if len(etag) == md5.digest_size * 2 and etag.lower() != md5.hexdigest():
            raise IntegrityError(
                f"The store did not keep the bytes of '{printable(path)}' as sent."
            )
        credit(length)
        return etag

    async def finish(self, job: Job, work: Work) -> None:
        """Join the parts."""
        if work.upload is not None and not work.is_published:
            etags = [work.acknowledged[part] for part in range(work.parts)]
            await self._remote.complete_multipart(
                work.upload, etags, size=work.size, replaces=replaced(job)
            )
        if self._carries:
            self._sources.pop(source_of(job), None)
            self._remote.note_carried(job.item.remote)

    async def revive(self, job: Job, work: Work) -> str | None:
        """Go on with the parts, if the upload is as it was."""
        return await revive_parts(self._remote, job, work)

    async def forget(self, jobs: Sequence[Job]) -> None:
        """Take back the announcements of files that have no bytes."""
        await self._remote.clear_pending([job.item.remote for job in jobs])

    def renew(self, job: Job) -> bool:
        """Drop stale links: those of parts cannot be signed again."""
        if job.work is None or job.work.upload is not None:
            return False
        job.work.link = None
        return True


def source_of(job: Job) -> RemotePath:
    """Return where a file is copied from."""
    return RemotePath(job.item.local.as_posix())


async def _digested(
    chunks: AsyncIterator[bytes], update: Callable[[bytes], None]
) -> AsyncIterator[bytes]:
    async for chunk in chunks:
        update(chunk)
        yield chunk
