"""Deleting without damage to what stays."""

from __future__ import annotations

from hypha_artifact._api import endpoints
from hypha_artifact._api.transport import Transport
from hypha_artifact.errors import StageConflict, VersionNotFound, WouldLoseData
from hypha_artifact.models import Artifact
from hypha_artifact.paths import ArtifactId, printable


def check_last_version(record: Artifact, version: str) -> None:
    """Refuse to delete any version but the last one.

    Files are found by a version's place in the list, so deleting an earlier one gives
    the names of later ones other files, and an open stage is lost (Hypha 0.21).

    Args:
        record: The artifact.
        version: The version's name.

    Raises:
        VersionNotFound: There is no such version.
        WouldLoseData: It is not the last one.
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
    if record.is_staged:
        raise StageConflict(f"{record.id}: a stage is open, whose files would be lost.")


async def children_of(transport: Transport, parent: ArtifactId) -> list[Artifact]:
    """List all children of a collection, never committed ones included.

    Args:
        transport: The connection.
        parent: The collection.

    Raises:
        PermissionDenied: This user may not list it.
    """
    return await transport.call(endpoints.list_children(parent, (), {}, "all"))


async def delete_children(
    transport: Transport, parent: ArtifactId, *, delete_files: bool
) -> None:
    """Delete what is in a collection, and in the collections in it.

    The server's own ``recursive`` deletes a hundred committed children at most, and
    leaves all others without a parent (verified, Hypha 0.21).

    Args:
        transport: The connection.
        parent: The collection.
        delete_files: Delete the files in the store, too.

    Raises:
        PermissionDenied: This user may not delete one of them; those before it are
            gone.
    """
    for child in await children_of(transport, parent):
        name = child.artifact_id
        if child.is_collection:
            await delete_children(transport, name, delete_files=delete_files)
        call = endpoints.delete(
            name, delete_files=delete_files, recursive=False, version=None
        )
        await transport.call(call)


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
