"""Helpers under the names of the ``hypha-artifact`` package; nothing here uses them."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from typing_extensions import Buffer


def to_bytes(content: str | Buffer) -> bytes:
    """Return text in UTF-8, or bytes as they are."""
    return content.encode() if isinstance(content, str) else bytes(content)


def decode_to_text(content: str | Buffer) -> str:
    """Return bytes in UTF-8 as text, or text as it is.

    Raises:
        UnicodeDecodeError: It is no UTF-8.
    """
    return content if isinstance(content, str) else bytes(content).decode()


def env_override(
    env_var_name: str, *, override: bool | str | None = None
) -> bool | str | None:
    """Return what was given, else what the environment says: True, or its text.

    Args:
        env_var_name: The variable; None where it is not set.
        override: Counts unless it is None.
    """
    if override is not None:
        return override
    said = os.environ.get(env_var_name)
    return True if said is not None and said.lower() == "true" else said


def local_file_or_dir(src_path: str, dst_path: str) -> str:
    """Put the source's last name behind a target that ends in a slash."""
    if not dst_path.endswith(("/", os.sep)):
        return dst_path
    return f"{dst_path}{PurePosixPath(src_path).name}"


def local_walk(src_path: str, maxdepth: int | None = None) -> list[str]:
    """List the files of a local folder, sorted. Blocks.

    Args:
        src_path: The folder; what is none has no files.
        maxdepth: Levels of folders, 1 for its own files; None for all.
    """
    root = Path(src_path)
    files = (
        Path(folder) / name for folder, _, names in os.walk(root) for name in names
    )
    return sorted(
        str(file)
        for file in files
        if maxdepth is None or len(file.relative_to(root).parts) <= maxdepth
    )


def rel_path_pairs(
    files: list[str], src_path: str, dst_path: str
) -> list[tuple[str, str]]:
    """Say where the files of one folder go in another.

    Args:
        files: Paths below the source.
        src_path: The source.
        dst_path: The target.

    Raises:
        ValueError: A file is not below the source.
    """
    return [
        (file, str(Path(dst_path) / Path(file).relative_to(src_path))) for file in files
    ]


def ensure_equal_len(
    rpath: str | list[str], lpath: str | list[str]
) -> tuple[list[str], list[str]]:
    """Return two paths, or two equally long lists of paths, as lists.

    Raises:
        TypeError: One is a list and the other is not.
        ValueError: They are not equally long.
    """
    if isinstance(rpath, str) and isinstance(lpath, str):
        return [rpath], [lpath]
    if isinstance(rpath, str) or isinstance(lpath, str):
        raise TypeError("Give one path and one target, or a list of each.")
    if len(rpath) != len(lpath):
        raise ValueError(f"{len(rpath)} paths do not pair with {len(lpath)} others.")
    return rpath, lpath
