"""Sign links for many jobs in one call, and find the one that the call fails for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from hypha_artifact.errors import (
    ArtifactNotFound,
    HyphaError,
    InvalidInput,
    NotFound,
    VersionNotFound,
)
from hypha_artifact.paths import RemotePath
from hypha_artifact.remote import Link
from hypha_artifact.transfer.jobs import Job

Sign = Callable[[Sequence[RemotePath]], Awaitable[dict[RemotePath, Link]]]


async def sign_apart(sign: Sign, jobs: Sequence[Job]) -> dict[Job, HyphaError]:
    """Sign a batch; where one path fails it, sign its halves.

    Args:
        sign: One call for many paths.
        jobs: Their ``work`` gets the links.

    Returns:
        The jobs whose path is at fault, each with its error.

    Raises:
        HyphaError: What is not one path's fault.
    """
    if not jobs:
        return {}
    try:
        links = await sign([job.item.remote for job in jobs])
    except (ArtifactNotFound, VersionNotFound):
        raise
    except (NotFound, InvalidInput) as error:
        if len(jobs) == 1:
            return {jobs[0]: error}
        half = len(jobs) // 2
        first = await sign_apart(sign, jobs[:half])
        return first | await sign_apart(sign, jobs[half:])
    for job in jobs:
        if job.work is not None:
            job.work.link = links[job.item.remote]
    return {}
