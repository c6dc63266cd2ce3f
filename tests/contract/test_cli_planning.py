"""What is there already: planned, decided, asked for, on the real server."""

from __future__ import annotations

import json
import os
from pathlib import Path

import anyio
import click
import pytest
from click.testing import CliRunner

from hypha_artifact import AsyncHyphaArtifact
from hypha_artifact.cli.planned import Asker
from hypha_artifact.errors import InvalidInput, LocalFileError
from hypha_artifact.paths import RemotePath
from hypha_artifact.transfer.items import PlanItem
from hypha_artifact.transfer.names import Habits
from hypha_artifact.transfer.rules import ruled
from hypha_artifact.transfer.state import DownloadRequest, Overwrite
from hypha_artifact.transfer.survey import survey_download
from tests.contract.conftest import Draft, Run

MIB = 1024 * 1024
BIG = os.urandom(11 * MIB)
FILES = {
    "same.txt": b"same",
    "other.txt": b"1234",
    "longer.txt": b"long",
    "sub/big.bin": BIG,
    "sub/odd.bin": BIG,
    "empty": b"",
    "folder/x": b"x",
}


def write(folder: Path, files: dict[str, bytes], at: float) -> None:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (at, at))


@pytest.fixture
def here(tmp_path: Path) -> Path:
    folder = tmp_path / "here"
    write(folder, FILES, 1.5e9)
    return folder


def test_an_upload_over_what_is_there(
    draft: Draft, run: Run, here: Path, tmp_path: Path
) -> None:
    a = draft.name
    run("-a", a, "put", "-r", str(here), "data")
    parts = "--enable-multipart", "--chunk-size"
    for name, size in (("big", 6 * MIB), ("odd", 5 * MIB + 12345)):
        source = str(here / f"sub/{name}.bin")
        run("-a", a, "put", source, "data/sub/", *parts, str(size))
    write(here, {"other.txt": b"4321", "new.txt": b"new"}, 4e9)
    write(here, {"longer.txt": b"longer"}, 1.5e9)
    (here / "folder/x").unlink()
    (here / "folder").rmdir()
    (here / "folder").write_bytes(b"a file")
    os.mkfifo(here / "pipe")
    (here / "loop").symlink_to(here)
    args = "-a", a, "upload", str(here), "data", "--links", "follow"
    quick = run(*args, "--dry-run", "--if-exists", "newer", "--json", status=1)
    told = json.loads(quick.stdout)
    assert told["counts"] == {
        "new": 1, "same": 4, "different": 2, "unknown": 0, "conflict": 1,
    }  # fmt: skip
    actions = {Path(item["local"]).name: item["action"] for item in told["items"]}
    assert actions == {
        "same.txt": "skip", "other.txt": "overwrite", "longer.txt": "skip",
        "big.bin": "skip", "odd.bin": "skip", "empty": "skip", "new.txt": "copy",
        "folder": "cannot",
    }  # fmt: skip
    assert [each["note"] for each in told["problems"]] == [True, True]

    stuck = run(*args, "--if-exists", "skip", status=2)
    assert "A folder of that name is there." in stuck.stderr
    (here / "folder").unlink()
    _content_decides(run, args)
    write(here, {"other.txt": b"kept both"}, 1.5e9)
    run("-a", a, "put", str(here / "other.txt"), "data/", "--if-exists", "rename",
        "--commit")  # fmt: skip
    assert run("cat", f"{a}:data/other (2).txt").stdout == "kept both"
    assert run("cat", f"{a}:data/other.txt").stdout == "4321"
    _downloads(run, a, tmp_path / "to")


def _content_decides(run: Run, args: tuple[str, ...]) -> None:
    dry = run(*args, "--dry-run", "--if-exists", "content")
    assert [" ".join(line.split()) for line in dry.stdout.splitlines()] == [
        "skip same 0 B data/empty",
        "overwrite different 4 B → 6 B data/longer.txt",
        "copy new 3 B data/new.txt",
        "overwrite different 4 B data/other.txt",
        "skip same 4 B data/same.txt",
        "skip same 11.0 MiB data/sub/big.bin",
        "skip same 11.0 MiB data/sub/odd.bin",
        "Would upload 3 files, 13 B; 1 new, 4 same, 2 different.",
    ]
    done = run(*args, "--if-exists", "content", "--json")
    told = json.loads(done.stdout)
    assert (told["files"], told["skipped"]) == (3, 4)
    assert "Skipped 4 files that are there already." in done.stderr
    assert "named pipe" in done.stderr
    assert "It is a loop" in done.stderr
    again = run(*args, "--if-exists", "content")
    assert "Uploaded 0 files" in again.stderr


