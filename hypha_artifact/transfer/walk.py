"""Find the files below the sources of an upload."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from hypha_artifact.transfer.guard import reason
from hypha_artifact.transfer.items import Problem
from hypha_artifact.transfer.plan import LocalFile, LocalTree, local_files
from hypha_artifact.transfer.state import Links
from hypha_artifact.transfer.target import PART_SUFFIX

_KINDS: tuple[tuple[Callable[[int], bool], str], ...] = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def walk(
    sources: Sequence[Path],
    names: Sequence[str] | None = None,
    maxdepth: int | None = None,
    links: Links = Links.FILES,
) -> LocalTree:
    """Find every regular file under the sources. Blocks: run it in a thread.

    Args:
        sources: Files and folders; a folder's files are named from its own name on.
        names: Another name for each source.
        maxdepth: Levels to go down; 1 for a folder's own files.
        links: What to do with symbolic links.

    Returns:
        The files, and what cannot be sent with the reason.
    """
    walker = _Walker(links)
    for number, source in enumerate(sources):
        path = os.path.abspath(source)  # noqa: PTH100 - resolve() follows links
        name = os.path.basename(path) if names is None else names[number]  # noqa: PTH119
        walker.source(path, name, maxdepth)
    return LocalTree(files=walker.files, problems=tuple(walker.problems))


class _Level(Struct):
    """A folder that is being looked at."""

    entries: Iterator[os.DirEntry[str]]
    prefix: str
    identity: tuple[int, int]


class _Walker:
    """Looks at one source after the other, with no more than one path in hand."""

    def __init__(self, links: Links) -> None:
        self._links = links
        self.files = local_files()
        self.problems: list[Problem] = []

    def source(self, path: str, name: str, depth: int | None) -> None:
        is_link = os.path.islink(path)  # noqa: PTH114 - a Path for each costs time
        if is_link and self._links is Links.SKIP:
            self._link_skipped(path)
        elif os.path.isdir(path) and (not is_link or self._links is Links.FOLLOW):  # noqa: PTH112
            self._tree(path, name, depth)
        else:
            self._file(path, name)

    def _tree(self, path: str, name: str, depth: int | None) -> None:
        levels: list[_Level] = []
        self._enter(path, name, depth, levels)
        while levels:
            entry = next(levels[-1].entries, None)
            if entry is None:
                levels.pop()
                continue
            prefix = levels[-1].prefix
            self._entry(entry, f"{prefix}{entry.name}", depth, levels)

    def _enter(
        self, path: str, name: str, depth: int | None, levels: list[_Level]
    ) -> None:
        if depth is not None and len(levels) >= depth:
            return
        try:
            info = os.stat(path)  # noqa: PTH116
            with os.scandir(path) as entries:
                ordered = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            self._problem(path, f"The folder cannot be read: {reason(error)}.")
            return
        identity = info.st_dev, info.st_ino
        if any(level.identity == identity for level in levels):
            text = "It is a loop: a symbolic link to a folder that it is in."
            self._problem(path, text, is_note=True)
            return
        prefix = f"{name}/" if name else ""
        levels.append(_Level(iter(ordered), prefix, identity))

    def _entry(
        self,
        entry: os.DirEntry[str],
        name: str,
        depth: int | None,
        levels: list[_Level],
    ) -> None:
        is_link = entry.is_symlink()
        if is_link and self._links is Links.SKIP:
            self._link_skipped(entry.path)
        elif _is_folder(entry, follow=self._links is Links.FOLLOW):
            self._enter(entry.path, name, depth, levels)
        else:
            self._file(entry.path, name, entry)

    def _file(
        self, path: str, name: str, entry: os.DirEntry[str] | None = None
    ) -> None:
        """Look at a file; what is no file, and was not named itself, is only noted."""
        try:
            info = entry.stat() if entry else os.stat(path)  # noqa: PTH116
        except OSError as error:
            is_link = os.path.islink(path)  # noqa: PTH114
            why = "a link to nothing" if is_link and _is_gone(error) else reason(error)
            text = f"It cannot be read: {why}."
            gone = error.errno == errno.ENOENT and not is_link
            self._problem(path, text, missing=gone)
            return
        kind = _special(info.st_mode)
        if kind:
            text = f"It is {kind}, not a regular file."
            self._problem(path, text, is_note=entry is not None)
            return
        against = _objection(path, info)
        if against:
            self._problem(path, against)
            return
        self.files.add(
            LocalFile(path=path, name=name, size=info.st_size, modified=info.st_mtime)
        )

    def _link_skipped(self, path: str) -> None:
        text = "It is a symbolic link, which is to be skipped."
        self._problem(path, text, is_note=True)

    def _problem(
        self, path: str, why: str, *, missing: bool = False, is_note: bool = False
    ) -> None:
        self.problems.append(
            Problem(source=path, reason=why, missing=missing, is_note=is_note)
        )


def _is_folder(entry: os.DirEntry[str], *, follow: bool) -> bool:
    try:
        return entry.is_dir(follow_symlinks=follow)
    except OSError:
        return False  # a loop of links: a look at the file says so


def _is_gone(error: OSError) -> bool:
    return error.errno in {errno.ENOENT, errno.ELOOP}


def _special(mode: int) -> str | None:
    return next((text for test, text in _KINDS if test(mode)), None)


def _objection(path: str, info: os.stat_result) -> str | None:
    if stat.S_ISDIR(info.st_mode):
        return "It is a symbolic link to a folder, which is not followed."
    if not stat.S_ISREG(info.st_mode):
        return "It is not a regular file."
    if path.endswith(PART_SUFFIX):
        return "It is an unfinished download."
    if not os.access(path, os.R_OK):
        return "It cannot be read: permission denied."
    return None
