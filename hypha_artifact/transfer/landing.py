"""What a download would do: remote tree and local files → ``TransferPlan``.

Local paths are texts here: a ``Path`` for each step would cost seconds with many files.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeAlias

from msgspec import structs

from hypha_artifact.paths import MAX_SEGMENT_BYTES, printable
from hypha_artifact.transfer.items import Draft, Existing, Problem
from hypha_artifact.transfer.known import Known
from hypha_artifact.transfer.names import Habits, fold, is_refused
from hypha_artifact.transfer.plan import RemoteFile, RemoteTree, both, taken
from hypha_artifact.transfer.plans import PlanItems, TransferPlan
from hypha_artifact.transfer.rules import free_name
from hypha_artifact.transfer.state import DownloadRequest

_AT_ONCE = 5000
"""Files that are looked for on the disk at a time."""

_MAY_BE_CUT = MAX_SEGMENT_BYTES // 4
"""Characters: a copy that is shorter has the whole name that it is of."""


def beneath(root: str, name: str) -> str:
    """Join a name to a folder, as text."""
    return f"{root}{name}" if root.endswith("/") else f"{root}/{name}"


Look: TypeAlias = Callable[[Sequence[RemoteFile]], Mapping[str, Existing]]
"""Says what is at the local targets of some files, by ``beneath``."""


def plan_download(
    request: DownloadRequest,
    tree: RemoteTree,
    look: Look,
    *,
    habits: Callable[[Path], Habits] = lambda _: Habits(),
    is_there: Callable[[str], bool] = lambda _: False,
) -> TransferPlan:
    """Say what a download would do.

    Args:
        request: What the user asked for.
        tree: What was found in the artifact.
        look: Asked for some thousand files at a time.
        habits: Tells how the file system at a folder treats names; asked only when
            there are names that this matters for.
        is_there: Tells whether anything is at a local path.
    """
    landing = _Landing(request, tree, habits)
    twins = landing.twins()
    free = _Free(landing, is_there)

    def drafts() -> Iterator[Draft]:
        for files in _some(landing):
            there = look([file for _, file in files])
            for local, file in files:
                found = twins.get(local) or there.get(local)
                yield Draft(
                    local=os.fsencode(local),
                    remote=file.path,
                    size=file.entry.size or 0,
                    modified=file.entry.modified,
                    existing=free.beside(local, found, is_twin=local in twins),
                    root=os.fsencode(file.root) if file.root else None,
                )

    items = PlanItems.drafted(drafts())
    return TransferPlan(request=request, items=items, problems=landing.problems)


Aimed: TypeAlias = tuple[str, RemoteFile]
"""A remote file, and its local path before it."""


def _some(landing: Iterable[Aimed]) -> Iterator[list[Aimed]]:
    files = iter(landing)
    while some := list(islice(files, _AT_ONCE)):
        yield some


class _Landing:
    """Where each file of a download goes, as its file system sees it.

    Of the files it has two numbers each: very many are looked for by their hashes.
    """

    def __init__(
        self,
        request: DownloadRequest,
        tree: RemoteTree,
        habits: Callable[[Path], Habits],
    ) -> None:
        self._folder = request.folder
        self._files = tree.files
        self._ask = habits
        self._known_habits: dict[Path, Habits] = {}
        self._left_out = bytearray(len(tree.files))
        self._problems = list(tree.problems)
        self.folded = Known()
        """The local paths of all files, as a file system that folds names has them."""
        paths, folders, odd = Known(), _Folders(), list[int]()
        for number, file in enumerate(tree.files):
            local = self._local(file)
            paths.add(local)
            self.folded.add(fold(local))
            folders.add(local, file.name)
            if is_refused(file.name):
                odd.append(number)
        self.folders = folders.paths
        """Every local folder that is made."""
        self.doubtful = self.folded.twice()
        """Hashes of folded paths that more than one file may have."""
        self._find_clashes(paths)
        self._find_refused(odd)

    def __iter__(self) -> Iterator[Aimed]:
        """Yield each file that can be written."""
        for left_out, file in zip(self._left_out, self._files, strict=True):
            if not left_out:
                yield self._local(file), file

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What cannot be written."""
        return tuple(self._problems)

    def _local(self, file: RemoteFile) -> str:
        return beneath(str(file.root or self._folder), file.name)

    def _find_clashes(self, paths: Known) -> None:
        """Leave out what another file, or a folder, takes the name of."""
        doubtful = paths.twice()
        doubtful.update(hash(path) for path in self.folders if path in paths)
        if not doubtful:
            return
        first: dict[str, int] = {}
        for number, file in enumerate(self._files):
            local = self._local(file)
            if hash(local) not in doubtful:
                continue
            other = first.setdefault(local, number)
            if other != number:
                against = taken(file.path, file.name, self._files[other].path)
                self._leave_out(number, against)
        for path in sorted(self.folders & first.keys()):
            number = first[path]
            self._leave_out(number, both(self._files[number].path, path))

    def _find_refused(self, odd: Iterable[int]) -> None:
        for number in odd:
            file = self._files[number]
            if not self._left_out[number] and self._habits(file).refuses:
                self._leave_out(number, _unheld(file.path))

    def _leave_out(self, number: int, problem: Problem) -> None:
        self._left_out[number] = True
        self._problems.append(problem)

    def _habits(self, file: RemoteFile) -> Habits:
        root = file.root or self._folder
        if root not in self._known_habits:
            self._known_habits[root] = self._ask(root)
        return self._known_habits[root]

    def twins(self) -> dict[str, Existing]:
        """Return the files that would fall on another one, or on its folder."""
        found: dict[str, Existing] = {}
        folders = set(map(fold, self.folders))
        on_folders = {hash(path) for path in folders if path in self.folded}
        doubtful = self.doubtful | on_folders
        if not doubtful:
            return found
        first: dict[str, str] = {}
        for path, file in self:
            name = fold(path)
            if hash(name) not in doubtful:
                continue
            other = first.setdefault(name, path)
            if other is path and name not in folders:
                continue
            if self._habits(file).folds:
                shown = printable(other.rpartition("/")[2])
                why = f"This disk does not tell its name from '{shown}'."
                if other is path:
                    why = "This disk does not tell its name from that of a folder."
                found[path] = Existing(size=None, modified=None, blocked=why)
        return found


