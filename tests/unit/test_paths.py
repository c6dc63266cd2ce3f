from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from hypha_artifact.errors import InvalidInput, UnsafePath
from hypha_artifact.paths import ROOT, ArtifactId, RemotePath, printable


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("", ""),
        ("/", ""),
        (".", ""),
        ("/a", "a"),
        ("a//b/", "a/b"),
        ("./a/./b", "a/b"),
        ("...", "..."),
        ("a b/ç", "a b/ç"),
    ],
)
def test_paths_are_made_canonical(written: str, canonical: str) -> None:
    assert RemotePath(written) == canonical


@pytest.mark.parametrize(
    "written",
    [
        "..",
        "a/..",
        "../../etc",
        "a\nb",
        "\x1b[2J",
        "a\x00",
        "é" * 128,
        "a/" * 600 + "b",
    ],
)
def test_unsafe_paths_are_refused_without_raw_control_characters(written: str) -> None:
    with pytest.raises(UnsafePath) as caught:
        RemotePath(written)
    assert caught.value.message.isprintable()


@given(st.text())
def test_a_path_is_safe_or_refused(text: str) -> None:
    try:
        path = RemotePath(text)
    except UnsafePath:
        return
    assert not {"", ".", ".."} & set(path.segments)
    assert RemotePath(str(path)) == path


@given(st.text(max_size=40))
def test_nothing_unprintable_is_shown(text: str) -> None:
    shown = printable(text)
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in shown)


def test_relations() -> None:
    path = RemotePath("raw/plate7/img.tif")
    assert path.name == "img.tif"
    assert path.parent == "raw/plate7"
    assert path.parent / "x" == "raw/plate7/x"
    assert path.relative_to(RemotePath("raw")) == "plate7/img.tif"
    assert path.is_under(ROOT)
    assert not RemotePath("rawer").is_under(RemotePath("raw"))
    assert ROOT.parent == ROOT
    with pytest.raises(InvalidInput):
        path.relative_to(RemotePath("other"))


def test_artifact_ids() -> None:
    assert ArtifactId.parse("lab/demo") == ArtifactId("lab", "demo")
    assert ArtifactId.parse("demo", "lab") == ArtifactId("lab", "demo")
    assert str(ArtifactId.parse("lab/demo", "lab")) == "lab/demo"


@pytest.mark.parametrize("text", ["", "demo", "/demo", "lab/", "a/b/c", "a/\x1b"])
def test_what_names_no_artifact(text: str) -> None:
    with pytest.raises(InvalidInput):
        ArtifactId.parse(text)


def test_contradicting_workspaces() -> None:
    with pytest.raises(InvalidInput, match="not in workspace"):
        ArtifactId.parse("lab/demo", "other")
