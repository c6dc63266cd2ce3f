"""The commands over whole artifacts, on the real server."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from uuid import uuid4

import pexpect  # type: ignore[import-untyped]
import pytest

from tests.contract.conftest import Draft, Run


@pytest.fixture
def lab(run: Run) -> str:
    """The name of the workspace."""
    made = run("create", f"space-{uuid4().hex[:12]}").stdout
    return made.partition("/")[0]


def test_an_artifact_from_create_to_delete(run: Run, lab: str, tmp_path: Path) -> None:
    shelf, alias = (f"{lab}/{name}-{uuid4().hex[:12]}" for name in ("shelf", "book"))
    assert run("create", shelf, "--type", "collection").stdout == f"{shelf}\n"
    manifest = tmp_path / "manifest.yaml"
    manifest.write_text("name: Zebrafish\ndescription: of plate 7\n")
    made = run(
        "--json", "-a", alias, "create", f"--manifest={manifest}", "--parent_id", shelf
    )
    assert json.loads(made.stdout) == {
        "artifact": alias,
        "type": "generic",
        "manifest": {"name": "Zebrafish", "description": "of plate 7"},
        "latest": "v0",
        "mode": None,
    }
    run("create", alias, status=5)
    listed = run("list_children", shelf, "--keywords=Zebrafish").stdout
    assert listed == f"{alias}  generic  Zebrafish\n"
    none = run("-a", shelf, "list-children", "--keywords", "nothing", "--json")
    assert json.loads(none.stdout) == []
    assert "--yes" in run("delete", alias, status=2).stderr
    assert "use rm" in run("-a", alias, "delete", "a.txt", status=2).stderr
    run("exists", alias)
    assert f"Deleted {alias}" in run("delete", alias, "--yes").stderr
    run("versions", alias, status=3)


def test_records_are_edited_at_once_or_in_a_stage(draft: Draft, run: Run) -> None:
    a = draft.name
    draft.put({"a.txt": b"a"})
    run("commit", a)
    inline = '{"name": "one", "n": 1}'
    at_once = run("-a", a, "--json", "edit", "--manifest", inline)
    assert json.loads(at_once.stdout)["manifest"] == {"name": "one", "n": 1}
    staged = run("-a", a, "edit", "--manifest=name: two", "--stage=True")
    assert "A stage is open" in staged.stderr
    run("-a", a, "edit", "--type", "other", status=5)
    done = run("-a", a, "edit", "--commit", "--comment", "renamed", "--json")
    assert json.loads(done.stdout)["manifest"] == {"name": "two"}
    assert json.loads(done.stdout)["mode"] is None
    opened = run("-a", a, "edit", "--new-version", "--json")
    assert json.loads(opened.stdout)["mode"] == "new version"
    run("discard", a)
    run("-a", a, "edit", "--manifest", "no-such-file", status=2)


def test_the_last_version_is_deleted_alone(draft: Draft, run: Run) -> None:
    draft.put({"a.txt": b"a"})
    run("commit", draft.name)
    put = "put", "-", "b.txt", "--new-version", "--commit"
    run("-a", draft.name, *put, typed="b")
    run("-a", draft.name, "delete", "--version", "v0", "-y", status=5)
    run("-a", draft.name, "delete", "--version", "v1", "-y")
    assert run("ls", draft.name).stdout == "a.txt\n"


def test_a_terminal_is_asked_before_a_deletion(draft: Draft, run: Run) -> None:
    for answer, status in (("n", 1), ("y", 0)):
        run("versions", draft.name)
        child = pexpect.spawn(
            sys.executable,
            ["-m", "hypha_artifact.cli", "delete", draft.name],
            encoding="utf-8",
            timeout=20,
        )
        child.expect_exact(f"Delete {draft.name}, all versions, for good? [y/N]")
        child.sendline(answer)
        child.expect(pexpect.EOF)
        child.close()
        assert child.exitstatus == status
    run("versions", draft.name, status=3)
