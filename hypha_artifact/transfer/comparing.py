"""Compare local files with remote ones by their content, without moving it."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread
from msgspec import structs

from hypha_artifact.errors import (
    ArtifactNotFound,
    HyphaError,
    LocalFileError,
    NotFound,
    VersionNotFound,
)
from hypha_artifact.paths import RemotePath
from hypha_artifact.remote import RemoteArtifact
from hypha_artifact.store import Link
from hypha_artifact.streaming import RemoteBytes
from hypha_artifact.transfer.content import Hashes, has_content
from hypha_artifact.transfer.items import Content, PlanItem
from hypha_artifact.transfer.plans import TransferPlan

_AT_ONCE = 8
_BATCH = 200
_READERS = min(4, os.cpu_count() or 1)

Pair = tuple[Path, RemotePath]
_ANSWERS = (True, False, None)
_WORDS = {
    True: Content.SAME,
    False: Content.DIFFERENT,
    None: Content.UNKNOWN,
}


async def with_contents(
    remote: RemoteArtifact,
    plan: TransferPlan,
    version: str | None,
    *,
    own_part: int | None = None,
) -> TransferPlan:
    """Say of each item with something at its target whether the content differs.

    Args:
        remote: The artifact.
        plan: What would be moved.
        version: Where its remote files are; a name, None, or ``"stage"``.
        own_part: Bytes of a part as the user has chosen them.

    Raises:
        HyphaError: The store cannot be asked.
    """
    there = plan.collisions
    if not there:
        return plan
    found = bytearray()
    async with _judging(remote, own_part) as judge:
        for start in range(0, len(there), _BATCH):
            some = filter(_is_unsure, there[start : start + _BATCH])
            pairs = [(item.local, item.remote) for item in some]
            answers = await judge.judge(pairs, version) if pairs else ()
            found.extend(map(_ANSWERS.index, answers))
    words = (_WORDS[_ANSWERS[number]] for number in found)

    def judged(item: PlanItem) -> PlanItem:
        return _judged(item, next(words) if _is_unsure(item) else None)

    return await anyio.to_thread.run_sync(plan.changed, judged)


def _is_unsure(item: PlanItem) -> bool:
    """Tell whether only a look at the bytes says if they are the same."""
    there = item.existing
    if there is None or there.blocked is not None:
        return False
    return item.size == there.size and item.size > 0


def _judged(item: PlanItem, content: Content | None) -> PlanItem:
    there = item.existing
    if there is None or there.blocked is not None:
        return item
    if content is None:
        same = item.size == there.size
        content = Content.SAME if same else Content.DIFFERENT
    return structs.replace(item, existing=structs.replace(there, content=content))


async def contents(
    remote: RemoteArtifact,
    pairs: Sequence[Pair],
    version: str | None,
    *,
    own_part: int | None = None,
) -> list[bool | None]:
    """Compare local files with remote ones that have the same length.

    Local files are read in threads, and not again while they stay as they are.

    Args:
        remote: The artifact.
        pairs: A local file and a remote one each; none of them empty.
        version: A name, None for the latest, or ``"stage"``.
        own_part: Bytes of a part as the user has chosen them.

    Returns:
        For each pair whether the content is the same; None where it cannot be told.

    Raises:
        HyphaError: The store cannot be asked.
    """
    found: list[bool | None] = []
    if not pairs:
        return found
    async with _judging(remote, own_part) as judge:
        for start in range(0, len(pairs), _BATCH):
            found += await judge.judge(pairs[start : start + _BATCH], version)
    return found


@asynccontextmanager
async def _judging(
    remote: RemoteArtifact, own_part: int | None
) -> AsyncGenerator[_Judge]:
    hashes = await anyio.to_thread.run_sync(Hashes)
    try:
        yield _Judge(remote, hashes, own_part)
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(hashes.close)


class _Judge:
    """Compares a few files at a time."""

    def __init__(
        self, remote: RemoteArtifact, hashes: Hashes, own_part: int | None
    ) -> None:
        self._remote = remote
        self._hashes = hashes
        self._own_part = own_part
        self._limiter = anyio.CapacityLimiter(_READERS)

    async def judge(
        self, pairs: Sequence[Pair], version: str | None
    ) -> list[bool | None]:
        etags = await read_etags(self._remote, {path for _, path in pairs}, version)
        found: list[bool | None] = [None] * len(pairs)

        async def one(number: int, local: Path, path: RemotePath) -> None:
            found[number] = await self._one(local, path, etags.get(path))

        async with anyio.create_task_group() as tasks:
            for number, (local, path) in enumerate(pairs):
                tasks.start_soon(one, number, local, path)
        return found

    async def _one(
        self, local: Path, path: RemotePath, etag: str | None
    ) -> bool | None:
        look = partial(has_content, local, etag, self._hashes, self._own_part)
        try:
            same = await anyio.to_thread.run_sync(look, limiter=self._limiter)
        except LocalFileError:
            return None  # the transfer will say why it cannot be read
        # What the server sends itself may have a checksum of another kind.
        is_sure = same is not False or self._remote.takes_parts(path)
        return same if is_sure else None


async def read_etags(
    remote: RemoteArtifact, paths: Iterable[RemotePath], version: str | None
) -> dict[RemotePath, str | None]:
    """Ask the store for checksums of files; a request for one byte of each.

    Args:
        remote: The artifact.
        paths: Files, none of them empty.
        version: A name, None for the latest, or ``"stage"``.

    Returns:
        None for a file that has gone meanwhile, or has no checksum.

    Raises:
        HyphaError: The store cannot be asked, and waiting did not help.
    """
    asking = _Asking(remote, version)
    wanted = list(paths)
    for start in range(0, len(wanted), _BATCH):
        await asking.ask_all(wanted[start : start + _BATCH])
    return asking.found


class _Asking:
    """Asks for checksums, several at a time; the first error ends it."""

    def __init__(self, remote: RemoteArtifact, version: str | None) -> None:
        self.found: dict[RemotePath, str | None] = {}
        self._error: HyphaError | None = None
        self._remote = remote
        self._version = version
        self._limiter = anyio.CapacityLimiter(_AT_ONCE)

    async def ask_all(self, paths: Sequence[RemotePath]) -> None:
        links = await self._sign(paths)
        async with anyio.create_task_group() as tasks:
            for path in paths:
                tasks.start_soon(self._ask, path, links.get(path))
        if self._error:
            raise self._error

    async def _sign(self, paths: Sequence[RemotePath]) -> dict[RemotePath, Link]:
        try:
            return await self._remote.sign_downloads(paths, version=self._version)
        except (ArtifactNotFound, VersionNotFound):
            raise
        except NotFound:
            return {}  # one has gone, and the server signs none: each by itself

    async def _ask(self, path: RemotePath, link: Link | None) -> None:
        source = RemoteBytes(self._remote, path, version=self._version, link=link)
        async with self._limiter:
            if self._error:
                return
            try:
                await source.read(0, 1)
            except NotFound:
                self.found[path] = None
            except HyphaError as error:
                self._error = error
            else:
                self.found[path] = source.etag
