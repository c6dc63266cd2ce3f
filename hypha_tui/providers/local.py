"""Folders of this machine."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from anyio import to_thread

from hypha_artifact.errors import LocalFileError
from hypha_artifact.paths import printable
from hypha_artifact.transfer.guard import guard
from hypha_tui.providers.base import Crumb, Listing
from hypha_tui.state.rows import Row
from hypha_tui.state.text import size


class LocalProvider:
    """Local folders; a folder is its absolute path."""

    is_remote = False
    title = ""
    state = ""
    read_only = None

    def crumbs(self, folder: str) -> tuple[Crumb, ...]:
        """Name the folders from the home folder, or from the root, down."""
        path, home = Path(folder), Path.home()
        inside = path.is_relative_to(home)
        top = home if inside else Path(path.anchor)
        crumbs = [Crumb(text="~" if inside else path.anchor, folder=str(top))]
        for name in path.relative_to(top).parts:
            top /= name
            crumbs.append(Crumb(text=name, folder=str(top)))
        return tuple(crumbs)

    def parent(self, folder: str) -> str | None:
        """Return the folder above, None at the root."""
        above = str(Path(folder).parent)
        return above if above != folder else None

    def child(self, folder: str, name: str) -> str:
        """Join a name."""
        return str(Path(folder) / name)

    async def head(self, folder: str, name: str, most: int) -> bytes:
        """Read the first bytes of a file, in a thread."""
        return await to_thread.run_sync(_head, Path(folder) / name, most)

    async def list(self, folder: str) -> Listing:
        """Scan the folder in a thread; links are looked through, never followed up."""
        return await to_thread.run_sync(_scan, folder, abandon_on_cancel=True)


def _head(path: Path, most: int) -> bytes:
    with guard(path, "read"):
        # Nothing else than a file gives bytes at once; a pipe would wait for some.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:  # noqa: PTH123 - not by its path again
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                shown = printable(path.name)
                raise LocalFileError(f"'{shown}' is not a regular file.")
            return file.read(most)


def _scan(folder: str) -> Listing:
    try:
        with os.scandir(folder) as entries:
            rows = tuple(_rows(entries))
    except OSError as error:
        return Listing(error=_reason(error, folder), hint=_hint(error))
    return Listing(rows=rows, note=_free_space(folder))


def _rows(entries: Iterator[os.DirEntry[str]]) -> Iterator[Row]:
    for entry in entries:
        yield _row(entry)


def _row(entry: os.DirEntry[str]) -> Row:
    is_link = entry.is_symlink()
    try:
        info = entry.stat()
    except OSError as error:
        reason = "broken link" if is_link else _words(error)
        return Row(name=entry.name, is_link=is_link, note="?", error=reason)
    is_folder = stat.S_ISDIR(info.st_mode)
    regular = stat.S_ISREG(info.st_mode)
    return Row(
        name=entry.name,
        is_folder=is_folder,
        size=info.st_size if regular else None,
        modified=info.st_mtime,
        is_link=is_link,
        error=None if is_folder or regular else "not a regular file",
    )


def _free_space(folder: str) -> str:
    with suppress(OSError):
        return f"{size(shutil.disk_usage(folder).free)} free"
    return ""


def _words(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()


def _reason(error: OSError, folder: str) -> str:
    return f"Cannot list '{printable(folder)}': {_words(error)}."


def _hint(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "Its owner has to allow reading it."
    if isinstance(error, FileNotFoundError):
        return "It was moved or removed."
    return "Try again, or go to the folder above."
