"""A workspace on the real server: its artifacts, accounts, rights, signing in."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from time import time
from typing import Any
from uuid import uuid4

import anyio
import pytest
from msgspec import structs

from hypha_artifact._api import endpoints
from hypha_artifact._api.endpoints import Call
from hypha_artifact._api.transport import Transport
from hypha_artifact.errors import (
    AlreadyExists,
    ArtifactNotFound,
    NotFound,
    PermissionDenied,
    SignInRequired,
    StageConflict,
    VersionNotFound,
    WouldLoseData,
)
from hypha_artifact.localserver import LocalServer
from hypha_artifact.localserver.token import HOME, USER
from hypha_artifact.login import accept, sign_in
from hypha_artifact.models import JsonObject, StageMode
from hypha_artifact.paths import ArtifactId, RemotePath
from hypha_artifact.settings import ConnectionSettings
from hypha_artifact.workspace import AsyncHyphaWorkspace
from tests.faults import FaultProxy


@pytest.fixture
async def space(settings: ConnectionSettings) -> AsyncGenerator[AsyncHyphaWorkspace]:
    async with Transport(settings) as transport:
        yield AsyncHyphaWorkspace(transport=transport)


@pytest.fixture
def word() -> str:
    """A word that no other test's artifacts have."""
    return f"w{uuid4().hex[:12]}"


