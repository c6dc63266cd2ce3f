"""Names that a folder of this machine can hold, and those that it takes for one."""

from __future__ import annotations

import errno
import os
import re
import secrets
import unicodedata
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

_REFUSED = re.compile(
    r'[<>:"|?*\\]|[. ](/|$)|(^|/)(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|/|$)',
    re.IGNORECASE,
)
"""What file systems of Windows do not hold, or take for a device."""


class Habits(Struct, frozen=True, kw_only=True):
    """How the file system below a folder treats names.

    ``folds`` where ``a`` and ``A`` are one name; ``refuses`` where it does not hold
    what Windows does not.
    """

    folds: bool = False
    refuses: bool = False


def fold(name: str) -> str:
    """Return what two names have in common that some file systems take for one."""
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def is_refused(path: str) -> bool:
    """Tell whether file systems of Windows would refuse a relative path's names."""
    return _REFUSED.search(path) is not None


def probe(folder: Path) -> Habits:
    """Try names out in a folder, or the nearest one above it that is there. Blocks.

    Two empty files are made and removed. Where none can be made, nothing is known, and
    a download would fail anyway.

    Args:
        folder: Where files are to go.
    """
    here = next((each for each in (folder, *folder.parents) if each.is_dir()), folder)
    name = f".hypha-probe-{secrets.token_hex(8)}a"
    return Habits(
        folds=_try(here / name, here / name.upper()),
        refuses=_is_refused_here(here / f"{name}:"),
    )


def _try(path: Path, other: Path) -> bool:
    """Make a file; tell whether it has the other name, too."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError:
        return False
    try:
        return other.exists()
    finally:
        with suppress(OSError):
            path.unlink()


def _is_refused_here(path: Path) -> bool:
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        return error.errno in {errno.EINVAL, errno.ENOENT}
    with suppress(OSError):
        path.unlink()
    return False
