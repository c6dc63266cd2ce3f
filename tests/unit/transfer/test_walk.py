from __future__ import annotations

import os
from pathlib import Path

import pytest

from hypha_artifact.transfer.walk import walk


def test_walk_names_files_from_the_source_on(tmp_path: Path) -> None:
    (tmp_path / "p" / "sub").mkdir(parents=True)
    (tmp_path / "p" / "sub" / "b").write_bytes(b"bb")
    (tmp_path / "p" / "a").write_bytes(b"a")
    (tmp_path / "single").write_bytes(b"")
    tree = walk((tmp_path / "p", tmp_path / "single"))
    found = [(file.name, file.size) for file in tree.files]
    assert found == [("p/a", 1), ("p/sub/b", 2), ("single", 0)]
    assert not tree.problems


def test_links_and_special_files(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    folder.mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x").write_bytes(b"x")
    (folder / "file_link").symlink_to(tmp_path / "elsewhere" / "x")
    (folder / "folder_link").symlink_to(tmp_path / "elsewhere")
    (folder / "loop").symlink_to(folder)
    (folder / "dangling").symlink_to(tmp_path / "nothing")
    os.mkfifo(folder / "pipe")
    tree = walk((folder,))
    assert [file.name for file in tree.files] == ["p/file_link"]
    assert tree.files[0].size == 1
    reasons = {Path(p.source).name: p.reason for p in tree.problems}
    assert set(reasons) == {"folder_link", "loop", "dangling", "pipe"}
    assert "link to nothing" in reasons["dangling"]
    assert "not a regular file" in reasons["pipe"]


def test_a_source_that_is_gone_is_a_problem(tmp_path: Path) -> None:
    tree = walk((tmp_path / "gone",))
    assert "not there" in tree.problems[0].reason


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_files_and_folders_are_problems(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "file").chmod(0)
    (tmp_path / "folder").mkdir(mode=0)
    tree = walk((tmp_path / "file", tmp_path / "folder"))
    assert [p.reason.split(": ")[1] for p in tree.problems] == [
        "permission denied."
    ] * 2
