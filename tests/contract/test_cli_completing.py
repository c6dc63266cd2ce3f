"""Completion as shells ask for it, on the real server."""

from __future__ import annotations

import os
import subprocess
import sys

from hypha_artifact.settings import ConnectionSettings
from tests.contract.conftest import Run


def complete(line: str) -> list[str]:
    """Ask for the last word of a line, in the words that the scripts use."""
    words = ["hypha-artifact", *line.split(" ")]
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from hypha_artifact.cli import main; main(prog_name='hypha-artifact')",
        ],
        env={
            **os.environ,
            "_HYPHA_ARTIFACT_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(words),
            "COMP_CWORD": str(len(words) - 1),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert not done.stderr
    found = done.stdout.splitlines()
    return [line.partition(",")[2] for line in found if line]


def test_commands_options_paths_and_artifacts(
    run: Run, atlas: str, settings: ConnectionSettings
) -> None:
    run("size", f"{atlas}:a.txt")
    assert complete("list") == ["list-children", "listdir"]
    assert "--checksum" in complete("sync --che")
    assert complete(f"-a {atlas} ls raw/p") == ["raw/plate/1.tif", "raw/plate/2.tif"]
    assert complete(f"-a {atlas} cat --version v0 ") == ["a.txt"]
    assert complete(f"get {atlas}:b") == [f"{atlas}:b [1].txt"]
    assert f"{atlas}:" in complete(f"cat {settings.workspace}/")
    assert atlas in complete("status ")
    assert atlas in complete("-a ")


def test_what_cannot_be_answered_is_left_out(
    run: Run, atlas: str, unused_tcp_url: str
) -> None:
    run("size", f"{atlas}:a.txt")
    assert complete("-a no-such-artifact ls ") == []
    assert complete(f"--server-url {unused_tcp_url} -a {atlas} ls ") == []


def test_the_scripts_are_printed(run: Run) -> None:
    for shell in ("bash", "zsh", "fish"):
        script = run("completion", shell).stdout
        assert "_HYPHA_ARTIFACT_COMPLETE" in script
        assert f"{shell}_complete" in script
