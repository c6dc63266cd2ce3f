"""One direction of one batch: local files to an artifact's stage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import anyio.to_thread

from hypha_artifact.errors import HyphaError, LocalFileError, SourceChanged
from hypha_artifact.paths import printable
from hypha_artifact.remote import RemoteArtifact
from hypha_artifact.transfer.apart import sign_apart
from hypha_artifact.transfer.errands import Sending, send
from hypha_artifact.transfer.jobs import Job, Step, Work
from hypha_artifact.transfer.limits import Limiter
from hypha_artifact.transfer.local import Fingerprint, fingerprint
from hypha_artifact.transfer.plan import part_size, sizes_at
from hypha_artifact.transfer.revival import replaced, revive_parts
from hypha_artifact.transfer.state import UploadRequest


class Upload:
    """Sends the files of one request.

    Args:
        remote: Where they go.
        request: What the user asked for.
        resize: Called when a file's length is not what the plan said.
        rate: Tells how fast bytes go up, in bytes per second; None while unknown.
        limiter: How fast they may.
    """

    def __init__(
        self,
        remote: RemoteArtifact,
        request: UploadRequest,
        resize: Callable[[Job, int], None],
        rate: Callable[[], float | None] = lambda: None,
        *,
        limiter: Limiter | None = None,
    ) -> None:
        self._limiter = limiter
        self._remote = remote
        self._request = request
        self._resize = resize
        self._rate = rate
        self._takes_parts = True

    async def open(self) -> None:
        """Open the stage, or join one of the same kind.

        Raises:
            StageConflict: One of the other kind is open.
            PermissionDenied: This user may not edit.
        """
        artifact = await self._remote.open_stage(self._request.mode)
        # A git-storage artifact silently loses a multipart upload.
        self._takes_parts = not artifact.is_git

    async def prepare(self, jobs: Sequence[Job]) -> dict[Job, HyphaError]:
        """See that each file can be read, announce it, and get its links."""
        prints = await anyio.to_thread.run_sync(
            _fingerprints, [job.item.local for job in jobs]
        )
        failed: dict[Job, HyphaError] = {}
        whole: list[Job] = []
        for job, found in zip(jobs, prints, strict=True):
            if isinstance(found, LocalFileError):
                failed[job] = found
                continue
            if job.work is not None and job.work.upload is not None:
                continue  # it goes on where it was
            self._resize(job, found.size)
            job.work = self._work(job, found)
            if job.work.parts == 1:
                whole.append(job)
            else:
                job.work.upload = await self._remote.start_multipart(
                    job.item.remote, job.work.parts
                )
        return failed | await sign_apart(self._remote.sign_uploads, whole)

    def _work(self, job: Job, found: Fingerprint) -> Work:
        above, least = sizes_at(self._rate())
        in_parts = (
            found.size > (self._request.multipart_above or above)
            and self._takes_parts
            and self._remote.takes_parts(job.item.remote)
        )
        least = self._request.part_size or least
        work = Work(found.size, part_size(found.size, least) if in_parts else None)
        work.fingerprint = found
        return work

    async def move(self, step: Step, part: int, credit: Callable[[int], None]) -> str:
        """Send one part; its bytes count once the store has acknowledged them."""

        def sent() -> None:
            step.is_sent = True

        etag = await send(
            self._remote, self.errand(step, part), sent, limiter=self._limiter
        )
        credit(step.length)
        return etag

    def errand(self, step: Step, part: int) -> Sending:
        """Say what there is to do for a part."""
        start, length = step.work.range_of(part)
        return Sending(
            path=step.job.item.local,
            fingerprint=_known(step.work),
            start=start,
            length=length,
            link=step.work.link_of(part),
            headers=step.job.item.headers,
        )

    async def finish(self, job: Job, work: Work) -> None:
        """Join the parts, once the source is seen to be the same still."""
        if work.upload is None or work.is_published:
            return  # one part was read from the same source from end to end
        found = await anyio.to_thread.run_sync(fingerprint, job.item.local)
        if not found.fits(_known(work)):
            shown = printable(str(job.item.local))
            raise SourceChanged(f"'{shown}' changed while it was sent.")
        etags = [work.acknowledged[part] for part in range(work.parts)]
        await self._remote.complete_multipart(
            work.upload, etags, size=work.size, replaces=replaced(job)
        )

    async def revive(self, job: Job, work: Work) -> str | None:
        """Go on with the parts, if source and upload are as they were."""
        found = await anyio.to_thread.run_sync(_try_fingerprint, job.item.local)
        known = work.fingerprint
        if isinstance(found, LocalFileError) or not known or not found.fits(known):
            return "Its source was changed meanwhile; it begins again."
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


def _known(work: Work) -> Fingerprint:
    if work.fingerprint is None:
        raise AssertionError("an upload was started without a fingerprint")
    return work.fingerprint


def _fingerprints(paths: Sequence[Path]) -> list[Fingerprint | LocalFileError]:
    return [_try_fingerprint(path) for path in paths]


def _try_fingerprint(path: Path) -> Fingerprint | LocalFileError:
    try:
        return fingerprint(path)
    except LocalFileError as error:
        return error
