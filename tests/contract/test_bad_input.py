"""What goes wrong for callers of the library: a typed error, and nothing half done."""

from __future__ import annotations

import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path

import anyio
import pytest

from hypha_artifact import AsyncHyphaArtifact
from hypha_artifact._api.transport import Transport
from hypha_artifact.errors import (
    CommitBlocked,
    DiskFull,
    HyphaError,
    IntegrityError,
    LocalFileError,
    NetworkError,
    NotFound,
    RateLimited,
    Remedy,
    ServerFault,
    SignInRequired,
    StoreError,
    UnsafePath,
    VersionNotFound,
)
from tests import disks
from tests.faults import Fault, FaultProxy

MIB = 1 << 20
DATA = bytes(range(256)) * (9 * 4096)  # 9 MiB
PUT = "PUT /s3"
GET = "GET /s3"
MANAGER = "artifact-manager"


@pytest.fixture
async def artifact(
    faults: FaultProxy,
) -> AsyncGenerator[AsyncHyphaArtifact]:
    """A staged artifact behind the fault proxy; `data.bin` is 9 MiB."""
    alias = f"bad-{uuid.uuid4().hex[:8]}"
    async with Transport(faults.settings) as transport:
        artifact = AsyncHyphaArtifact(alias, transport=transport)
        await artifact.create({"name": "bad input"}, stage=True)
        await artifact.put(DATA, "data.bin")
        yield artifact
        faults.clear()
        await artifact.delete(delete_files=True)


READING = {
    "cut in the middle": Fault(GET, times=3, cut_response=3 * MIB),
    "cut before byte one": Fault(GET, times=3, cut_response=0),
    "too many requests": Fault(GET, times=2, status=429, headers={"Retry-After": "0"}),
    "busy store": Fault(GET, times=3, status=503),
    "expired link": Fault(GET, times=1, status=403),
    "busy database": Fault(MANAGER + "/get_file", times=3, status=500),
    "garbled answer": Fault(MANAGER + "/get_file", times=2, corrupt=4),
}


@pytest.mark.parametrize("name", READING)
async def test_reading_goes_on_where_it_was(
    artifact: AsyncHyphaArtifact, faults: FaultProxy, name: str
) -> None:
    fault = faults.add(READING[name])
    async with artifact.open("data.bin", "rb", version="stage") as f:
        assert await f.read() == DATA
    assert fault.hits


async def test_reading_that_never_works_says_why(
    artifact: AsyncHyphaArtifact, faults: FaultProxy
) -> None:
    faults.add(Fault(GET, times=None, status=403))
    with pytest.raises(StoreError) as expired:
        await artifact.head("data.bin", 5, version="stage")
    assert expired.value.hint
    assert "Signature" not in str(expired.value)
    faults.clear()
    faults.add(Fault(MANAGER, times=None, status=429, headers={"Retry-After": "0"}))
    with pytest.raises(RateLimited):
        await artifact.ls(version="stage")
    faults.clear()
    faults.add(Fault(MANAGER, times=None, status=500))
    with pytest.raises(ServerFault) as fault:
        await artifact.ls(version="stage")
    assert fault.value.remedy is Remedy.RETRY
    assert fault.value.status == 500


async def test_other_bytes_than_the_stores_are_found(
    artifact: AsyncHyphaArtifact, faults: FaultProxy, tmp_path: Path
) -> None:
    faults.add(Fault(GET, times=None, corrupt=MIB))
    with pytest.raises(IntegrityError):
        await artifact.read_bytes("data.bin", version="stage")
    faults.clear()
    fault = faults.add(Fault(GET, times=1, corrupt=MIB))
    await artifact.get("data.bin", str(tmp_path / "data.bin"), version="stage")
    assert fault.hits
    assert (tmp_path / "data.bin").read_bytes() == DATA
    assert [path.name for path in tmp_path.iterdir()] == ["data.bin"]


async def test_writing_survives_or_leaves_the_stage_as_it_was(
    artifact: AsyncHyphaArtifact, faults: FaultProxy
) -> None:
    faults.add(Fault(PUT, times=2, cut_request=MIB))
    faults.add(Fault(PUT, times=1, status=503))
    async with artifact.open("new.bin", "wb") as f:
        await f.write(DATA)
    assert await artifact.read_bytes("new.bin", version="stage") == DATA
    before = (await artifact.stage()).changes
    faults.add(Fault(PUT, times=None, status=403))
    with pytest.raises(StoreError):
        await artifact.put(DATA, "never.bin")
    assert (await artifact.stage()).changes == before


async def test_the_proxys_limit_of_a_minute(
    artifact: AsyncHyphaArtifact, faults: FaultProxy, tmp_path: Path
) -> None:
    """It ends a download short, without an error, and answers an upload with 504."""
    before = (await artifact.stage()).changes
    target = tmp_path / "data.bin"
    faults.add(Fault(GET, times=2, cut_response=3 * MIB, politely=True))
    await artifact.get("data.bin", str(target), version="stage")
    assert target.read_bytes() == DATA
    target.unlink()
    faults.add(Fault(PUT, status=504))
    await artifact.put(DATA, "data.bin")
    assert (await artifact.stage()).changes == before
    faults.add(Fault(GET, times=None, cut_response=0, politely=True))
    faults.add(Fault(PUT, times=None, status=504))

    async def download() -> None:
        with pytest.raises(NetworkError) as short:
            await artifact.get("data.bin", str(target), version="stage")
        assert short.value.hint

    async def upload() -> None:
        with pytest.raises(StoreError) as late:
            await artifact.put(DATA, "never.bin")
        assert late.value.hint

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(download)
        tasks.start_soon(upload)
    assert not list(tmp_path.iterdir())
    assert (await artifact.stage()).changes == before


