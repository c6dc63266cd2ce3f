"""Sample artifacts for a local server: what a microscopy lab might keep there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
import anyio.to_thread

from hypha_artifact._api.transport import Transport
from hypha_artifact.artifact import AsyncHyphaArtifact
from hypha_artifact.errors import ArtifactNotFound
from hypha_artifact.localserver.files import ATLAS, MODEL, Versions
from hypha_artifact.models import Artifact, JsonObject
from hypha_artifact.settings import ConnectionSettings

ATLAS_ALIAS = "zebrafish-atlas"
_ATLAS: JsonObject = {
    "name": "Zebrafish brain atlas",
    "description": "Light-sheet images of embryos, 24 to 72 h after fertilisation.",
    "tags": ["zebrafish", "light-sheet", "atlas"],
}
_EMPTY: JsonObject = {
    "name": "Drug screen 2026",
    "description": "Nothing uploaded yet: a place to try things out.",
}
_COLLECTION: JsonObject = {
    "name": "Segmentation models",
    "description": "Models trained on the atlas.",
}
_CHILDREN: dict[str, JsonObject] = {
    "nuclei-unet": {"name": "Nuclei U-Net", "description": "Nuclei in DAPI images."},
    "somites-cellpose": {
        "name": "Somites Cellpose",
        "description": "Somite outlines in brightfield images.",
    },
}


async def seed(
    settings: ConnectionSettings, data: Path, say: Callable[[str], None]
) -> None:
    """Create the sample artifacts, once; an interrupted start is carried on.

    Nothing is ever deleted or replaced: what has one of their names but is not
    theirs is left alone.

    Args:
        settings: The local server, and its user.
        data: The server's folder, with room for another 150 MB while this runs.
        say: Told what happens.

    Raises:
        HyphaError: The server refused.
    """
    done = anyio.Path(data / "sample-data-is-in")
    if await done.exists():
        return
    say("Adding sample data, which takes some seconds")
    async with Transport(settings) as transport:
        with TemporaryDirectory(prefix="sample-", dir=data) as scratch:
            await _seed(transport, Path(scratch), say)
    await done.touch()


async def _seed(
    transport: Transport, scratch: Path, say: Callable[[str], None]
) -> None:
    def artifact(alias: str) -> AsyncHyphaArtifact:
        return AsyncHyphaArtifact(alias, transport=transport)

    atlas, collection = artifact(ATLAS_ALIAS), artifact("segmentation-models")
    await _fill(atlas, await _ours(atlas, _ATLAS), ATLAS, scratch / "atlas", say)
    await _ours(artifact("drug-screen-2026"), _EMPTY, stage=False)
    await _ours(collection, _COLLECTION, kind="collection", stage=False)
    for alias, manifest in _CHILDREN.items():
        child = artifact(alias)
        made = await _ours(child, manifest, parent=str(collection.id))
        await _fill(child, made, MODEL, scratch / alias, say)


async def _ours(
    artifact: AsyncHyphaArtifact,
    manifest: JsonObject,
    *,
    parent: str | None = None,
    kind: str = "generic",
    stage: bool = True,
) -> Artifact | None:
    """Return the artifact, made if it is not there; None if it is somebody's own."""
    try:
        found = await artifact.read("stage")
    except ArtifactNotFound:
        return await artifact.create(manifest, parent, type=kind, stage=stage)
    return found if found.name == manifest["name"] else None


async def _fill(
    artifact: AsyncHyphaArtifact,
    made: Artifact | None,
    versions: Versions,
    folder: Path,
    say: Callable[[str], None],
) -> None:
    """Commit the versions that it does not have yet."""
    there = len(made.versions or ()) if made else len(versions)
    for number, (comment, write) in enumerate(versions):
        if there == len(versions):
            return
        await anyio.to_thread.run_sync(write, folder)
        if number < there:
            continue
        say(f"  {artifact.id} v{number}: {comment}")
        if number:
            await artifact.edit(version="new", stage=True)
        await artifact.put(folder, recursive=True)
        # Without the preflight, which lists every folder: nothing here can be lost.
        await artifact.remote.commit(comment=comment)
