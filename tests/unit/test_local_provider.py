from __future__ import annotations

import os
from pathlib import Path

import pytest

from hypha_artifact.errors import InvalidInput, LocalExists, LocalFileError
from hypha_tui.providers import changes
from hypha_tui.providers.local import LocalProvider
from hypha_tui.state.rows import Row


async def rows(folder: Path) -> dict[str, Row]:
    listing = await LocalProvider().list(str(folder))
    assert listing.error is None
    return {row.name: row for row in listing.rows}


async def test_each_kind_of_entry_is_listed(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"12345")
    (tmp_path / "to_folder").symlink_to("folder")
    (tmp_path / "broken").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    found = await rows(tmp_path)
    assert found["folder"].is_folder
    assert found["file"].size == 5
    assert found["to_folder"].is_folder
    assert found["to_folder"].is_link
    assert found["broken"].error == "broken link"
    assert found["pipe"].error == "not a regular file"


async def test_names_that_are_not_text_are_listed(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff\x1b[31m")).touch()
    found = await rows(tmp_path)
    assert list(found) == ["bad\udcff\x1b[31m"]


async def test_a_failed_listing_is_a_value(tmp_path: Path) -> None:
    listing = await LocalProvider().list(str(tmp_path / "nowhere"))
    assert listing.rows == ()
    assert listing.error is not None
    assert "nowhere" in listing.error
    assert listing.hint


def test_crumbs_lead_from_the_home_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    provider = LocalProvider()
    crumbs = provider.crumbs(str(tmp_path / "data" / "raw"))
    assert [crumb.text for crumb in crumbs] == ["~", "data", "raw"]
    assert crumbs[1].folder == str(tmp_path / "data")
    assert provider.crumbs("/")[0].text == "/"
    assert provider.parent("/") is None
    assert provider.parent("/usr/lib") == "/usr"


async def test_a_folder_is_made_once(tmp_path: Path) -> None:
    await changes.make_folder(tmp_path, "new")
    with pytest.raises(LocalExists):
        await changes.make_folder(tmp_path, "new")
    with pytest.raises(InvalidInput):
        await changes.make_folder(tmp_path, "a/b")
    with pytest.raises(LocalFileError):
        await changes.make_folder(tmp_path / "nowhere", "x")


async def test_removing_a_link_leaves_its_target(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    (target / "kept").touch()
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "inside").symlink_to(target)
    (tmp_path / "link").symlink_to(target)
    await changes.remove([folder, tmp_path / "link"])
    assert not folder.exists()
    assert not (tmp_path / "link").is_symlink()
    assert (target / "kept").exists()


async def test_a_removal_that_fails_says_what_and_why(tmp_path: Path) -> None:
    with pytest.raises(LocalFileError, match="nowhere"):
        await changes.remove([tmp_path / "nowhere"])


async def test_a_tally_counts_links_as_themselves(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "file").write_bytes(b"123")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    found = await changes.tally([tmp_path / "a"])
    assert (found.files, found.folders) == (2, 2)
    assert found.size >= 3
