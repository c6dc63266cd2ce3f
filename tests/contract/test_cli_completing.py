"""Completion as shells ask for it, on the real server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from hypha_artifact.settings import ConnectionSettings
from tests.contract.conftest import Run
from tests.e2e.terminal import Terminal


def complete(line: str, breaks: str = "") -> list[str]:
    """Ask for the last word of a line, as the script for bash does."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from hypha_artifact.cli import main; main(prog_name='hypha-artifact')",
        ],
        env={
            **os.environ,
            "_HYPHA_ARTIFACT_COMPLETE": "bash_complete",
            "COMP_LINE": f"hypha-artifact {line}",
            "COMP_WORDBREAKS": breaks,
            "HYPHA_COMPLETION_SECONDS": "60",
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
    assert complete(f"get {atlas}:b") == [f"{atlas}:b\\ \\[1\\].txt"]
    assert complete(f"get {atlas}:b", " :=") == ["b\\ \\[1\\].txt"]
    assert complete(f"get {atlas}:b\\ ", " :=") == ["b\\ \\[1\\].txt"]
    assert complete(f"get '{atlas}:b ", " :=") == [f"{atlas}:b [1].txt"]
    assert f"{atlas}:" in complete(f"cat {settings.workspace}/")
    assert atlas in complete("status ")
    assert atlas in complete("-a ")


def test_what_cannot_be_answered_is_left_out(
    run: Run, atlas: str, unused_tcp_url: str
) -> None:
    run("size", f"{atlas}:a.txt")
    assert complete("-a no-such-artifact ls ") == []
    assert complete(f"--server-url {unused_tcp_url} -a {atlas} ls ") == []


def test_in_a_real_bash(
    atlas: str, settings: ConnectionSettings, tmp_path: Path
) -> None:
    command = tmp_path / "hypha-artifact"
    code = "from hypha_artifact.cli import main; main(prog_name='hypha-artifact')"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{code}" "$@"\n')
    command.chmod(0o700)
    environ = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "HYPHA_COMPLETION_SECONDS": "60",
        "HYPHA_SERVER_URL": settings.server_url,
        "HYPHA_WORKSPACE": settings.workspace or "",
        "HYPHA_TOKEN": settings.token or "",
    }
    bash = ["bash", "--norc", "--noprofile", "-i"]
    with Terminal(bash, (200, 30), environ) as terminal:
        terminal.until("bash-")
        terminal.type('eval "$(hypha-artifact completion bash)"; echo ready\n')
        terminal.until("(?m)^ready")
        terminal.type(f"hypha-artifact cat {atlas[:-3]}\t")
        terminal.until(f"(?m)cat {atlas}:$")
        terminal.type("raw/pl\t")
        terminal.until(f"(?m)cat {atlas}:raw/plate/$")
        terminal.type("1\t")
        terminal.until(f"(?m)cat {atlas}:raw/plate/1.tif *$")
        terminal.type(f"; hypha-artifact get {atlas}:b\t")
        terminal.until(rf"(?m)get {atlas}:b\\ \\\[1\\\]\.txt *$")
        terminal.press("C-u")
        terminal.type(f"hypha-artifact -a {atlas} get --version=v0 '\t")
        terminal.until("(?m)--version=v0 'a.txt' *$")


def test_the_scripts_are_printed(run: Run) -> None:
    for shell in ("bash", "zsh", "fish"):
        script = run("completion", shell).stdout
        assert "_HYPHA_ARTIFACT_COMPLETE" in script
        assert f"{shell}_complete" in script
