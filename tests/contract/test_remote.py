"""Reading, listing and moving bytes of one artifact, on the real server."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator

import pytest

from hypha_artifact import staging
from hypha_artifact._api.transport import Transport
from hypha_artifact.errors import (
    ArtifactNotFound,
    IntegrityError,
    NetworkError,
    NotFound,
    SignInRequired,
    UnsafePath,
    UploadExpired,
    VersionNotFound,
)
from hypha_artifact.paths import ROOT, ArtifactId, RemotePath
from hypha_artifact.remote import RemoteArtifact
from hypha_artifact.settings import ConnectionSettings
from hypha_artifact.workspace import AsyncHyphaWorkspace
from tests.contract.conftest import Download, Upload

ODD_NAMES = (
    "#1?.txt",
    "100%.csv",
    "100%25.csv",
    "naïve – copy.txt",
    "a b+c&d;e='f'.txt",
    "back\\slash.txt",
    "1e5",
    "emoji 😀.txt",
    "deep er/#2?.txt",
)


RANGES = ((0, 3, b"012"), (4, None, b"456789"), (9, 99, b"9"))


async def whole(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def test_odd_names_make_the_round_trip(
    remote: RemoteArtifact, upload: Upload, download: Download
) -> None:
    await upload({name: name.encode() for name in ODD_NAMES})
    await staging.commit(remote)
    found = {str(path) async for path, _ in remote.walk()}
    assert found == set(ODD_NAMES)
    for name in ODD_NAMES:
        assert await download(name) == name.encode()


async def test_empty_file_and_ranges(
    remote: RemoteArtifact, upload: Upload, download: Download
) -> None:
    await upload({"empty": b"", "ten": b"0123456789", "#ten": b"0123456789"})
    assert await download("empty") == b""
    for path in (RemotePath("ten"), RemotePath("#ten")):
        links = await remote.sign_downloads([path])
        for start, stop, wanted in (
            (0, 3, b"012"),
            (4, None, b"456789"),
            (9, 99, b"9"),
        ):
            async with remote.fetch(links[path], start, stop) as body:
                assert body.size == 10
                assert b"".join([c async for c in body.chunks]) == wanted


async def test_multipart_is_joined_in_order(
    remote: RemoteArtifact, download: Download
) -> None:
    path = RemotePath("parts.bin")
    parts = [bytes([number]) * (5 << 20) for number in range(3)] + [b"end"]
    started = await remote.start_multipart(path, len(parts))
    etags = [
        await remote.put(link, whole(part), len(part))
        for link, part in reversed(list(zip(started.links, parts, strict=True)))
    ]
    size = sum(map(len, parts))
    await remote.complete_multipart(started, etags[::-1], size=size)
    joined = hashlib.md5(b"".join(parts), usedforsecurity=False).digest()
    got = hashlib.md5(await download(path, "stage"), usedforsecurity=False)
    assert got.digest() == joined
    # The answer to the first completion may have been lost: a second one is settled.
    await remote.complete_multipart(started, etags[::-1], size=size)
    with pytest.raises(UploadExpired):
        await remote.complete_multipart(started, etags[::-1], size=size + 1)


async def test_a_wrong_digest_is_refused(remote: RemoteArtifact) -> None:
    path = RemotePath("digest.bin")
    links = await remote.sign_uploads([path])
    wrong = hashlib.md5(b"other", usedforsecurity=False).digest()
    with pytest.raises(IntegrityError):
        await remote.put(links[path], whole(b"bytes"), 5, md5=wrong)


async def test_a_listing_is_complete_and_sorted(
    remote: RemoteArtifact, upload: Upload
) -> None:
    files = {f"many/f{number:04}": b"" for number in range(1100)}
    links = await remote.sign_uploads([RemotePath(path) for path in files])
    for link in links.values():
        await remote.put(link, whole(b""), 0)
    await upload({"many/z/inner": b"x"})
    entries = await remote.list_folder(RemotePath("many"), version="stage")
    assert entries[0].is_folder
    assert [entry.name for entry in entries[1:]] == [f"f{n:04}" for n in range(1100)]


async def test_what_is_not_there_is_said(
    remote: RemoteArtifact, upload: Upload
) -> None:
    await upload({"a": b"a"})
    await staging.commit(remote)
    with pytest.raises(VersionNotFound):
        await remote.read(version="v9")
    with pytest.raises(NotFound, match="nothing"):
        await remote.stat(RemotePath("nothing.txt"))
    with pytest.raises(FileNotFoundError):
        await remote.sign_downloads([RemotePath("nothing.txt")])
    assert await remote.list_folder(RemotePath("no/such/folder")) == ()
    assert (await remote.stat(ROOT)).is_folder


async def test_no_such_artifact(transport: Transport) -> None:
    workspace = transport.settings.workspace or ""
    missing = RemoteArtifact(ArtifactId(workspace, "no-such-artifact"), transport)
    with pytest.raises(ArtifactNotFound, match="no-such-artifact"):
        await missing.read()


async def test_a_bad_token_is_named_and_never_shown(
    settings: ConnectionSettings,
) -> None:
    secret = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJlLXRoYXQtaXMtd3Jvbmc"
    async with AsyncHyphaWorkspace(
        settings.workspace, secret, settings.server_url
    ) as workspace:
        with pytest.raises(SignInRequired) as caught:
            await workspace.list_artifacts()
    assert secret not in caught.value.explain()


async def test_a_dead_server_is_named(unused_tcp_url: str) -> None:
    async with AsyncHyphaWorkspace("lab", "token", unused_tcp_url) as workspace:
        with pytest.raises(NetworkError, match=r"no connection to 127\.0\.0\.1"):
            await workspace.list_artifacts()


async def test_unsafe_names_never_leave(remote: RemoteArtifact) -> None:
    for name in ("../up", "a/../../b", "tab\there", "esc\x1b[31m", "x" * 256):
        with pytest.raises(UnsafePath):
            await remote.sign_uploads([RemotePath(name)])


async def test_workspace_lists_and_creates(settings: ConnectionSettings) -> None:
    async with AsyncHyphaWorkspace(
        settings.workspace, settings.token, settings.server_url
    ) as workspace:
        user = await workspace.whoami()
        assert user.scopes[settings.workspace or ""] in {"a", "rw"}
        created = await workspace.create(
            "contract-parent", {"name": "Parent"}, kind="collection"
        )
        child = await workspace.create(
            "contract-child", {"name": "Child"}, parent=created.artifact_id
        )
        roots = {a.alias for a in await workspace.list_artifacts()}
        assert "contract-parent" in roots
        assert "contract-child" not in roots
        children = await workspace.list_artifacts(parent=created.artifact_id)
        assert [a.alias for a in children] == ["contract-child"]
        await workspace.delete(child.id)
        await workspace.delete(created.id)
        assert "contract-parent" not in {
            a.alias for a in await workspace.list_artifacts()
        }
