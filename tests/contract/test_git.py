"""Artifacts in git storage: their stage, its preview, commit and discard."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import anyio
import pytest

from hypha_artifact import AsyncHyphaArtifact, staging
from hypha_artifact._api import endpoints
from hypha_artifact._api.transport import Transport
from hypha_artifact.errors import CommitBlocked, NotStaged, StageConflict
from hypha_artifact.localserver import LocalServer
from hypha_artifact.models import ChangeKind, Fate, StageMode
from hypha_artifact.paths import RemotePath
from hypha_artifact.settings import ConnectionSettings
from tests.contract.conftest import Run


@pytest.fixture(scope="module")
def name(server: LocalServer) -> str:
    """Name an artifact in git storage with ``a.txt``, ``d/b.txt`` and the tag v9.

    Its calls take long, so that the tests share it.
    """
    return anyio.run(_make, server.settings)


async def _make(settings: ConnectionSettings) -> str:
    async with Transport(settings) as transport:
        name = f"{settings.workspace}/git-{uuid4().hex[:12]}"
        artifact = AsyncHyphaArtifact(name, transport=transport)
        await artifact.create({"name": "git"}, config={"storage": "git"}, stage=True)
        links = await artifact.remote.sign_uploads(list(map(RemotePath, FILES)))
        for path, link in links.items():
            data = FILES[path]
            await artifact.remote.put(link, pieces(data), len(data))
        made = await artifact.commit(comment="first", version="v9")
        assert made.latest
        assert (made.latest.version, made.stage_mode) == ("main", None)
        assert [version.version for version in made.versions or ()] == ["main", "v9"]
    return name


FILES = {"a.txt": b"one", "d/b.txt": b"two!"}


async def pieces(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def changes(artifact: AsyncHyphaArtifact) -> dict[str, tuple[str, int | None]]:
    state = await artifact.stage()
    assert not any(change.live for change in state.changes)
    return {change.path: (change.kind.value, change.size) for change in state.changes}


async def test_the_stage_of_git_storage(
    settings: ConnectionSettings, name: str
) -> None:
    async with Transport(settings) as transport:
        kept = AsyncHyphaArtifact(name, transport=transport)
        await _stages_and_commits(kept)
        await _discards(kept)


async def _stages_and_commits(kept: AsyncHyphaArtifact) -> None:
    remote = kept.remote
    with pytest.raises(NotStaged):
        await kept.commit()
    opened = await remote.open_stage(StageMode.NEW_VERSION)
    assert opened.stage_mode is StageMode.ON_BRANCH
    paths = list(map(RemotePath, ("a.txt", "d/n.txt", "ghost", "d/ghost")))
    links = await remote.sign_uploads(paths)
    for path in paths[:2]:
        await remote.put(links[path], pieces(b"123"), 3)
    await staging.remove(remote, [RemotePath("d/b.txt")])
    assert await changes(kept) == {
        "a.txt": ("M", 3),
        "d/b.txt": ("D", None),
        "d/ghost": ("!", None),
        "d/n.txt": ("A", 3),
        "ghost": ("!", None),
    }
    preview = await kept.preview_commit()
    assert {file.path: file.fate for file in preview.files} == {
        "a.txt": Fate.CHANGED,
        "d/b.txt": Fate.GONE,
        "d/n.txt": Fate.NEW,
    }
    assert preview.state.target == "main"
    with pytest.raises(CommitBlocked, match="leave them out without a word"):
        await kept.commit()
    with pytest.raises(StageConflict, match="marked for removal already"):
        await staging.remove(remote, [RemotePath("d/b.txt")])
    assert await remote.clear_pending(paths) == ("ghost", "d/ghost")

    await staging.remove(remote, paths[:2])
    await kept.put(b"wins over its marker", "d/b.txt")
    assert await changes(kept) == {"d/b.txt": ("M", 20)}
    made = await kept.commit(comment="second")
    assert not made.is_staged
    assert (await remote.stat(RemotePath("d/b.txt"))).size == 20


async def _discards(kept: AsyncHyphaArtifact) -> None:
    remote = kept.remote
    await remote.open_stage(StageMode.IN_PLACE)
    await kept.put(b"left", "left.txt")
    # As other clients discard: the server keeps the bytes, and a commit takes them.
    await kept._transport.call(endpoints.discard(kept.id))
    await remote.open_stage(StageMode.IN_PLACE)
    assert await changes(kept) == {"left.txt": (ChangeKind.UNKNOWN.value, 4)}
    preview = await kept.preview_commit()
    assert [finding.code for finding in preview.questions] == ["foreign"]
    await kept.discard()
    with pytest.raises(NotStaged):
        await kept.discard()


def test_the_commands_on_git_storage(run: Run, name: str, tmp_path: Path) -> None:
    a = name
    (tmp_path / "c.txt").write_text("see")
    source = str(tmp_path / "c.txt")
    refused = run("-a", a, "put", source, "c.txt", "--new-version", status=5)
    assert "no new version that starts empty" in refused.stderr
    done = run("-a", a, "put", source, "c.txt")
    assert "for main: readers see it after the commit" in done.stderr
    told = json.loads(run("-a", a, "status", "--json").stdout)
    assert (told["mode"], told["target"]) == ("on the branch", "main")
    assert told["changes"] == [
        {"path": "c.txt", "change": "added", "size": 3, "live": False}
    ]
    run("-a", a, "discard")
    assert "no stage is open. Readers see main." in run("-a", a, "status").stdout
    run("-a", a, "upload", source, "d/", "--detach", "--wait", "-m", "Behind")
    assert "c.txt" in run("-a", a, "ls", "d").stdout.split()
    versions = json.loads(run("-a", a, "versions", "--json").stdout)
    assert [(v["version"], v["latest"]) for v in versions] == [
        ("main", True),
        ("v9", False),
    ]
