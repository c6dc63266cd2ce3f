"""``hypha://`` on the real server: what reads it, and what writing it does."""

from __future__ import annotations

import gc
import multiprocessing
import os
import pickle
from collections.abc import AsyncGenerator, Generator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio.to_thread
import fsspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pytest
import zarr
from zarr.storage import FsspecStore

from hypha_artifact import errors
from hypha_artifact.fsspec import HyphaFileSystem
from hypha_artifact.localserver import LocalServer
from tests.contract.hypha_fs import make_artifact, options, workspace_of
from tests.faults import Fault, FaultProxy

CSV = b"well,count\nA1,3\nA2,5\n"
DIGITS = bytes(range(256)) * 64


@pytest.fixture(autouse=True)
def closed() -> Generator[None]:
    """Close what a test has opened: fsspec itself keeps every file system."""
    yield
    for fs in list(HyphaFileSystem._cache.values()):
        fs.close()
    HyphaFileSystem.clear_instance_cache()
    gc.collect()


@pytest.fixture
def env(server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYPHA_SERVER_URL", server.settings.server_url)
    monkeypatch.setenv("HYPHA_TOKEN", server.settings.token or "")


@pytest.fixture(scope="module")
def lab(server: LocalServer) -> str:
    """A committed artifact that tests only read."""
    fs = HyphaFileSystem(**options(server), stage="new_version")
    lab = make_artifact(server)
    files = {"data.csv": CSV, "raw/digits": DIGITS, "raw/a b#1.txt": b"odd", "z": b""}
    fs.pipe({f"{lab}/{name}": data for name, data in files.items()})
    fs.commit(lab, comment="first")
    fs.close()
    return lab


@pytest.fixture
def reader(server: LocalServer) -> HyphaFileSystem:
    return HyphaFileSystem(**options(server))


@pytest.fixture
def writer(server: LocalServer) -> HyphaFileSystem:
    return HyphaFileSystem(**options(server), stage="in_place")


@pytest.fixture
def drafter(server: LocalServer) -> HyphaFileSystem:
    return HyphaFileSystem(**options(server), stage="new_version")


# What reads it.


@pytest.mark.usefixtures("env")
def test_pandas_reads_with_settings_from_the_environment(lab: str) -> None:
    frame = pd.read_csv(f"hypha://{lab}/data.csv")
    assert frame["count"].sum() == 8


def test_pandas_writes_parquet_into_a_stage(server: LocalServer) -> None:
    url = f"hypha://{make_artifact(server)}/table.parquet"
    frame = pd.DataFrame({"well": ["A1", "A2"], "count": [3, 5]})
    staged = {**options(server), "stage": "new_version"}
    frame.to_parquet(url, storage_options=staged)
    pd.testing.assert_frame_equal(pd.read_parquet(url, storage_options=staged), frame)


def test_pyarrow_writes_and_filters_a_dataset(
    drafter: HyphaFileSystem, server: LocalServer
) -> None:
    base = f"{make_artifact(server)}/plates"
    table = pa.table({"plate": ["p1", "p1", "p2"], "count": [1, 2, 3]})
    ds.write_dataset(
        table, base, format="parquet", filesystem=drafter, partitioning=["plate"]
    )
    found = ds.dataset(base, filesystem=drafter, partitioning=["plate"])
    assert found.to_table(filter=ds.field("plate") == "p1")["count"].to_pylist() == [
        1,
        2,
    ]


def test_zarr_writes_and_reads_an_array(server: LocalServer) -> None:
    url = f"hypha://{make_artifact(server)}/image.zarr"
    staged = {**options(server), "stage": "new_version"}
    image = np.arange(64, dtype="uint16").reshape(8, 8)
    store = FsspecStore.from_url(url, storage_options=staged)
    array = zarr.create_array(
        store, shape=(16, 8), chunks=(8, 4), dtype="uint16", fill_value=7
    )
    array[:8] = image

    again = zarr.open_array(
        FsspecStore.from_url(url, storage_options=staged, read_only=True), mode="r"
    )
    np.testing.assert_array_equal(again[:8], image)
    np.testing.assert_array_equal(again[8:], 7, "chunks that were never written")


def test_levels_and_times(
    reader: HyphaFileSystem, lab: str, server: LocalServer
) -> None:
    assert workspace_of(server) in reader.ls("hypha://", detail=False)
    assert lab in reader.ls(f"hypha://{workspace_of(server)}", detail=False)
    assert reader.find(lab) == [
        f"{lab}/{name}" for name in ("data.csv", "raw/a b#1.txt", "raw/digits", "z")
    ]
    assert reader.glob(f"{lab}/**/d*t*") == [f"{lab}/data.csv", f"{lab}/raw/digits"]
    assert reader.ls(f"{lab}/z", detail=False) == [f"{lab}/z"]
    info = reader.info(f"hypha://{lab}/raw/digits")
    assert (info["type"], info["size"]) == ("file", len(DIGITS))
    age = datetime.now(UTC) - reader.modified(f"{lab}/data.csv")
    assert 0 <= age.total_seconds() < 600
    assert reader.created(lab) <= datetime.now(UTC)
    assert reader.du(lab) == len(CSV) + len(DIGITS) + 3


def test_what_is_not_there(reader: HyphaFileSystem, lab: str) -> None:
    for path in (f"{lab}/none", f"{lab}-none", f"{lab}-none/x", "no-such-lab"):
        assert not reader.exists(path)
        with pytest.raises(FileNotFoundError):
            reader.ls(path)
    with pytest.raises(FileNotFoundError):
        reader.cat_file(f"{lab}/none")
    with pytest.raises(IsADirectoryError):
        reader.open(f"{lab}/raw")
    with pytest.raises(errors.UnsafePath):
        reader.cat_file(f"{lab}/../x")


def test_ranges(reader: HyphaFileSystem, lab: str) -> None:
    digits = f"{lab}/raw/digits"
    assert reader.cat_file(digits, 10, 20) == DIGITS[10:20]
    assert reader.cat_file(digits, -20, -10) == DIGITS[-20:-10]
    assert reader.cat_file(digits, len(DIGITS) + 5, len(DIGITS) + 9) == b""
    assert reader.cat_file(f"{lab}/z") == b""
    paths = [digits, f"{lab}/none", f"{lab}/raw/a b#1.txt"]
    first, missing, last = reader.cat_ranges(paths, [5, 0, 1], [9, 1, 3])
    assert (first, last) == (DIGITS[5:9], b"dd")
    assert isinstance(missing, FileNotFoundError)


def test_open_file_seeks_and_reads_lines(reader: HyphaFileSystem, lab: str) -> None:
    with reader.open(f"{lab}/raw/digits", block_size=1000) as file:
        file.seek(-100, 2)
        assert file.read() == DIGITS[-100:]
        assert file.read() == b""
        file.seek(5000)
        assert file.read(3000) == DIGITS[5000:8000]
    with reader.open(f"{lab}/data.csv", "r") as lines:
        assert list(lines) == CSV.decode().splitlines(keepends=True)


def test_a_link_needs_no_token(reader: HyphaFileSystem, lab: str) -> None:
    with fsspec.open(reader.url(f"{lab}/data.csv", 60)) as file:
        assert file.read() == CSV
    with pytest.raises(errors.InvalidInput, match="without a token"):
        reader.sign(f"{lab}/raw/a b#1.txt")


def test_get_replaces_and_makes_folders(
    reader: HyphaFileSystem, lab: str, tmp_path: Path
) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/digits").write_bytes(b"old")
    reader.get(f"{lab}/raw", str(tmp_path), recursive=True)
    assert (tmp_path / "raw/digits").read_bytes() == DIGITS
    names = {path.name for path in (tmp_path / "raw").iterdir()}
    assert names == {"a b#1.txt", "digits"}
    with pytest.raises(FileNotFoundError):
        reader.get(f"{lab}/none", str(tmp_path / "none"))
    assert not (tmp_path / "none").exists()


# What writing does.


def test_writing_needs_a_stage(
    reader: HyphaFileSystem, writer: HyphaFileSystem, server: LocalServer
) -> None:
    lab = make_artifact(server, stage=False)
    with pytest.raises(errors.NotStaged) as caught:
        reader.open(f"{lab}/x", "wb")
    assert "stage=" in caught.value.hint
    with pytest.raises(errors.NotStaged):
        reader.pipe_file(f"{lab}/x", b"1")

    writer.pipe_file(f"{lab}/x", b"1")
    with fsspec.open(f"hypha://{lab}/y", "wb", **options(server)) as file:
        file.write(b"in the open stage")
    writer.commit(lab, comment="two files")
    assert reader.cat([f"{lab}/x", f"{lab}/y"]) == {
        f"{lab}/x": b"1",
        f"{lab}/y": b"in the open stage",
    }


def test_a_new_version_is_hidden_until_it_is_committed(
    reader: HyphaFileSystem,
    drafter: HyphaFileSystem,
    server: LocalServer,
    tmp_path: Path,
) -> None:
    lab = make_artifact(server, stage=False)
    drafter.put_file(str(_file(tmp_path, b"draft")), f"{lab}/x")
    assert drafter.cat_file(f"{lab}/x") == b"draft"
    assert reader.find(lab) == []
    with pytest.raises(errors.StageConflict):
        HyphaFileSystem(**options(server), stage="in_place").touch(f"{lab}/y")
    drafter.commit(lab, version="final")
    assert reader.find(lab) == [f"{lab}/x"]
    drafter.touch(f"{lab}/y")
    drafter.commit(lab)
    assert reader.find(lab) == [f"{lab}/x"], "listings are kept"
    reader.invalidate_cache(lab)
    assert reader.find(lab) == [f"{lab}/y"]
    old = HyphaFileSystem(**options(server), version="v0")
    assert old.find(lab) == []


def _file(folder: Path, data: bytes) -> Path:
    path = folder / "local"
    path.write_bytes(data)
    return path


def test_nothing_is_published_after_an_exception(
    drafter: HyphaFileSystem,
    server: LocalServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    lab = make_artifact(server)
    url, staged = f"hypha://{lab}/x", {**options(server), "stage": "new_version"}
    with pytest.raises(ZeroDivisionError), drafter.open(f"{lab}/x", "wb") as file:
        file.write(b"half" * (1 // 0))
    with pytest.raises(ZeroDivisionError), fsspec.open(url, "w", **staged) as text:
        text.write("half" * (1 // 0))
    assert "was not written" in caplog.text
    for mode, half in (("wb", b"half"), ("w", "half")):
        dropped: Any = drafter.open(f"{lab}/x", mode)
        dropped.write(half)
        with pytest.warns(ResourceWarning, match="never closed"):  # noqa: PT031
            del dropped
            gc.collect()
    assert drafter.find(lab) == []

    try:
        raise KeyError("handled")  # noqa: TRY301
    except KeyError:
        with drafter.open(f"{lab}/x", "w") as text:
            text.write("written while another exception is handled")
    assert drafter.exists(f"{lab}/x")


def test_modes(drafter: HyphaFileSystem, server: LocalServer) -> None:
    path = f"{make_artifact(server)}/log"
    for line in (b"one\n", b"two\n"):
        with drafter.open(path, "ab") as file:
            file.write(line)
    assert drafter.cat_file(path) == b"one\ntwo\n"
    with pytest.raises(FileExistsError):
        drafter.open(path, "xb")
    with pytest.raises(errors.InvalidInput):
        drafter.open(path, "r+b")
    with pytest.raises(errors.InvalidInput, match="names no file"):
        drafter.open(path.removesuffix("/log"), "wb")


def test_a_transaction_is_a_stage(
    reader: HyphaFileSystem, writer: HyphaFileSystem, server: LocalServer
) -> None:
    lab = make_artifact(server, stage=False)
    with writer.transaction:
        with writer.open(f"{lab}/a", "wb") as file:
            file.write(b"a")
        assert not writer.exists(f"{lab}/a"), "sent at the end"
        writer.pipe_file(f"{lab}/b", b"b")
    with pytest.raises(errors.NotStaged):
        writer.commit(lab)
    with pytest.raises(ZeroDivisionError), writer.transaction:  # noqa: PT012
        writer.pipe_file(f"{lab}/a", b"other")
        writer.rm(f"{lab}/b")
        writer.pipe_file(f"{lab}/c", b"c" * (1 // 0))
    with pytest.raises(errors.NotStaged):
        writer.discard(lab)
    assert reader.cat(lab, recursive=True) == {f"{lab}/a": b"a", f"{lab}/b": b"b"}

    writer.touch(f"{lab}/d")
    with writer.transaction:
        writer.touch(f"{lab}/e")
    writer.discard(lab)
    reader.invalidate_cache()
    assert reader.find(lab) == [f"{lab}/a", f"{lab}/b"], "it was open before"


def test_removing_is_safe(
    reader: HyphaFileSystem,
    writer: HyphaFileSystem,
    drafter: HyphaFileSystem,
    server: LocalServer,
) -> None:
    lab = make_artifact(server)
    drafter.pipe({f"{lab}/{name}": b"1" for name in ("a", "d/b", "d/c")})
    drafter.commit(lab)
    with pytest.raises(errors.WouldLoseData, match="from v0 instead"):
        drafter.rm(f"{lab}/a")
    with pytest.raises(IsADirectoryError):
        writer.rm(f"{lab}/d")
    writer.rm([f"{lab}/a", f"{lab}/d"], recursive=True)
    assert writer.find(lab) == []
    assert len(reader.find(lab)) == 3, "marks only, until the commit"
    writer.pipe_file(f"{lab}/a", b"2")
    with pytest.raises(errors.WouldLoseData):
        writer.rm(f"{lab}/a")
    writer.commit(lab)
    reader.invalidate_cache()
    assert reader.cat(lab, recursive=True) == {f"{lab}/a": b"2"}


def test_folders(drafter: HyphaFileSystem, server: LocalServer) -> None:
    lab = make_artifact(server)
    with pytest.raises(FileNotFoundError):
        drafter.mkdir(f"{lab}/a/b", create_parents=False)
    drafter.mkdir(f"{lab}/a/b")
    assert drafter.ls(f"{lab}/a", detail=False) == [f"{lab}/a/b"]
    assert drafter.ls(f"{lab}/a/b") == []
    drafter.makedirs(f"{lab}/a/b", exist_ok=True)
    for again in (drafter.mkdir, drafter.makedirs):
        with pytest.raises(FileExistsError):
            again(f"{lab}/a/b")
    with pytest.raises(OSError, match="not empty"):
        drafter.rmdir(f"{lab}/a")
    drafter.rmdir(f"{lab}/a/b")
    assert not drafter.exists(f"{lab}/a/b")
    drafter.touch(f"{lab}/file")
    with pytest.raises(NotADirectoryError):
        drafter.mkdir(f"{lab}/file/x")
    with pytest.raises(NotADirectoryError):
        drafter.rmdir(f"{lab}/file")
    with pytest.raises(FileNotFoundError):
        drafter.mkdir(f"{lab}-none/x")


def test_copies_and_moves(
    drafter: HyphaFileSystem, lab: str, server: LocalServer
) -> None:
    mine = make_artifact(server)
    drafter.cp(f"{lab}/raw", f"{mine}/raw", recursive=True)
    drafter.mv(f"{mine}/raw/digits", f"{mine}/moved")
    assert drafter.find(mine) == [f"{mine}/moved", f"{mine}/raw/a b#1.txt"]
    assert drafter.cat_file(f"{mine}/moved") == DIGITS


# Processes, loops and a bad network.


def _digest(fs: HyphaFileSystem, path: str) -> tuple[int, int]:
    with fs.open(path) as file:
        return os.getpid(), sum(file.read())


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_other_processes(reader: HyphaFileSystem, lab: str, method: str) -> None:
    path = f"{lab}/raw/digits"
    reader.cat_file(path)  # connections are open
    with multiprocessing.get_context(method).Pool(1) as pool:
        pid, total = pool.apply(_digest, (reader, path))
    assert (pid != os.getpid(), total) == (True, sum(DIGITS))
    assert reader.cat_file(path) == DIGITS


def test_pickles_hold_options_only_and_no_text_the_token(
    reader: HyphaFileSystem, server: LocalServer
) -> None:
    again = pickle.loads(pickle.dumps(reader))  # noqa: S301 - our own
    assert again is reader
    token = server.settings.token or ""
    assert token not in repr(reader)
    assert token.encode() not in pickle.dumps(
        HyphaFileSystem(server_url=server.settings.server_url)
    )


@pytest.fixture
async def faulty(faults: FaultProxy) -> AsyncGenerator[HyphaFileSystem]:
    """A file system on the test's own loop, with a bad network before the server."""
    found = faults.settings
    fs = HyphaFileSystem(
        server_url=found.server_url,
        token=found.token,
        use_local_url=found.use_local_url,
        stage="in_place",
        asynchronous=True,
        skip_instance_cache=True,
    )
    yield fs
    await fs.aclose()


READ_FAULTS = {
    "cut": Fault("^GET /s3/", cut_response=5000),
    "503": Fault("^GET /s3/", times=2, status=503),
    "expired": Fault("^GET /s3/", status=403),
    "signing": Fault("get_file", status=503),
}


@pytest.mark.parametrize("name", READ_FAULTS)
async def test_reading_survives(
    faulty: HyphaFileSystem, faults: FaultProxy, lab: str, name: str
) -> None:
    fault = faults.add(READ_FAULTS[name])
    assert await faulty._cat_file(f"{lab}/raw/digits", 100, 9000) == DIGITS[100:9000]
    assert fault.hits == fault.times, "the fault was not met"


async def test_async_files(faulty: HyphaFileSystem, server: LocalServer) -> None:
    path = f"{await anyio.to_thread.run_sync(make_artifact, server)}/log"
    async with await faulty.open_async(path, "wb") as file:
        await file.write(b"one\n")
    async with await faulty.open_async(path, "ab") as file:
        await file.write(b"two\n")
    with pytest.raises(ZeroDivisionError):
        async with await faulty.open_async(path, "wb") as file:
            await file.write(b"half" * (1 // 0))
    async with await faulty.open_async(path, "rb") as file:
        assert [line async for line in file] == [b"one\n", b"two\n"]
    with pytest.raises(ValueError, match="bytes only"):
        await faulty.open_async(path, "r")


async def test_files_asked_for_together_are_signed_together(
    faulty: HyphaFileSystem, faults: FaultProxy, server: LocalServer, tmp_path: Path
) -> None:
    lab = await anyio.to_thread.run_sync(make_artifact, server)
    files = {f"{lab}/{number}": b"%d" % number for number in range(50)}
    faults.add(Fault("^PUT /s3/.*/7[?]", cut_request=1))
    await faulty._pipe(files)
    assert faults.count("/put_file") <= 2, "once more for the one that was cut"
    assert await faulty._cat(list(files)) == files
    await faulty._get(
        [*files], [str(tmp_path / path.rpartition("/")[2]) for path in files]
    )
    assert faults.count("/get_file") <= 2
    assert faults.count("/list_files") == 1
    assert (tmp_path / "49").read_bytes() == b"49"


async def test_a_failed_upload_leaves_nothing_behind(
    faulty: HyphaFileSystem, faults: FaultProxy, server: LocalServer
) -> None:
    lab = await anyio.to_thread.run_sync(make_artifact, server)
    faults.add(Fault("^PUT /s3/.*/bad[?]", times=None, status=404))
    with pytest.raises(FileNotFoundError):
        await faulty._pipe({f"{lab}/bad": b"1", f"{lab}/good": b"2"})
    await faulty._commit(lab)
    assert await faulty._find(lab) == [f"{lab}/good"]
