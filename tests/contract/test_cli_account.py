"""Signing in and looking around from the command line: the real command, run anew."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import pexpect  # type: ignore[import-untyped]
import pytest

from hypha_artifact.localserver import LocalServer
from hypha_artifact.localserver.ports import call
from hypha_artifact.localserver.token import HOME, USER
from hypha_artifact.settings import ConnectionSettings
from tests.contract.conftest import Draft
from tests.keyrings import FOLDER_VARIABLE

COMMAND = (sys.executable, "-m", "hypha_artifact.cli")
Done = subprocess.CompletedProcess[str]


class Cli(Protocol):
    def __call__(
        self, *args: str, typed: str = "", status: int = 0, **environ: Any
    ) -> Done: ...


def environment(folder: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "XDG_CONFIG_HOME": str(folder / "config"), **more}


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """Run the command with a configuration of this test's own."""

    def run(*args: str, typed: str = "", status: int = 0, **environ: Any) -> Done:
        done = subprocess.run(
            [*COMMAND, *args],
            input=typed,
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env=environment(tmp_path, **environ),
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done

    return run


@pytest.fixture
def signed_in(cli: Cli, server: LocalServer) -> Cli:
    """The same, with profile ``lab`` for the server."""
    where = ("--server-url", server.url, "--profile", "lab")
    cli("login", *where, "--token", "-", typed=f"{server.token}\n")
    return cli


def report(server: LocalServer, url: str, token: str) -> None:
    """Do what the login page does once the user has signed in."""
    found = re.search(r"key=([\w-]+)", url)
    assert found
    status, _ = call(
        urlsplit(server.url).port or 0,
        "/public/services/hypha-login/report",
        body={"key": found[1], "token": token},
    )
    assert status == 200


def test_login_waits_for_the_browser_and_keeps_the_token(
    cli: Cli, server: LocalServer, tmp_path: Path
) -> None:
    with subprocess.Popen(
        [*COMMAND, "login", "--server-url", server.url, "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=environment(tmp_path),
    ) as process:
        assert process.stderr
        assert process.stdout
        url = next(line for line in process.stderr if "hypha-login" in line)
        token = server.mint(HOME)
        report(server, url, token)
        told = json.loads(process.stdout.read())
        assert process.wait() == 0
    assert told["user"] == USER
    assert told["workspace"] == HOME
    assert told["token_in"] == "file"
    name = server.url.removeprefix("http://").replace(":", "-")
    assert told["profile"] == name
    kept = tmp_path / "config/hypha-artifact/tokens.json"
    assert list(json.loads(kept.read_text()).values()) == [token]
    me = json.loads(cli("whoami", "--json").stdout)
    assert (me["user"], me["level"]) == (USER, "a")
    # The token is the personal workspace's; one for another is asked for.
    options = ("--workspace", server.workspace, "--expires-in", "5000")
    second = cli("login", *options, "--token", "-", typed=token)
    assert f"workspace {server.workspace}" in second.stdout
    assert name in second.stdout
    me = json.loads(cli("whoami", "--json").stdout)
    assert (me["workspace"], me["level"]) == (server.workspace, "rw")
    assert token not in second.stdout + second.stderr


def test_on_a_terminal_there_is_a_qr_code_and_ctrl_c_ends(
    server: LocalServer, tmp_path: Path
) -> None:
    child = pexpect.spawn(
        sys.executable,
        ["-m", "hypha_artifact.cli", "login", "--server-url", server.url],
        dimensions=(60, 120),
        encoding="utf-8",
        cwd=str(tmp_path),
        env=environment(tmp_path, DISPLAY="", WAYLAND_DISPLAY=""),
        timeout=60,
    )
    child.expect("hypha-login/\\?key=")
    child.expect("[▀▄█]{8}")
    child.expect("Ctrl-C gives up")
    child.kill(signal.SIGINT)
    child.expect("Interrupted")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130
    assert not (tmp_path / "config").exists()


def test_sign_ins_that_fail(cli: Cli, server: LocalServer) -> None:
    here = ("--server-url", server.url)
    nobody = cli("login", *here, "--timeout", "1", status=4)
    assert "Nobody signed in within 1 seconds" in nobody.stderr
    old = server.mint(server.workspace, lifetime=-7200)
    expired = cli("login", *here, "--token", "-", typed=old, status=4)
    assert "The token expired on" in expired.stderr
    garbage = cli("login", *here, "--token", "-", typed="a.b.c", status=4)
    assert "does not accept the token" in garbage.stderr
    cli("login", *here, "--token", "-", typed="\n", status=2)
    where = cli("login", status=2)
    assert "--server-url" in where.stderr
    told = cli(
        "login", *here, "--workspace", "public", "--token", "-",
        typed=server.token, status=4,
    )  # fmt: skip
    assert "no token for workspace public" in told.stderr
    assert json.loads(cli("profiles", "--json").stdout) == []


def test_profiles_are_listed_used_shown_and_removed(
    signed_in: Cli, server: LocalServer
) -> None:
    cli = signed_in
    other = ("login", "--server-url", server.url, "--profile", "home")
    told = cli(*other, "--token", "-", typed=server.mint(HOME))
    assert "The default is still profile lab" in told.stderr
    listed = json.loads(cli("profiles", "--json").stdout)
    assert [(p["name"], p["default"]) for p in listed] == [
        ("home", False),
        ("lab", True),
    ]
    cli("profiles", "use", "home")
    assert f"workspace:     {HOME}" in cli("whoami").stdout
    assert cli("whoami", "--profile", "lab").stdout.count(server.workspace) == 1
    assert cli("whoami", HYPHA_PROFILE="lab").stdout.count(server.workspace) == 1
    shown = json.loads(cli("profiles", "show", "lab", "--json").stdout)
    assert shown["expires_at"] > 0
    assert json.loads(cli("logout", "--json").stdout) == {
        "profile": "home",
        "removed": True,
    }
    assert "nobody, not signed in" in cli("whoami").stdout
    cli("profiles", "remove", "home")
    assert cli("profiles").stdout.split() == ["lab", server.url, server.workspace,
                                              "file"]  # fmt: skip
    assert "Profiles: lab" in cli("whoami", "--profile", "home", status=2).stderr
    everything = cli("profiles", "show", "lab").stdout + cli("profiles").stdout
    assert server.token.rpartition(".")[2] not in everything


def test_the_environment_goes_before_the_profile_and_that_is_said(
    signed_in: Cli, server: LocalServer
) -> None:
    here = ("login", "--server-url", server.url, "--token", "-")
    told = signed_in(*here, typed=server.token, HYPHA_TOKEN="another")
    assert "HYPHA_TOKEN is set (environment)" in told.stderr


def test_the_keyring_is_used_where_there_is_one(
    cli: Cli, server: LocalServer, tmp_path: Path
) -> None:
    ring = tmp_path / "ring"
    ring.mkdir()
    environ: dict[str, Any] = {
        "PYTHON_KEYRING_BACKEND": "tests.keyrings.FolderKeyring",
        "PYTHONPATH": str(Path(__file__).parents[2]),
        FOLDER_VARIABLE: str(ring),
    }
    here = ("login", "--server-url", server.url, "--token", "-")
    told = cli(*here, typed=server.token, **environ)
    assert "the system's keyring" in told.stdout
    assert len(list(ring.iterdir())) == 1
    assert not (tmp_path / "config/hypha-artifact/tokens.json").exists()
    assert USER in cli("whoami", **environ).stdout
    locked = {**environ, "PYTHON_KEYRING_BACKEND": "tests.keyrings.LockedKeyring"}
    refused = cli("whoami", status=4, **locked)
    assert "is locked" in refused.stderr
    assert "FAIL  settings" in cli("doctor", status=1, **locked).stdout
    again = cli(*here, typed=server.token, **locked)
    assert "readable by you alone" in again.stdout


def test_workspaces_and_artifacts_are_listed(signed_in: Cli, draft: Draft) -> None:
    spaces = json.loads(signed_in("workspaces", "--json").stdout)
    assert [s["name"] for s in spaces if s["is_current"]] == [
        draft.name.partition("/")[0]
    ]
    assert HOME in signed_in("workspaces").stdout
    listed = json.loads(signed_in("artifacts", "draft", "--staged", "--json").stdout)
    mine = next(a for a in listed if a["id"] == draft.name)
    assert mine["is_staged"]
    assert mine["latest"] is None
    assert draft.name in signed_in("artifacts", "--type", "generic").stdout
    assert draft.name not in signed_in("artifacts", "--collections").stdout
    none = signed_in("artifacts", "no-manifest-has-this-word")
    assert (none.stdout, none.stderr) == ("", "None.\n")
    signed_in("artifacts", "--in", "no-such-collection", status=3)


def checks(done: Done) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in json.loads(done.stdout)["checks"]}


def test_the_doctor_finds_nothing_wrong(
    signed_in: Cli, settings: ConnectionSettings, atlas: str
) -> None:
    done = signed_in("doctor", "-a", atlas, "--json", HYPHA_USE_PROXY="true")
    found = checks(done)
    assert json.loads(done.stdout)["healthy"]
    assert {check["result"] for check in found.values()} == {"ok"}
    assert found["HYPHA_USE_PROXY"]["text"] == "true, from environment"
    assert found["HYPHA_TOKEN"]["text"] == "set, from profile lab (file)"
    assert "may read, stage, commit, delete" in found["artifact"]["text"]
    assert "Gave 1 byte" in found["store"]["text"]
    assert found["stage"]["text"] == "None is open."
    assert re.match(r"Hypha \d", found["server"]["text"])
    assert settings.token
    for secret in (settings.token, settings.token.rpartition(".")[2], "X-Amz"):
        assert secret not in done.stdout + done.stderr


def test_the_doctor_names_what_is_wrong(
    signed_in: Cli, cli: Cli, draft: Draft, server: LocalServer, unused_tcp_url: str
) -> None:
    away = checks(cli("doctor", "--json", "--server-url", unused_tcp_url, status=1))
    assert away["server"]["result"] == "failed"
    assert "token" not in away
    odd = cli("doctor", "--json", HYPHA_USE_PROXY="maybe", status=1)
    assert "HYPHA_USE_PROXY is 'maybe'" in checks(odd)["settings"]["text"]
    old = server.mint(server.workspace, lifetime=-7200)
    stale = checks(cli("doctor", "--json", HYPHA_TOKEN=old, status=1))
    assert "expired on" in stale["token"]["text"]
    assert "hypha-artifact login" in stale["token"]["todo"]
    nobody = checks(cli("doctor", "--json", "--profile", "lab", "-a", "no-such",
                        status=1))  # fmt: skip
    assert nobody["artifact"]["result"] == "failed"
    draft.announce("ghost.bin")
    ghost = signed_in("doctor", "-a", draft.name, status=1)
    assert "FAIL  stage" in ghost.stdout
    assert "1 files were announced" in ghost.stdout
    page = cli("doctor", "--server-url", f"{server.url}/health", "--json", status=1)
    assert checks(page)["server"]["result"] == "failed"
