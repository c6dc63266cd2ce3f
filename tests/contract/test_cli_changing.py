"""The commands that change files and move them, on the real server."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.conftest import ATLAS, Draft, Run


def names(run: Run, artifact: str, *options: str) -> list[str]:
    return run("-a", artifact, "find", *options).stdout.splitlines()


def test_files_go_up_and_are_committed(draft: Draft, run: Run, tmp_path: Path) -> None:
    a = draft.name
    (tmp_path / "plate/left").mkdir(parents=True)
    (tmp_path / "plate/left/1.txt").write_text("one")
    (tmp_path / "plate/2.txt").write_text("two")
    told = run("put", str(tmp_path / "plate/2.txt"), f"{a}:tables/", "--json")
    assert json.loads(told.stdout) == {
        "files": 1,
        "size": 3,
        "done": [{"file": str(tmp_path / "plate/2.txt"), "size": 3}],
        "failed": [],
        "skipped": 0,
    }
    assert "Uploaded 1 file, 3 B." in told.stderr
    failed = run("-a", a, "put", str(tmp_path / "plate"), "raw", status=2)
    assert "is a folder" in failed.stderr
    old = f"--lpath={tmp_path}/plate", "--rpath=/raw", "--recursive=True"
    config = '--multipart_config={"enable": true, "chunk_size": 6000000}'
    run(f"--artifact_id={a}", "put", *old, config)
    run("-a", a, "put", "-", "piped.bin", typed=b"\x00\xff")
    up = [str(tmp_path / "plate/left"), str(tmp_path / "plate/2.txt"), "more"]
    run("-a", a, "upload", *up, "--enable-multipart", "--multipart-threshold", "9")
    assert names(run, a, "--stage") == [
        "more/2.txt",
        "more/left/1.txt",
        "piped.bin",
        "raw/2.txt",
        "raw/left/1.txt",
        "tables/2.txt",
    ]
    done = run("-a", a, "mkdir", "empty/inner", "-m", "all of it")
    assert f"Committed {a} as v0." in done.stderr
    assert run("-a", a, "cat", "piped.bin").stdout_bytes == b"\x00\xff"
    assert names(run, a, "empty", "--include-dirs") == ["empty/inner"]
    assert names(run, a, "empty", "--no-hide-keep") == ["empty/inner/.keep"]


def test_a_stage_is_opened_in_place_and_told(draft: Draft, run: Run) -> None:
    a = draft.name
    draft.put({"a.txt": b"a", "b.txt": b"b", "d/c.txt": b"c", "d/e/f.txt": b"f"})
    assert "Opened" not in run("-a", a, "touch", "t.txt").stderr
    run("commit", a)
    opened = run("rm", f"{a}:a.txt", f"{a}:b.txt")
    assert "in place: readers see uploads at once" in opened.stderr
    assert run("-a", a, "status", "--json").stdout.count('"removed"') == 2
    refused = run("-a", a, "rm", "a.txt", status=5)
    assert "marked for removal already" in refused.stderr
    run("-a", a, "touch", "new.txt", "--new-version", status=5)
    run("-a", a, "rm_file", "nothing.txt", status=3)
    run("-a", a, "rm", "d", status=2)
    run("-a", a, "rm", "--recursive", "d", "--commit", "--message=gone")
    assert names(run, a) == ["t.txt"]
    assert run("-a", a, "versions", "--json").stdout.count("gone") == 1


def test_a_new_version_is_opened_when_asked_for(draft: Draft, run: Run) -> None:
    a = draft.name
    draft.put({"a.txt": b"a"})
    run("commit", a)
    done = run("-a", a, "put", "-", "b.txt", "--new-version", "--commit", typed="b")
    assert "for a new version: it starts empty" in done.stderr
    assert f"Committed {a} as v1." in done.stderr
    assert names(run, a) == ["b.txt"]
    assert names(run, a, "--version=v0") == ["a.txt"]


def test_files_are_copied_moved_and_made(draft: Draft, run: Run) -> None:
    a = draft.name
    draft.put({"a.txt": b"a", "b.txt": b"b", "d/c.txt": b"c"})
    run("-a", a, "cp", "--path1=a.txt", "--path2=copies/")
    run("-a", a, "copy", "?.txt", "all")
    run("-a", a, "copy", "--recursive", "d", "d2")
    run("-a", a, "mv", "b.txt", "moved.txt")
    run("-a", a, "makedirs", "x/y")
    run("-a", a, "rmdir", "x/y")
    run("-a", a, "touch", "a.txt", "--truncate=False")
    assert names(run, a, "--stage") == [
        "a.txt",
        "all/a.txt",
        "all/b.txt",
        "copies/a.txt",
        "d/c.txt",
        "d2/c.txt",
        "moved.txt",
    ]
    assert run("cat", "--stage", "-a", a, "all/a.txt", "moved.txt").stdout == "ab"
    run("-a", a, "makedirs", "d", "--no-exist-ok", status=5)
    run("-a", a, "cp", "a.txt", status=2)


def test_files_come_down(
    run: Run, atlas: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run("get", f"{atlas}:a.txt")
    assert (tmp_path / "a.txt").read_bytes() == ATLAS["a.txt"]
    run("-a", atlas, "get", "a.txt", "old.txt", "--version", "v0")
    assert (tmp_path / "old.txt").read_text() == "old"
    told = run("-a", atlas, "get", "raw/plate/*.tif", "here", "--json")
    assert json.loads(told.stdout)["size"] == 2100
    assert sorted(p.name for p in (tmp_path / "here").iterdir()) == ["1.tif", "2.tif"]
    run("-a", atlas, "get", "raw", "there", status=2)
    run("-a", atlas, "get", "raw", "there", "-r", "--maxdepth=1")
    assert sorted(p.name for p in (tmp_path / "there").iterdir()) == [
        "notes.txt",
        "\u200ehidden.bin",
    ]
    done = run("download", f"{atlas}:raw/plate", "plate", "-v")
    assert "Downloaded 2 files, 2.1 KiB." in done.stderr
    assert "1.tif" in done.stderr
    piped = run("-a", atlas, "get", "a.txt", "b [1].txt", "-")
    assert piped.stdout_bytes == ATLAS["a.txt"] + b"bracket"
    run("-a", atlas, "get", "missing", "x", status=3)
    left = run("-a", atlas, "get", "missing", "a.txt", "x", "--on-error=ignore")
    assert "missing" in left.stderr
    assert (tmp_path / "x/a.txt").exists()


def test_find_tells_sizes(run: Run, atlas: str) -> None:
    assert (
        run("find", f"{atlas}:/raw/plate", "-l").stdout.splitlines()[0].split()[-1]
        == "/raw/plate/1.tif"
    )
    found = json.loads(run("-a", atlas, "--json", "find", "raw", "-d", "1").stdout)
    assert [entry["path"] for entry in found] == [
        "raw/notes.txt",
        "raw/\u200ehidden.bin",
    ]
    both = names(run, atlas, "raw", "--maxdepth=1", "--withdirs=True")
    assert "raw/plate" in both


def test_bars_are_for_terminals_only(run: Run, atlas: str, tmp_path: Path) -> None:
    done = run("-a", atlas, "get", "raw/plate/1.tif", str(tmp_path / "1.tif"))
    assert (done.stdout, done.stderr) == ("", "Downloaded 1 file, 100 B.\n")
    quiet = run("-q", "-a", atlas, "get", "raw/plate/1.tif", str(tmp_path / "1.tif"))
    assert not quiet.output
    shown = on_a_terminal(f"-a {atlas} get -r raw {tmp_path}/raw")
    assert "/s" in shown
    assert "Downloaded 4 files" in shown


def test_a_terminal_is_not_steered_by_what_is_in_files(run: Run, atlas: str) -> None:
    run("size", f"{atlas}:a.txt")
    shown = on_a_terminal(f"-a {atlas} cat -r raw a.txt")
    assert "\\x00\N{REPLACEMENT CHARACTER}\\x1b[2J" in shown
    assert "hello\nworld" in shown.replace("\r", "")
    listed = on_a_terminal(f"-a {atlas} ls raw")
    assert "\\u200ehidden.bin" in listed
    assert re.search(r"\b6 B +2\d{3}-", listed)


def on_a_terminal(arguments: str) -> str:
    """Run the command with a terminal for stdout and stderr."""
    command = f"{sys.executable} -m hypha_artifact.cli {arguments}"
    done = subprocess.run(
        ["script", "-qec", command, "/dev/null"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "COLUMNS": "120", "TERM": "xterm"},
    )
    return done.stdout