async def bytes_of(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def put(space: AsyncHyphaWorkspace, name: str, files: dict[str, bytes]) -> None:
    remote = await space.artifact(name)
    links = await remote.sign_uploads([RemotePath(path) for path in files])
    for path, data in files.items():
        await remote.put(links[RemotePath(path)], bytes_of(data), len(data))


async def names(space: AsyncHyphaWorkspace, name: str) -> list[str]:
    return [entry.name for entry in await (await space.artifact(name)).list_folder()]


async def test_artifacts_are_listed_searched_and_filtered(
    space: AsyncHyphaWorkspace, word: str
) -> None:
    workspace = await space.name()
    box = await space.create(f"{word}-box", {"name": word}, kind="collection")
    await space.create(f"{word}-b", {"name": f"{word} Apple"}, stage=True)
    await space.create(f"{word}-a", {"name": f"{word} pear"}, kind="dataset")
    inner = f"{word}-in"
    await space.create(inner, {"name": f"{word} apple"}, parent=box.artifact_id)

    async def listed(**how: Any) -> list[str]:
        found = await space.list_artifacts(**how)
        return [artifact.alias.removeprefix(word) for artifact in found]

    assert await listed(keywords=[word]) == ["-a", "-b", "-box"]
    assert await listed(keywords=[word.upper(), "APPLE"]) == ["-b"]
    assert await listed(keywords=[word], deep=True) == ["-a", "-b", "-box", "-in"]
    assert await listed(keywords=[word], kind="dataset") == ["-a"]
    assert await listed(keywords=[word], collections=True) == ["-box"]
    assert await listed(keywords=[word], staged=True, deep=True) == ["-b"]
    parent = ArtifactId(workspace, box.alias)
    assert await listed(parent=parent) == ["-in"]
    assert await listed(parent=parent, keywords=["pear"]) == []
    with pytest.raises(ArtifactNotFound):
        await space.list_artifacts(parent=ArtifactId(workspace, f"{word}-none"))


async def test_a_copy_has_the_files_and_never_the_secrets(
    space: AsyncHyphaWorkspace, transport: Transport, word: str
) -> None:
    given: JsonObject = {"manifest": {"name": word}, "secrets": {"key": "topsecret"}}
    source = ArtifactId(await space.name(), word)
    await transport.call(_create(source, {**given, "stage": True}))
    await put(space, word, {"a.txt": b"a", "deep/b.txt": b"b"})
    await (await space.artifact(word)).commit()
    copy = await space.duplicate(word, f"{word}-copy")
    assert copy.name == word
    assert [version.version for version in copy.versions or ()] == ["v0"]
    assert not copy.is_staged
    assert await names(space, copy.alias) == ["deep", "a.txt"]
    with pytest.raises(AlreadyExists):
        await space.duplicate(word, copy.alias)
    with pytest.raises(ArtifactNotFound):
        await space.duplicate(f"{word}-none", f"{word}-other")
    # A file that is really named so is a file as any other.
    await (await space.artifact(word)).open_stage(StageMode.IN_PLACE)
    await put(space, word, {".json": b"mine"})
    await (await space.artifact(word)).commit()
    second = await space.duplicate(word, f"{word}-second")
    remote = await space.artifact(second.alias)
    links = await remote.sign_downloads([RemotePath(".json")])
    async with remote.fetch(links[RemotePath(".json")]) as body:
        assert b"".join([piece async for piece in body.chunks]) == b"mine"


def _create(name: ArtifactId, given: JsonObject) -> Call[JsonObject]:
    return Call(
        path="/public/services/artifact-manager/create",
        subject="create",
        answer=JsonObject,
        arguments={"alias": str(name), **given},
    )


async def test_only_the_last_version_can_be_deleted(
    space: AsyncHyphaWorkspace, word: str
) -> None:
    await space.create(word, {"name": word}, stage=True)
    remote = await space.artifact(word)
    for version in ("v0", "v1"):
        await remote.open_stage(StageMode.NEW_VERSION)
        await put(space, word, {f"{version}.txt": b"x"})
        await remote.commit()
    with pytest.raises(WouldLoseData, match="each other's files"):
        await space.delete(word, version="v0")
    with pytest.raises(VersionNotFound, match="no version 'v7'") as caught:
        await space.delete(word, version="v7")
    assert "v0, v1" in caught.value.hint
    await remote.open_stage(StageMode.IN_PLACE)
    with pytest.raises(StageConflict):
        await space.delete(word, version="v1")
    await remote.discard()
    await space.delete(word, version="v1")
    assert await names(space, word) == ["v0.txt"]
    await space.delete(word)
    with pytest.raises(ArtifactNotFound):
        await space.delete(word)


async def test_a_collection_is_deleted_with_its_children_or_not_at_all(
    space: AsyncHyphaWorkspace, word: str
) -> None:
    box = await space.create(word, {"name": word}, kind="collection")
    inner = await space.create(
        f"{word}-inner", {"name": word}, kind="collection", parent=box.artifact_id
    )
    for parent in (box, inner):
        alias = f"{parent.alias}-child"
        where = parent.artifact_id
        await space.create(alias, {"name": word}, parent=where, stage=True)
    with pytest.raises(WouldLoseData, match="with 2 artifacts"):
        await space.delete(word)
    await space.delete(word, recursive=True)
    assert await space.list_artifacts(keywords=[word], deep=True) == ()


async def test_who_i_am_and_which_workspaces_are_mine(
    space: AsyncHyphaWorkspace, server: LocalServer
) -> None:
    user = await space.whoami()
    assert (user.id, user.person, user.home) == (USER, USER, HOME)
    assert user.level(server.workspace) == "a"
    assert user.level("public") == ""
    assert user.expires_at is not None
    assert user.expires_at > time()
    listed = await space.list_workspaces()
    assert listed[0].name == server.workspace
    assert listed[0].is_current
    assert listed[0].is_own
    assert listed[0].level == "a"
    home = next(info for info in listed if info.name == HOME)
    assert home.is_own
    assert home.description
    assert not home.is_current
    assert set(await space.workspaces()) <= {info.name for info in listed}


async def test_a_workspace_of_mine_that_the_token_does_not_open_is_listed(
    server: LocalServer,
) -> None:
    settings = structs.replace(server.settings, token=server.mint(HOME), workspace=None)
    async with Transport(settings) as transport:
        space = AsyncHyphaWorkspace(transport=transport)
        found = {info.name: info for info in await space.list_workspaces()}
        assert found[server.workspace].is_own
        assert found[server.workspace].level == ""
        assert found[HOME].is_current


async def test_nobody_has_no_workspace_but_may_ask(server: LocalServer) -> None:
    settings = structs.replace(server.settings, token=None)
    async with Transport(settings) as transport:
        space = AsyncHyphaWorkspace(transport=transport)
        assert (await space.whoami()).is_anonymous
        assert {i.level for i in await space.list_workspaces()} <= {"", "r"}
        rights = await space.rights()
        assert not rights.can_read
        assert not rights.can_create


@pytest.fixture
async def shared(transport: Transport, word: str) -> ArtifactId:
    """Everybody may read it, and whoever signs in may draft; without its creator."""
    name = ArtifactId(transport.settings.workspace or "", word)
    await transport.call(_create(name, {"manifest": {"name": word}}))
    config: JsonObject = {"permissions": {"*": "r", "@": "rd+"}}
    await transport.call(
        endpoints.edit(name, {"config": config}, stage=False, version=None)
    )
    return name


async def test_rights_of_nobody_are_what_the_server_then_grants(
    server: LocalServer, space: AsyncHyphaWorkspace, shared: ArtifactId
) -> None:
    mine = await space.rights()
    assert mine.can_create
    assert mine.can_delete
    assert (await space.rights(shared.alias)).can_delete
    shut = (await space.create(f"{shared.alias}-shut", {"name": "shut"})).artifact_id
    async with Transport(structs.replace(server.settings, token=None)) as anonymous:
        guest = AsyncHyphaWorkspace(transport=anonymous)
        rights = await guest.rights(shared.alias)
        assert rights.can_read
        assert not rights.can_edit
        with pytest.raises(PermissionDenied):
            await (await guest.artifact(str(shared))).open_stage(StageMode.IN_PLACE)
        with pytest.raises(PermissionDenied):
            await guest.rights(str(shut))


async def test_rights_of_a_drafter_are_what_the_server_then_grants(
    server: LocalServer, shared: ArtifactId
) -> None:
    settings = structs.replace(server.settings, token=server.mint(HOME))
    async with Transport(settings) as other:
        helper = AsyncHyphaWorkspace(transport=other)
        rights = await helper.rights(str(shared))
        assert rights.level == ""
        assert rights.can_edit
        assert not rights.can_commit
        assert not rights.can_delete
        remote = await helper.artifact(str(shared))
        await remote.open_stage(StageMode.IN_PLACE)
        with pytest.raises(PermissionDenied):
            await remote.commit()


async def test_a_first_commit_needs_the_collection_s_leave(
    server: LocalServer, transport: Transport, word: str
) -> None:
    workspace = server.workspace
    box = ArtifactId(workspace, word)
    may = ["list", "read", "list_files", "get_file", "draft"]
    config: JsonObject = {"permissions": {"*": may}}
    given: JsonObject = {"manifest": {"name": word}, "type": "collection"}
    await transport.call(_create(box, {**given, "config": config}))
    nobody = structs.replace(server.settings, token=None)
    async with Transport(nobody) as anonymous:
        guest = AsyncHyphaWorkspace(transport=anonymous)
        await guest.create(f"{word}-draft", {"name": word}, parent=box, stage=True)
        rights = await guest.rights(f"{word}-draft")
        assert rights.can_edit
        assert not rights.can_commit
        assert rights.can_read
        with pytest.raises(PermissionDenied, match="attach"):
            await (await guest.artifact(f"{word}-draft")).commit()


async def report(transport: Transport, url: str, token: str) -> None:
    """Do what the login page does once the user has signed in."""
    key = url.partition("key=")[2].partition("&")[0]
    await transport.call(
        Call(
            path="/public/services/hypha-login/report",
            subject="report",
            answer=type(None),
            arguments={"key": key, "token": token},
        )
    )


async def test_sign_in_waits_for_the_browser(
    server: LocalServer, faults: FaultProxy, transport: Transport
) -> None:
    urls: list[str] = []
    asked = anyio.Event()

    def see(request: str) -> None:
        if "hypha-login/check" in request:
            asked.set()

    faults.on_request = see
    settings = structs.replace(faults.settings, token="of no use", workspace=None)

    async def browse() -> None:
        await asked.wait()
        await report(transport, urls[0], server.mint(HOME))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(browse)
        signed = await sign_in(settings, urls.append)
    assert signed.user.id == USER
    assert signed.workspace == HOME
    assert signed.token not in repr(signed)
    assert len(urls) == 1
    assert faults.count("hypha-login/check") >= 2


async def test_the_login_token_is_traded_for_one_of_the_workspace(
    server: LocalServer,
) -> None:
    settings = structs.replace(server.settings, token=server.mint(HOME))
    signed = await accept(settings, expires_in=1000)
    assert signed.user.level(server.workspace) == "rw"
    assert signed.user.person == USER
    assert signed.user.expires_at is not None
    assert signed.user.expires_at < time() + 1001
    strange = structs.replace(settings, workspace="public")
    with pytest.raises(PermissionDenied, match="no token for workspace public"):
        await accept(strange)


async def test_sign_ins_that_fail_say_why(settings: ConnectionSettings) -> None:
    with pytest.raises(SignInRequired, match="Nobody signed in within 0 seconds"):
        await sign_in(settings, lambda _: None, wait=0)
    with pytest.raises(SignInRequired, match="nobody's"):
        await accept(structs.replace(settings, token=None))
    elsewhere = structs.replace(settings, server_url=f"{settings.server_url}/nowhere")
    with pytest.raises(NotFound, match="no login service"):
        await sign_in(elsewhere, lambda _: None)


async def test_an_expired_token_is_told_before_anything_is_sent(
    server: LocalServer, faults: FaultProxy
) -> None:
    old = server.mint(server.workspace, lifetime=-3600)
    async with Transport(structs.replace(faults.settings, token=old)) as transport:
        with pytest.raises(SignInRequired, match="expired on") as caught:
            await AsyncHyphaWorkspace(transport=transport).whoami()
    assert "hypha-artifact login" in caught.value.hint
    assert faults.requests == []
