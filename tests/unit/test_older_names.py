"""Names that only the hypha-artifact package's code has, as far as they are kept."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from hypha_artifact import AsyncHyphaArtifact, HyphaArtifact, utils
from hypha_artifact.classes import MultipartStatusMessage, StatusMessage


@pytest.mark.parametrize(
    ("module", "found"),
    [
        ("hypha_artifact", HyphaArtifact),
        ("async_hypha_artifact", AsyncHyphaArtifact),
        ("async_hypha_artifact_compat", AsyncHyphaArtifact),
    ],
)
def test_older_import_paths(module: str, found: type) -> None:
    home = importlib.import_module(f"hypha_artifact.{module}")
    assert getattr(home, found.__name__) is found


def test_messages_of_files() -> None:
    messages = StatusMessage("upload", 3)
    assert messages.in_progress("a.txt", 1) == {
        "type": "info",
        "message": "Uploading file 2/3: a.txt",
        "file": "a.txt",
        "total_files": 3,
        "current_file": 2,
    }
    assert messages.success("a.txt")["message"] == "Successfully uploaded: a.txt"
    gone = StatusMessage("download", 1).error("a.txt", "gone")
    assert gone["message"] == "Failed to download a.txt: gone"


def test_messages_of_parts() -> None:
    messages = MultipartStatusMessage("upload", "a.txt", 3)
    info = messages.part_info(1, 5)
    assert info["message"] == "Uploading part 1/3 for a.txt"
    assert (info["current_part"], info["total_parts"], info["part_size"]) == (1, 3, 5)
    done = messages.part_success(3)
    assert done["message"] == "Successfully uploaded part 3/3 for a.txt"
    assert done["part_size"] is None
    failed = messages.part_error(2, "reset")
    assert failed["message"] == "Failed to upload part 2/3 for a.txt: reset"


def test_helpers_for_paths(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    for name in ("1", "a/2", "a/b/3"):
        (tmp_path / name).touch()
    root = str(tmp_path)
    files = utils.local_walk(root, 2)
    assert files == [f"{root}/1", f"{root}/a/2"]
    assert len(utils.local_walk(root)) == 3
    assert utils.local_walk(f"{root}/1") == []
    pairs = [(f"{root}/1", "to/1"), (f"{root}/a/2", "to/a/2")]
    assert utils.rel_path_pairs(files, root, "to/") == pairs
    with pytest.raises(ValueError, match="subpath"):
        utils.rel_path_pairs(["elsewhere"], root, "to")
    assert utils.local_file_or_dir("a/b.txt", "d/") == "d/b.txt"
    assert utils.local_file_or_dir("a/b.txt", "d") == "d"
    assert utils.ensure_equal_len("a", "b") == (["a"], ["b"])
    assert utils.ensure_equal_len(["a"], ["b"]) == (["a"], ["b"])
    with pytest.raises(TypeError):
        utils.ensure_equal_len(["a"], "b")
    with pytest.raises(ValueError, match="pair"):
        utils.ensure_equal_len(["a", "b"], ["c"])


def test_helpers_for_values(monkeypatch: pytest.MonkeyPatch) -> None:
    assert utils.to_bytes("å") == utils.to_bytes(bytearray(b"\xc3\xa5")) == b"\xc3\xa5"
    assert utils.decode_to_text(b"\xc3\xa5") == utils.decode_to_text("å") == "å"
    with pytest.raises(UnicodeDecodeError):
        utils.decode_to_text(b"\xff")
    assert utils.env_override("HYPHA_USE_PROXY") is None
    monkeypatch.setenv("HYPHA_USE_PROXY", "TRUE")
    assert utils.env_override("HYPHA_USE_PROXY") is True
    assert utils.env_override("HYPHA_USE_PROXY", override=False) is False
    monkeypatch.setenv("HYPHA_USE_PROXY", "https://s3")
    assert utils.env_override("HYPHA_USE_PROXY") == "https://s3"
