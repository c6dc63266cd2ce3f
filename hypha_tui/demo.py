"""``hypha-tui demo``: a real server with sample data, and the application on it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import anyio

from hypha_artifact.localserver import local_server
from hypha_artifact.localserver.files import write_screen
from hypha_artifact.localserver.sample import ATLAS_ALIAS, seed
from hypha_artifact.paths import ROOT, ArtifactId
from hypha_tui.app import HyphaApp

LOCAL_FOLDER = "to-upload"


def run_demo(data: Path | None, say: Callable[[str], None]) -> None:
    """Start a local server, fill it, run the application, and stop the server.

    Args:
        data: Folder to keep the server's data in; None for a temporary one.
        say: Told what happens before and after.

    Raises:
        HyphaError: The server did not start, or refused the sample data.
    """
    with ExitStack() as stack:
        if data is None:
            made = tempfile.TemporaryDirectory(prefix="hypha-demo-")
            data = Path(stack.enter_context(made))
        server = stack.enter_context(local_server(data=data / "server", say=say))
        anyio.run(seed, server.settings, server.data, say)
        local = data / LOCAL_FOLDER
        if not local.exists():
            say("Making files to upload")
            write_screen(local)
        atlas = ArtifactId(server.workspace, ATLAS_ALIAS)
        HyphaApp(server.settings, local, (atlas, ROOT)).run()
