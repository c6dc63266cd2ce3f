"""What the UI does to local folders itself; each runs in a thread."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from anyio import to_thread
from msgspec import Struct

from hypha_artifact.errors import InvalidInput, LocalExists, LocalFileError
from hypha_artifact.paths import printable


class Tally(Struct, frozen=True, kw_only=True):
    """How much lies at and below some paths; bytes of regular files."""

    files: int = 0
    folders: int = 0
    size: int = 0


async def make_folder(parent: Path, name: str) -> Path:
    """Make a folder.

    Raises:
        InvalidInput: The name is none.
        LocalExists: Something of that name is there.
        LocalFileError: The system refused.
    """
    if not name or name in {".", ".."} or "/" in name or "\0" in name:
        raise InvalidInput(f"'{printable(name)}' cannot be a folder's name.")
    return await to_thread.run_sync(_make, parent / name)


def _make(path: Path) -> Path:
    try:
        path.mkdir()
    except FileExistsError as error:
        raise LocalExists(
            f"'{printable(path.name)}' is there already.", hint="Choose another name."
        ) from error
    except OSError as error:
        raise _refused("make", path, error) from error
    return path


async def tally(paths: Sequence[Path]) -> Tally:
    """Count what a removal would take; links count as themselves."""
    return await to_thread.run_sync(_tally, paths, abandon_on_cancel=True)


def _tally(paths: Sequence[Path]) -> Tally:
    files = folders = total = 0
    for path in _walk(paths):
        try:
            info = path.lstat()
        except OSError:
            info = None
        if info is not None and stat.S_ISDIR(info.st_mode):
            folders += 1
        else:
            files += 1
            total += info.st_size if info is not None else 0
    return Tally(files=files, folders=folders, size=total)


def _walk(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        yield path
        if path.is_symlink() or not path.is_dir():
            continue
        for folder, folders, files in os.walk(path):
            yield from (Path(folder) / name for name in (*folders, *files))


async def remove(paths: Sequence[Path]) -> None:
    """Remove files and whole folders; a link is removed itself, never its target.

    Raises:
        LocalFileError: One of them could not be removed; those before it are gone.
    """
    await to_thread.run_sync(_remove, paths)


def _remove(paths: Sequence[Path]) -> None:
    for path in paths:
        try:
            _remove_one(path)
        except OSError as error:
            raise _refused("remove", path, error) from error


def _remove_one(path: Path) -> None:
    if path.is_symlink() or not path.is_dir():
        path.unlink()
    elif shutil.rmtree.avoids_symlink_attacks:
        shutil.rmtree(path)
    else:
        raise LocalFileError(
            f"'{printable(path.name)}' is a folder, and this system cannot remove one "
            "without following links.",
            hint="Remove it with another program.",
        )


def _refused(verb: str, path: Path, error: OSError) -> LocalFileError:
    if isinstance(error, LocalFileError):
        return error
    at = error.filename
    shown = printable(at if isinstance(at, str) else str(path))
    why = (error.strerror or type(error).__name__).lower()
    return LocalFileError(f"Cannot {verb} '{shown}': {why}.")
