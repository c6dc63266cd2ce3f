"""What moves the bytes of one part, here or on a cluster's worker: nothing else.

An errand says everything in a few values that can be pickled, so that it is the same
wherever it is run.
"""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import anyio
import anyio.to_thread
from msgspec import Struct

from hypha_artifact.errors import IntegrityError, LocalFileError, RemoteChanged
from hypha_artifact.paths import RemotePath, printable
from hypha_artifact.remote import RemoteArtifact
from hypha_artifact.store import Body, Link
from hypha_artifact.transfer import target as files
from hypha_artifact.transfer.limits import Limiter
from hypha_artifact.transfer.local import (
    PIECE,
    Fingerprint,
    digest,
    load,
    pieces,
    reading,
)
from hypha_artifact.transfer.target import Target

MD5 = re.compile(r"[0-9a-fA-F]{32}")
"""An ETag that is the digest of the bytes; those of files in parts are not."""


class Sending(Struct, frozen=True, kw_only=True):
    """Send ``length`` bytes of a file, from position ``start`` on, to a link."""

    path: Path
    fingerprint: Fingerprint
    start: int
    length: int
    link: Link
    headers: Mapping[str, str] = {}


class Fetching(Struct, frozen=True, kw_only=True):
    """Fetch a file's bytes ``start`` up to ``stop`` (None: its end) into a target.

    ``size`` and ``etag`` are those of the whole file; None for an ETag that is not
    known yet. With ``durable``, the bytes are on the disk itself at the end.
    """

    target: Target
    link: Link
    start: int
    stop: int | None
    size: int
    etag: str | None = None
    durable: bool = False


async def send(
    remote: RemoteArtifact,
    errand: Sending,
    on_sent: Callable[[], None],
    *,
    limiter: Limiter | None = None,
) -> str:
    """Send a part, and return its ETag.

    Args:
        remote: Where to.
        errand: What.
        on_sent: Called when all bytes are out, and only the answer is awaited.
        limiter: How fast.

    Raises:
        SourceChanged: The file is not the one that was planned.
        IntegrityError: The store has other bytes.
        HyphaError: The file cannot be read, or the store not reached.
    """
    path, length = errand.path, errand.length
    if length <= PIECE and length == errand.fingerprint.size:
        data, md5 = await anyio.to_thread.run_sync(load, path, errand.fingerprint)
        body = _paced(_once(data), errand, limiter)
        etag = await _put(remote, errand, body, md5, on_sent)
    else:
        async with reading(path, errand.fingerprint) as fd:
            md5 = await anyio.to_thread.run_sync(digest, fd, errand.start, length)
            body = _paced(pieces(fd, errand.start, length), errand, limiter)
            etag = await _put(remote, errand, body, md5, on_sent)
    if MD5.fullmatch(etag) and etag.lower() != md5.hex():
        raise IntegrityError(
            f"The store did not keep the bytes of '{printable(str(path))}' as sent."
        )
    return etag


async def _put(
    remote: RemoteArtifact,
    errand: Sending,
    body: AsyncIterator[bytes],
    md5: bytes,
    on_sent: Callable[[], None],
) -> str:
    return await remote.put(
        errand.link,
        _told(body, on_sent),
        errand.length,
        md5=md5,
        headers=errand.headers,
    )


def _paced(
    body: AsyncIterator[bytes], errand: Sending, limiter: Limiter | None
) -> AsyncIterator[bytes]:
    if limiter is None:
        return body
    return limiter.paced(body, proxied=errand.link.is_proxied)


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def _told(
    body: AsyncIterator[bytes], on_sent: Callable[[], None]
) -> AsyncIterator[bytes]:
    async for piece in body:
        yield piece
    on_sent()


async def fetch(
    remote: RemoteArtifact,
    errand: Fetching,
    check: Callable[[Body], None],
    wrote: Callable[[int], None],
    *,
    limiter: Limiter | None = None,
) -> str:
    """Fetch a part into the temporary file, and return its ETag.

    Args:
        remote: Where from.
        errand: What.
        check: Called with the answer, before its bytes; may refuse it.
        wrote: Called with each number of bytes that were written.
        limiter: How fast.

    Raises:
        LocalFileError: The temporary file is gone, or another one.
        HyphaError: It cannot be written, or the store not reached.
    """
    target, at = errand.target, errand.start
    fd = await anyio.to_thread.run_sync(_open, target)
    try:
        async with remote.fetch(errand.link, at, errand.stop) as body:
            check(body)
            async for piece in body.chunks:
                if limiter is not None:
                    await limiter.take(len(piece))
                await anyio.to_thread.run_sync(files.write, fd, piece, at, target)
                at += len(piece)
                wrote(len(piece))
        if errand.durable:
            await anyio.to_thread.run_sync(files.sync, fd, target)
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(files.close, fd)
    return body.etag or ""


def require_same(path: RemotePath, body: Body, size: int, etag: str | None) -> None:
    """See that this is the file that was planned, and the same one in every part.

    Args:
        path: The file.
        body: What the store answers.
        size: Bytes that the file has to have.
        etag: The ETag of its other parts; None while there is none.

    Raises:
        RemoteChanged: It is another one.
    """
    if body.size != size:
        raise RemoteChanged(
            f"'{printable(path)}' has {body.size} bytes now, not {size} as listed."
        )
    agreed(path, etag, body.etag)


def agreed(path: RemotePath, etag: str | None, other: str | None) -> str | None:
    """Return the ETag of a file, as its parts have it.

    Raises:
        RemoteChanged: They have two.
    """
    if etag is not None and other is not None and other != etag:
        raise RemoteChanged(f"'{printable(path)}' changed while it was read.")
    return etag or other


def _open(target: Target) -> int:
    fd = files.open_temp(target)
    if os.fstat(fd).st_ino != target.inode:
        os.close(fd)
        shown = printable(str(target.path.with_name(target.temp)))
        raise LocalFileError(f"'{shown}' is not the file that was begun.")
    return fd
