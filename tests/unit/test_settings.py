from __future__ import annotations

from pathlib import Path

import pytest
from rich.pretty import pretty_repr

from hypha_artifact.errors import NotConfigured
from hypha_artifact.profiles import Profile, Profiles
from hypha_artifact.settings import ConnectionSettings, find_settings

ENVIRON = {
    "HYPHA_SERVER_URL": "https://env.example/",
    "HYPHA_WORKSPACE": "env-lab",
    "HYPHA_TOKEN": "env-token",
}


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    path = tmp_path / ".env"
    path.write_text("HYPHA_SERVER_URL=https://file.example\nHYPHA_TOKEN='a$b'\n")
    return path


@pytest.fixture
def profiles(tmp_path: Path) -> Profiles:
    profiles = Profiles(tmp_path / "config")
    lab = Profile(name="lab", server_url="https://lab.example", workspace="lab-one")
    other = Profile(name="other", server_url="https://env.example", workspace="two")
    profiles.save(lab, "lab-token")
    profiles.save(other, "other-token")
    return profiles


def test_arguments_then_environment_then_file(env_file: Path) -> None:
    found = ConnectionSettings.load(
        workspace="lab", environ={"HYPHA_WORKSPACE": "x"}, env_file=env_file
    )
    assert found.server_url == "https://file.example"
    assert found.workspace == "lab"
    assert found.token == "a$b"
    over = ConnectionSettings.load(environ=ENVIRON, env_file=env_file)
    assert over.server_url == "https://env.example"
    assert over.token == "env-token"


@pytest.mark.usefixtures("env_file")
def test_the_nearest_env_file_upwards_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert ConnectionSettings.load(environ={}).server_url == "https://file.example"
    (tmp_path / "a" / ".env").write_text("HYPHA_SERVER_URL=https://near.example")
    found = find_settings({}, environ={})
    assert found.values["HYPHA_SERVER_URL"] == "https://near.example"
    assert found.sources["HYPHA_SERVER_URL"] == f"file {tmp_path / 'a' / '.env'}"
    (tmp_path / "a" / ".env").write_bytes(b"\xff\xfe")
    with pytest.raises(NotConfigured, match="cannot be read"):
        ConnectionSettings.load(environ={})


@pytest.mark.parametrize("url", ["", "   ", "hypha.aicell.io", "ftp://x", "https://"])
def test_no_usable_server(url: str, env_file: Path) -> None:
    env_file.write_text("")
    with pytest.raises(NotConfigured):
        ConnectionSettings.load(server_url=url, environ={}, env_file=env_file)


@pytest.mark.parametrize(
    ("text", "meant"),
    [("true", True), ("TRUE", True), ("False", False), ("0", False), ("", None)],
)
def test_switches_in_the_environment(
    text: str,
    meant: bool | None,  # noqa: FBT001 - a case of the table
    env_file: Path,
) -> None:
    names = ("HYPHA_USE_PROXY", "HYPHA_USE_LOCAL_URL", "HYPHA_DISABLE_SSL")
    found = ConnectionSettings.load(
        environ=dict.fromkeys(names, text), env_file=env_file
    )
    assert found.use_proxy is meant
    assert found.use_local_url is meant
    assert found.verify is not bool(meant)
    over = ConnectionSettings.load(
        use_proxy=False,
        use_local_url="http://s3:9000",
        disable_ssl=False,
        environ=dict.fromkeys(names, text),
        env_file=env_file,
    )
    assert over.use_proxy is False
    assert over.use_local_url == "http://s3:9000"
    assert over.verify


def test_a_word_that_is_no_switch_is_named_with_its_source(env_file: Path) -> None:
    url = {"HYPHA_USE_LOCAL_URL": "http://s3:9000"}
    found = ConnectionSettings.load(environ=url, env_file=env_file)
    assert found.use_local_url == "http://s3:9000"
    with pytest.raises(NotConfigured, match=r"HYPHA_USE_PROXY is 'maybe' \(environ"):
        ConnectionSettings.load(environ={"HYPHA_USE_PROXY": "maybe"}, env_file=env_file)


def test_the_token_is_never_printed(env_file: Path) -> None:
    settings = ConnectionSettings(server_url="https://x", token="secret")
    found = find_settings({"HYPHA_TOKEN": "secret"}, environ={}, env_file=env_file)
    for shown in (repr(settings), str(settings), pretty_repr(settings), repr(found)):
        assert "secret" not in shown


def load(profiles: Profiles, **given: str) -> ConnectionSettings:
    environ = {k: v for k, v in given.items() if k.isupper()}
    arguments = {k: v for k, v in given.items() if k not in environ}
    return ConnectionSettings.load(
        environ=environ,
        env_file=profiles.path.parent / "none",
        profiles=profiles,
        server_url=arguments.get("server_url"),
        token=arguments.get("token"),
        profile=arguments.get("profile"),
    )


def test_the_default_profile_is_used_when_nothing_else_is_set(
    profiles: Profiles,
) -> None:
    found = load(profiles)
    assert found.server_url == "https://lab.example"
    assert (found.workspace, found.token) == ("lab-one", "lab-token")
    profiles.use("other")
    assert load(profiles).token == "other-token"


def test_a_profile_of_the_same_server_gives_its_token(profiles: Profiles) -> None:
    found = load(profiles, server_url="https://env.example/")
    assert (found.workspace, found.token) == ("two", "other-token")


def test_no_profile_gives_its_token_to_another_server(profiles: Profiles) -> None:
    assert load(profiles, server_url="https://evil.example").token is None
    evil = {"profile": "lab", "server_url": "https://evil.example"}
    assert load(profiles, **evil).token is None
    evil = {"HYPHA_PROFILE": "lab", "HYPHA_SERVER_URL": "https://evil.example"}
    found = load(profiles, **evil)
    assert (found.server_url, found.token) == ("https://evil.example", None)
    assert found.workspace is None


def test_a_profile_gives_its_workspace_with_its_own_token_only(
    profiles: Profiles,
) -> None:
    assert load(profiles, token="mine").workspace is None
    assert load(profiles, HYPHA_WORKSPACE="x").token == "lab-token"


def test_a_profile_named_as_an_argument_wins_over_the_environment(
    profiles: Profiles,
) -> None:
    found = load(profiles, profile="lab", **ENVIRON)
    assert found.server_url == "https://lab.example"
    assert (found.workspace, found.token) == ("lab-one", "lab-token")
    found = load(profiles, HYPHA_PROFILE="lab", **ENVIRON)
    assert (found.workspace, found.token) == ("env-lab", "env-token")


def test_an_unknown_profile_is_told_with_the_known_ones(profiles: Profiles) -> None:
    with pytest.raises(NotConfigured, match="no profile 'labb'") as caught:
        load(profiles, profile="labb")
    assert "lab, other" in caught.value.hint


def test_each_value_is_told_with_its_source(profiles: Profiles, env_file: Path) -> None:
    env_file.write_text("HYPHA_USE_PROXY=true\nUNRELATED=1\n")
    found = find_settings(
        {"HYPHA_WORKSPACE": "w"},
        environ={"HYPHA_DISABLE_SSL": "false", "HOME": "/"},
        env_file=env_file,
        profiles=profiles,
    )
    assert found.sources == {
        "HYPHA_WORKSPACE": "argument",
        "HYPHA_DISABLE_SSL": "environment",
        "HYPHA_USE_PROXY": f"file {env_file}",
        "HYPHA_SERVER_URL": "profile lab",
        "HYPHA_TOKEN": "profile lab (file)",
    }
    assert found.profile is not None
