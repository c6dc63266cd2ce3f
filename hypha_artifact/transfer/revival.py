"""Whether an upload in parts can go on after the engine was started again."""

from __future__ import annotations

import time

from hypha_artifact.record import STAGE
from hypha_artifact.remote import RemoteArtifact
from hypha_artifact.transfer.jobs import Job, Work

MARGIN = 600.0
"""Seconds that an upload must have left; fewer would not get it to its end."""


async def revive_parts(remote: RemoteArtifact, job: Job, work: Work) -> str | None:
    """Look at an upload in parts on the server.

    One whose parts were all up may have been joined, with the answer lost: then the
    file is there (``work.is_published``).

    Args:
        remote: Where it goes.
        job: The file.
        work: As the journal has it.

    Returns:
        Why it has to begin again, for people; None where it goes on.
    """
    path, upload = job.item.remote, work.upload
    if upload is None:
        return "Nothing of it was sent yet."
    if work.is_complete and await remote.is_up(
        path, size=work.size, replaces=replaced(job)
    ):
        work.is_published = True
        return None
    if upload.expires < time.time() + MARGIN:
        return "The links of its parts were too old; it begins again."
    artifact = await remote.read(version=STAGE)
    staged = {entry.path for entry in artifact.staging or () if not entry.remove}
    if path not in staged:
        return "It was not in the stage any more; it begins again."
    return None


def replaced(job: Job) -> float | None:
    """Return when the remote file that a job replaces was modified."""
    existing = job.item.existing
    return existing.modified if existing else None
