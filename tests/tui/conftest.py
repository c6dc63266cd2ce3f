from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.fakes import FakeSession


@pytest.fixture
def session() -> FakeSession:
    return FakeSession()


@pytest.fixture
def local(tmp_path: Path) -> Path:
    """A folder with a folder, ten files and a dot file."""
    home = tmp_path / "data"
    (home / "sub").mkdir(parents=True)
    (home / "sub" / "inner.txt").write_text("x")
    (home / ".hidden").write_text("x")
    for number in range(10):
        (home / f"file_{number}.txt").write_text("x" * number)
    return home
