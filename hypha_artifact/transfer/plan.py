"""What a request would do: local tree and remote listing → ``TransferPlan``. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct, structs

from hypha_artifact.errors import UnsafePath
from hypha_artifact.models import Entry
from hypha_artifact.paths import RemotePath, printable
from hypha_artifact.transfer.names import Habits, fold, is_refused
from hypha_artifact.transfer.pace import SECONDS
from hypha_artifact.transfer.rules import free_number, numbered
from hypha_artifact.transfer.state import (
    DownloadRequest,
    Existing,
    PlanItem,
    Problem,
    TransferPlan,
    UploadRequest,
)

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
        least: Shortest part allowed; the result is a whole number of MiB.
    """
    needed = -(-size // MAX_PARTS)
    return max(least, -(-needed // MIB) * MIB)


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
            problems.append(_taken(str(file.path), path, str(files[path].path)))
        else:
            files[path] = file
    both = folders_of(files) & files.keys()
    problems += (_both(str(files.pop(path).path), path) for path in sorted(both))
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


def plan_download(
    request: DownloadRequest,
    tree: RemoteTree,
    existing: Mapping[Path, Existing],
    *,
    habits: Callable[[Path], Habits] = lambda _: Habits(),
    is_there: Callable[[Path], bool] = lambda _: False,
) -> TransferPlan:
    """Say what a download would do.

    Args:
        request: What the user asked for.
        tree: What was found in the artifact.
        existing: What is at the local targets already.
        habits: Tells how the file system at a folder treats names; asked only when
            there are names that this matters for.
        is_there: Tells whether anything is at a local path.
    """
    problems = list(tree.problems)
    files: dict[Path, RemoteFile] = {}
    for file in tree.files:
        local = (file.root or request.folder) / file.name
        if local in files:
            problems.append(_taken(file.path, file.name, files[local].path))
        else:
            files[local] = file
    both = _local_folders(files) & files.keys()
    problems += (_both(files.pop(path).path, str(path)) for path in sorted(both))
    landing = _Landing(request.folder, files, habits, is_there)
    for path in landing.refused():
        problems.append(_unheld(files.pop(path).path))
    twins = landing.twins()
    there = {**existing, **twins} if twins else existing
    items = tuple(
        PlanItem(
            local=local,
            remote=file.path,
            size=file.entry.size or 0,
            modified=file.entry.modified,
            existing=landing.beside(local, there.get(local)),
            root=file.root,
        )
        for local, file in files.items()
    )
    return TransferPlan(request=request, items=items, problems=tuple(problems))


class _Landing:
    """The local files that a download makes, as their file system sees them."""

    def __init__(
        self,
        folder: Path,
        files: Mapping[Path, RemoteFile],
        habits: Callable[[Path], Habits],
        is_there: Callable[[Path], bool],
    ) -> None:
        self._folder = folder
        self._files = files
        self._ask = habits
        self._is_there = is_there
        self._known: dict[Path, Habits] = {}
        self._taken: set[str] = set()
        self._twins: Collection[Path] = ()

    def _habits(self, root: Path) -> Habits:
        if root not in self._known:
            self._known[root] = self._ask(root)
        return self._known[root]

    def _root(self, path: Path) -> Path:
        return self._files[path].root or self._folder

    def refused(self) -> list[Path]:
        """Return the files whose names their file system does not hold."""
        return [
            path
            for path, file in self._files.items()
            if any(map(is_refused, file.name.segments))
            and self._habits(self._root(path)).refuses
        ]

    def twins(self) -> dict[Path, Existing]:
        """Return the files that would fall on another one, or on its folder."""
        found: dict[Path, Existing] = {}
        folders = {fold(str(path)) for path in _local_folders(self._files)}
        first: dict[str, Path] = {}
        for path in self._files:
            name = fold(str(path))
            other = first.setdefault(name, path)
            if other is path and name not in folders:
                continue
            if self._habits(self._root(path)).folds:
                shown = printable(other.name)
                why = f"This disk does not tell its name from '{shown}'."
                if other is path:
                    why = "This disk does not tell its name from that of a folder."
                found[path] = Existing(size=None, modified=None, blocked=why)
        self._taken = first.keys() | folders
        self._twins = found.keys()
        return found

    def beside(self, path: Path, there: Existing | None) -> Existing | None:
        """Give what is in the way the number of the next free name."""
        if there is None or not (
            there.blocked is None or there.is_folder or path in self._twins
        ):
            return there
        number = free_number(path.name, lambda name: self._has(path.with_name(name)))
        self._taken.add(fold(str(path.with_name(numbered(path.name, number)))))
        return structs.replace(there, free=number)

    def _has(self, path: Path) -> bool:
        return fold(str(path)) in self._taken or self._is_there(path)


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
        self._planned = set(aimed.files) | aimed.folders
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
        obstacle = self._obstacle(path.parent)
        if obstacle is not None:
            shown = printable(obstacle)
            return Existing(
                size=None,
                modified=None,
                blocked=f"'{shown}' is a file there, and would have to be a folder.",
            )
        if path.name in self._folders.get(path.parent, ()):
            return Existing(
                size=None,
                modified=None,
                blocked="A folder of that name is there.",
                is_folder=True,
                free=self._free(path),
            )
        entry = self._files.get(path.parent, {}).get(path.name)
        if entry is None:
            return None
        return Existing(size=entry.size, modified=entry.modified, free=self._free(path))

    def _free(self, path: RemotePath) -> int:
        folder = path.parent
        names = self._names.get(folder, ())

        def is_taken(name: str) -> bool:
            return name in names or folder / name in self._planned

        number = free_number(path.name, is_taken)
        self._planned.add(folder / numbered(path.name, number))
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


def _taken(source: str, target: RemotePath, other: str) -> Problem:
    shown = f"'{printable(other)}' goes to '{printable(target)}' already."
    return Problem(source=source, reason=shown)


def _local_folders(files: Mapping[Path, RemoteFile]) -> set[Path]:
    """Return every folder that files make below the one that they go into."""
    seen: set[tuple[Path, int]] = set()
    for path, file in files.items():
        folder, levels = path.parent, file.name.count("/")
        while levels and (folder, levels) not in seen:
            seen.add((folder, levels))
            folder, levels = folder.parent, levels - 1
    return {folder for folder, _ in seen}


def _unheld(source: str) -> Problem:
    reason = "The file system here does not hold such a name."
    return Problem(source=source, reason=reason)


def _both(source: str, target: str) -> Problem:
    reason = f"Another source makes a folder of '{printable(target)}'."
    return Problem(source=source, reason=reason)
