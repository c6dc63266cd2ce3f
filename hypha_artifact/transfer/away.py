"""Uploads and downloads whose bytes a cluster's workers move.

Everything else is done here: links, the journal, joining parts, naming files.
"""

from __future__ import annotations

from collections.abc import Callable

import anyio.to_thread
from msgspec import structs
from typing_extensions import override

from hypha_artifact.errors import DiskFull, HyphaError, LocalFileError, NotShared
from hypha_artifact.paths import printable
from hypha_artifact.remote import RemoteArtifact
from hypha_artifact.transfer.cluster import Cluster, Errand, Landed, Parcel
from hypha_artifact.transfer.download import RANGE, Download
from hypha_artifact.transfer.errands import Fetching, Sending, agreed
from hypha_artifact.transfer.jobs import Job, Step
from hypha_artifact.transfer.limits import Limiter
from hypha_artifact.transfer.local import fingerprint
from hypha_artifact.transfer.pace import Pace
from hypha_artifact.transfer.state import DownloadRequest, UploadRequest
from hypha_artifact.transfer.target import has_temp
from hypha_artifact.transfer.upload import Upload

AHEAD = 2
"""Errands under way for each thread of a cluster, so that none has to wait."""


class Crew:
    """A cluster's workers, for one batch.

    Args:
        cluster: The cluster.
        pace: How much it may have under way; follows the cluster's size.
        remote: The artifact; the workers are given its address, and no token.
        limiter: How fast bytes may go in all, this machine's included.
    """

    def __init__(
        self, cluster: Cluster, pace: Pace, remote: RemoteArtifact, limiter: Limiter
    ) -> None:
        self.limiter = limiter
        self._cluster = cluster
        self._pace = pace
        self._remote = remote

    async def gather(self) -> None:
        """Connect, and see how many they are.

        Raises:
            ClusterError: The cluster cannot be used.
        """
        await self._cluster.connected()
        # One without workers may start them when there is something to do.
        self._pace.widen(AHEAD * max(1, self._cluster.threads))

    async def do(self, errand: Errand, length: int) -> Landed:
        """Have one of them do an errand of so many bytes, when it is its turn.

        Raises:
            ClusterError: None did it.
        """
        await self.limiter.take(length)
        # The worker's own memory of the stage is not asked by anybody.
        link = structs.replace(errand.link, is_part=True)
        parcel = Parcel(
            errand=structs.replace(errand, link=link),
            artifact=self._remote.id,
            settings=self._remote.settings_for_bytes,
        )
        landed = await self._cluster.do(parcel)
        await self.gather()
        if landed.error is not None and await _is_unseen(errand, landed.error):
            shown = printable(str(_path_of(errand)))
            landed = structs.replace(
                landed,
                error=NotShared(
                    f"The worker {landed.worker} does not see '{shown}' as it is "
                    f"here: {landed.error.message}"
                ),
            )
        return landed


async def _is_unseen(errand: Errand, error: HyphaError) -> bool:
    """Tell whether what a worker does not find is still here as it was."""
    if not isinstance(error, LocalFileError) or isinstance(error, DiskFull):
        return False
    if isinstance(errand, Fetching):
        return await anyio.to_thread.run_sync(has_temp, errand.target, 0)
    try:
        found = await anyio.to_thread.run_sync(fingerprint, errand.path)
    except LocalFileError:
        return False
    return found.fits(errand.fingerprint)


def _path_of(errand: Errand) -> object:
    return errand.path if isinstance(errand, Sending) else errand.target.path


class AwayUpload(Upload):
    """Sends the files of one request through a cluster.

    Args:
        remote: Where they go.
        request: What the user asked for.
        resize: Called when a file's length is not what the plan said.
        crew: Who sends them.
    """

    def __init__(
        self,
        remote: RemoteArtifact,
        request: UploadRequest,
        resize: Callable[[Job, int], None],
        crew: Crew,
    ) -> None:
        super().__init__(remote, request, resize, limiter=crew.limiter)
        self._crew = crew

    @override
    async def open(self) -> None:
        await self._crew.gather()
        await super().open()

    @override
    async def move(self, step: Step, part: int, credit: Callable[[int], None]) -> str:
        errand = self.errand(step, part)
        if errand.link.whole:
            return await super().move(step, part, credit)  # it needs the token
        landed = await self._crew.do(errand, errand.length)
        if landed.error is not None:
            raise landed.error
        if not errand.link.is_part:
            self._remote.note_sent(errand.link.path, errand.length)
        credit(landed.count)
        return landed.etag


class AwayDownload(Download):
    """Fetches the files of one request through a cluster.

    Args:
        remote: Where they come from.
        request: What the user asked for.
        crew: Who fetches them.
    """

    def __init__(
        self, remote: RemoteArtifact, request: DownloadRequest, crew: Crew
    ) -> None:
        super().__init__(remote, request, durable=True, limiter=crew.limiter)
        self._crew = crew

    @override
    async def open(self) -> None:
        await self._crew.gather()
        await super().open()

    @override
    def _range(self, size: int) -> int:
        return RANGE  # a worker that is lost loses little

    @override
    async def move(self, step: Step, part: int, credit: Callable[[int], None]) -> str:
        work = step.work
        if work.link_of(part).whole:
            return await super().move(step, part, credit)  # it needs the token
        errand = await self.errand(step, part, credit)
        if errand is None:
            return work.etag or ""
        left = (errand.stop or errand.size) - errand.start
        landed = await self._crew.do(structs.replace(errand, durable=True), left)
        work.written[part] += landed.count
        credit(landed.count)
        if landed.error is not None:
            raise landed.error
        work.etag = agreed(errand.link.path, work.etag, landed.etag or None)
        return landed.etag
