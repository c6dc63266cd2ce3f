"""The workspace, the artifact and the files that all pages speak of."""

from __future__ import annotations

import os
import sysconfig
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest

from hypha_artifact import HyphaArtifact, HyphaWorkspace
from hypha_artifact.localserver import LocalServer
from hypha_artifact.localserver.token import HOME, USER
from hypha_artifact.settings import ConnectionSettings

LAB = "my-lab"
UNCHANGED = "<!-- leaves-atlas-as-it-is -->"
"""Said in pages after which ``my-lab/atlas`` needs not be made anew."""
REMOTE = {
    "README.md": "# Atlas\n\nImages of plates.\n",
    "table.csv": "well,count\nA1,12\nA2,30\n",
    "raw/plate6/A1.tif": "sixth plate, well A1",
    "raw/plate6/A2.tif": "sixth plate, well A2",
}
LOCAL = {
    "plate7/A1.tif": "seventh plate, well A1",
    "plate7/A2.tif": "seventh plate, well A2",
    "plate7/log.txt": "20x, DAPI\n",
}


@pytest.fixture(scope="session")
def lab(server: LocalServer) -> ConnectionSettings:
    """The workspace ``my-lab`` on the tests' server."""
    config = {"id": LAB, "name": LAB, "persistent": True, "owners": [USER]}
    httpx.post(
        f"{server.url}/{HOME}/services/ws/create_workspace",
        headers={"Authorization": f"Bearer {server.mint(HOME)}"},
        json={"config": config},
    ).raise_for_status()
    return ConnectionSettings(
        server_url=server.url, workspace=LAB, token=server.mint(LAB)
    )


@pytest.fixture(scope="session")
def atlas(lab: ConnectionSettings, tmp_path_factory: pytest.TempPathFactory) -> Atlas:
    return Atlas(lab, tmp_path_factory.mktemp("atlas"))


@pytest.fixture
def folder(
    page: Path, atlas: Atlas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Generator[Path]:
    """A working folder with ``plate7``, beside the artifact ``my-lab/atlas``."""
    atlas.publish()
    folder = tmp_path / "work"
    for name, text in LOCAL.items():
        _write(folder / name, text)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HYPHA_SERVER_URL", atlas.lab.server_url)
    monkeypatch.setenv("HYPHA_WORKSPACE", LAB)
    monkeypatch.setenv("HYPHA_TOKEN", atlas.lab.token or "")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    scripts = sysconfig.get_path("scripts")
    monkeypatch.setenv("PATH", f"{scripts}{os.pathsep}{os.environ['PATH']}")
    yield folder
    atlas.clear(keep=UNCHANGED in page.read_text(encoding="utf-8"))


class Atlas:
    """``my-lab/atlas``, published again after a page that changed it."""

    def __init__(self, lab: ConnectionSettings, folder: Path) -> None:
        self.lab = lab
        self._files = folder
        self._is_there = False
        for name, text in REMOTE.items():
            _write(folder / name, text)

    def publish(self) -> None:
        if self._is_there:
            return
        where = ("my-lab/atlas", None, self.lab.token, self.lab.server_url)
        with HyphaArtifact(*where) as atlas:
            atlas.create({"name": "Atlas"}, stage=True)
            atlas.put(self._files, "/", recursive=True)
            atlas.commit(comment="Plate 6")
        self._is_there = True

    def clear(self, *, keep: bool) -> None:
        """Delete what pages made; and the atlas, unless it is to be kept."""
        with HyphaWorkspace(LAB, self.lab.token, self.lab.server_url) as workspace:
            for left in workspace.list_artifacts():
                if left.alias != "atlas" or not keep:
                    workspace.delete(left.id, recursive=True)
        self._is_there = keep


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
