"""``HyphaArtifact``: the blocking face, wherever ordinary code runs."""

from __future__ import annotations

import asyncio
import inspect
import io
import os
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hypha_artifact import (
    AsyncHyphaArtifact,
    AsyncHyphaWorkspace,
    HyphaArtifact,
    HyphaWorkspace,
)
from hypha_artifact.classes import ProgressEvent
from hypha_artifact.models import ChangeKind
from hypha_artifact.settings import ConnectionSettings


@pytest.fixture
def artifact(settings: ConnectionSettings) -> Generator[HyphaArtifact]:
    alias = f"sync-{uuid.uuid4().hex[:8]}"
    with HyphaArtifact(
        alias, settings.workspace, settings.token, settings.server_url
    ) as artifact:
        artifact.create({"name": "sync"}, stage=True)
        yield artifact
        artifact.delete(delete_files=True)


# Positions differ where those of the hypha-artifact package did.
OTHER_ORDER = {"create", "cp", "delete", "ls", "open", "put"}


def _public(cls: type) -> dict[str, object]:
    found = inspect.getmembers(cls)
    return {name: each for name, each in found if not name.startswith("_")}


def test_both_faces_have_the_same_methods_and_parameters() -> None:
    ours, theirs = _public(HyphaArtifact), _public(AsyncHyphaArtifact)
    only_async = {"aclose", "disable_ssl", "get_client", "ssl"}
    assert theirs.keys() - ours.keys() == only_async | {
        "default_headers",
        "use_local_url",
        "use_proxy",
    }
    extra = {"artifact_id", "close", "over"}  # the first is an attribute there
    assert ours.keys() - theirs.keys() == extra
    for name in ours.keys() & theirs.keys():
        mine, twin = ours[name], theirs[name]
        assert inspect.getdoc(mine) == inspect.getdoc(twin) or isinstance(
            mine, property
        )
        if callable(mine) and callable(twin):
            a, b = inspect.signature(mine), inspect.signature(twin)
            assert a.parameters.keys() == b.parameters.keys(), name
            if name not in OTHER_ORDER:
                assert [*a.parameters.values()] == [*b.parameters.values()], name


def test_workspaces_have_both_faces_too(
    artifact: HyphaArtifact, settings: ConnectionSettings
) -> None:
    ours, theirs = _public(HyphaWorkspace), _public(AsyncHyphaWorkspace)
    assert theirs.keys() - ours.keys() == {"aclose", "rpc", "transport"}
    assert ours.keys() - theirs.keys() == {"close"}
    # A connection of hypha_rpc has two faces, too.
    for name in (ours.keys() & theirs.keys()) - {"from_rpc"}:
        mine, twin = ours[name], theirs[name]
        assert callable(mine)
        assert callable(twin)
        a, b = inspect.signature(mine), inspect.signature(twin)
        assert [*a.parameters.values()] == [*b.parameters.values()], name
    with HyphaWorkspace(
        settings.workspace, settings.token, settings.server_url
    ) as workspace:
        assert workspace.name() == settings.workspace
        assert workspace.whoami().workspace == settings.workspace
        found = workspace.artifact(artifact.artifact_alias)
        assert found.stage().mode is not None
        names = [each.alias for each in workspace.list_artifacts(staged=True)]
        assert artifact.artifact_alias in names


def test_the_readme_of_the_older_package_runs(artifact: HyphaArtifact) -> None:
    artifact.commit()
    artifact.edit(stage=True)
    with artifact.open("hello.txt", "w") as f:
        f.write("Hello, Hypha!")
    artifact.commit(comment="Added hello.txt")
    assert artifact.cat("hello.txt") == "Hello, Hypha!"
    assert [f["name"] for f in artifact.ls("/")] == ["hello.txt"]
    assert artifact.exists("hello.txt")
    with artifact.open("hello.txt", "r") as f:
        assert f.read(5) == "Hello"
    artifact.edit(stage=True)
    artifact.copy("hello.txt", "hello_copy.txt")
    artifact.commit(comment="Copied hello.txt")
    assert artifact.ls("/", detail=False) == ["hello.txt", "hello_copy.txt"]
    artifact.edit(stage=True)
    artifact.rm("hello_copy.txt")
    artifact.commit(comment="Removed hello_copy.txt")
    assert artifact.find("/") == ["/hello.txt"]


