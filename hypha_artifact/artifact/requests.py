"""What a caller's paths mean, as requests to the engine."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, TypeAlias, TypedDict

import anyio.to_thread

from hypha_artifact.classes import LinkRule, MultipartConfig
from hypha_artifact.errors import InvalidInput, IsFolder, NotStaged
from hypha_artifact.models import StageMode
from hypha_artifact.paths import RemotePath, printable
from hypha_artifact.remote import RemoteArtifact
from hypha_artifact.transfer.state import DownloadRequest, Links, UploadRequest

if TYPE_CHECKING:
    import distributed

LocalPath: TypeAlias = str | os.PathLike[str]
Scheduler: TypeAlias = "str | distributed.Client"
"""A Dask cluster: its scheduler's address, or a client that is connected to it."""

LEAST_PART = 5 * 1024 * 1024
"""Bytes; S3 takes no shorter part but the last."""
MOST_WHOLE = 100 * 1024 * 1024
"""Bytes; longer files always go in parts."""


async def put_request(
    lpath: LocalPath | Sequence[LocalPath],
    rpath: str | Sequence[str] | None,
    *,
    remote: RemoteArtifact,
    maxdepth: int | None = None,
    recursive: bool = False,
    config: MultipartConfig | None = None,
    links: LinkRule = "files",
    compare: bool = False,
    mode: StageMode | None = None,
) -> UploadRequest:
    """Say what ``put`` is to upload; arguments as there.

    Args:
        lpath: The local file or folder, or several.
        rpath: Where to; one for each.
        remote: The artifact; its stage must be open, unless there is a ``mode``.
        maxdepth: Levels of folders to upload.
        recursive: Needed for a folder.
        config: How large files are sent.
        links: What to do with symbolic links in folders.
        compare: Compare the content of what is there.
        mode: The stage that would be opened, if none is.

    Raises:
        NotStaged: No stage is open.
        IsFolder: It is a folder, and ``recursive`` is not set.
        InvalidInput: Two files would go to one name, or the paths do not pair.
    """
    pairs = _pairs(lpath, rpath)
    sources = tuple(Path(local) for local, _ in pairs)
    folders = await anyio.to_thread.run_sync(_which_are_folders, sources)
    _refuse_folders(pairs, folders, recursive=recursive)
    names = tuple(
        _remote_name(local, target, folder)
        for (local, target), folder in zip(pairs, folders, strict=True)
    )
    _refuse_twice(names)
    return UploadRequest(
        sources=sources,
        names=names,
        artifact=remote.id,
        folder=RemotePath(),
        mode=await stage_mode(remote, mode),
        maxdepth=maxdepth,
        links=Links(links),
        compare=compare,
        **_parts(config),
    )


async def stage_mode(
    remote: RemoteArtifact, otherwise: StageMode | None = None
) -> StageMode:
    """Return the kind of the open stage, or of the one that would be opened.

    Raises:
        NotStaged: No stage is open, and none would be.
    """
    mode = (await remote.glance()).stage_mode or otherwise
    if mode is None:
        raise NotStaged(f"{remote.id} has no open stage.")
    return mode


async def get_request(
    rpath: str | Sequence[str],
    lpath: LocalPath | Sequence[LocalPath] | None,
    *,
    remote: RemoteArtifact,
    version: str | None = None,
    maxdepth: int | None = None,
    recursive: bool = False,
    lenient: bool = False,
    compare: bool = False,
) -> DownloadRequest:
    """Say what ``get`` is to download; arguments as there.

    Args:
        rpath: The file or folder in the artifact, or several.
        lpath: Where to; one for each.
        remote: The artifact.
        version: A name, None for the latest, or ``"stage"``.
        maxdepth: Levels of folders to download.
        recursive: Needed for a folder.
        lenient: Whether what is not there is told later, with the plan.
        compare: Compare the content of what is there.

    Raises:
        IsFolder: It is a folder, and ``recursive`` is not set.
        InvalidInput: Two files would go to one name, or the paths do not pair.
    """
    pairs = _pairs(rpath, lpath)
    sources = tuple(RemotePath(os.fspath(source)) for source, _ in pairs)
    folders = await _remote_folders(remote, sources, version)
    _refuse_folders(pairs, folders, recursive=recursive)
    targets = await anyio.to_thread.run_sync(_local_targets, pairs, folders)
    _refuse_twice(map(str, targets))
    return DownloadRequest(
        sources=sources,
        targets=targets,
        artifact=remote.id,
        folder=Path(),
        version=version,
        maxdepth=maxdepth,
        lenient=lenient,
        compare=compare,
    )


