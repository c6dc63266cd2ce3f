"""What a download would do: remote tree and local files → ``TransferPlan``.

Local paths are texts here: a ``Path`` for each step would cost seconds with many files.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping
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
    files: dict[str, RemoteFile] = {}
    home = str(request.folder)
    for file in tree.files:
        local = beneath(str(file.root) if file.root else home, file.name)
        if local in files:
            problems.append(taken(file.path, file.name, files[local].path))
        else:
            files[local] = file
    folders = _folders(files)
    stands = folders & files.keys()
    problems += (both(files.pop(path).path, path) for path in sorted(stands))
    landing = _Landing(request.folder, files, habits, is_there)
    for path in landing.refused():
        problems.append(_unheld(files.pop(path).path))
    twins = landing.twins(folders)
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
        for local, file in files.items()
    )
    return TransferPlan(request=request, items=items, problems=tuple(problems))


class _Landing:
    """The local files that a download makes, as their file system sees them."""

    def __init__(
        self,
        folder: Path,
        files: Mapping[str, RemoteFile],
        habits: Callable[[Path], Habits],
        is_there: Callable[[str], bool],
    ) -> None:
        self._folder = folder
        self._files = files
        self._ask = habits
        self._is_there = is_there
        self._known: dict[Path, Habits] = {}
        self._taken: set[str] = set()
        self._twins: Collection[str] = ()

    def _habits(self, path: str) -> Habits:
        root = self._files[path].root or self._folder
        if root not in self._known:
            self._known[root] = self._ask(root)
        return self._known[root]

    def refused(self) -> list[str]:
        """Return the files whose names their file system does not hold."""
        return [
            path
            for path, file in self._files.items()
            if is_refused(file.name) and self._habits(path).refuses
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
            if self._habits(path).folds:
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


def _folders(files: Mapping[str, RemoteFile]) -> set[str]:
    """Return every folder that files make below the one that they go into."""
    seen: set[tuple[str, int]] = set()
    for path, file in files.items():
        folder, levels = path.rpartition("/")[0], file.name.count("/")
        while levels and (folder, levels) not in seen:
            seen.add((folder, levels))
            folder, levels = folder.rpartition("/")[0], levels - 1
    return {folder for folder, _ in seen}


def _unheld(source: str) -> Problem:
    reason = "The file system here does not hold such a name."
    return Problem(source=source, reason=reason)
