from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from hypha_artifact.transfer.state import Links
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
    assert reasons["pipe"] == "It is a named pipe, not a regular file."
    noted = [Path(p.source).name for p in tree.problems if p.is_note]
    assert noted == ["pipe"]
    alone = walk((folder / "pipe",))
    assert not alone.problems[0].is_note
    skipped = walk((folder,), links=Links.SKIP)
    assert not skipped.files
    assert all(problem.is_note for problem in skipped.problems)
    followed = walk((folder,), links=Links.FOLLOW)
    names = {file.name for file in followed.files}
    assert names == {"p/file_link", "p/folder_link/x"}
    loops = {p.source: p.is_note for p in followed.problems if "loop:" in p.reason}
    assert loops == {str(folder / "loop"): True}


def test_links_that_lead_in_circles(tmp_path: Path) -> None:
    for name, other in (("a", "b"), ("b", "a")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
        (tmp_path / name / "link").symlink_to(tmp_path / other)
    (tmp_path / "itself").symlink_to("itself")
    tree = walk((tmp_path,), [""], links=Links.FOLLOW)
    assert [file.name for file in tree.files] == [
        "a/file",
        "a/link/file",
        "b/file",
        "b/link/file",
    ]
    reasons = [problem.reason for problem in tree.problems]
    assert [("loop" in text, "nothing" in text) for text in reasons] == [
        (True, False),
        (True, False),
        (False, True),
    ]


def test_a_tree_deeper_than_the_stack(tmp_path: Path) -> None:
    deep = tmp_path / "deep"
    deep.mkdir()
    here = os.open(deep, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(os.open("f", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)
    try:
        found = walk((deep,), [""])
        assert [file.name.count("/") for file in found.files] == [1500]
        assert not walk((deep,), [""], maxdepth=1500).files
        assert len(walk((deep,), [""], maxdepth=1501).files) == 1
    finally:
        subprocess.run(["rm", "-rf", deep], check=True)  # pytest itself cannot


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
