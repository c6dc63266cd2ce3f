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
from hypha_artifact.store import Link
from hypha_artifact.transfer.jobs import Job

Sign = Callable[[Sequence[RemotePath]], Awaitable[dict[RemotePath, Link]]]


def remote_of(job: Job) -> RemotePath:
    """Return a job's path in the artifact."""
    return job.item.remote


async def sign_apart(
    sign: Sign, jobs: Sequence[Job], path_of: Callable[[Job], RemotePath] = remote_of
) -> dict[Job, HyphaError]:
    """Sign a batch; where one path fails it, sign its halves.

    Args:
        sign: One call for many paths.
        jobs: Their ``work`` gets the links.
        path_of: Says which path to sign for a job.

    Returns:
        The jobs whose path is at fault, each with its error.

    Raises:
        HyphaError: What is not one path's fault.
    """
    if not jobs:
        return {}
    try:
        links = await sign([path_of(job) for job in jobs])
    except (ArtifactNotFound, VersionNotFound):
        raise
    except (NotFound, InvalidInput) as error:
        if len(jobs) == 1:
            return {jobs[0]: error}
        half = len(jobs) // 2
        first = await sign_apart(sign, jobs[:half], path_of)
        return first | await sign_apart(sign, jobs[half:], path_of)
    for job in jobs:
        if job.work is not None:
            job.work.link = links[path_of(job)]
    return {}
