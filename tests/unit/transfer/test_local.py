from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from hypha_artifact.errors import LocalFileError, SourceChanged, StoreError
from hypha_artifact.transfer import local
from hypha_artifact.transfer.local import digest, fingerprint, pieces, reading


async def test_ranges_are_read_by_position(tmp_path: Path) -> None:
    path = tmp_path / "f"
    data = os.urandom(3 * local.PIECE + 7)
    path.write_bytes(data)
    async with reading(path, fingerprint(path)) as fd:
        got = [piece async for piece in pieces(fd, 5, 2 * local.PIECE)]
        md5 = digest(fd, 5, 2 * local.PIECE)
    assert max(map(len, got)) <= local.PIECE
    assert b"".join(got) == data[5 : 5 + 2 * local.PIECE]
    assert md5 == hashlib.md5(b"".join(got), usedforsecurity=False).digest()


async def test_a_change_is_seen_before_and_after(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"one")
    before = fingerprint(path)
    path.write_bytes(b"four")
    with pytest.raises(SourceChanged):
        async with reading(path, before):
            pytest.fail("it was opened")
    with pytest.raises(SourceChanged):
        async with reading(path, fingerprint(path)):
            path.write_bytes(b"other")


async def test_a_change_explains_a_refused_checksum(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"one")

    async def refused() -> None:
        async with reading(path, fingerprint(path)):
            path.write_bytes(b"other")
            raise StoreError("BadDigest")

    with pytest.raises(SourceChanged):
        await refused()


async def test_a_file_that_shrinks_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"12345")

    async def read() -> None:
        async with reading(path, fingerprint(path)) as fd:
            os.truncate(path, 2)
            [_ async for _ in pieces(fd, 0, 5)]

    with pytest.raises(SourceChanged):
        await read()


def test_no_fingerprint_of_what_cannot_be_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("gone", "pipe"):
        with pytest.raises(LocalFileError):
            fingerprint(tmp_path / name)


def test_a_large_file_is_known_by_its_head_and_tail(tmp_path: Path) -> None:
    path = tmp_path / "f"
    with path.open("wb") as file:
        file.truncate(6 * 1024 * 1024)
    before = fingerprint(path)
    for at in (0, local.ENDS - 1, before.size - 1):
        with path.open("r+b") as file:
            file.seek(at)
            file.write(b"x")
        os.utime(path, ns=(before.mtime_ns, before.mtime_ns))
        after = fingerprint(path)
        assert (after.size, after.mtime_ns, after.inode) == (
            before.size,
            before.mtime_ns,
            before.inode,
        )
        assert not after.fits(before)
        with path.open("r+b") as file:
            file.seek(at)
            file.write(b"\0")
        os.utime(path, ns=(before.mtime_ns, before.mtime_ns))
    assert fingerprint(path).fits(before)
    assert before.fits(replace(before, ends=None))  # of an older journal
    (tmp_path / "g").write_bytes(b"small")
    assert fingerprint(tmp_path / "g").ends is None
