"""What an upload would do: local tree and remote listing → ``TransferPlan``. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from hypha_artifact.errors import UnsafePath
from hypha_artifact.models import Entry
from hypha_artifact.paths import MAX_PATH_BYTES, RemotePath, printable
from hypha_artifact.transfer.items import Existing, PlanItem, Problem
from hypha_artifact.transfer.pace import SECONDS
from hypha_artifact.transfer.plans import TransferPlan
from hypha_artifact.transfer.rules import free_name
from hypha_artifact.transfer.state import UploadRequest

MIB = 1024 * 1024
MULTIPART_ABOVE = 32 * MIB
PART_SIZE = 8 * MIB
SHORTEST_PART = 5 * MIB  # S3 takes no shorter one, but for the last
MAX_PARTS = 10_000

Listing = Mapping[RemotePath, Sequence[Entry]]
"""The entries of each remote folder that was listed."""


class LocalFile(Struct, frozen=True, kw_only=True):
    """A regular file found under a source. ``name`` is relative, ``/``-separated."""

    path: Path
    name: str
    size: int
    modified: float


class LocalTree(Struct, frozen=True, kw_only=True):
    """All that was found under the sources of an upload."""

    files: tuple[LocalFile, ...]
    problems: tuple[Problem, ...] = ()


class RemoteFile(Struct, frozen=True, kw_only=True):
    """A file found in an artifact, and its name below the local target folder."""

    path: RemotePath
    name: RemotePath
    entry: Entry
    root: Path | None = None
    """The local folder that ``name`` is in, where that is not the request's."""


class RemoteTree(Struct, frozen=True, kw_only=True):
    """All that was found under the sources of a download."""

    files: tuple[RemoteFile, ...]
    problems: tuple[Problem, ...] = ()


class Aim(Struct, frozen=True, kw_only=True):
    """Where each local file of an upload goes."""

    files: dict[RemotePath, LocalFile]
    problems: tuple[Problem, ...]

    @property
    def folders(self) -> frozenset[RemotePath]:
        """Every remote folder that a file goes into, with those above it."""
        return folders_of(self.files)