async def _remote_folders(
    remote: RemoteArtifact, paths: Iterable[RemotePath], version: str | None
) -> list[bool]:
    """Tell which paths are folders; what is not there is none."""
    listings = remote.listings(version)
    found: list[bool] = []
    for path in paths:
        entries = await listings.of(path.parent) if path else ()
        found.append(
            not path or any(e.is_folder for e in entries if e.name == path.name)
        )
    return found


Pair: TypeAlias = tuple[str, str | None]


def listed(paths: LocalPath | Sequence[LocalPath]) -> list[str]:
    """Return one path, or several, as a list of texts."""
    if isinstance(paths, str | os.PathLike):
        return [os.fspath(paths)]
    return [os.fspath(path) for path in paths]


def _pairs(
    sources: LocalPath | Sequence[LocalPath],
    targets: LocalPath | Sequence[LocalPath] | None,
) -> list[Pair]:
    """Put each source together with its target.

    Raises:
        TypeError: One is a list and the other is not.
        InvalidInput: They are not equally many.
    """
    one = isinstance(sources, str | os.PathLike)
    if targets is not None and one != isinstance(targets, str | os.PathLike):
        raise TypeError("Give one path and one target, or a list of each.")
    first = listed(sources)
    second = [None] * len(first) if targets is None else listed(targets)
    if len(first) != len(second):
        raise InvalidInput(
            f"{len(first)} paths do not pair with {len(second)} targets."
        )
    return list(zip(first, second, strict=True))


def _refuse_folders(pairs: list[Pair], folders: list[bool], *, recursive: bool) -> None:
    for (source, _), folder in zip(pairs, folders, strict=True):
        if folder and not recursive:
            raise IsFolder(f"'{printable(source)}' is a folder.")


def _refuse_twice(names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InvalidInput(f"Two sources would go to '{printable(name)}'.")
        seen.add(name)


def _which_are_folders(paths: Sequence[Path]) -> list[bool]:
    return [path.is_dir() for path in paths]


def _remote_name(local: str, remote: str | None, folder: bool) -> str:  # noqa: FBT001
    """Say where a file, or a folder's contents, go in the artifact."""
    last = Path(os.path.abspath(local)).name  # noqa: PTH100 - resolve() follows links
    if remote is None:
        plain = PurePosixPath(local)
        usable = not plain.is_absolute() and ".." not in plain.parts
        return RemotePath(local if usable else last)
    into = not folder and (remote.endswith("/") or not RemotePath(remote))
    return RemotePath(f"{remote}/{last}" if into else remote)


def _local_targets(pairs: list[Pair], folders: list[bool]) -> tuple[Path, ...]:
    """Say where each source goes on the disk. Blocks."""
    return tuple(
        _local_target(remote, local, folder)
        for (remote, local), folder in zip(pairs, folders, strict=True)
    )


def _local_target(remote: str, local: str | None, folder: bool) -> Path:  # noqa: FBT001
    path = RemotePath(remote)
    target = Path(path or ".") if local is None else Path(local).expanduser()
    into = local is not None and (local.endswith(("/", os.sep)) or target.is_dir())
    if into and not folder:
        target /= path.name
    return Path(os.path.abspath(target))  # noqa: PTH100 - resolve() follows links


class _Parts(TypedDict, total=False):
    multipart_above: int
    part_size: int


def _parts(config: MultipartConfig | None) -> _Parts:
    """Turn the caller's wishes into the engine's.

    Raises:
        InvalidInput: The parts would be too short for S3.
    """
    given = config or {}
    found: _Parts = {}
    size = given.get("chunk_size")
    if size is not None and size < LEAST_PART:
        raise InvalidInput(
            f"chunk_size is {size:,} bytes; S3 takes no part under {LEAST_PART:,}."
        )
    if size is not None:
        found["part_size"] = size
    if given.get("enable"):
        found["multipart_above"] = (size or LEAST_PART) - 1
    threshold = given.get("threshold")
    if threshold is not None:
        found["multipart_above"] = min(MOST_WHOLE, max(threshold, size or 0) - 1)
    return found