async def test_a_token_that_is_refused_in_the_middle(
    artifact: AsyncHyphaArtifact, faults: FaultProxy, tmp_path: Path
) -> None:
    for number in range(3):
        (tmp_path / f"{number}").write_bytes(b"x")
    faults.add(Fault(MANAGER + "/put_file", times=None, status=401))
    with pytest.raises(SignInRequired) as refused:
        await artifact.put(tmp_path, "/", recursive=True)
    assert refused.value.remedy is Remedy.SIGN_IN
    faults.clear()
    assert [change.path for change in (await artifact.stage()).changes] == ["data.bin"]
    faults.add(Fault(MANAGER + "/get_file", times=None, status=401))
    with pytest.raises(PermissionError):
        await artifact.get("data.bin", str(tmp_path / "out"), version="stage")
    assert not (tmp_path / "out").exists()


async def test_a_commit_whose_answer_is_lost_is_made_once(
    artifact: AsyncHyphaArtifact, faults: FaultProxy
) -> None:
    faults.add(Fault(MANAGER + "/commit", lose_answer=True))
    assert (await artifact.commit(comment="once")).versions
    assert faults.count(MANAGER + "/commit") == 1
    assert [v.comment for v in await artifact.versions()] == ["once"]


async def test_a_commit_that_would_fail_is_refused_before_it_removes(
    artifact: AsyncHyphaArtifact,
) -> None:
    await artifact.commit()
    await artifact.edit(stage=True)
    await artifact.put(b"x", "second.txt")
    await artifact.rm("data.bin")
    await artifact.get_file_url("announced.bin", "w")
    with pytest.raises(CommitBlocked, match="announced"):
        await artifact.commit()
    await artifact.discard()
    assert await artifact.size("data.bin") == len(DATA)


async def test_paths_that_no_store_holds(
    artifact: AsyncHyphaArtifact, tmp_path: Path
) -> None:
    await artifact.put(b"x", "plain.txt")
    bad = ["../up", "a\x00b", "a\nb", "x" * 256, "/".join(["d" * 100] * 12)]
    calls: list[Callable[[str], Awaitable[object]]] = [
        artifact.exists,
        artifact.ls,
        artifact.rm,
        artifact.touch,
        lambda path: artifact.put(b"x", path),
        lambda path: artifact.copy("plain.txt", path),
        lambda path: artifact.get(path, str(tmp_path / "out")),
    ]
    for path in bad:
        for call in calls:
            with pytest.raises(UnsafePath):
                await call(path)
    with pytest.raises(UnsafePath):
        artifact.open("../up", "w")
    with pytest.raises(VersionNotFound):
        await artifact.get("plain.txt", str(tmp_path / "out"), version="v9")
    assert [c.path for c in (await artifact.stage()).changes] == [
        "data.bin",
        "plain.txt",
    ]
    assert not list(tmp_path.iterdir())


async def test_local_targets_that_cannot_be_written(
    artifact: AsyncHyphaArtifact, small_disk: Path, tmp_path: Path
) -> None:
    (small_disk / "there").write_bytes(bytes(15 * MIB))
    with pytest.raises(DiskFull):
        await artifact.get("data.bin", str(small_disk / "data.bin"), version="stage")
    assert [path.name for path in small_disk.iterdir()] == ["there"]
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "data.bin").mkdir()
    with pytest.raises(IsADirectoryError):
        await artifact.get("data.bin", str(tmp_path / "folder"), version="stage")
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "sub").symlink_to(outside)
    await artifact.put(b"x", "dir/sub/x")
    with pytest.raises(LocalFileError, match="symbolic link"):
        await artifact.get(
            "dir", str(tmp_path / "tree"), recursive=True, version="stage"
        )
    assert not list(outside.iterdir())


async def test_a_read_only_target(
    artifact: AsyncHyphaArtifact, small_disk: Path
) -> None:
    disks.change(small_disk, "ro")
    for target in (small_disk / "x", small_disk / "new folder" / "x"):
        with pytest.raises(LocalFileError, match=r"(?i)read-only") as refused:
            await artifact.get("data.bin", str(target), version="stage")
        assert refused.value.hint
    assert not list(small_disk.iterdir())


async def test_every_error_names_its_object_and_what_to_do(
    artifact: AsyncHyphaArtifact, tmp_path: Path
) -> None:
    calls: list[Awaitable[object]] = [
        artifact.info("none/at/all"),
        artifact.get("none/at/all", str(tmp_path / "x")),
        artifact.cat("none/at/all", version="stage"),
        artifact.rm("none/at/all"),
        artifact.copy("none/at/all", "there"),
        artifact.move("none/at/all", "there"),
    ]
    for call in calls:
        with pytest.raises(NotFound, match="none/at/all") as error:
            await call
        assert isinstance(error.value, HyphaError)
        assert error.value.hint
