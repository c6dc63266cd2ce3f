"""The commands that look, on the real server."""

from __future__ import annotations

import base64
import json
import subprocess
import sys

import pytest

from tests.contract.conftest import ATLAS, Run

HIDDEN = "raw/\u200ehidden.bin"


def test_ls_names_folders_first_and_tells_programs_all(run: Run, atlas: str) -> None:
    assert run("ls", atlas).stdout == "raw\na.txt\nb [1].txt\n"
    assert run("ls", "-a", atlas, "/raw/plate/").stdout == "1.tif\n2.tif\n"
    found = json.loads(run("--json", "ls", f"{atlas}:raw/plate").stdout)
    assert [entry.pop("last_modified") > 1e9 for entry in found] == [True, True]
    assert found[0] == {
        "path": "raw/plate/1.tif",
        "name": "1.tif",
        "type": "file",
        "size": 100,
    }


def test_ls_details_and_several_paths(run: Run, atlas: str) -> None:
    lines = run("-a", atlas, "ls", "raw", "a.txt", "--detail").stdout.splitlines()
    assert lines[0].split()[:2] == ["12", "B"]
    assert lines[0].endswith("a.txt")
    assert lines[1:3] == ["", "raw:"]
    assert lines[3].strip() == "plate/"
    assert len(lines) == 6
    assert run("-a", atlas, "ls", "--limit=1").stdout == "raw\n"
    assert run("-a", atlas, "listdir", "raw/plate").stdout == "1.tif\n2.tif\n"


def test_patterns_are_matched_in_the_artifact(run: Run, atlas: str) -> None:
    assert run("ls", f"{atlas}:raw/plate/*.tif").stdout == (
        "raw/plate/1.tif\nraw/plate/2.tif\n"
    )
    assert run("cat", f"{atlas}:b [1].txt").stdout == "bracket"
    assert "no*.txt" in run("cat", f"{atlas}:no*.txt", status=3).stderr


def test_older_spellings_go_on_working(run: Run, atlas: str) -> None:
    alone = run(f"--artifact_id={atlas}", "cat", "--path=a.txt", "--version=v0")
    assert alone.stdout == "old"
    both = run(f"--artifact-id={atlas}", "sizes", '["a.txt", "raw/notes.txt"]')
    assert both.stdout == "12  a.txt\n 7  raw/notes.txt\n"
    whole = run("-a", atlas, "cat", "raw/plate", "--recursive=True")
    assert whole.stdout == "1" * 100 + "2" * 2000


def test_cat_prints_every_file_byte_for_byte(run: Run, atlas: str) -> None:
    done = run("-a", atlas, "cat", "a.txt", HIDDEN, "raw/notes.txt")
    expected = ATLAS["a.txt"] + ATLAS[HIDDEN] + ATLAS["raw/notes.txt"]
    assert done.stdout_bytes == expected
    content = json.loads(run("-a", atlas, "--json", "cat", "a.txt", HIDDEN).stdout)
    assert content == [
        {"path": "a.txt", "text": "hello\nworld\n"},
        {"path": HIDDEN, "base64": base64.b64encode(ATLAS[HIDDEN]).decode()},
    ]


def test_cat_ends_with_a_failure_or_goes_on(run: Run, atlas: str) -> None:
    stopped = run("-a", atlas, "cat", "missing", "a.txt", status=3)
    assert not stopped.stdout
    assert "missing" in stopped.stderr
    went_on = run("-a", atlas, "cat", "missing", "a.txt", "--on_error=ignore")
    assert went_on.stdout == "hello\nworld\n"
    assert "missing" in went_on.stderr
    assert "folder" in run("-a", atlas, "cat", "raw", status=2).stderr


@pytest.mark.parametrize("option", ["-c", "--bytes", "--size"])
def test_head_prints_the_first_bytes(run: Run, atlas: str, option: str) -> None:
    assert run("-a", atlas, "head", "a.txt", option, "5").stdout == "hello"