def part_size(size: int, least: int = PART_SIZE) -> int:
    """Return how long a part is, in bytes, so that there are at most 10,000.

    Args:
        size: Length of the file in bytes.
        least: Shortest part allowed; longer ones are whole numbers of MiB.
    """
    needed = -(-size // MAX_PARTS)
    return least if needed <= least else -(-needed // MIB) * MIB


def sizes_at(rate: float | None) -> tuple[int, int]:
    """Return above which size a file goes up in parts, and how long these are.

    Shorter ones for a slow line, where a request that takes 60 s is cut off.

    Args:
        rate: Bytes per second; None while it is not known.
    """
    if rate is None or rate * SECONDS >= MULTIPART_ABOVE:
        return MULTIPART_ABOVE, PART_SIZE
    fits = max(SHORTEST_PART, int(rate * SECONDS) // MIB * MIB)
    return fits, min(PART_SIZE, fits)


def folders_of(paths: Iterable[RemotePath]) -> frozenset[RemotePath]:
    """Return the folders above the given paths, the root left out."""
    found: set[RemotePath] = set()
    for path in paths:
        folder = path.parent
        while folder and folder not in found:
            found.add(folder)
            folder = folder.parent
    return frozenset(found)


def aim(request: UploadRequest, tree: LocalTree) -> Aim:
    """Give each local file its remote path, or say why it cannot have one.

    Args:
        request: What the user asked for.
        tree: What was found on the disk.
    """
    problems = list(tree.problems)
    files: dict[RemotePath, LocalFile] = {}
    for file in tree.files:
        try:
            path = request.folder / file.name
        except UnsafePath as error:
            problems.append(Problem(source=str(file.path), reason=error.message))
            continue
        if path in files:
            problems.append(taken(str(file.path), path, str(files[path].path)))
        else:
            files[path] = file
    stands = folders_of(files) & files.keys()
    problems += (both(str(files.pop(path).path), path) for path in sorted(stands))
    return Aim(files=files, problems=tuple(problems))


def plan_upload(request: UploadRequest, aimed: Aim, listing: Listing) -> TransferPlan:
    """Say what an upload would do.

    Args:
        request: What the user asked for.
        aimed: Where each file goes.
        listing: The remote folders that matter; one that is not listed is empty.
    """
    view = _View(listing, aimed)
    items = tuple(
        PlanItem(
            local=file.path,
            remote=path,
            size=file.size,
            modified=file.modified,
            existing=view.existing(path),
        )
        for path, file in aimed.files.items()
    )
    return TransferPlan(request=request, items=items, problems=aimed.problems)


def child(folder: RemotePath, entry: Entry) -> RemotePath:
    """Join a name from the server to its folder.

    Args:
        folder: Where the entry was listed.
        entry: What the server said.

    Raises:
        UnsafePath: The name is no single, safe segment.
    """
    path = folder / entry.name
    if path.name != entry.name:
        raise UnsafePath(f"'{printable(entry.name)}' is not the name of one file.")
    return path


class _View:
    """A remote listing that answers what is at a path."""

    def __init__(self, listing: Listing, aimed: Aim) -> None:
        self._names = {
            folder: {entry.name for entry in entries}
            for folder, entries in listing.items()
        }
        self._planned: set[str] = {*aimed.files, *aimed.folders}
        self._files = {
            folder: {e.name: e for e in entries if not e.is_folder and not e.pending}
            for folder, entries in listing.items()
        }
        self._folders = {
            folder: {e.name for e in entries if e.is_folder}
            for folder, entries in listing.items()
        }
        self._obstacles: dict[RemotePath, RemotePath | None] = {}

    def existing(self, path: RemotePath) -> Existing | None:
        folder, name = path.parent, path.name
        obstacle = self._obstacle(folder)
        if obstacle is not None:
            shown = printable(obstacle)
            return Existing(
                size=None,
                modified=None,
                blocked=f"'{shown}' is a file there, and would have to be a folder.",
            )
        if name in self._folders.get(folder, ()):
            return Existing(
                size=None,
                modified=None,
                blocked="A folder of that name is there.",
                is_folder=True,
                free=self._free(folder, name),
            )
        entry = self._files.get(folder, {}).get(name)
        if entry is None:
            return None
        return Existing(
            size=entry.size, modified=entry.modified, free=self._free(folder, name)
        )

    def _free(self, folder: RemotePath, name: str) -> int:
        names = self._names.get(folder, ())
        prefix = f"{folder}/" if folder else ""

        def is_taken(other: str) -> bool:
            return other in names or f"{prefix}{other}" in self._planned

        number, copy = free_name(name, is_taken)
        if len(f"{prefix}{copy}".encode()) > MAX_PATH_BYTES:
            return 0
        self._planned.add(f"{prefix}{copy}")
        return number

    def _obstacle(self, folder: RemotePath) -> RemotePath | None:
        """Return the file that stands where this folder, or one above it, must be."""
        if not folder:
            return None
        if folder not in self._obstacles:
            above = self._obstacle(folder.parent)
            here = folder.name in self._files.get(folder.parent, {})
            is_folder = folder.name in self._folders.get(folder.parent, ())
            self._obstacles[folder] = above or (
                folder if here and not is_folder else None
            )
        return self._obstacles[folder]


def taken(source: str, target: RemotePath, other: str) -> Problem:
    """Say that two sources have one target."""
    shown = f"'{printable(other)}' goes to '{printable(target)}' already."
    return Problem(source=source, reason=shown)


def both(source: str, target: str) -> Problem:
    """Say that a file stands where another source makes a folder."""
    reason = f"Another source makes a folder of '{printable(target)}'."
    return Problem(source=source, reason=reason)
