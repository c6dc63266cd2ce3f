"""What an upload would do: local tree and remote listing → ``TransferPlan``. Pure."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from msgspec import Struct

from hypha_artifact.errors import UnsafePath
from hypha_artifact.models import Entry
from hypha_artifact.paths import MAX_PATH_BYTES, RemotePath, printable
from hypha_artifact.transfer.codec import decoder, encode
from hypha_artifact.transfer.items import Draft, Existing, Problem
from hypha_artifact.transfer.known import Known
from hypha_artifact.transfer.pace import SECONDS
from hypha_artifact.transfer.packed import Packed
from hypha_artifact.transfer.plans import PlanItems, TransferPlan
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
    """A regular file found under a source. ``name`` is relative, ``/``-separated.

    ``path`` is a text: a ``Path`` for each would cost seconds with very many files.
    """

    path: str
    name: str
    size: int
    modified: float


class LocalTree(Struct, frozen=True, kw_only=True):
    """All that was found under the sources of an upload."""

    files: Sequence[LocalFile]
    problems: tuple[Problem, ...] = ()


_local = decoder(tuple[bytes, bytes, int, float])


def local_files() -> Packed[LocalFile]:
    """Return a place for very many local files."""
    return Packed(_pack_local, _unpack_local)


def _pack_local(file: LocalFile) -> bytes:
    # Names on a disk are not always text.
    return encode(
        (os.fsencode(file.path), os.fsencode(file.name), file.size, file.modified)
    )


def _unpack_local(data: bytes) -> LocalFile:
    path, name, size, modified = _local(data)
    return LocalFile(
        path=os.fsdecode(path), name=os.fsdecode(name), size=size, modified=modified
    )


class RemoteFile(Struct, frozen=True, kw_only=True):
    """A file found in an artifact, and its name below the local target folder."""

    path: RemotePath
    name: RemotePath
    entry: Entry
    root: Path | None = None
    """The local folder that ``name`` is in, where that is not the request's."""


class RemoteTree(Struct, frozen=True, kw_only=True):
    """All that was found under the sources of a download."""

    files: Sequence[RemoteFile]
    problems: tuple[Problem, ...] = ()


_remote = decoder(tuple[str, str, int | None, float | None, bytes | None])


def remote_files() -> Packed[RemoteFile]:
    """Return a place for very many remote files; of their entries it has no names."""
    return Packed(_pack_remote, _unpack_remote)


def _pack_remote(file: RemoteFile) -> bytes:
    root = os.fsencode(file.root) if file.root else None
    entry = file.entry
    return encode((file.path, file.name, entry.size, entry.modified, root))


def _unpack_remote(data: bytes) -> RemoteFile:
    path, name, size, modified, root = _remote(data)
    return RemoteFile(
        path=str.__new__(RemotePath, path),
        name=str.__new__(RemotePath, name),
        entry=Entry(name="", size=size, modified=modified),
        root=Path(os.fsdecode(root)) if root else None,
    )


_PLAIN, _WRITTEN_OTHERWISE, _LEFT_OUT = range(3)
"""Of a file's name: it is its remote path's end as it is, or only its meaning is."""


