"""Profiles and where their tokens are kept."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path

import keyring
import pytest
from hypothesis import given, strategies
from keyring.backend import KeyringBackend

from hypha_artifact.errors import (
    InvalidInput,
    LocalFileError,
    NotConfigured,
    SignInRequired,
)
from hypha_artifact.keychain import Kind
from hypha_artifact.profiles import Profile, Profiles, _File, _toml
from tests.keyrings import FOLDER_VARIABLE, FolderKeyring, LockedKeyring, NoKeyring

URL = "https://lab.example"


@pytest.fixture
def profiles(tmp_path: Path) -> Profiles:
    return Profiles(tmp_path / "config")


@pytest.fixture
def ring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "ring"
    folder.mkdir()
    monkeypatch.setenv(FOLDER_VARIABLE, str(folder))
    use(monkeypatch, FolderKeyring())
    return folder


def use(monkeypatch: pytest.MonkeyPatch, backend: KeyringBackend) -> None:
    monkeypatch.setattr(keyring.core, "_keyring_backend", backend)


def everything(folder: Path) -> str:
    return "".join(f.read_text() for f in folder.iterdir() if f.is_file())


def test_without_a_keyring_tokens_are_in_a_file_of_the_user_alone(
    profiles: Profiles,
) -> None:
    place = profiles.save(Profile(name="lab", server_url=URL), "secret")
    assert place is not None
    assert place.kind is Kind.FILE
    file = profiles.path.parent / "tokens.json"
    assert str(file) in place.text
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert "secret" not in profiles.path.read_text()
    assert profiles.token(profiles.get("lab")) == "secret"
    assert profiles.sign_out("lab")
    assert not profiles.sign_out("lab")
    assert "secret" not in everything(file.parent)
    assert profiles.token(profiles.get("lab")) is None


def test_with_a_keyring_no_file_has_the_token(profiles: Profiles, ring: Path) -> None:
    place = profiles.save(Profile(name="lab", server_url=URL), "secret")
    assert place is not None
    assert place.kind is Kind.KEYRING
    assert "secret" not in everything(profiles.path.parent)
    assert profiles.token(profiles.get("lab")) == "secret"
    profiles.remove("lab")
    assert list(ring.iterdir()) == []
    assert profiles.all() == ()


@pytest.mark.usefixtures("ring")
def test_a_locked_keyring_leaves_the_file_and_says_so(
    profiles: Profiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    profiles.save(Profile(name="old", server_url=URL), "secret")
    use(monkeypatch, LockedKeyring())
    with pytest.raises(SignInRequired, match="is locked") as caught:
        profiles.token(profiles.get("old"))
    assert "login --profile old" in caught.value.hint
    place = profiles.save(Profile(name="old", server_url=URL), "fresh")
    assert place is not None
    assert place.kind is Kind.FILE
    assert profiles.token(profiles.get("old")) == "fresh"


@pytest.mark.usefixtures("ring")
def test_a_keyring_that_is_gone_is_named(
    profiles: Profiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    profiles.save(Profile(name="lab", server_url=URL), "secret")
    use(monkeypatch, NoKeyring())
    with pytest.raises(SignInRequired, match="not here"):
        profiles.token(profiles.get("lab"))
    other = Profile(name="lab", server_url="https://new.example")
    profiles.save(other, "fresh")
    assert profiles.token(profiles.get("lab")) == "fresh"


def test_the_first_profile_is_the_default_until_another_is_used(
    profiles: Profiles,
) -> None:
    assert profiles.default() is None
    for name in ("lab", "home"):
        profiles.save(Profile(name=name, server_url=URL, workspace=f"ws-{name}"))
    assert [p.name for p in profiles.all()] == ["home", "lab"]
    first = profiles.default()
    assert first is not None
    assert (first.name, first.workspace) == ("lab", "ws-lab")
    profiles.use("home")
    assert profiles.fitting("") == profiles.get("home")
    profiles.remove("home")
    assert profiles.default() is None
    assert profiles.fitting(URL) == profiles.get("lab")
    assert profiles.fitting("https://another.example") is None
    with pytest.raises(NotConfigured):
        profiles.use("home")


@pytest.mark.parametrize("name", ["", "-x", "a b", "../up", "a\n", "x" * 65])
def test_names_that_are_none(name: str, profiles: Profiles) -> None:
    with pytest.raises(InvalidInput, match="cannot be a profile's name"):
        profiles.save(Profile(name=name, server_url=URL))


@pytest.mark.parametrize("text", ["profiles = 3", "[", "[profiles.a]\nx = 1"])
def test_a_damaged_file_is_told_and_never_replaced(
    text: str, profiles: Profiles
) -> None:
    profiles.path.parent.mkdir()
    profiles.path.write_text(text)
    with pytest.raises(NotConfigured, match="is damaged"):
        profiles.save(Profile(name="lab", server_url=URL))
    assert profiles.path.read_text() == text
    tokens = profiles.path.parent / "tokens.json"
    tokens.write_text("{")
    profiles.path.unlink()
    with pytest.raises(LocalFileError, match="is damaged"):
        profiles.save(Profile(name="lab", server_url=URL), "secret")


@given(strategies.text(strategies.characters(exclude_categories=["Cs"])))
def test_any_text_survives_toml(text: str) -> None:
    profile = Profile(name="a.b", server_url=f"https://{text}", workspace=text or None)
    written = tomllib.loads(_toml(_File(default=text, profiles={"a.b": profile})))
    kept = written["profiles"]["a.b"]
    assert kept["server_url"] == f"https://{text}"
    assert kept.get("workspace") == (text or None)
    assert written.get("default") == (text or None)
