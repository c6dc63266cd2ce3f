"""Make a folder of an artifact like a local one, or the other way round.

``plan_sync`` looks at both sides and changes nothing; ``run_sync`` does what it said.
Also: what differs between two versions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path

import anyio.to_thread
from msgspec import Struct, structs

from hypha_artifact.artifact import AsyncHyphaArtifact
from hypha_artifact.artifact.browsing import KEEP
from hypha_artifact.artifact.events import Callback
from hypha_artifact.classes import LinkRule
from hypha_artifact.compare import (
    Difference,
    Fact,
    FileDifference,
    Tree,
    by_content,
    by_size,
    by_time,
    compare,
)
from hypha_artifact.errors import LocalNotFound, NotFolder, NotStaged
from hypha_artifact.paths import RemotePath, printable
from hypha_artifact.record import STAGE
from hypha_artifact.transfer.comparing import contents, read_etags
from hypha_artifact.transfer.guard import guard
from hypha_artifact.transfer.items import Problem
from hypha_artifact.transfer.state import Links
from hypha_artifact.transfer.walk import walk


class Way(Enum):
    """Which side is made like the other."""

    UP = "up"
    DOWN = "down"


class SyncPlan(Struct, frozen=True, kw_only=True):
    """What a sync would do. ``differences`` go from the target to the source."""

    way: Way
    local: Path
    folder: RemotePath
    version: str | None
    differences: tuple[FileDifference, ...]
    delete: bool
    problems: tuple[Problem, ...] = ()
    """What is left out; while a local file cannot be read, nothing is deleted."""

    @property
    def copied(self) -> tuple[FileDifference, ...]:
        """The files that are copied."""
        kinds = {Difference.NEW, Difference.CHANGED, Difference.UNSURE}
        return tuple(d for d in self.differences if d.difference in kinds)

    @property
    def extra(self) -> tuple[FileDifference, ...]:
        """The files that only the target has."""
        return tuple(d for d in self.differences if d.difference is Difference.GONE)

    @property
    def deleted(self) -> tuple[FileDifference, ...]:
        """The files that are deleted from the target."""
        return self.extra if self.delete and self.is_whole else ()

    @property
    def is_whole(self) -> bool:
        """Whether all local files could be read."""
        return all(problem.is_note for problem in self.problems)

    @property
    def same(self) -> int:
        """How many files need nothing."""
        return sum(d.difference is Difference.SAME for d in self.differences)


async def plan_sync(
    artifact: AsyncHyphaArtifact,
    local: Path,
    folder: str,
    way: Way,
    *,
    version: str | None = None,
    starts_empty: bool = False,
    delete: bool = False,
    checksum: bool = False,
    links: LinkRule = "files",
) -> SyncPlan:
    """Look at both sides, and say what would be done.

    A file of equal size is taken for current when the target is not older. That holds
    while both clocks are right; ``checksum`` compares content instead.

    Args:
        artifact: The artifact.
        local: The local folder; for a download it need not be there yet.
        folder: The folder in the artifact.
        way: Which side is made like the other.
        version: The version to look at; ``"stage"`` when one is open.
        starts_empty: Take the remote side for empty: a new version will be opened.
        delete: Delete from the target what the source does not have.
        checksum: Compare the content of files of equal size.
        links: What to do with symbolic links in the local folder.

    Raises:
        LocalNotFound: There is no local folder to upload.
        NotFolder: One of them is a file.
        NotFound: There is no folder in the artifact to download.
    """
    name = RemotePath(folder)
    here, problems = await anyio.to_thread.run_sync(_local_tree, local, way, links)
    there: Tree = {}
    if not starts_empty:
        there = await remote_tree(artifact, name, version, must_exist=way is Way.DOWN)
    before, after = (there, here) if way is Way.UP else (here, there)
    differences = compare(before, after, by_size if checksum else by_time)
    plan = SyncPlan(
        way=way,
        local=local,
        folder=name,
        version=version,
        differences=differences,
        delete=delete,
        problems=problems,
    )
    return await _checked(artifact, plan) if checksum else plan


def _local_tree(
    local: Path, way: Way, links: LinkRule
) -> tuple[dict[RemotePath, Fact], tuple[Problem, ...]]:
    if not local.exists() and way is Way.DOWN:
        return {}, ()
    shown = printable(str(local))
    if not local.exists():
        raise LocalNotFound(f"There is no folder '{shown}'.")
    if not local.is_dir():
        raise NotFolder(f"'{shown}' is a file, not a folder.")
    tree = walk([local.resolve()], [""], links=Links(links))
    found = {
        RemotePath(file.name): Fact(size=file.size, modified=file.modified)
        for file in tree.files
    }
    return found, tree.problems


async def remote_tree(
    artifact: AsyncHyphaArtifact,
    folder: RemotePath,
    version: str | None,
    *,
    must_exist: bool = False,
) -> dict[RemotePath, Fact]:
    """Return the files below a folder, by their paths in it.

    Args:
        artifact: The artifact.
        folder: The folder; ``.keep`` files, which only hold folders, are left out.
        version: A name, None for the latest, or ``"stage"``.
        must_exist: Whether a missing folder is an error.

    Raises:
        NotFound: The folder is missing.
        NotFolder: It is a file.
    """
    found = {
        path.relative_to(folder): Fact(size=entry.size or 0, modified=entry.modified)
        async for path, entry in artifact.remote.walk(folder, version=version)
        if path.name != KEEP
    }
    if not found and folder:
        await _check_folder(artifact, folder, version, must_exist=must_exist)
    return found


async def _check_folder(
    artifact: AsyncHyphaArtifact,
    folder: RemotePath,
    version: str | None,
    *,
    must_exist: bool,
) -> None:
    if must_exist or await artifact.exists(folder, version):
        entry = await artifact.remote.stat(folder, version=version)
        if not entry.is_folder:
            raise NotFolder(f"'{printable(folder)}' is a file, not a folder.")


async def _checked(artifact: AsyncHyphaArtifact, plan: SyncPlan) -> SyncPlan:
    """Settle by their content what has the same size on both sides."""
    unsure = [d.path for d in plan.differences if d.difference is Difference.UNSURE]
    pairs = [(plan.local / path, plan.folder / path) for path in unsure]
    found = await contents(artifact.remote, pairs, plan.version)
    alike = dict(zip(unsure, found, strict=True))
    return structs.replace(
        plan,
        differences=tuple(
            structs.replace(d, difference=_settled(d, alike)) for d in plan.differences
        ),
    )


def _settled(
    found: FileDifference, alike: Mapping[RemotePath, bool | None]
) -> Difference:
    if found.difference is not Difference.UNSURE:
        return found.difference
    same = alike[found.path]
    if same is None:
        return Difference.UNSURE
    return Difference.SAME if same else Difference.CHANGED


async def run_sync(
    artifact: AsyncHyphaArtifact, plan: SyncPlan, callback: Callback | None = None
) -> None:
    """Do what a plan says: copy, then delete.

    Args:
        artifact: The artifact; for an upload its stage must be open.
        plan: From ``plan_sync``.
        callback: Called with progress events, see ``classes.ProgressEvent``.

    Raises:
        TransferFailed: Some files were not copied; nothing was deleted.
        WouldLoseData: The server would destroy a committed file by a deletion.
    """
    local = [str(plan.local / d.path) for d in plan.copied]
    remote = [plan.folder / d.path for d in plan.copied]
    if local and plan.way is Way.UP:
        await artifact.put(local, remote, callback)
    elif local:
        await artifact.get(remote, local, callback, version=plan.version)
    if plan.deleted and plan.way is Way.UP:
        await artifact.rm([plan.folder / d.path for d in plan.deleted])
    elif plan.deleted:
        paths = [d.path for d in plan.deleted]
        await anyio.to_thread.run_sync(_delete, plan.local, paths)


def _delete(folder: Path, paths: Sequence[RemotePath]) -> None:
    """Delete files, and the folders that this leaves empty. Blocks."""
    for path in paths:
        with guard(folder / path, "delete"):
            (folder / path).unlink(missing_ok=True)
        for above in (folder / path).parents:
            if above == folder or any(above.iterdir()):
                break
            with guard(above, "delete"):
                above.rmdir()


async def diff_versions(
    artifact: AsyncHyphaArtifact,
    before: str | None,
    after: str | None,
    *,
    quick: bool = False,
) -> tuple[FileDifference, ...]:
    """Compare two versions, file by file.

    Args:
        artifact: The artifact.
        before: A version's name, None for the latest, or ``"stage"``.
        after: The other one.
        quick: Compare sizes only; files of equal size stay ``UNSURE``.

    Returns:
        Every file of either, by path.

    Raises:
        NotStaged: No stage is open to compare with: the server would give the latest
            version in its place (verified, Hypha 0.21).
    """
    if STAGE in {before, after} and not (await artifact.read(STAGE)).is_staged:
        raise NotStaged(f"{artifact.id} has no open stage.")
    old = await remote_tree(artifact, RemotePath(), before)
    new = await remote_tree(artifact, RemotePath(), after)
    found = compare(old, new, by_size)
    unsure = [d.path for d in found if d.difference is Difference.UNSURE]
    if quick or not unsure:
        return found
    before_etags = await read_etags(artifact.remote, unsure, before)
    after_etags = await read_etags(artifact.remote, unsure, after)
    old |= {p: structs.replace(old[p], etag=etag) for p, etag in before_etags.items()}
    new |= {p: structs.replace(new[p], etag=etag) for p, etag in after_etags.items()}
    return compare(old, new, by_content)