class _Free:
    """Names that are free beside others."""

    def __init__(self, landing: _Landing, is_there: Callable[[str], bool]) -> None:
        self._files = landing.folded
        self._doubtful = landing.doubtful
        self._others = set(map(fold, landing.folders))
        self._is_there = is_there

    def beside(
        self, path: str, there: Existing | None, *, is_twin: bool
    ) -> Existing | None:
        """Give what is in the way the number of the next free name."""
        if there is None or not (there.blocked is None or there.is_folder or is_twin):
            return there
        folder, slash, name = path.rpartition("/")

        def is_taken(other: str) -> bool:
            beside = f"{folder}{slash}{other}"
            folded = fold(beside)
            is_ours = folded in self._others or folded in self._files
            return is_ours or self._is_there(beside)

        number, copy = free_name(name, is_taken)
        # Other names get other copies, unless they are cut, or folded to be the same.
        if len(copy) >= _MAY_BE_CUT or hash(fold(path)) in self._doubtful:
            self._others.add(fold(f"{folder}{slash}{copy}"))
        return structs.replace(there, free=number)


class _Folders:
    """The folders that files make below the one that they go into."""

    def __init__(self) -> None:
        self.paths: set[str] = set()
        self._seen: set[tuple[str, int]] = set()

    def add(self, path: str, name: str) -> None:
        """Add those of a file: its local path, and its name below that folder."""
        folder, levels = path.rpartition("/")[0], name.count("/")
        while levels and (folder, levels) not in self._seen:
            self._seen.add((folder, levels))
            self.paths.add(folder)
            folder, levels = folder.rpartition("/")[0], levels - 1


def _unheld(source: str) -> Problem:
    reason = "The file system here does not hold such a name."
    return Problem(source=source, reason=reason)
