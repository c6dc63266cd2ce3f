"""Turn the operating system's refusals into errors that say what to do."""

from __future__ import annotations

import errno
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from hypha_artifact.errors import DiskFull, HyphaError, LocalExists, LocalFileError
from hypha_artifact.paths import printable

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_REFUSED = {errno.EACCES, errno.EPERM}
_REASONS = {
    errno.ENOENT: "it is not there any more",
    errno.EROFS: "the file system is read-only",
    errno.ENAMETOOLONG: "the name is too long for this file system",
    errno.ELOOP: "a symbolic link is in the way, and could lead out of the folder",
    errno.ENOTDIR: "a file or a symbolic link is where a folder has to be",
    errno.EISDIR: "a folder has that name",
    errno.EIO: "the disk reports a fault",
}


@contextmanager
def guard(path: Path | str, verb: str) -> Generator[None]:
    """Raise our errors instead of ``OSError``.

    Args:
        path: What is worked on; untrusted text.
        verb: What is done to it: ``read``, ``write`` …

    Raises:
        DiskFull: No room, or the quota is used up.
        LocalExists: The name is taken.
        LocalFileError: Anything else that the system refuses.
    """
    try:
        yield
    except HyphaError:
        raise
    except OSError as error:
        raise _ours(error, printable(str(path)), verb) from error


def reason(error: OSError) -> str:
    """Say in a few words why the system refused."""
    if error.errno in _REFUSED:
        return "permission denied"
    return _REASONS.get(error.errno or 0) or error.strerror or str(error)


def _ours(error: OSError, shown: str, verb: str) -> LocalFileError:
    if error.errno in _FULL:
        return DiskFull(f"No room left on the disk to {verb} '{shown}'.")
    if isinstance(error, FileExistsError):
        return LocalExists(f"'{shown}' is there already; it was not replaced.")
    return LocalFileError(f"Cannot {verb} '{shown}': {reason(error)}.")
