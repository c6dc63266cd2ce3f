from __future__ import annotations

import hashlib
import os
import sqlite3
import stat
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from hypha_artifact.errors import LocalFileError
from hypha_artifact.transfer.content import Hashes, has_content
from hypha_artifact.transfer.names import Habits, probe
from hypha_artifact.transfer.plan import MIB

LONG_AGO = 1.6e9


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


def of_parts(data: bytes, part: int) -> str:
    pieces = [data[at : at + part] for at in range(0, len(data), part)]
    digests = [hashlib.md5(piece, usedforsecurity=False).digest() for piece in pieces]
    whole = hashlib.md5(b"".join(digests), usedforsecurity=False).hexdigest()
    return f"{whole}-{len(pieces)}"


def test_content_against_etags(tmp_path: Path) -> None:
    data = os.urandom(11 * MIB + 3)
    path = written(tmp_path / "f", data)
    plain = hashlib.md5(data, usedforsecurity=False).hexdigest()
    other = hashlib.md5(b"", usedforsecurity=False).hexdigest()
    with Hashes(tmp_path / "cache" / "c") as hashes:
        told = {
            etag: has_content(path, etag, hashes)
            for etag in (
                plain,
                plain.upper(),
                other,
                of_parts(data, 5 * MIB),
                of_parts(data, len(data)),
                f"{other}-1",
                f"{other}-2",
                of_parts(data, 9 * MIB),
                "W/abc",
                "",
            )
        }
        assert list(told.values()) == [
            True, True, False, True, True, False, None, None, None, None,
        ]  # fmt: skip
        assert has_content(path, of_parts(data, 9 * MIB), hashes, 9 * MIB)
        assert has_content(path, None, hashes) is None


def test_checksums_are_remembered_while_a_file_is_the_same(tmp_path: Path) -> None:
    cache = tmp_path / "cache" / "c"
    path = written(tmp_path / "f", b"one")
    for expected in (1, 0):
        with Hashes(cache) as hashes:
            assert hashes.etag(path) == hashlib.md5(b"one").hexdigest()  # noqa: S324
            assert hashes.computed == expected
    assert stat.S_IMODE(cache.stat().st_mode) == 0o600
    assert stat.S_IMODE(cache.parent.stat().st_mode) == 0o700
    with Hashes(cache) as hashes:
        written(tmp_path / "g", b"two").replace(path)  # another inode, all else alike
        assert hashes.etag(path) == hashlib.md5(b"two").hexdigest()  # noqa: S324
        path.write_bytes(b"tri")
        hashes.etag(path)
        path.write_bytes(b"for")  # maybe within the same tick of the clock
        assert hashes.etag(path) == hashlib.md5(b"for").hexdigest()  # noqa: S324
        assert hashes.computed == 3
        path.unlink()
        with pytest.raises(LocalFileError):
            hashes.etag(path)


def test_a_cache_that_cannot_be_used_is_done_without(tmp_path: Path) -> None:
    path = written(tmp_path / "f", b"one")
    broken = tmp_path / "broken"
    broken.write_bytes(b"no database" * 1000)
    with Hashes(broken) as hashes:
        etag = hashes.etag(path)
    with Hashes(broken) as hashes:
        assert hashes.etag(path) == etag
        assert not hashes.computed
    locked = sqlite3.connect(broken, isolation_level=None)
    with Hashes(broken) as hashes:
        locked.execute("DELETE FROM etags")
        locked.execute("BEGIN EXCLUSIVE")
        assert hashes.etag(path) == etag
    locked.close()
    (tmp_path / "file").touch()
    with Hashes(tmp_path / "file" / "c") as hashes:
        assert hashes.etag(path) == etag


async def test_hashing_ends_when_nobody_waits_for_it(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with Hashes(tmp_path / "c") as hashes:
        with anyio.move_on_after(0.05) as scope:
            await anyio.to_thread.run_sync(hashes.etag, path)
        assert scope.cancelled_caught
        assert not hashes.computed


def test_names_are_tried_out_and_nothing_stays(tmp_path: Path) -> None:
    (tmp_path / "f").touch()
    told = probe(tmp_path / "not" / "there")
    other = (tmp_path / "F").exists()
    assert told == Habits(folds=other, refuses=False)
    assert [path.name for path in tmp_path.iterdir()] == ["f"]
