from __future__ import annotations

from pathlib import Path

import pytest

from hypha_artifact.errors import NotConfigured
from hypha_artifact.settings import ConnectionSettings

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


@pytest.mark.parametrize("url", ["", "   ", "hypha.aicell.io", "ftp://x", "https://"])
def test_no_usable_server(url: str, env_file: Path) -> None:
    env_file.write_text("")
    with pytest.raises(NotConfigured):
        ConnectionSettings.load(server_url=url, environ={}, env_file=env_file)


def test_the_token_is_not_printed() -> None:
    settings = ConnectionSettings(server_url="https://x", token="secret")
    assert "secret" not in repr(settings)
    assert "secret" not in str(settings)
