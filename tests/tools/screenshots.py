"""Pictures of the running application on a real server with sample data.

Run ``python -m tests.tools.screenshots [FOLDER]``; it writes ``browser``, ``upload``,
``staged``, ``commit`` and ``browser-80x24`` as PNG files.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import anyio
from textual.pilot import Pilot
from textual.widgets import TextArea

from hypha_artifact.localserver import LocalServer, local_server
from hypha_artifact.localserver.files import picture, write_noise
from hypha_artifact.localserver.sample import ATLAS_ALIAS, seed
from hypha_artifact.paths import ROOT, ArtifactId
from hypha_artifact.settings import ConnectionSettings
from hypha_artifact.transfer.state import JobState
from hypha_tui.app import HyphaApp
from hypha_tui.providers.session import Session
from hypha_tui.screens.commit import CommitScreen
from hypha_tui.screens.main import MainScreen
from hypha_tui.state.transfer_rows import jobs_of
from hypha_tui.themes import UNICODE
from hypha_tui.widgets.staged import StagedPanel
from hypha_tui.widgets.tick import Tick
from hypha_tui.widgets.transfers import TransfersPanel
from tests.tools.picture import write_png

WIDE, SMALL = (120, 40), (80, 24)
MESSAGE = "Embryo 12: five channels, new overview"
SMALL_FILES = (
    "images/96hpf/forebrain_dapi.png",
    "images/96hpf/hindbrain_dapi.png",
    "images/96hpf/midbrain_dapi.png",
    "images/96hpf/retina_dapi.png",
    "README.md",
    "overview.png",
)
STACKS = {
    f"stack_{number:02}_{name}.raw": (40 + 7 * number % 20) * 1_000_000
    for number, name in enumerate(("brightfield", "dapi", "gfp", "mcherry", "cy5"))
}
CAUGHT = 0.3
"""How much of the large files is there in the picture of the upload, at least."""
PATIENCE = 60.0
"""Seconds for the whole tour of one size."""


class Tour:
    """The application under way, and where its pictures go."""

    def __init__(self, pilot: Pilot[None], folder: Path) -> None:
        self.pilot = pilot
        self._folder = folder

    @property
    def main(self) -> MainScreen:
        """The main screen, whatever dialog is over it."""
        screen = self.pilot.app.screen_stack[0]
        assert isinstance(screen, MainScreen)
        return screen

    async def until(self, condition: Callable[[], object]) -> None:
        """Let the application work until something is so."""
        while not condition():
            await self.pilot.pause(0.02)

    async def dialog(self, name: str) -> None:
        """Wait for a dialog."""
        await self.until(lambda: type(self.pilot.app.screen).__name__ == name)
        await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        """Press keys."""
        await self.pilot.press(*keys)

    def shoot(self, name: str) -> None:
        """Write a picture of what is shown now."""
        path = self._folder / f"{name}.png"
        write_png(self.pilot.app.export_screenshot(title="hypha-tui"), path)
        print(path)  # noqa: T201 - what this program is for


async def open_panes(tour: Tour) -> None:
    """Wait until both panes show their places, and mark the small things."""
    await tour.until(lambda: all(pane.view for pane in tour.main.panes))
    await tour.until(lambda: tour.main.focused is not None)
    await tour.press("home", "down", "shift+down", "shift+down")
    await tour.pilot.pause()


async def upload(tour: Tour) -> None:
    """Stage the small things, then catch the large ones in the middle."""
    client, files = tour.main.session.client, tour.main.panes[0].files
    await tour.press("c")
    await tour.dialog("StageModeScreen")
    await tour.press("n")
    await tour.until(lambda: client.snapshot().groups and client.snapshot().is_idle)
    staged = tour.main.query_one(StagedPanel)
    await tour.until(lambda: len(staged.rows) > len(SMALL_FILES))
    await tour.press("end", *["shift+up"] * (len(STACKS) - 1))
    assert len(files.selection) == len(STACKS)
    await tour.press("c")
    await tour.until(lambda: done(tour, 1) > CAUGHT and halfway(tour))
    tour.shoot("upload")
    await tour.until(lambda: client.snapshot().is_idle)
    assert not client.snapshot().count(JobState.FAILED)


def done(tour: Tour, batch: int) -> float:
    """Tell how much of a batch is there, from 0 to 1."""
    groups = tour.main.session.client.snapshot().groups
    return groups[batch].done / groups[batch].size if len(groups) > batch else 0.0


def halfway(tour: Tour) -> int:
    """Count the files that are shown to be neither at their start nor at their end."""
    rows = tour.main.query_one(TransfersPanel).rows
    return sum(0.2 < job.fraction < 0.9 for row in rows for job in jobs_of(row))


def badges(tour: Tour) -> set[str]:
    """Collect the letters that the panes show."""
    return {row.badge for pane in tour.main.panes for row in pane.files.rows}


async def commit(tour: Tour) -> None:
    """Review the stage; nothing is committed."""
    staged = tour.main.query_one(StagedPanel)
    await tour.until(lambda: len(staged.rows) > len(STACKS) + len(SMALL_FILES))
    await tour.until(lambda: "!" not in badges(tour))
    await tour.press("s", "down", "down")
    tour.shoot("staged")
    await tour.press("C")
    await tour.dialog(CommitScreen.__name__)
    for tick in tour.pilot.app.screen.query(Tick):
        tick.action_turn()
    tour.pilot.app.screen.query_one(TextArea).focus()
    await tour.press(*MESSAGE)
    tour.shoot("commit")


async def take(
    settings: ConnectionSettings, local: Path, folder: Path, workspace: str
) -> None:
    """Run the application twice, small and wide."""
    where = (ArtifactId(workspace, ATLAS_ALIAS), ROOT)
    for size in (SMALL, WIDE):
        app = HyphaApp(
            settings,
            local,
            where,
            symbols=UNICODE,
            session=Session(settings, inside=True),
        )
        async with app.run_test(size=size) as pilot:
            tour = Tour(pilot, folder)
            try:
                with anyio.fail_after(PATIENCE):
                    await walk(tour, size)
            except TimeoutError:
                tour.shoot("stuck")
                raise


async def walk(tour: Tour, size: tuple[int, int]) -> None:
    """Take the pictures of one size."""
    await open_panes(tour)
    tour.shoot("browser" if size == WIDE else "browser-80x24")
    if size == WIDE:
        await upload(tour)
        await commit(tour)


def write_local(folder: Path) -> None:
    """Make what the pictures show in the left pane."""
    for name in SMALL_FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(picture(96, seed=len(name)))
    for number, (name, size) in enumerate(STACKS.items()):
        write_noise(folder / name, size, seed=number)


def start(server: LocalServer, home: Path, folder: Path) -> None:
    """Fill the server and a local folder, and take the pictures."""
    local = home / "microscope" / "embryo-12"
    write_local(local)
    anyio.run(seed, server.settings, server.data, print)
    folder.mkdir(exist_ok=True)
    anyio.run(take, server.settings, local, folder, server.workspace)


def main() -> None:
    """Take all pictures; no path of this machine is in them."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "screenshots").absolute()
    with tempfile.TemporaryDirectory(prefix="hypha-screenshots-") as home:
        os.environ.update(HOME=home, COLORTERM="truecolor", TERM="xterm-256color")
        with local_server(say=print) as server:
            start(server, Path(home), folder)


if __name__ == "__main__":
    main()
