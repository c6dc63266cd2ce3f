"""Sample artifacts for a local server: what a microscopy lab might keep there."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import anyio.to_thread

from hypha_artifact._api.transport import Transport
from hypha_artifact.artifact import AsyncHyphaArtifact
from hypha_artifact.errors import ArtifactNotFound
from hypha_artifact.localserver.files import ATLAS, write_atlas_child
from hypha_artifact.models import JsonObject
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
    """Create the sample artifacts that are not there yet.

    Args:
        settings: The local server, and its user.
        data: A folder with room for 150 MB while this runs.
        say: Told what happens.

    Raises:
        HyphaError: The server refused.
    """
    async with Transport(settings) as transport:

        def artifact(alias: str) -> AsyncHyphaArtifact:
            return AsyncHyphaArtifact(alias, transport=transport)

        with tempfile.TemporaryDirectory(prefix="sample-", dir=data) as folder:
            await _atlas(artifact(ATLAS_ALIAS), Path(folder) / "atlas", say)
            await _once(artifact("drug-screen-2026"), _EMPTY)
            collection = artifact("segmentation-models")
            await _once(collection, _COLLECTION, kind="collection")
            for alias, manifest in _CHILDREN.items():
                child = artifact(alias)
                await _child(child, str(collection.id), manifest, Path(folder) / alias)


async def _is_complete(artifact: AsyncHyphaArtifact, versions: int) -> bool:
    """Tell whether it is there; one that was left half made is deleted."""
    try:
        found = await artifact.read()
    except ArtifactNotFound:
        return False
    if len(found.versions or ()) >= versions:
        return True
    await artifact.delete()
    return False


async def _once(
    artifact: AsyncHyphaArtifact, manifest: JsonObject, kind: str = "generic"
) -> None:
    if not await _is_complete(artifact, 1):
        await artifact.create(manifest, type=kind)


async def _atlas(
    artifact: AsyncHyphaArtifact, folder: Path, say: Callable[[str], None]
) -> None:
    if await _is_complete(artifact, len(ATLAS)):
        return
    await artifact.create(_ATLAS, stage=True)
    for number, (comment, write) in enumerate(ATLAS):
        say(f"Adding sample data: {artifact.id} v{number}, {comment.lower()}")
        await anyio.to_thread.run_sync(write, folder)
        if number:
            await artifact.edit(version="new")
        await artifact.put(folder, recursive=True)
        await artifact.commit(comment=comment)


async def _child(
    artifact: AsyncHyphaArtifact, parent: str, manifest: JsonObject, folder: Path
) -> None:
    if await _is_complete(artifact, 1):
        return
    await anyio.to_thread.run_sync(write_atlas_child, folder)
    await artifact.create(manifest, parent, stage=True)
    await artifact.put(folder, recursive=True)
    await artifact.commit(comment="First release")