class Aim:
    """Where each local file of an upload goes.

    Args:
        request: What the user asked for.
        tree: What was found on the disk.
    """

    def __init__(self, request: UploadRequest, tree: LocalTree) -> None:
        self._folder = request.folder
        self._files = tree.files
        self._marks = bytearray(len(tree.files))
        self._problems = list(tree.problems)
        self.known = Known()
        """The remote paths of all files."""
        self._find_folders()
        self._find_clashes()

    def __iter__(self) -> Iterator[tuple[RemotePath, LocalFile]]:
        """Yield each file that can be sent, and its remote path before it."""
        prefix = _prefix(self._folder)
        for mark, file in zip(self._marks, self._files, strict=True):
            if mark == _PLAIN:  # it was looked at already
                yield str.__new__(RemotePath, f"{prefix}{file.name}"), file
            elif mark != _LEFT_OUT:
                yield self._folder / file.name, file

    @property
    def single(self) -> RemotePath | None:
        """The remote path, if there is only one file."""
        paths = [path for path, _ in islice(self, 2)]
        return paths[0] if len(paths) == 1 else None

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What cannot be sent."""
        return tuple(self._problems)

    def _find_folders(self) -> None:
        """Look at all names, and leave out those that the store cannot hold."""
        folders: set[RemotePath] = set()
        prefix = _prefix(self._folder)
        for number, file in enumerate(self._files):
            try:
                path = self._folder / file.name
            except UnsafePath as error:
                self._leave_out(number, Problem(source=file.path, reason=error.message))
                continue
            self.known.add(path)
            if path != f"{prefix}{file.name}":
                self._marks[number] = _WRITTEN_OTHERWISE
            _add_folders(path, folders)
        self.folders = frozenset(folders)
        """Every remote folder that a file goes into, with those above it."""

    def _find_clashes(self) -> None:
        """Leave out what another file, or a folder, takes the name of."""
        doubtful = self.known.twice()
        doubtful.update(hash(path) for path in self.folders if path in self.known)
        if not doubtful:
            return
        first: dict[RemotePath, int] = {}
        for number, file in enumerate(self._files):
            if self._marks[number] == _LEFT_OUT:
                continue
            path = self._folder / file.name
            if hash(path) not in doubtful:
                continue
            other = first.setdefault(path, number)
            if other != number:
                against = taken(file.path, path, self._files[other].path)
                self._leave_out(number, against)
        for path in sorted(self.folders & first.keys()):
            number = first[path]
            self._leave_out(number, both(self._files[number].path, path))

    def _leave_out(self, number: int, problem: Problem) -> None:
        self._marks[number] = _LEFT_OUT
        self._problems.append(problem)


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


def _prefix(folder: RemotePath) -> str:
    return f"{folder}/" if folder else ""


def _add_folders(path: RemotePath, found: set[RemotePath]) -> None:
    """Add the folders above a path, the root left out."""
    folder = path.parent
    while folder and folder not in found:
        found.add(folder)
        folder = folder.parent


def plan_upload(request: UploadRequest, aimed: Aim, listing: Listing) -> TransferPlan:
    """Say what an upload would do.

    Args:
        request: What the user asked for.
        aimed: Where each file goes.
        listing: The remote folders that matter; one that is not listed is empty.
    """
    view = _View(listing, aimed)
    items = PlanItems.drafted(
        Draft(
            local=os.fsencode(file.path),
            remote=path,
            size=file.size,
            modified=file.modified,
            existing=view.existing(path),
        )
        for path, file in aimed
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


class _Names:
    """What is in one remote folder."""

    def __init__(self, entries: Sequence[Entry], given: Iterable[str] = ()) -> None:
        self.given = set(given)
        """What files that are kept beside others are to be called."""
        self.all = {entry.name for entry in entries}
        self.files = {
            entry.name: entry
            for entry in entries
            if not entry.is_folder and not entry.pending
        }
        self.folders = {entry.name for entry in entries if entry.is_folder}


class _View:
    """A remote listing that answers what is at a path.

    It has in hand only the folders above the last path: files come folder by folder.
    """

    def __init__(self, listing: Listing, aimed: Aim) -> None:
        self._listing = listing
        self._aimed = aimed
        self._open: dict[RemotePath, _Names] = {}
        self._given: Packed[list[str]] = Packed(encode, decoder(list[str]))
        self._left: dict[RemotePath, int] = {}
        self._obstacles: dict[RemotePath, RemotePath | None] = {}

    def _of(self, folder: RemotePath) -> _Names:
        names = self._open.get(folder)
        if names is None:
            for path in [path for path in self._open if not folder.is_under(path)]:
                self._leave(path)
            at = self._left.get(folder)
            given = () if at is None else self._given[at]
            names = _Names(self._listing.get(folder, ()), given)
            self._open[folder] = names
        return names

    def _leave(self, folder: RemotePath) -> None:
        names = self._open.pop(folder)
        if names.given:
            self._left[folder] = len(self._given)
            self._given.add(list(names.given))

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
        here = self._of(folder)
        if name in here.folders:
            return Existing(
                size=None,
                modified=None,
                blocked="A folder of that name is there.",
                is_folder=True,
                free=self._free(folder, name),
            )
        entry = here.files.get(name)
        if entry is None:
            return None
        return Existing(
            size=entry.size, modified=entry.modified, free=self._free(folder, name)
        )

    def _free(self, folder: RemotePath, name: str) -> int:
        here = self._of(folder)
        prefix = _prefix(folder)

        def is_taken(other: str) -> bool:
            if other in here.all or other in here.given:
                return True
            path = f"{prefix}{other}"
            return path in self._aimed.folders or path in self._aimed.known

        number, copy = free_name(name, is_taken)
        if len(f"{prefix}{copy}".encode()) > MAX_PATH_BYTES:
            return 0
        here.given.add(copy)
        return number

    def _obstacle(self, folder: RemotePath) -> RemotePath | None:
        """Return the file that stands where this folder, or one above it, must be."""
        if not folder:
            return None
        if folder not in self._obstacles:
            above = self._obstacle(folder.parent)
            around, name = self._of(folder.parent), folder.name
            is_file = name in around.files and name not in around.folders
            self._obstacles[folder] = above or (folder if is_file else None)
        return self._obstacles[folder]


def taken(source: str, target: RemotePath, other: str) -> Problem:
    """Say that two sources have one target."""
    shown = f"'{printable(other)}' goes to '{printable(target)}' already."
    return Problem(source=source, reason=shown)


def both(source: str, target: str) -> Problem:
    """Say that a file stands where another source makes a folder."""
    reason = f"Another source makes a folder of '{printable(target)}'."
    return Problem(source=source, reason=reason)
