"""The local server as its users start and stop it: from Python and from the shell."""

from __future__ import annotations

import base64
import json
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from hypha_artifact import AsyncHyphaArtifact, AsyncHyphaWorkspace
from hypha_artifact.errors import InvalidInput, LocalServerError
from hypha_artifact.localserver import LocalServer, local_server
from hypha_artifact.localserver.sample import seed
from hypha_artifact.settings import ConnectionSettings

COMMAND = [sys.executable, "-m", "hypha_artifact.cli", "localserver"]


@contextmanager
def running(*options: str) -> Generator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """Start the command, wait for what it prints, and end it whatever happens."""
    with subprocess.Popen(
        [*COMMAND, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout
            if "--json" in options:
                yield process, json.loads(process.stdout.readline())
                return
            lines = [process.stdout.readline().rstrip() for _ in range(3)]
            yield process, dict(line.split("=", 1) for line in lines)
        finally:
            process.kill()


def descendants(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def fails(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *options], capture_output=True, text=True, check=False
    )


def test_the_command_prints_and_writes_where_to_connect(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    with running("--env-file", str(env_file)) as (process, printed):
        assert list(printed) == ["HYPHA_SERVER_URL", "HYPHA_WORKSPACE", "HYPHA_TOKEN"]
        assert stat.S_IMODE(env_file.stat().st_mode) == 0o600
        found = ConnectionSettings.load(environ={}, env_file=env_file)
        assert found.token == printed["HYPHA_TOKEN"]
        children = descendants(process)
        assert len(children) >= 2
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 0
    assert psutil.wait_procs(children, timeout=30)[1] == []


def test_no_orphans_after_kill_9(tmp_path: Path) -> None:
    with running("--data", str(tmp_path), "--json") as (process, printed):
        assert list(printed) == ["server_url", "workspace", "token"]
        assert all(printed.values())
        children = descendants(process)
        process.kill()
        process.wait()
    assert len(children) >= 2
    assert psutil.wait_procs(children, timeout=30)[1] == []


async def test_data_and_token_survive_a_restart(tmp_path: Path) -> None:
    async def through(server: LocalServer, token: str) -> AsyncHyphaArtifact:
        return AsyncHyphaArtifact("kept", server.workspace, token, server.url)

    source = tmp_path / "file.txt"
    source.write_text("kept bytes")
    data = tmp_path / "data"
    async with local_server(data=data) as server:
        token = server.token
        async with await through(server, token) as artifact:
            await artifact.create(stage=True)
            await artifact.put(source, "file.txt")
            await artifact.commit(comment="first")
        with pytest.raises(LocalServerError, match="in use"):
            local_server(data=data).start()
    async with (
        local_server(data=data) as server,
        await through(server, token) as artifact,
    ):
        assert await artifact.read_bytes("file.txt") == b"kept bytes"


def test_the_token_is_an_ordinary_users(server: LocalServer) -> None:
    payload = server.token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert claims["https://amun.ai/roles"] == []
    assert claims["scope"].startswith(f"ws:{server.workspace}#a")


async def test_the_user_owns_the_workspace_and_no_other(server: LocalServer) -> None:
    async with AsyncHyphaWorkspace(
        server.workspace, server.token, server.url
    ) as workspace:
        scopes = (await workspace.whoami()).scopes
    assert scopes == {server.workspace: "a", "ws-user-local-user": "a"}


def test_a_port_in_use_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        failed = fails("--port", str(port))
    assert failed.returncode == 1
    assert str(port) in failed.stderr
    assert "in use" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert failed.stdout == ""


def test_bad_usage_is_status_2() -> None:
    assert fails("--port", "0").returncode == 2
    assert fails("--port", "9527", "--s3-port", "9527").returncode == 2
    assert fails("--workspace", "No Good").returncode == 2
    assert fails("--env-file", "/nowhere/at/all/.env").returncode == 2
    with pytest.raises(InvalidInput):
        local_server(workspace="nohyphen")


def test_a_server_that_dies_at_start_shows_the_end_of_its_log(tmp_path: Path) -> None:
    (tmp_path / "hypha.sqlite").write_text("this is no database, " * 100)
    failed = fails("--data", str(tmp_path))
    assert failed.returncode == 1
    assert "ended by itself" in failed.stderr
    assert "file is not a database" in failed.stderr
    assert failed.stdout == ""
    with pytest.raises(LocalServerError, match="ended by itself"):
        local_server(data=tmp_path).start()


def test_ctrl_c_while_it_starts_leaves_nothing(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "--data", str(tmp_path)], stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr
        while "Starting Hypha" not in process.stderr.readline():
            pass
        children = descendants(process)
        process.send_signal(signal.SIGINT)
        process.stderr.read()
        assert process.wait() == 0
    assert children
    assert psutil.wait_procs(children, timeout=30)[1] == []


def test_a_lost_store_ends_the_command(tmp_path: Path) -> None:
    with running("--data", str(tmp_path)) as (process, _):
        [store] = [p for p in descendants(process) if p.name() == "rclone"]
        store.kill()
        assert process.wait() == 1


def test_nobody_else_can_read_what_the_server_writes(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with local_server(data=tmp_path):
        written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"keys.json", "hypha.sqlite", "hypha.log"} <= {path.name for path in written}
    assert {stat.S_IMODE(path.stat().st_mode) for path in written} == {0o600}


async def test_sample_data_is_put_in_once_and_replaces_nothing(
    server: LocalServer, tmp_path: Path
) -> None:
    settings, said = server.settings, list[str]()
    async with AsyncHyphaWorkspace(
        settings.workspace, settings.token, settings.server_url
    ) as workspace:
        await workspace.create("drug-screen-2026", {"name": "My own"})
        await seed(settings, tmp_path, said.append)
        assert said
        said.clear()
        await seed(settings, tmp_path, said.append)
        assert said == []
        (tmp_path / "sample-data-is-in").unlink()
        await seed(settings, tmp_path, said.append)
        found = {each.alias: each for each in await workspace.list_artifacts()}
        assert found["drug-screen-2026"].name == "My own"
        assert len(found["zebrafish-atlas"].versions or ()) == 3
        collection = found["segmentation-models"].artifact_id
        children = await workspace.list_artifacts(parent=collection)
        assert [child.file_count for child in children] == [3, 3]
        await workspace.delete("segmentation-models", recursive=True)
        for alias in ("zebrafish-atlas", "drug-screen-2026"):
            await workspace.delete(alias)


def test_an_unwritable_data_folder_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    failed = fails("--data", str(blocked / "below"))
    assert failed.returncode != 0
    assert "Traceback" not in failed.stderr


def test_a_missing_extra_is_named() -> None:
    without = (
        "import sys; sys.modules['hypha'] = None; "
        "from hypha_artifact.cli import main; main(['localserver'])"
    )
    failed = subprocess.run(
        [sys.executable, "-c", without], capture_output=True, text=True, check=False
    )
    assert failed.returncode == 1
    assert "hypha-tui[local]" in failed.stderr
    assert "Traceback" not in failed.stderr


@pytest.mark.parametrize("module", ["hypha_artifact.cli", "hypha_tui"])
def test_help_loads_nothing_heavy(module: str) -> None:
    look = (
        "import sys, runpy, contextlib\n"
        f"sys.argv = ['{module}', '--help']\n"
        "with contextlib.suppress(SystemExit):\n"
        f"    runpy.run_module('{module}', run_name='__main__')\n"
        "heavy = {'httpx', 'textual', 'hypha_rpc', 'keyring', 'hypha'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", look], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("Usage:")
    assert done.stderr.strip() == "[]"
