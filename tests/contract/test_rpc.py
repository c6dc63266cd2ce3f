"""Beside hypha_rpc: its connections taken over, and opened."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from time import time

import anyio.to_thread
import pytest
from hypha_rpc import connect_to_server, sync as hypha_rpc_sync
from msgspec import structs

from hypha_artifact import AsyncHyphaArtifact, AsyncHyphaWorkspace, HyphaWorkspace
from hypha_artifact._api.transport import Transport
from hypha_artifact.errors import (
    HyphaError,
    NetworkError,
    PermissionDenied,
    SignInRequired,
)
from hypha_artifact.settings import ConnectionSettings

# Some connections of hypha_rpc leave their socket to the garbage collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

Config = dict[str, str | None]


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Let what a test leaves be collected while its warnings are ignored, not later."""
    yield
    gc.collect()


@pytest.fixture
def config(settings: ConnectionSettings) -> Config:
    """How hypha_rpc is told where to connect, and as whom."""
    return {
        "server_url": settings.server_url,
        "workspace": settings.workspace,
        "token": settings.token,
    }


async def test_a_connection_is_taken_over(config: Config) -> None:
    async with connect_to_server(config) as server:
        lab = await AsyncHyphaWorkspace.from_rpc(server, expires_in=600)
    # The workspace outlives the connection that it came from.
    async with lab:
        user = await lab.whoami()
        assert await lab.name() == config["workspace"] == user.workspace
        assert user.expires_at is not None
        assert user.expires_at < time() + 601
        await lab.create("over-rpc", {"name": "over"}, stage=True)
        async with AsyncHyphaArtifact("over-rpc", transport=lab.transport) as made:
            await made.put(b"by rpc", "a.txt")
            await made.commit()
            assert await made.cat("a.txt") == "by rpc"
        await lab.delete("over-rpc")


async def test_a_blocking_connection_is_taken_over(config: Config) -> None:
    def work() -> tuple[str, str | None]:
        with (
            hypha_rpc_sync.connect_to_server(config) as server,
            HyphaWorkspace.from_rpc(server) as lab,
        ):
            return lab.name(), lab.whoami().workspace

    assert await anyio.to_thread.run_sync(work) == (config["workspace"],) * 2


async def test_who_may_only_read_gets_no_token(config: Config) -> None:
    async with connect_to_server(config) as owner:
        token = await owner.generate_token({"permission": "read"})
    async with connect_to_server({**config, "token": token}) as reader:
        with pytest.raises(PermissionDenied) as refused:
            await AsyncHyphaWorkspace.from_rpc(reader)
    assert str(config["workspace"]) in str(refused.value)
    assert refused.value.detail == "PermissionError: Only admin can generate token."
    assert token not in str(refused.value)


async def test_a_lost_connection_is_no_lack_of_permission(config: Config) -> None:
    async with connect_to_server(config) as server:
        pass
    with pytest.raises(NetworkError, match=r"gives no token.*is closed") as lost:
        await AsyncHyphaWorkspace.from_rpc(server)
    assert lost.value.hint == "Connect again."


async def test_other_services_are_called(settings: ConnectionSettings) -> None:
    async with Transport(settings) as transport:
        lab = AsyncHyphaWorkspace(transport=transport)
        async with lab.rpc() as server:
            manager = await server.get_service("public/artifact-manager")
            await manager.create(alias="from-rpc", manifest={"name": "from"})
            record = await (await lab.artifact("from-rpc")).read()
            assert record.manifest == {"name": "from"}
        await lab.delete("from-rpc")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"token": "eyJhbGciOiJub25l.bad.bad"}, SignInRequired),
        ({"server_url": "http://127.0.0.1:9"}, NetworkError),
    ],
)
async def test_a_connection_that_is_not_opened(
    settings: ConnectionSettings, change: dict[str, str], error: type[HyphaError]
) -> None:
    wrong = structs.replace(settings, **change)
    async with Transport(wrong) as transport:
        lab = AsyncHyphaWorkspace(transport=transport)
        with pytest.raises(error, match="opens no RPC connection"):
            async with lab.rpc():
                pass
