"""Local files as targets: a temporary file beside the target, then a rename.

Folders are opened one below the other without following links, so no name from a
server and no link on the disk leads a download out of its target folder.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from msgspec import Struct, structs

from hypha_artifact.errors import IntegrityError
from hypha_artifact.paths import RemotePath, printable
from hypha_artifact.transfer.guard import guard
from hypha_artifact.transfer.items import Existing

PART_SUFFIX = ".hypha-part"

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_BELOW = _FOLDER | os.O_NOFOLLOW
_TEMP = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EINVAL}


class Target(Struct, frozen=True, kw_only=True):
    """Where a download goes: ``name`` under ``root``, through a file named ``temp``.

    ``inode`` is the temporary file's, and after the rename the file's.
    """

    root: Path
    name: RemotePath
    temp: str
    inode: int = 0

    @classmethod
    def of(cls, root: Path, path: Path, token: str) -> Target:
        """Aim at a path under a folder.

        Args:
            root: The folder that the download may not leave.
            path: The file to write.
            token: Makes the temporary file's name one that nobody else takes.

        Raises:
            UnsafePath: The path does not lie below the folder by its name alone.
            ValueError: It is not under the folder at all.
        """
        name = RemotePath(path.relative_to(root).as_posix())
        stem = name.name.encode()[:120].decode(errors="ignore")
        temp = f".{stem}.{token}{PART_SUFFIX}"
        return cls(root=root, name=name, temp=temp)

    @property
    def path(self) -> Path:
        """The file to write."""
        return self.root / self.name


def create(target: Target, data: bytes = b"") -> Target:
    """Make the temporary file and the folders above it. Blocks.

    Args:
        target: Where it goes.
        data: The file's first bytes.

    Returns:
        The target with the file's inode.

    Raises:
        LocalFileError: The system refuses; DiskFull where there is no room.
    """
    with guard(target.path, "write"):
        target.root.mkdir(parents=True, exist_ok=True)
        with _folder(target, create=True) as folder:
            flags = _TEMP | os.O_CREAT | os.O_TRUNC
            fd = os.open(target.temp, flags, 0o666, dir_fd=folder)
            try:
                write(fd, data, 0, target)
                return structs.replace(target, inode=os.fstat(fd).st_ino)
            finally:
                os.close(fd)


def open_temp(target: Target) -> int:
    """Open the temporary file, which must be there, for writing. Blocks.

    Raises:
        LocalFileError: It is gone, or the system refuses.
    """
    with guard(target.path, "write"), _folder(target) as folder:
        return os.open(target.temp, _TEMP, dir_fd=folder)


def has_temp(target: Target, size: int) -> bool:
    """Tell whether the temporary file is the one we made, and so long. Blocks.

    Args:
        target: With its inode.
        size: Bytes that it must have at least.
    """
    try:
        with _folder(target) as folder:
            info = os.stat(target.temp, dir_fd=folder, follow_symlinks=False)
    except OSError:
        return False
    ours = stat.S_ISREG(info.st_mode) and info.st_ino == target.inode
    return ours and info.st_size >= size


def is_published(target: Target, size: int) -> bool:
    """Tell whether the file has its name already; its other name goes. Blocks.

    Raises:
        LocalFileError: The system refuses.
    """
    with guard(target.path, "write"):
        try:
            with _folder(target) as folder:
                info = os.stat(target.name.name, dir_fd=folder, follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            return False
        if info.st_ino != target.inode or info.st_size != size:
            return False
    discard(target)
    return True


def write(fd: int, data: bytes, at: int, target: Target) -> None:
    """Write all bytes at a position of an open temporary file. Blocks.

    Raises:
        DiskFull: No room left.
        LocalFileError: The system refuses.
    """
    view = memoryview(data)
    with guard(target.path, "write"):
        while view:
            count = os.pwrite(fd, view, at)
            view, at = view[count:], at + count


def sync(fd: int, target: Target) -> None:
    """Have what was written put on the disk itself. Blocks.

    Raises:
        LocalFileError: The system refuses.
    """
    with guard(target.path, "write"):
        os.fsync(fd)


def close(fd: int) -> None:
    """Close a temporary file; some file systems write, and fail, only now. Blocks."""
    with guard("the file", "write"):
        os.close(fd)


def verify(target: Target, etag: str | None) -> None:
    """See that a temporary file has the bytes that its ETag is the MD5 of. Blocks.

    Raises:
        IntegrityError: It has others.
    """
    fd = open_temp(target)
    try:
        with guard(target.path, "read"):
            os.lseek(fd, 0, os.SEEK_SET)
            md5 = partial(hashlib.md5, usedforsecurity=False)
            with os.fdopen(fd, "rb", closefd=False) as file:
                found = hashlib.file_digest(file, md5).hexdigest()
    finally:
        os.close(fd)
    if found != (etag or "").lower():
        shown = printable(str(target.path))
        raise IntegrityError(f"'{shown}' arrived with other bytes than the store has.")


def publish(
    target: Target, size: int, modified: float | None, *, replace: bool
) -> None:
    """Give the finished temporary file its name. Blocks.

    Args:
        target: Where it goes.
        size: Bytes it must have.
        modified: Its modification time in epoch seconds, where it is known.
        replace: Whether a file of that name may be replaced.

    Raises:
        IntegrityError: It has another size.
        LocalExists: A file of that name appeared meanwhile.
        LocalFileError: The system refuses.
    """
    with guard(target.path, "write"), _folder(target) as folder:
        fd = os.open(target.temp, _TEMP, dir_fd=folder)
        try:
            _seal(fd, target, size, modified)
        finally:
            os.close(fd)
        name = target.name.name
        if replace:
            os.replace(target.temp, name, src_dir_fd=folder, dst_dir_fd=folder)
        else:
            _rename_new(folder, target.temp, name)


def _seal(fd: int, target: Target, size: int, modified: float | None) -> None:
    found = os.fstat(fd).st_size
    if found != size:
        shown = printable(str(target.path))
        raise IntegrityError(f"'{shown}' has {found} bytes instead of {size}.")
    if modified is not None:
        at = round(modified * 1_000_000) * 1000  # a float holds microseconds
        os.utime(fd, ns=(at, at))
    os.fsync(fd)


def _rename_new(folder: int, temp: str, name: str) -> None:
    """Rename unless the new name is taken: a link cannot replace anything."""
    try:
        os.link(temp, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # No hard links here: claim the name with an empty file first.
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        os.close(os.open(name, flags, dir_fd=folder))
        os.replace(temp, name, src_dir_fd=folder, dst_dir_fd=folder)
    else:
        os.unlink(temp, dir_fd=folder)


def discard(target: Target) -> None:
    """Remove the temporary file if it is there. Blocks.

    Raises:
        LocalFileError: It is there, and the system refuses.
    """
    with (
        guard(target.path, "clean up"),
        suppress(FileNotFoundError, NotADirectoryError),
        _folder(target) as folder,
    ):
        os.unlink(target.temp, dir_fd=folder)


def look(root: Path, names: Iterable[RemotePath]) -> dict[RemotePath, Existing]:
    """Say what is at the targets of a download already. Blocks.

    Args:
        root: The folder that the download goes into.
        names: The files to write, relative to it.

    Returns:
        An entry for each name that is taken, or that cannot be written safely.
    """
    folders: dict[RemotePath, str | None] = {RemotePath(): None}
    found: dict[RemotePath, Existing] = {}
    for name in names:
        blocked = _obstacle(root, name.parent, folders)
        here = _blocked(blocked) if blocked else _existing(f"{root}/{name}")
        if here is not None:
            found[name] = here
    return found


def _obstacle(
    root: Path, folder: RemotePath, known: dict[RemotePath, str | None]
) -> str | None:
    if folder not in known:
        known[folder] = _obstacle(root, folder.parent, known) or _bad_folder(
            root / folder, printable(folder)
        )
    return known[folder]


def _bad_folder(path: Path, shown: str) -> str | None:
    if path.is_symlink():
        return f"'{shown}' is a symbolic link, and could lead out of the folder."
    if path.exists() and not path.is_dir():
        return f"'{shown}' is a file, and would have to be a folder."
    return None


def _existing(path: str) -> Existing | None:
    try:
        info = os.lstat(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        return _blocked(f"It cannot be looked at: {error.strerror}.")
    if stat.S_ISDIR(info.st_mode):
        return Existing(
            size=None,
            modified=None,
            blocked="A folder of that name is there.",
            is_folder=True,
        )
    return Existing(size=info.st_size, modified=info.st_mtime)


def _blocked(why: str) -> Existing:
    return Existing(size=None, modified=None, blocked=why)


@contextmanager
def _folder(target: Target, *, create: bool = False) -> Generator[int]:
    """Open the target's folder, link by link from the root, and follow none."""
    fd = os.open(target.root, _FOLDER)
    try:
        for segment in target.name.parent.segments:
            if create:
                with suppress(FileExistsError):
                    os.mkdir(segment, dir_fd=fd)
            below = os.open(segment, _BELOW, dir_fd=fd)
            os.close(fd)
            fd = below
        yield fd
    finally:
        os.close(fd)
