"""``hypha-tui demo``: a real server with sample data, and the application on it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import anyio

from hypha_artifact.localserver import local_server
from hypha_artifact.localserver.ending import signals_as_exit
from hypha_artifact.localserver.files import write_screen
from hypha_artifact.localserver.sample import ATLAS_ALIAS, seed
from hypha_artifact.paths import ROOT, ArtifactId
from hypha_tui.app import HyphaApp
from hypha_tui.providers.session import Session

LOCAL_FOLDER = "to-upload"


def run_demo(data: Path | None, say: Callable[[str], None]) -> None:
    """Start a local server, fill it, run the application, and stop the server.

    Args:
        data: Folder to keep the server's data in; None for a temporary one.
        say: Told what happens before and after.

    Raises:
        HyphaError: The server did not start, or refused the sample data.
    """
    with signals_as_exit(), ExitStack() as stack:
        if data is None:
            made = tempfile.TemporaryDirectory(prefix="hypha-demo-")
            data = Path(stack.enter_context(made))
        server = stack.enter_context(local_server(data=data / "server", say=say))
        anyio.run(seed, server.settings, server.data, say)
        local = _files_to_upload(data / LOCAL_FOLDER, say)
        atlas = ArtifactId(server.workspace, ATLAS_ALIAS)
        # The server ends with this program, so the transfers do, too.
        session = Session(server.settings, inside=True)
        HyphaApp(server.settings, local, (atlas, ROOT), session=session).run_to_end()


def _files_to_upload(folder: Path, say: Callable[[str], None]) -> Path:
    if not folder.exists():
        say("Making files to upload")
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            made = Path(scratch) / folder.name
            write_screen(made)
            made.rename(folder)
    return folder
