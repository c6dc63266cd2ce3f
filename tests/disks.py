"""Small file systems, where this user may mount one."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, size: str) -> Generator[Path]:
    """Mount a new file system with room for so much; a test without the right skips.

    Args:
        folder: Where to; it is made.
        size: As tmpfs understands it: ``20m``.
    """
    folder.mkdir()
    if not _mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)):
        pytest.skip("no right to mount a small disk")
    yield folder
    umount = shutil.which("umount") or "umount"
    # Lazily: a process that has just been ended may not have closed all files yet.
    subprocess.run([umount, "--lazy", str(folder)], check=True)


def change(disk: Path, option: str) -> None:
    """Change a small disk while it is used: ``ro``, ``rw``, ``size=50m``."""
    assert _mount("-o", f"remount,{option}", str(disk))


def fill(disk: Path) -> Path:
    """Take all room that is left, and return the file that has it."""
    ballast = disk / "ballast"
    page = bytes(4096)
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(page):
                pass
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
    return ballast


def _mount(*options: str) -> bool:
    mount = shutil.which("mount")
    if os.geteuid() != 0 or mount is None:
        return False
    done = subprocess.run([mount, *options], check=False, capture_output=True)
    return done.returncode == 0