def _downloads(run: Run, a: str, to: Path) -> None:
    held = {"same.txt": b"SAME", "new (2).txt": b"", "new.txt": b"n"}
    write(to, held, 1.5e9)
    args = "-a", a, "download", "data", str(to)
    sized = run(*args, "--if-exists", "size", "--dry-run", "--json")
    there = {
        item["local"]: item["action"] for item in json.loads(sized.stdout)["items"]
    }
    assert (there[str(to / "same.txt")], there[str(to / "new.txt")]) == (
        "skip",
        "overwrite",
    )
    assert sorted(path.name for path in to.iterdir()) == [
        "new (2).txt",
        "new.txt",
        "same.txt",
    ]
    run(*args, "--if-exists", "rename")
    assert (to / "same.txt").read_bytes() == b"SAME"
    assert (to / "same (2).txt").read_bytes() == b"same"
    assert (to / "new (3).txt").read_bytes() == b"new"
    by_content = run(*args, "--if-exists", "content", "--json")
    assert {file["file"] for file in json.loads(by_content.stdout)["done"]} == {
        "data/same.txt", "data/new.txt",
    }  # fmt: skip
    assert (to / "sub/odd.bin").read_bytes() == BIG
    asked = run(*args, "--if-exists", "ask", status=2)
    assert "needs a terminal" in asked.stderr
    run("-a", a, "get", "data/same.txt", "-", "--if-exists", "skip", status=2)


def test_the_library_plans_and_asks(draft: Draft, here: Path, run: Run) -> None:
    run("-a", draft.name, "put", "-r", str(here), "data", "--commit")
    asked: list[str] = []

    def choose(item: PlanItem) -> Overwrite:
        asked.append(item.remote)
        return Overwrite.RENAME if item.remote.endswith("x") else Overwrite.SKIP

    async def go() -> None:
        async with AsyncHyphaArtifact(draft.name) as artifact:
            plan = await artifact.plan_put(here, "data", recursive=True)
            assert not (await artifact.read(version="stage")).is_staged
            assert len(plan.collisions) == len(FILES)
            await artifact.edit(stage=True)
            await artifact.put(here, "data", recursive=True, if_exists=choose)
            with pytest.raises(InvalidInput):
                await artifact.put(
                    here, "data", recursive=True, if_exists=Overwrite.ASK
                )
            await artifact.put(b"in capitals", "data/EMPTY")
            await artifact.commit()
            await _names_of_one_case(artifact, here.parent / "folding")
            assert await artifact.ls("data/folder", detail=False) == ["x", "x (2)"]
            down = await artifact.plan_get("data", here, recursive=True, compare=True)
            await artifact.run_plan(down, if_exists="content")
            assert sorted(path.name for path in (here / "folder").iterdir()) == [
                "x",
                "x (2)",
            ]

    anyio.run(go)
    assert sorted(asked) == sorted(f"data/{name}" for name in FILES)


async def _names_of_one_case(artifact: AsyncHyphaArtifact, to: Path) -> None:
    """Download to a disk that does not tell ``empty`` from ``EMPTY``."""
    request = DownloadRequest(
        sources=(RemotePath("data"),), artifact=artifact.id, folder=to
    )
    plan = await survey_download(
        artifact.remote, request, habits=lambda _: Habits(folds=True)
    )
    (twin,) = plan.collisions
    assert twin.existing
    assert "does not tell its name" in (twin.existing.blocked or "")
    to.mkdir()
    with pytest.raises(LocalFileError):
        await artifact.run_plan(plan)
    assert not list(to.iterdir())
    await artifact.run_plan(plan, if_exists="rename")
    found = {path.name.lower() for path in (to / "data").iterdir()}
    assert {"empty", "empty (2)"} <= found


def test_a_question_takes_an_answer_for_all(draft: Draft, here: Path, run: Run) -> None:
    run("-a", draft.name, "put", "-r", str(here), "data")

    async def planned() -> None:
        async with AsyncHyphaArtifact(draft.name) as artifact:
            found.append(await artifact.plan_put(here, "data", recursive=True))

    found: list[object] = []
    anyio.run(planned)
    (plan,) = found
    moved: list[str] = []

    @click.command()
    def ask() -> None:
        done = ruled(plan, Asker())  # type: ignore[arg-type]
        moved.extend(item.remote for item in done.items)

    told = CliRunner().invoke(ask, input="s\nx\nk\nO\n")
    assert told.exit_code == 0, told.output
    assert told.stderr.count("is there already.") == 3
    assert moved == [
        "data/folder/x (2)",
        "data/longer.txt",
        "data/other.txt",
        "data/same.txt",
        "data/sub/big.bin",
        "data/sub/odd.bin",
    ]
    assert CliRunner().invoke(ask, input="q\n").exit_code == 1
    assert CliRunner().invoke(ask, input="").exit_code == 130
