"""What may be deleted without damage to what stays."""

from __future__ import annotations

from hypha_artifact.errors import StageConflict, VersionNotFound, WouldLoseData
from hypha_artifact.models import Artifact
from hypha_artifact.paths import printable


def check_last_version(record: Artifact, version: str) -> None:
    """Refuse to delete any version but the last one.

    Files are found by a version's place in the list, so deleting an earlier one gives
    the names of later ones other files, and an open stage is lost (Hypha 0.21).

    Args:
        record: The artifact.
        version: The version's name.

    Raises:
        VersionNotFound: There is no such version.
        WouldLoseData: It is not the last one, or it is the only one.
        StageConflict: A stage is open.
    """
    names = [known.version for known in record.versions or ()]
    shown = printable(version)
    if version not in names:
        raise VersionNotFound(
            f"{record.id} has no version '{shown}'.",
            hint=f"Versions: {printable(', '.join(names)) or 'none'}.",
        )
    if names.index(version) != len(names) - 1:
        raise WouldLoseData(
            f"{record.id}: without {shown}, later versions would get each other's "
            "files.",
            hint=f"Only the last version can be deleted: {printable(names[-1])}.",
        )
    if len(names) == 1:
        raise WouldLoseData(
            f"{record.id}: {shown} is the only version.",
            hint="Delete the artifact instead.",
        )
    if record.is_staged:
        raise StageConflict(f"{record.id}: a stage is open, whose files would be lost.")


def check_childless(record: Artifact, children: int) -> None:
    """Refuse to delete a collection that still has children.

    Args:
        record: The collection.
        children: How many it has.

    Raises:
        WouldLoseData: It has some; the server would leave them without a parent.
    """
    if children:
        raise WouldLoseData(
            f"{record.id} is a collection with {children} artifacts in it.",
            hint="Say recursive to delete them all, or move them first.",
        )