def test_files_are_pythons_own(artifact: HyphaArtifact) -> None:
    lines = [f"{n},åäö\n" for n in range(200)]
    with artifact.open("table.csv", "w") as f:
        f.writelines(lines)
    with artifact.open("table.csv", "rb", version="stage") as raw:
        wrapped = io.TextIOWrapper(io.BufferedReader(raw), encoding="utf-8")
        assert list(wrapped) == lines
    with artifact.open("table.csv", version="stage") as f:
        assert list(f) == lines
        f.seek(0)
        assert f.readline(3) == "0,å"
        f.seek(0)
        assert next(f) == lines[0]
        assert f.tell() == len(lines[0].encode())
        assert f.read(3) == lines[1][:3]
        assert list(f) == [lines[1][3:], *lines[2:]]
    dropped = artifact.open("table.csv", "w")
    dropped.write("never")
    del dropped
    assert artifact.size("table.csv", version="stage") == len("".join(lines).encode())
    assert [found for found, _, _ in artifact.walk("/", version="stage")] == ["/"]


def test_callbacks_come_in_the_thread_that_waits(
    artifact: HyphaArtifact, tmp_path: Path
) -> None:
    (tmp_path / "a").write_text("a")
    seen: list[tuple[str, int]] = []

    def note(event: ProgressEvent) -> None:
        seen.append((event["type"], threading.get_ident()))

    artifact.put(str(tmp_path / "a"), "a", callback=note)
    assert ("success", threading.get_ident()) in seen
    assert {ident for _, ident in seen} == {threading.get_ident()}

    def fail(_: ProgressEvent) -> None:
        raise RuntimeError("user callback failed")

    with pytest.raises(RuntimeError, match="user callback failed"):
        artifact.put(str(tmp_path / "a"), "b", callback=fail)
    assert ChangeKind.PENDING not in {c.kind for c in artifact.stage().changes}


def test_it_works_in_threads_and_inside_a_loop(artifact: HyphaArtifact) -> None:
    artifact.put(b"x", "x.txt")

    async def inside() -> bool:
        return artifact.exists("x.txt", version="stage")

    assert asyncio.run(inside())
    assert asyncio.run(inside())
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda _: artifact.ls(version="stage"), range(4))
        assert list(found) == [["x.txt"]] * 4


def test_the_older_import_paths_hold(capsys: pytest.CaptureFixture[str]) -> None:
    from hypha_artifact.async_hypha_artifact_compat import (  # noqa: PLC0415
        AsyncHyphaArtifact as Compat,
    )
    from hypha_artifact.sync_utils import run_sync  # noqa: PLC0415
    from hypha_artifact.transfer_progress import TransferProgress  # noqa: PLC0415

    async def answer() -> int:
        return 42

    assert Compat is AsyncHyphaArtifact
    assert run_sync(answer()) == 42
    with TransferProgress("upload") as progress:
        progress({"type": "error", "message": "m", "file": "f"})
    assert capsys.readouterr().err == ""  # no terminal, no bar


DROPPED = """
import sys
from hypha_artifact import HyphaArtifact
print(HyphaArtifact(sys.argv[1]).exists("x", version="stage"))
artifact = HyphaArtifact(sys.argv[1])
artifact.ls(version="stage")
"""


def test_what_is_never_closed_ends_in_silence(
    artifact: HyphaArtifact, settings: ConnectionSettings
) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", DROPPED, artifact.artifact_id],
        check=True,
        capture_output=True,
        text=True,
        env=_environ(settings),
    )
    assert (done.stdout, done.stderr) == ("False\n", "")


def _environ(settings: ConnectionSettings) -> dict[str, str]:
    return {
        **os.environ,
        "HYPHA_SERVER_URL": settings.server_url,
        "HYPHA_WORKSPACE": settings.workspace or "",
        "HYPHA_TOKEN": settings.token or "",
    }


SCRIPT = """
import sys
from hypha_artifact import HyphaArtifact
artifact = HyphaArtifact(sys.argv[1])
def tell(event):
    if event["type"] == "part_success":
        print("part", flush=True)
try:
    artifact.put(sys.argv[2], "big.bin", callback=tell,
                 multipart_config={"enable": True, "chunk_size": 5 << 20})
except KeyboardInterrupt:
    print("interrupted", artifact.find(version="stage"), flush=True)
"""


def test_ctrl_c_leaves_nothing_half_done(
    artifact: HyphaArtifact, settings: ConnectionSettings, tmp_path: Path
) -> None:
    big = tmp_path / "big.bin"
    with big.open("wb") as f:
        f.truncate(2 << 30)
    child = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, artifact.artifact_id, str(big)],
        stdout=subprocess.PIPE,
        text=True,
        env=_environ(settings),
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "part\n"
    child.send_signal(signal.SIGINT)
    said, _ = child.communicate()
    assert said.splitlines()[-1] == "interrupted []"
    assert child.returncode == 0
    assert not artifact.stage().changes