def test_info_tells_of_each_path_and_of_missing_ones(run: Run, atlas: str) -> None:
    done = run("-a", atlas, "info", "raw", "a.txt", "missing", status=3)
    assert "directory" in done.stdout
    assert "12 (12 B)" in done.stdout
    assert "'missing'" in done.stderr
    root = json.loads(run("info", f"{atlas}:/", "--json").stdout)
    assert root[0]["type"] == "directory"


def test_exists_and_its_kin_answer_without_failing(run: Run, atlas: str) -> None:
    assert run("-a", atlas, "exists", "a.txt").stdout == "True\n"
    assert run("-a", atlas, "exists", "missing").stdout == "False\n"
    both = run("-a", atlas, "isdir", "raw", "a.txt").stdout
    assert both == "True   raw\nFalse  a.txt\n"
    assert run("-a", atlas, "isfile", "a.txt").stdout == "True\n"
    assert not run("-a", atlas, "exists", "-q", "missing", status=3).output
    assert not run("-a", atlas, "exists", "-q", "raw").output
    told = json.loads(run("-a", atlas, "--json", "exists", "raw").stdout)
    assert told == [{"path": "raw", "exists": True}]


def test_sizes_and_times(run: Run, atlas: str) -> None:
    assert run("-a", atlas, "size", "a.txt").stdout == "12\n"
    assert run("-a", atlas, "size", "raw").stdout == "0\n"
    assert run("-a", atlas, "modified", "a.txt").stdout.endswith("+00:00\n")
    assert run("-a", atlas, "modified", "raw").stdout == "-\n"


def test_du_adds_up_folder_by_folder(run: Run, atlas: str) -> None:
    total = sum(map(len, ATLAS.values()))
    lines = run("du", atlas, "--bytes").stdout.splitlines()
    assert [line.split() for line in lines] == [
        ["2100", "raw/plate"],
        [str(total - 19), "raw"],
        [str(total), "."],
    ]
    summed = json.loads(run("du", f"{atlas}:raw", "--total", "--json").stdout)
    assert summed == [{"path": "raw", "size": total - 19, "files": 4}]
    assert run("du", f"{atlas}:a.txt", "-b").stdout == "12  a.txt\n"


def test_tree_draws_and_tells_programs(run: Run, atlas: str) -> None:
    assert run("tree", f"{atlas}:raw", "--sizes").stdout.splitlines()[:4] == [
        "raw  (2.1 KiB)",
        "├── plate  (2.1 KiB)",
        "│   ├── 1.tif  (100 B)",
        "│   └── 2.tif  (2.0 KiB)",
    ]
    top = json.loads(run("--json", "tree", f"{atlas}:raw", "-d", "1").stdout)[0]
    assert top["children"][0]["name"] == "plate"
    assert "children" not in top["children"][0]


def test_what_is_missing_has_its_exit_code(run: Run, atlas: str) -> None:
    assert "missing" in run("ls", f"{atlas}:missing", status=3).stderr
    assert run("ls", "no-such-artifact", status=3).stderr.startswith("Error: ")
    failed = run("--json", "ls", f"{atlas}:missing", status=3)
    assert json.loads(failed.stderr)["error"]["exit_code"] == 3
    assert "Which artifact?" in run("ls", status=2).stderr
    assert "One artifact at a time" in run("ls", "a:x", "b:y", status=2).stderr


def test_sign_in_and_network_have_their_exit_codes(
    run: Run, atlas: str, unused_tcp_url: str
) -> None:
    run("--token", "wrong", "ls", atlas, status=4)
    run("--server-url", unused_tcp_url, "ls", atlas, status=6)


def test_a_reader_that_stops_early_is_no_failure(run: Run, atlas: str) -> None:
    run("ls", atlas)
    code = f"{sys.executable} -m hypha_artifact.cli cat -a {atlas} raw -r | true"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {code}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
