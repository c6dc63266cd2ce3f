"""``diff`` and ``sync`` on the real server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.contract.conftest import ATLAS, Draft, Run

MIB = 1024 * 1024


def test_versions_differ_by_content(draft: Draft, run: Run) -> None:
    a = draft.name
    draft.put({"a.txt": b"one", "b.txt": b"two", "c.txt": b"", "d.txt": b"same"})
    run("commit", a)
    up = "put", "-", "--new-version"
    run("-a", a, *up, "a.txt", typed="ONE")
    run("-a", a, "put", "-", "d.txt", typed="same")
    run("-a", a, "put", "-", "new.txt", typed="new")
    staged = run("diff", a)
    assert staged.stdout.splitlines() == [
        "M  3 B  a.txt",
        "D  3 B  b.txt",
        "D  0 B  c.txt",
        "A  3 B  new.txt",
    ]
    run("commit", a)
    told = json.loads(run("-a", a, "diff", "v0", "v1", "--all", "--json").stdout)
    assert (told["before"], told["after"]) == ("v0", "v1")
    changes = {file["path"]: file["change"] for file in told["files"]}
    assert changes["d.txt"] == "same"
    assert run("diff", a, "v0", "--quick").stdout.splitlines()[0] == "?  3 B  a.txt"
    run("diff", a, "v0", "v9", status=3)
    run("diff", a, status=5)


def test_a_local_folder_is_synced_up(draft: Draft, run: Run, tmp_path: Path) -> None:
    a = draft.name
    here = tmp_path / "here"
    (here / "sub").mkdir(parents=True)
    (here / "a.txt").write_text("a")
    (here / "sub/big.bin").write_bytes(os.urandom(6 * MIB))
    (here / "empty").touch()
    dry = run("sync", str(here), f"{a}:data", "--dry-run")
    assert "Would copy 3 and delete 0 files" in dry.stdout
    assert run("find", f"{a}:", "--stage").stdout == ""
    run("-a", a, "upload", str(here / "sub/big.bin"), "data/sub/", "--chunk-size",
        str(5 * MIB), "--enable-multipart")  # fmt: skip
    done = run("-a", a, "sync", str(here), ":data", "--json", "-m", "synced")
    told = json.loads(done.stdout)
    assert (told["way"], told["same"]) == ("up", 1)
    assert [file["path"] for file in told["copied"]] == ["a.txt", "empty"]
    assert f"Committed {a} as v0." in done.stderr
    (here / "a.txt").write_text("b")
    (here / "empty").unlink()
    os.utime(here / "a.txt", (0, 0))
    os.utime(here / "sub/big.bin")
    quick = json.loads(run("sync", str(here), f"{a}:data", "-n", "--json").stdout)
    assert (quick["same"], quick["extra"]) == (1, ["empty"])
    sure = run("sync", str(here), f"{a}:data", "-c", "--delete", "--commit", "--json")
    told = json.loads(sure.stdout)
    assert [file["path"] for file in told["copied"]] == ["a.txt"]
    assert (told["same"], told["deleted"]) == (1, ["empty"])
    assert run("cat", f"{a}:data/a.txt").stdout == "b"
    assert run("find", a).stdout.splitlines() == ["data/a.txt", "data/sub/big.bin"]
    assert not run("sync", str(here), f"{a}:data", "--checksum").stdout
    assert len(cut_short(f"{a}:data/sub/big.bin")) == 4


def cut_short(path: str) -> bytes:
    """Print a file to a reader that wants four bytes; that is no failure."""
    cat = f"{sys.executable} -m hypha_artifact.cli cat {path}"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {cat} | head -c 4"],
        capture_output=True,
        check=True,
    )
    assert not done.stderr
    return done.stdout


def test_an_artifact_is_synced_down(run: Run, atlas: str, tmp_path: Path) -> None:
    here = tmp_path / "here"
    run("sync", f"{atlas}:", str(here))
    found = {
        str(p.relative_to(here)): p.read_bytes() for p in here.rglob("*") if p.is_file()
    }
    assert found == ATLAS
    (here / "extra/deep").mkdir(parents=True)
    (here / "extra/deep/x").touch()
    (here / "a.txt").write_text("changed")
    kept = json.loads(run("-a", atlas, "sync", ":", str(here), "--json").stdout)
    assert (kept["extra"], kept["deleted"]) == (["extra/deep/x"], [])
    assert [file["path"] for file in kept["copied"]] == ["a.txt"]
    run("-a", atlas, "sync", ":/", str(here), "--delete")
    assert not (here / "extra").exists()
    assert not run("-a", atlas, "sync", ":", str(here), "-c").stdout


def test_a_sync_never_deletes_for_a_side_that_is_not_there(
    run: Run, atlas: str, draft: Draft, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").touch()
    run("sync", f"{atlas}:missing", str(tmp_path), "--delete", status=3)
    assert (tmp_path / "a.txt").exists()
    run("sync", str(tmp_path / "no"), f"{draft.name}:", "--delete", status=3)
    run("sync", str(tmp_path / "a.txt"), f"{draft.name}:", status=2)
    run("sync", "here", "there", status=2)
    draft.put({"a.txt": b"kept"})
    (tmp_path / "broken").symlink_to("nowhere")
    (tmp_path / "a.txt").unlink()
    left = run("sync", str(tmp_path), f"{draft.name}:", "--delete", status=1)
    assert "So nothing was deleted." in left.stderr
    assert run("cat", "--stage", f"{draft.name}:a.txt").stdout == "kept"
