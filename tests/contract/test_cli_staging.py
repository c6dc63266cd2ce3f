"""The commands around the stage, on the real server."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pexpect  # type: ignore[import-untyped]

from hypha_artifact.models import StageMode
from tests.contract.conftest import Draft, Run


def test_a_stage_from_status_to_commit(draft: Draft, run: Run) -> None:
    name = draft.name
    draft.put({"a.txt": b"one", "b.txt": b"two"})
    told = json.loads(run("-a", name, "--json", "status").stdout)
    assert (told["mode"], told["target"], told["latest"]) == ("new version", "v0", None)
    assert [(c["path"], c["change"], c["live"]) for c in told["changes"]] == [
        ("a.txt", "added", True),
        ("b.txt", "added", True),
    ]
    assert "2 new (6 B)" in run("status", name).stdout
    made = run("--json", "commit", name, "-m", "first")
    assert json.loads(made.stdout) == {
        "artifact": name,
        "version": "v0",
        "comment": "first",
    }
    assert f"Committed {name} as v0." in made.stderr
    assert "no stage is open. Readers see v0." in run("status", name).stdout
    listed = run("-a", name, "versions").stdout
    assert listed.startswith("v0 (latest)")
    assert listed.endswith("first\n")
    assert "no open stage" in run("-a", name, "commit", status=5).stderr
    run("-a", name, "discard", status=5)


def test_a_new_version_is_discarded(draft: Draft, run: Run) -> None:
    draft.put({"a.txt": b"one"})
    run("commit", draft.name)
    draft.put({"c.txt": b"three"}, StageMode.NEW_VERSION)
    lines = run("status", draft.name).stdout
    assert "a stage is open, new version, for v1. Readers see v0." in lines
    assert "1 new (5 B), 1 gone (3 B)" in lines
    assert "Note well: 1 file is in v0 but not in the new version" in lines
    done = run("-a", draft.name, "--json", "discard")
    assert json.loads(done.stdout) == {"artifact": draft.name, "latest": "v0"}


def test_the_prompt_takes_lines_and_survives_errors(run: Run, atlas: str) -> None:
    lines = "ls raw/plate\nnonsense\ncat missing\ncat 'unclosed\ncat a.txt\nexit\nls\n"
    done = run("-a", atlas, "run_shell", typed=lines)
    assert done.stdout == "1.tif\n2.tif\nhello\nworld\n"
    assert "There is no command 'nonsense'" in done.stderr
    assert "'missing'" in done.stderr
    assert "No closing quotation" in done.stderr
    alone = run(f"--artifact_id={atlas}", typed="size a.txt\n")
    assert alone.stdout == "12\n"


def test_the_prompt_on_a_terminal(run: Run, atlas: str, tmp_path: Path) -> None:
    run("size", f"{atlas}:a.txt")
    child = pexpect.spawn(
        sys.executable,
        ["-m", "hypha_artifact.cli", "-a", atlas],
        cwd=tmp_path,
        encoding="utf-8",
        timeout=20,
        env={**os.environ, "TERM": "dumb"},
    )
    child.expect_exact(f"{atlas}> ")
    child.sendline("cat a.txt")
    child.expect("hello\r\nworld\r\n")
    child.expect_exact(f"{atlas}> ")
    child.sendintr()
    child.expect_exact(f"{atlas}> ")
    child.sendeof()
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


def test_interrupted_has_its_exit_code() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        server = f"http://127.0.0.1:{mute.getsockname()[1]}"
        with subprocess.Popen(
            [sys.executable, "-m", "hypha_artifact.cli", "ls", "lab/x"],
            env={**os.environ, "HYPHA_SERVER_URL": server},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            connection, _ = mute.accept()
            process.send_signal(signal.SIGINT)
            told = process.communicate(timeout=20)
            connection.close()
    assert (process.returncode, *told) == (130, "", "Interrupted.\n")
