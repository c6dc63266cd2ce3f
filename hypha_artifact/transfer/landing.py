"""What a download would do: remote tree and local files → ``TransferPlan``.

Local paths are texts here: a ``Path`` for each step would cost seconds with many files.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path

from msgspec import structs

from hypha_artifact.paths import printable
from hypha_artifact.transfer.items import Draft, Existing, Problem
from hypha_artifact.transfer.names import Habits, fold, is_refused
from hypha_artifact.transfer.plan import RemoteFile, RemoteTree, both, taken
from hypha_artifact.transfer.plans import PlanItems, TransferPlan
from hypha_artifact.transfer.rules import free_name
from hypha_artifact.transfer.state import DownloadRequest


def beneath(root: str, name: str) -> str:
    """Join a name to a folder, as text."""
    return f"{root}{name}" if root.endswith("/") else f"{root}/{name}"


def plan_download(
    request: DownloadRequest,
    tree: RemoteTree,
    existing: Mapping[str, Existing],
    *,
    habits: Callable[[Path], Habits] = lambda _: Habits(),
    is_there: Callable[[str], bool] = lambda _: False,
) -> TransferPlan:
    """Say what a download would do.

    Args:
        request: What the user asked for.
        tree: What was found in the artifact.
        existing: What is at the local targets already, by ``beneath``.
        habits: Tells how the file system at a folder treats names; asked only when
            there are names that this matters for.
        is_there: Tells whether anything is at a local path.
    """
    problems = list(tree.problems)
    files: dict[str, int] = {}
    folders = _Folders()
    for number, file in enumerate(tree.files):
        local = _local(request, file)
        if local in files:
            other = tree.files[files[local]]
            problems.append(taken(file.path, file.name, other.path))
        else:
            files[local] = number
            folders.add(local, file.name)
    problems.extend(
        both(tree.files[files.pop(path)].path, path)
        for path in sorted(folders.paths & files.keys())
    )
    landing = _Landing(request, tree, files, habits, is_there)
    problems.extend(
        _unheld(tree.files[files.pop(path)].path) for path in landing.refused()
    )
    twins = landing.twins(folders.paths)
    there = {**existing, **twins} if twins else existing
    items = PlanItems.drafted(
        Draft(
            local=os.fsencode(local),
            remote=file.path,
            size=file.entry.size or 0,
            modified=file.entry.modified,
            existing=landing.beside(local, there.get(local)),
            root=os.fsencode(file.root) if file.root else None,
        )
        for local, file in landing.files()
    )
    return TransferPlan(request=request, items=items, problems=tuple(problems))


def _local(request: DownloadRequest, file: RemoteFile) -> str:
    return beneath(str(file.root or request.folder), file.name)


class _Landing:
    """The local files that a download makes, as their file system sees them."""

    def __init__(
        self,
        request: DownloadRequest,
        tree: RemoteTree,
        files: Mapping[str, int],
        habits: Callable[[Path], Habits],
        is_there: Callable[[str], bool],
    ) -> None:
        self._request = request
        self._tree = tree
        self._files = files
        self._ask = habits
        self._is_there = is_there
        self._known: dict[Path, Habits] = {}
        self._taken: set[str] = set()
        self._twins: Collection[str] = ()

    def files(self) -> Iterator[tuple[str, RemoteFile]]:
        """Yield each file that is left, and its local path before it."""
        for number, file in enumerate(self._tree.files):
            local = _local(self._request, file)
            if self._files.get(local) == number:
                yield local, file

    def _habits(self, file: RemoteFile) -> Habits:
        root = file.root or self._request.folder
        if root not in self._known:
            self._known[root] = self._ask(root)
        return self._known[root]

    def refused(self) -> list[str]:
        """Return the files whose names their file system does not hold."""
        return [
            path
            for path, file in self.files()
            if is_refused(file.name) and self._habits(file).refuses
        ]

    def twins(self, folders: Iterable[str]) -> dict[str, Existing]:
        """Return the files that would fall on another one, or on its folder."""
        found: dict[str, Existing] = {}
        folded = set(map(fold, folders))
        first: dict[str, str] = {}
        for path in self._files:
            name = fold(path)
            other = first.setdefault(name, path)
            if other is path and name not in folded:
                continue
            if self._habits(self._tree.files[self._files[path]]).folds:
                shown = printable(other.rpartition("/")[2])
                why = f"This disk does not tell its name from '{shown}'."
                if other is path:
                    why = "This disk does not tell its name from that of a folder."
                found[path] = Existing(size=None, modified=None, blocked=why)
        self._taken = first.keys() | folded
        self._twins = found.keys()
        return found

    def beside(self, path: str, there: Existing | None) -> Existing | None:
        """Give what is in the way the number of the next free name."""
        if there is None or not (
            there.blocked is None or there.is_folder or path in self._twins
        ):
            return there
        folder, slash, name = path.rpartition("/")

        def is_taken(other: str) -> bool:
            beside = f"{folder}{slash}{other}"
            return fold(beside) in self._taken or self._is_there(beside)

        number, copy = free_name(name, is_taken)
        self._taken.add(fold(f"{folder}{slash}{copy}"))
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
