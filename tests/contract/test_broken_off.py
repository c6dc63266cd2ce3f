"""Work that is broken off between two calls: a token revoked, a server in trouble."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path

import anyio
import pytest
from msgspec import structs

from hypha_artifact import AsyncHyphaArtifact
from hypha_artifact._api import auth
from hypha_artifact._api.endpoints import Call
from hypha_artifact._api.transport import Transport
from hypha_artifact.errors import Remedy, ServerFault, SignInRequired
from hypha_artifact.models import StagedChange
from hypha_artifact.settings import ConnectionSettings
from tests.faults import Fault, FaultProxy

MANAGER = "artifact-manager"

_SHORTLY = 3
"""Seconds that a token is good for."""


@pytest.fixture
async def artifact(faults: FaultProxy) -> AsyncGenerator[AsyncHyphaArtifact]:
    """A staged artifact behind the fault proxy, with a folder of two files."""
    alias = f"broken-{uuid.uuid4().hex[:8]}"
    async with Transport(faults.settings) as transport:
        artifact = AsyncHyphaArtifact(alias, transport=transport)
        await artifact.create({"name": "broken off"}, stage=True)
        await artifact.put(b"first", "dir/a.txt")
        await artifact.commit()
        await artifact.edit(stage=True)
        await artifact.put(b"second", "dir/b.txt")
        yield artifact
        faults.clear()
        await artifact.delete(delete_files=True)


async def _changes(artifact: AsyncHyphaArtifact) -> tuple[StagedChange, ...]:
    return (await artifact.stage()).changes


async def test_a_token_that_is_revoked_in_the_middle(
    artifact: AsyncHyphaArtifact, settings: ConnectionSettings, tmp_path: Path
) -> None:
    home = artifact.workspace
    before = await _changes(artifact)
    async with Transport(settings) as owner:
        token = await owner.call(auth.generate_token(home, home, 3600))
        async with Transport(structs.replace(settings, token=token)) as transport:
            mine = AsyncHyphaArtifact(artifact.artifact_id, transport=transport)
            assert await mine.cat("dir/a.txt") == "first"
            await owner.call(
                Call(
                    path=f"/{home}/services/ws/revoke_token",
                    subject="revoke a token",
                    answer=object,
                    arguments={"token": token},
                )
            )
            calls: list[Callable[[], Awaitable[object]]] = [
                lambda: mine.put(b"x", "never.txt"),
                lambda: mine.rm("dir/b.txt"),
                lambda: mine.get("dir", str(tmp_path / "out"), recursive=True),
                mine.commit,
            ]
            for call in calls:
                with pytest.raises(SignInRequired) as refused:
                    await call()
                assert refused.value.remedy is Remedy.SIGN_IN
                assert refused.value.hint
                assert token not in str(refused.value)
            assert await _changes(artifact) == before
            assert not list(tmp_path.rglob("*.txt"))
            transport.sign_in(settings)
            assert await mine.cat("dir/b.txt", version="stage") == "second"


async def test_a_token_that_runs_out_in_the_middle(
    artifact: AsyncHyphaArtifact, settings: ConnectionSettings, tmp_path: Path
) -> None:
    home, out = artifact.workspace, tmp_path / "out"
    before = await _changes(artifact)
    async with Transport(settings) as owner:
        token = await owner.call(auth.generate_token(home, home, _SHORTLY))
    async with Transport(structs.replace(settings, token=token)) as transport:
        mine = AsyncHyphaArtifact(artifact.artifact_id, transport=transport)

        async def download() -> None:
            while True:
                await mine.get("dir", str(out), recursive=True, version="stage")
                shutil.rmtree(out)

        with anyio.fail_after(60), pytest.raises(SignInRequired) as late:
            await download()
        assert late.value.hint
        assert token not in str(late.value)
        for call in (lambda: mine.put(b"x", "never.txt"), mine.commit):
            with pytest.raises(SignInRequired):
                await call()
    assert await _changes(artifact) == before
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


async def test_a_database_that_is_busy_for_good(
    artifact: AsyncHyphaArtifact, faults: FaultProxy
) -> None:
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "edit": lambda: artifact.edit(manifest={"name": "other"}, stage=True),
        "put_file": lambda: artifact.touch("dir/b.txt"),
        "remove_file": lambda: artifact.rm("dir/b.txt"),
        "commit": artifact.commit,
    }
    for method, call in calls.items():
        before = await _changes(artifact)
        fault = faults.add(Fault(f"{MANAGER}/{method}", times=None, status=500))
        with pytest.raises(ServerFault) as busy:
            await call()
        assert fault.hits
        assert busy.value.remedy is Remedy.RETRY
        assert busy.value.hint
        faults.clear()
        assert await _changes(artifact) == before
        await call()


async def test_the_server_hangs_up_after_an_error(
    artifact: AsyncHyphaArtifact, settings: ConnectionSettings
) -> None:
    async with Transport(settings, connections=1) as transport:
        direct = AsyncHyphaArtifact(artifact.artifact_id, transport=transport)
        calls: list[Callable[[], Awaitable[object]]] = [
            direct.ls,
            lambda: direct.edit(manifest={"name": "once"}, stage=True),
            lambda: direct.put(b"x", "after.txt"),
            direct.commit,
        ]
        for call in calls:
            broken = await transport.client.post(
                f"{direct.artifact_url}/read",
                content=b"{}",
                headers={"Content-Type": "text/plain"},
            )
            assert broken.status_code == 500
            await call()
        assert await direct.cat("after.txt") == "x"
