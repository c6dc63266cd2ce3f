from __future__ import annotations

import os
import resource
import secrets
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from hypha_artifact.errors import (
    DiskFull,
    IntegrityError,
    LocalExists,
    LocalFileError,
    UnsafePath,
)
from hypha_artifact.paths import RemotePath
from hypha_artifact.transfer import target as files
from hypha_artifact.transfer.target import Target, look


def aim(root: Path, path: Path) -> Target:
    return Target.of(root, path, secrets.token_hex(6))


def fill(target: Target, data: bytes) -> None:
    files.create(target)
    fd = files.open_temp(target)
    try:
        files.write(fd, data, 0, target)
    finally:
        os.close(fd)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*"))


def test_the_name_appears_only_when_all_is_there(tmp_path: Path) -> None:
    target = aim(tmp_path / "to", tmp_path / "to" / "a" / "b.bin")
    fill(target, b"data")
    assert not target.path.exists()
    assert target.temp.startswith(".")
    files.publish(target, 4, 1_700_000_000.25, replace=False)
    assert target.path.read_bytes() == b"data"
    assert target.path.stat().st_mtime == 1_700_000_000.25
    assert names_in(tmp_path / "to") == ["a", "b.bin"]


def test_a_short_file_is_not_published(tmp_path: Path) -> None:
    target = aim(tmp_path, tmp_path / "f")
    fill(target, b"dat")
    with pytest.raises(IntegrityError):
        files.publish(target, 4, None, replace=True)
    assert not target.path.exists()


def test_a_file_that_appeared_meanwhile_is_kept(tmp_path: Path) -> None:
    target = aim(tmp_path, tmp_path / "f")
    fill(target, b"new")
    target.path.write_bytes(b"theirs")
    with pytest.raises(LocalExists):
        files.publish(target, 3, None, replace=False)
    assert target.path.read_bytes() == b"theirs"
    files.publish(target, 3, None, replace=True)
    assert target.path.read_bytes() == b"new"


def test_without_hard_links_the_name_is_claimed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "no links on this file system")

    monkeypatch.setattr(os, "link", refuse)
    target = aim(tmp_path, tmp_path / "f")
    fill(target, b"new")
    files.publish(target, 3, None, replace=False)
    assert target.path.read_bytes() == b"new"
    again = aim(tmp_path, tmp_path / "f")
    fill(again, b"newer")
    with pytest.raises(LocalExists):
        files.publish(again, 5, None, replace=False)
    assert target.path.read_bytes() == b"new"


def test_discard_leaves_nothing(tmp_path: Path) -> None:
    target = aim(tmp_path, tmp_path / "f")
    fill(target, b"half")
    files.discard(target)
    files.discard(target)
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("name", ["../out", "a/../../out", "a/\x1b[2J"])
def test_no_name_leads_out(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnsafePath):
        aim(tmp_path / "to", tmp_path / "to" / name)


def test_no_link_leads_out(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    root = tmp_path / "to"
    root.mkdir()
    (root / "sub").symlink_to(tmp_path / "outside")
    target = aim(root, root / "sub" / "f")
    with pytest.raises(LocalFileError):
        files.create(target)
    assert names_in(tmp_path / "outside") == []


def test_a_link_that_appears_later_does_not_lead_out(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    root = tmp_path / "to"
    target = aim(root, root / "sub" / "f")
    fill(target, b"data")
    (root / "sub").rename(root / "moved")
    (root / "sub").symlink_to(tmp_path / "outside")
    with pytest.raises(LocalFileError):
        files.publish(target, 4, None, replace=True)
    assert names_in(tmp_path / "outside") == []


def test_replacing_a_link_leaves_what_it_points_to(tmp_path: Path) -> None:
    (tmp_path / "precious").write_bytes(b"precious")
    (tmp_path / "to").mkdir()
    (tmp_path / "to" / "f").symlink_to(tmp_path / "precious")
    target = aim(tmp_path / "to", tmp_path / "to" / "f")
    fill(target, b"new")
    files.publish(target, 3, None, replace=True)
    assert (tmp_path / "precious").read_bytes() == b"precious"
    assert not target.path.is_symlink()


def test_long_names_have_room_for_the_suffix(tmp_path: Path) -> None:
    target = aim(tmp_path, tmp_path / ("é" * 127))
    fill(target, b"")
    files.publish(target, 0, None, replace=False)
    assert target.path.exists()


@pytest.fixture
def little_room() -> Iterator[int]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    yield 10_000
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    signal.signal(signal.SIGXFSZ, before)


def test_no_room_left(tmp_path: Path, little_room: int) -> None:
    target = aim(tmp_path, tmp_path / "f")
    with pytest.raises(DiskFull) as caught:
        fill(target, b"x" * (little_room + 1))
    assert "Make room" in caught.value.hint


def test_look_says_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"123")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    names = ["file", "folder", "new", "link/x", "file/x", "folder/x"]
    found = look(tmp_path, map(RemotePath, names))
    assert set(found) == {"file", "folder", "link/x", "file/x"}
    assert found[RemotePath("file")].size == 3
    assert found[RemotePath("file")].blocked is None
    assert "folder" in (found[RemotePath("folder")].blocked or "")
    assert "symbolic link" in (found[RemotePath("link/x")].blocked or "")
    assert "is a file" in (found[RemotePath("file/x")].blocked or "")


def test_look_at_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    assert look(tmp_path / "new", [RemotePath("a/b")]) == {}
