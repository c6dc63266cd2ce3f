"""The whole loop on the real server: select, copy, stage, commit, find it there."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import anyio
import pytest
from textual.pilot import Pilot

from hypha_artifact._api.transport import Transport
from hypha_artifact.paths import ROOT, ArtifactId
from hypha_artifact.settings import ConnectionSettings
from hypha_artifact.transfer.state import JobState
from hypha_artifact.workspace import AsyncHyphaWorkspace
from hypha_tui.app import HyphaApp
from hypha_tui.providers.session import Session
from hypha_tui.screens.main import MainScreen
from hypha_tui.widgets.status_bar import StatusLine
from tests.tui.fakes import ready, until


@pytest.fixture
async def artifact(settings: ConnectionSettings) -> ArtifactId:
    """An artifact with an empty first version."""
    async with Transport(settings) as transport:
        space = AsyncHyphaWorkspace(settings.workspace, transport=transport)
        made = await space.create(f"tui-{uuid4().hex[:12]}", {"name": "tui"})
    return made.artifact_id


async def committed(
    settings: ConnectionSettings, artifact: ArtifactId
) -> dict[str, int | None]:
    async with Transport(settings) as transport:
        space = AsyncHyphaWorkspace(settings.workspace, transport=transport)
        remote = await space.artifact(str(artifact))
        return {path: entry.size async for path, entry in remote.walk()}


def said(screen: MainScreen) -> str:
    return screen.query_one(StatusLine).text


def dialog(pilot: Pilot[None]) -> str:
    return type(pilot.app.screen).__name__


async def test_from_a_drag_to_a_committed_version(
    settings: ConnectionSettings, artifact: ArtifactId, local: Path
) -> None:
    app = HyphaApp(
        settings, local, (artifact, ROOT), session=Session(settings, inside=True)
    )
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await ready(pilot)
        left, right = screen.panes
        with anyio.fail_after(60):
            await pilot.mouse_down(left.files, offset=(10, 1))
            await pilot.hover(left.files, offset=(10, 5))
            await pilot.mouse_up(left.files, offset=(10, 5))
            assert len(left.files.selection) == 5
            await pilot.press("f5")
            await until(pilot, lambda: dialog(pilot) == "StageModeScreen")
            await pilot.press("n")
            client = screen.session.client
            await until(pilot, lambda: client.snapshot().count(JobState.DONE) == 5)
            await until(pilot, lambda: "5 files uploaded" in said(screen))
            await until(
                pilot, lambda: {row.badge for row in right.files.rows} == {"A", "M"}
            )
            await pilot.press("C")
            await until(pilot, lambda: dialog(pilot) == "CommitScreen")
            await pilot.press("ctrl+d")
            await until(pilot, lambda: "v1 is committed" in said(screen))
            await until(
                pilot, lambda: right.place and right.place.provider.state == "v1"
            )
    assert await committed(settings, artifact) == {
        ".hidden": 1,
        "file_0.txt": 0,
        "file_1.txt": 1,
        "file_2.txt": 2,
        "sub/inner.txt": 1,
    }


async def test_an_upload_ends_with_the_commit_that_was_wished_for(
    settings: ConnectionSettings, artifact: ArtifactId, local: Path
) -> None:
    app = HyphaApp(
        settings, local, (artifact, ROOT), session=Session(settings, inside=True)
    )
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await ready(pilot)
        await pilot.press("end", "c")
        await until(pilot, lambda: dialog(pilot) == "StageModeScreen")
        await pilot.press("c", *"By itself", "enter", "n")
        await until(pilot, lambda: "v1 is committed" in said(screen))
        right = screen.panes[1]
        await until(pilot, lambda: right.place and right.place.provider.state == "v1")
    assert await committed(settings, artifact) == {"file_9.txt": 9}
    async with Transport(settings) as transport:
        space = AsyncHyphaWorkspace(settings.workspace, transport=transport)
        record = await (await space.artifact(str(artifact))).read()
    assert record.latest
    assert record.latest.comment == "By itself"


async def test_a_look_into_a_staged_file_and_a_local_one(
    settings: ConnectionSettings, artifact: ArtifactId, local: Path
) -> None:
    (local / "file_9.txt").write_text("\x1b[31mred\n" + "x" * 300_000)
    app = HyphaApp(
        settings, local, (artifact, ROOT), session=Session(settings, inside=True)
    )
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await ready(pilot)
        right = screen.panes[1]
        await pilot.press("end", "c")
        await until(pilot, lambda: dialog(pilot) == "StageModeScreen")
        await pilot.press("i")
        await until(pilot, lambda: {row.badge for row in right.files.rows} == {"A"})
        for key in ("f3", "tab", "v"):
            await pilot.press(key)
            if key == "tab":
                await pilot.press("end")
                continue
            await until(pilot, lambda: dialog(pilot) == "ViewScreen")
            strips = pilot.app.screen._compositor.render_strips()
            shown = "\n".join(strip.text for strip in strips)
            assert "text, 293K; these are the first 256K" in shown
            assert "\\x1b[31mred" in shown
            assert "\x1b" not in shown
            await pilot.press("escape")


async def test_what_is_copied_back_is_the_same(
    settings: ConnectionSettings, artifact: ArtifactId, local: Path, tmp_path: Path
) -> None:
    names = ["#1?.txt", "100%.csv", "naïve – copy.txt"]
    for name in names:
        (local / name).write_text(name)
    target = tmp_path / "back"
    target.mkdir()
    app = HyphaApp(
        settings, local, (artifact, ROOT), session=Session(settings, inside=True)
    )
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await ready(pilot)
        left, right = screen.panes
        client = screen.session.client
        await pilot.press("ctrl+a", "c")
        await until(pilot, lambda: dialog(pilot) == "StageModeScreen")
        await pilot.press("i")
        await until(pilot, lambda: client.snapshot().count(JobState.DONE) == 15)
        await until(
            pilot, lambda: right.place and "stage in" in right.place.provider.state
        )
        await until(
            pilot, lambda: all(row.badge and not row.error for row in right.files.rows)
        )
        screen._opening.open_local(left, target)
        await until(pilot, lambda: left.place and left.place.folder == str(target))
        await pilot.press("tab")
        await until(pilot, lambda: right.files.has_focus)
        await pilot.press("ctrl+a", "f5")
        await until(pilot, lambda: client.snapshot().count(JobState.DONE) == 30)
        await until(pilot, lambda: "15 files downloaded" in said(screen))
    for path in local.rglob("*"):
        copy = target / path.relative_to(local)
        assert (
            copy.is_dir() if path.is_dir() else copy.read_bytes() == path.read_bytes()
        )
