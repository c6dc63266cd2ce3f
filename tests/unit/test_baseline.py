from __future__ import annotations

import stat
from pathlib import Path

from hypha_artifact.baseline import Baseline, BaselineStore
from hypha_artifact.models import ChangeKind
from hypha_artifact.paths import ROOT, RemotePath


def test_kinds() -> None:
    known = Baseline(opened=1).listed(
        RemotePath("raw"), frozenset({"a", "b"}), frozenset({"raw/b", "other/c"})
    )
    assert known.kind_of(RemotePath("raw/a")) is ChangeKind.MODIFIED
    assert known.kind_of(RemotePath("raw/new")) is ChangeKind.ADDED
    assert known.kind_of(RemotePath("raw/b")) is ChangeKind.UNKNOWN
    assert known.kind_of(RemotePath("unlisted/a")) is ChangeKind.UNKNOWN
    assert known.kind_of(RemotePath("a")) is ChangeKind.UNKNOWN


async def test_it_lasts_as_long_as_its_session(tmp_path: Path) -> None:
    store = BaselineStore(tmp_path / "new" / "stages")
    kept = Baseline(opened=7).listed(ROOT, frozenset({"a"}), frozenset())
    await store.save("lab/x", kept)
    assert await store.load("lab/x", 7) == kept
    assert await store.load("lab/x", 8) == Baseline(opened=8)
    assert await store.load("lab/y", 7) == Baseline(opened=7)


async def test_private_and_robust(tmp_path: Path) -> None:
    store = BaselineStore(tmp_path)
    await store.save("lab/x", Baseline(opened=1))
    (file,) = tmp_path.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.write_bytes(b"\x00broken")
    assert await store.load("lab/x", 1) == Baseline(opened=1)
