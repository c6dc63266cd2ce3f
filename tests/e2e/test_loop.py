"""The whole loop in a real terminal: by keyboard alone, then by mouse alone."""

from __future__ import annotations

import os
from pathlib import Path

import anyio.to_thread
import pytest

from hypha_artifact import AsyncHyphaArtifact
from hypha_artifact.settings import ConnectionSettings
from tests.e2e.conftest import opened

MIB = 1 << 20


@pytest.fixture
def local(tmp_path: Path) -> Path:
    """A folder to upload, and two files beside it."""
    folder = tmp_path / "data"
    (folder / "batch" / "deep").mkdir(parents=True)
    for number in range(20):
        path = folder / "batch" / "deep" / f"small-{number:02}.bin"
        path.write_bytes(os.urandom(4096))
    (folder / "batch" / "large.bin").write_bytes(os.urandom(40 * MIB))
    (folder / "batch" / "empty.dat").touch()
    (folder / "batch" / "#1? 100%.txt").write_text("odd name")
    (folder / "one.txt").write_text("one")
    (folder / "two.txt").write_text("two")
    return folder


async def same(artifact: AsyncHyphaArtifact, names: list[str], local: Path) -> None:
    """Check the committed files against the local ones, byte by byte."""
    for name in names:
        assert await artifact.read_bytes(name) == (local / name).read_bytes(), name


async def test_by_keyboard_as_a_new_version(
    settings: ConnectionSettings, local: Path, artifact: AsyncHyphaArtifact
) -> None:
    def drive() -> None:
        with opened(settings, local, artifact.id, (120, 40)) as terminal:
            terminal.until(r"first\.txt")
            terminal.press("Down", "F5")
            terminal.until("What shall the changes become")
            terminal.press("n")
            terminal.until(r"23 files uploaded")
            terminal.until(r"Stage +A 23")
            terminal.press("C")
            terminal.until("1 file is in v0 but not in the new version")
            terminal.press("Space")
            terminal.until(r"\[x\] 1 file")
            terminal.press("Tab")
            terminal.until_cursor("What changed, and why")
            terminal.type("by keyboard")
            terminal.until("by keyboard")
            terminal.press("C-d")
            terminal.until(r"v1 is committed: readers see 23 files")
            terminal.press("q")
            terminal.until("EXIT-STATUS 0")

    await anyio.to_thread.run_sync(drive)
    versions = await artifact.versions()
    assert [(v.version, v.comment) for v in versions] == [
        ("v0", "first"),
        ("v1", "by keyboard"),
    ]
    found = [str(path) for path in await artifact.find()]
    assert len(found) == 23
    await same(artifact, found, local)
    assert set(await artifact.find(version="v0")) == {"first.txt"}


async def test_by_mouse_in_place_on_a_small_terminal(
    settings: ConnectionSettings, local: Path, artifact: AsyncHyphaArtifact
) -> None:
    def drive() -> None:
        with opened(settings, local, artifact.id, (80, 24)) as terminal:
            terminal.until(r"first\.txt")
            one, two = terminal.find(r"one\.txt"), terminal.find(r"two\.txt")
            terminal.drag(one, two)
            terminal.until("2 marked")
            terminal.drag(one, (30, 10), (60, 10))
            terminal.until("In place, in v0")
            terminal.click(*terminal.find("In place  +c Commit after"))
            terminal.until("2 files uploaded")
            terminal.until(r"STAGE +A 2")
            terminal.click(*terminal.find("C Commit"))
            terminal.until("What changed, and why")
            terminal.click(*terminal.find("What changed, and why"))
            terminal.type("by mouse")
            terminal.until("by mouse")
            terminal.click(*terminal.find(r"\^D Commit"))
            terminal.until("v0 is committed: readers see 3 files")
            terminal.click(*terminal.find("q Quit"))
            terminal.until("EXIT-STATUS 0")

    await anyio.to_thread.run_sync(drive)
    (version,) = await artifact.versions()
    assert version.comment == "by mouse"
    assert set(await artifact.find()) == {"first.txt", "one.txt", "two.txt"}
    await same(artifact, ["one.txt", "two.txt"], local)


async def test_a_hostile_name_never_reaches_the_terminal(
    settings: ConnectionSettings, local: Path, artifact: AsyncHyphaArtifact
) -> None:
    (local / "evil\x1b[2J\x1b]0;title\x07[red].txt").write_text("x")

    def drive() -> None:
        with opened(settings, local, artifact.id, (120, 40)) as terminal:
            terminal.until(r"evil\\x1b\[2J")
            terminal.until(r"first\.txt")
            terminal.press("q")
            terminal.until("EXIT-STATUS 0")

    await anyio.to_thread.run_sync(drive)
