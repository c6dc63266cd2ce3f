"""Whether a commit whose answer was lost was made, from the record before and after."""

from __future__ import annotations

import pytest

from hypha_artifact.models import Artifact, StageEntry, Version
from hypha_artifact.record import versions_to_grow, was_committed

NEW = [StageEntry(intent="new_version"), StageEntry(path="a")]
IN_PLACE = [StageEntry(path="a")]


def artifact(versions: int, staging: list[StageEntry] | None = None) -> Artifact:
    known = [Version(version=f"v{number}") for number in range(versions)]
    # All of it happens within one second of the server's clock.
    return Artifact(id="lab/x", versions=known, staging=staging, last_modified=1.0)


@pytest.mark.parametrize(
    ("before", "after", "made"),
    [
        (artifact(1, NEW), artifact(1, NEW), False),
        (artifact(1, NEW), artifact(2), True),
        (artifact(1, NEW), artifact(1), False),  # discarded
        (artifact(1, NEW), artifact(2, NEW), True),  # and edited again
        (artifact(0, IN_PLACE), artifact(1), True),  # the first commit adds v0
        (artifact(0, IN_PLACE), artifact(0), False),
        (artifact(1, IN_PLACE), artifact(1, IN_PLACE), False),
        (artifact(1, IN_PLACE), artifact(1), True),
    ],
)
def test_a_commit_is_known_by_its_version(
    before: Artifact, after: Artifact, *, made: bool
) -> None:
    assert was_committed(after, versions_to_grow(before)) is made
