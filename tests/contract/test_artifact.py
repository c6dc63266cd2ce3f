# ruff: noqa: PLR0915 - each server call costs, so a test asks for much
"""``AsyncHyphaArtifact`` as the ``hypha-artifact`` package's users know it."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest

from hypha_artifact import AsyncHyphaArtifact
from hypha_artifact.classes import ProgressEvent
from hypha_artifact.errors import (
    AlreadyExists,
    ArtifactNotFound,
    InvalidInput,
    IsFolder,
    LocalNotFound,
    NotFolder,
    NotFound,
    NotStaged,
    StageConflict,
    TransferFailed,
    VersionNotFound,
    WouldLoseData,
)
from hypha_artifact.settings import ConnectionSettings

TEXT = "one\ntwo\nåäö\n"


def named(settings: ConnectionSettings, alias: str) -> AsyncHyphaArtifact:
    return AsyncHyphaArtifact(
        alias, settings.workspace, settings.token, settings.server_url
    )


@pytest.fixture
async def staged(settings: ConnectionSettings) -> AsyncGenerator[AsyncHyphaArtifact]:
    """A new artifact whose first version is staged."""
    async with named(settings, f"art-{uuid.uuid4().hex[:8]}") as artifact:
        await artifact.create({"name": "for a test"}, stage=True)
        yield artifact
        await artifact.delete(delete_files=True)


@pytest.fixture(scope="module")
async def shared(
    server: object, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[AsyncHyphaArtifact]:
    """A committed artifact that tests only look at."""
    settings = getattr(server, "settings")  # noqa: B009
    folder = tmp_path_factory.mktemp("shared")
    for name in ("top.txt", "data/a.csv", "data/b.csv", "data/deep/c.bin"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"{name}\n")
    async with named(settings, f"art-{uuid.uuid4().hex[:8]}") as artifact:
        await artifact.create({"name": "shared"}, stage=True)
        await artifact.put(folder, "/", recursive=True)
        await artifact.mkdir("empty/folder")
        await artifact.commit(comment="first")
        yield artifact


async def test_listing_serves_callers_who_want_names_or_items(
    shared: AsyncHyphaArtifact,
) -> None:
    found = await shared.ls("/")
    assert found == ["data", "empty", "top.txt"]
    assert [entry["name"] for entry in found] == found
    assert [entry["type"] for entry in found] == ["directory", "directory", "file"]
    assert found[2].get("size") == len("top.txt\n")
    assert dict(found[2]) == (await shared.ls(detail=True))[2]
    assert await shared.ls("/data/", detail=False) == ["deep", "a.csv", "b.csv"]
    assert await shared.ls("top.txt", detail=False) == ["top.txt"]
    assert await shared.ls("data", 1, detail=False) == ["deep"]
    assert await shared.listdir("data/deep") == ["c.bin"]
    with pytest.raises(FileNotFoundError):
        await shared.ls("missing")


async def test_what_is_there_and_how_long_it_is(shared: AsyncHyphaArtifact) -> None:
    assert (await shared.info("/"))["type"] == "directory"
    assert (await shared.info("/data/a.csv"))["size"] == len("data/a.csv\n")
    assert await shared.exists("/data/a.csv")
    assert not await shared.exists("data/none")
    assert await shared.isdir("data")
    assert not await shared.isfile("data")
    assert await shared.isfile("top.txt")
    assert not await shared.isdir("none/at/all")
    assert await shared.size("data") == 0
    assert await shared.sizes(["top.txt", "/data/a.csv", "data"]) == [8, 11, 0]
    assert await shared.du("data") == sum(map(len, FILES)) + len(FILES)
    assert (await shared.modified("top.txt")) is not None
    assert await shared.modified("data") is None
    assert await shared.created("/") is not None
    with pytest.raises(FileNotFoundError):
        await shared.info("none")
    with pytest.raises(VersionNotFound):
        await shared.exists("top.txt", version="v7")


FILES = ["data/a.csv", "data/b.csv", "data/deep/c.bin"]


async def test_find_walk_and_glob(shared: AsyncHyphaArtifact) -> None:
    assert await shared.find("data") == FILES
    assert await shared.find("/data", maxdepth=1) == ["/data/a.csv", "/data/b.csv"]
    with pytest.raises(ValueError, match="no level before the first"):
        await shared.find("data", maxdepth=0)
    assert await shared.find("data", withdirs=True, maxdepth=1) == [
        "data/a.csv",
        "data/b.csv",
        "data/deep",
    ]
    assert "empty/folder/.keep" not in await shared.find()
    assert "empty/folder/.keep" in await shared.find(hide_keep=False)
    detailed = await shared.find("data", detail=True)
    assert detailed["data/deep/c.bin"]["name"] == "c.bin"
    assert await shared.find("top.txt") == ["top.txt"]
    with pytest.raises(NotFound):
        await shared.find("missing")
    assert [found async for found in shared.walk("data")] == [
        ("data", ["deep"], ["a.csv", "b.csv"]),
        ("data/deep", [], ["c.bin"]),
    ]
    assert await shared.glob("/data/*.csv") == ["/data/a.csv", "/data/b.csv"]
    assert await shared.glob("**/*.bin") == ["data/deep/c.bin"]
    assert await shared.glob("*") == ["data", "empty", "top.txt"]
    assert await shared.glob("data/{a,x}.csv") == ["data/a.csv"]
    assert await shared.glob("top.txt") == ["top.txt"]
    assert await shared.glob("nothing/*") == []


async def test_cat_and_head(shared: AsyncHyphaArtifact) -> None:
    assert await shared.cat("/top.txt") == "top.txt\n"
    assert await shared.head("top.txt", 3) == b"top"
    assert await shared.read_bytes("top.txt", 4, 6) == b"tx"
    assert await shared.cat(["top.txt", "none"], "ignore") == {
        "top.txt": "top.txt\n",
        "none": None,
    }
    assert await shared.cat("data", recursive=True) == {f: f"{f}\n" for f in FILES}
    with pytest.raises(IsADirectoryError):
        await shared.cat("data")
    with pytest.raises(FileNotFoundError) as caught:
        await shared.cat("none.txt")
    assert "none.txt" in str(caught.value)


async def test_read_a_file_as_one_does(staged: AsyncHyphaArtifact) -> None:
    data = bytes(range(256)) * 12_289
    await staged.put(data, "/big.bin")
    await staged.put(TEXT.encode(), "text.txt")
    async with staged.open("big.bin", "rb", version="stage") as f:
        assert await f.read(7) == data[:7]
        assert f.tell() == 7
        assert f.seek(-5, 2) == len(data) - 5
        assert await f.read() == data[-5:]
        assert await f.read(4) == b""
        await f.seek(2_000_000)
        assert await f.read(1_100_000) == data[2_000_000:3_100_000]
        assert (f.readable(), f.writable(), f.seekable()) == (True, False, True)
    assert f.closed
    async with staged.open("text.txt", version="stage") as text:
        assert [line async for line in text] == TEXT.splitlines(keepends=True)
        text.seek(4)
        assert await text.read(5) == "two\nå"
        assert text.tell() == len("one\ntwo\nå".encode())
        assert await text.readline() == "äö\n"
    opened = await staged.open("text.txt", "r", version="stage")
    assert await opened.read() == TEXT
    await opened.close()
    with pytest.raises(ValueError, match="closed"):
        await opened.read()
    with pytest.raises(FileNotFoundError):
        await staged.open("none.txt", version="stage")
    with pytest.raises(InvalidInput):
        staged.open("text.txt", "rw")


async def test_write_append_and_give_up(staged: AsyncHyphaArtifact) -> None:
    async with staged.open("/log.txt", "w") as f:
        assert await f.write("åäö\n") == 4
        assert await f.write(b"bytes\n") == 6
    assert f.etag
    async with staged.open("log.txt", "a") as f:
        await f.write("more\n")
    assert await staged.cat("log.txt", version="stage") == "åäö\nbytes\nmore\n"
    async with staged.open("log.txt", "r+") as f:
        assert await f.read(3) == "åäö"
        f.seek(0)
        await f.write("123456")
    assert (await staged.cat("log.txt", version="stage")).startswith("123456\nbytes")
    with pytest.raises(FileExistsError):
        await staged.open("log.txt", "x")
    with pytest.raises(RuntimeError, match="gave up"):
        await _give_up(staged)
    dropped = staged.open("log.txt", "w")
    await dropped.write("never sent")
    del dropped
    assert "half" not in await staged.cat("log.txt", version="stage")
    async with staged.open("new/file.json", "xb") as binary:
        await binary.write(b"{}")
    assert await staged.exists("new/file.json", version="stage")
    with pytest.raises(IsFolder):
        await staged.open("new", "w")


async def _give_up(artifact: AsyncHyphaArtifact) -> None:
    async with artifact.open("log.txt", "w") as f:
        await f.write("half")
        raise RuntimeError("gave up")


async def test_put_and_get_as_they_were_documented(
    staged: AsyncHyphaArtifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tree = tmp_path / "loc"
    (tree / "sub").mkdir(parents=True)
    (tree / "a.txt").write_text("a")
    (tree / "sub" / "b.txt").write_text("b")
    await staged.put("loc/a.txt")
    await staged.put("loc/a.txt", "dir/")
    await staged.put(["loc/a.txt", "loc/sub/b.txt"], ["/x/1.txt", "x/2.txt"])
    await staged.put("loc", "tree", recursive=True)
    await staged.put(str(tree), recursive=True, maxdepth=1)
    await staged.upload(tree / "a.txt", "/up/")
    await staged.upload(tree, "/flat", enable_multipart=True, chunk_size=5 << 20)
    assert await staged.find(version="stage") == [
        "dir/a.txt",
        "flat/a.txt",
        "flat/sub/b.txt",
        "loc/a.txt",
        "tree/a.txt",
        "tree/sub/b.txt",
        "up/a.txt",
        "x/1.txt",
        "x/2.txt",
    ]
    with pytest.raises(IsADirectoryError):
        await staged.put("loc", "again")
    with pytest.raises(FileNotFoundError) as missing:
        await staged.put("gone.txt", "gone.txt")
    assert isinstance(missing.value, LocalNotFound)
    with pytest.raises(InvalidInput, match="would go to 'same'"):
        await staged.put(["loc/a.txt", "loc/sub/b.txt"], ["same", "same"])
    with pytest.raises(InvalidInput, match="5,242,880"):
        await staged.put("loc/a.txt", multipart_config={"chunk_size": 10})
    with pytest.raises(IsADirectoryError):
        await staged.put("loc/a.txt", "tree")
    with pytest.raises(NotFolder):
        await staged.put("loc/a.txt", "tree/a.txt/below")
    with pytest.raises(TypeError):
        await staged.put(["loc/a.txt"], "one")
    await staged.put(
        ["gone.txt", "loc/a.txt"], ["g", "after-ignore"], on_error="ignore"
    )
    assert await staged.exists("after-ignore", version="stage")
    await staged.mkdir("held")
    await staged.commit()

    await staged.get("tree", "out", recursive=True)
    await staged.get("x/1.txt", "out")
    await staged.get(["x/1.txt", "x/2.txt"], ["lists/1", "lists/deep/2"])
    await staged.get("x/2.txt")
    await staged.download("flat", "down")
    await staged.get("/", "all", recursive=True, maxdepth=1)
    found = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*")}
    assert {
        "out/a.txt",
        "out/sub/b.txt",
        "out/1.txt",
        "lists/1",
        "lists/deep/2",
        "x/2.txt",
        "down/sub/b.txt",
        "all/after-ignore",
    } <= found
    assert not any("hypha-part" in name or ".keep" in name for name in found)
    assert (tmp_path / "out/sub/b.txt").read_text() == "b"
    with pytest.raises(IsADirectoryError):
        await staged.get("tree", "no")
    with pytest.raises(FileNotFoundError):
        await staged.get("none", "no")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="file"):
        await staged.get("x/1.txt", "file/below")


async def test_events_tell_of_each_file_once(
    staged: AsyncHyphaArtifact, tmp_path: Path
) -> None:
    big = tmp_path / "big.bin"
    big.write_bytes(b"x" * (11 << 20))
    (tmp_path / "small.txt").write_text("small")
    events: list[ProgressEvent] = []
    await staged.put(
        [str(big), str(tmp_path / "small.txt"), str(tmp_path / "gone")],
        ["big.bin", "small.txt", "gone"],
        callback=events.append,
        on_error="ignore",
        multipart_config={"enable": True, "chunk_size": 5 << 20},
    )
    kinds = [event["type"] for event in events]
    assert kinds.count("info") == 2
    assert kinds.count("success") == 2
    assert kinds.count("error") == 1
    assert kinds.count("part_info") == kinds.count("part_success") == 3
    ends = [e["file"] for e in events if e["type"] == "success"]
    assert sorted(ends) == [str(big), str(tmp_path / "small.txt")]
    last = [e for e in events if e["type"] == "progress"][-1]
    assert last["done_bytes"] == last["total_bytes"] == (11 << 20) + 5

    class Stop(Exception):
        pass

    def refuse(event: ProgressEvent) -> None:
        raise Stop(event["type"])

    await staged.commit()
    with pytest.raises(Stop):
        await staged.get("big.bin", str(tmp_path / "again.bin"), callback=refuse)
    assert not (tmp_path / "again.bin").exists()
    assert not list(tmp_path.glob(".*"))


async def test_change_files_in_the_stage(staged: AsyncHyphaArtifact) -> None:
    await staged.touch("/a.txt")
    await staged.put(b"keep me", "b.txt")
    await staged.touch("b.txt", truncate=False)
    assert await staged.cat("b.txt", version="stage") == "keep me"
    await staged.mkdir("p/q/r")
    assert await staged.find(hide_keep=False, version="stage") == [
        "a.txt",
        "b.txt",
        "p/q/r/.keep",
    ]
    await staged.makedirs("p/q")
    with pytest.raises(FileExistsError):
        await staged.makedirs("p/q", exist_ok=False)
    with pytest.raises(FileNotFoundError):
        await staged.mkdir("none/below", create_parents=False)
    with pytest.raises(AlreadyExists):
        await staged.mkdir("b.txt")
    await staged.copy("b.txt", "/p/")
    await staged.cp("p", "copied", recursive=True)
    assert await staged.cat("copied/b.txt", version="stage") == "keep me"
    with pytest.raises(FileNotFoundError):
        await staged.cp("missing.txt", "z.txt")
    with pytest.raises(IsADirectoryError):
        await staged.copy("p", "no")
    with pytest.raises(OSError, match="not empty"):
        await staged.rmdir("p")
    await staged.rm(["copied", "p/b.txt"], recursive=True)
    await staged.rmdir("p/q/r")
    await staged.move("b.txt", "c.txt")
    assert await staged.find(hide_keep=False, version="stage") == ["a.txt", "c.txt"]
    await staged.commit(comment="changed")
    assert await staged.cat("c.txt") == "keep me"


async def test_in_place_removals_wait_for_the_commit(
    staged: AsyncHyphaArtifact,
) -> None:
    for name in ("a", "b", "c"):
        await staged.put(name.encode(), f"{name}.txt")
    await staged.commit()
    with pytest.raises(NotStaged):
        await staged.rm("a.txt")
    with pytest.raises(NotStaged):
        await staged.put(b"x", "x")
    with pytest.raises(NotStaged):
        await staged.open("x", "w")
    await staged.edit(stage=True)
    await staged.rm("/a.txt")
    with pytest.raises(OSError, match=r"a\.txt"):
        await staged.rm("a.txt")
    await staged.rm("b.txt")
    await staged.put(b"back again", "b.txt")
    await staged.move("c.txt", "d.txt")
    await staged.commit(comment="in place")
    assert await staged.find() == ["b.txt", "d.txt"]
    assert await staged.cat("b.txt") == "back again"
    assert await staged.cat("d.txt") == "c"


async def test_a_new_version_is_edited_and_joined(staged: AsyncHyphaArtifact) -> None:
    await staged.put(b"old", "kept.txt")
    await staged.commit()
    with pytest.raises(WouldLoseData):
        await staged.edit(version="new")
    await staged.edit(stage=True, version="new")
    await staged.edit({"name": "renamed"}, stage=True)
    with pytest.raises(WouldLoseData):
        await staged.rm("kept.txt")
    with pytest.raises(StageConflict):
        await staged.edit({"name": "past the stage"})
    await staged.copy("/", "/", version="v0", recursive=True)
    async with staged.open("kept.txt", "a") as f:
        await f.write(" and new")
    await staged.copy("kept.txt", "second.txt")
    await staged.commit(comment="second")
    assert await staged.cat("kept.txt") == "old and new"
    assert await staged.cat("kept.txt", version="v0") == "old"
    assert await staged.find() == ["kept.txt", "second.txt"]
    assert [v.version for v in await staged.versions()] == ["v0", "v1"]
    assert (await staged.read()).name == "renamed"
    with pytest.raises(WouldLoseData):
        await staged.delete("v0")
    await staged.delete("v1")
    assert await staged.find() == ["kept.txt"]
    await staged.edit({"name": "at once"})
    assert (await staged.read()).name == "at once"
    await staged.edit(stage=True)
    await staged.put(b"n", "n.txt")
    with pytest.warns(UserWarning, match="in place"):
        await staged.commit(version="v9")
    await staged.edit(stage=True)
    await staged.discard()
    with pytest.raises(httpx.RequestError):
        await staged.discard()


async def test_records_and_their_errors(
    settings: ConnectionSettings, staged: AsyncHyphaArtifact
) -> None:
    with pytest.raises(httpx.RequestError) as exists:
        await staged.create()
    assert isinstance(exists.value, FileExistsError)
    async with named(settings, "no-such-artifact") as missing:
        with pytest.raises(ArtifactNotFound):
            await missing.exists("a")
        with pytest.raises(httpx.RequestError):
            await missing.ls()
        with pytest.raises(OSError, match="no-such-artifact"):
            await missing.find()
    bare = AsyncHyphaArtifact(
        staged.artifact_alias, None, settings.token, settings.server_url
    )
    async with bare:
        assert bare.workspace == settings.workspace
        assert (await bare.read("stage")).alias == staged.artifact_alias
    wrong = AsyncHyphaArtifact(
        staged.artifact_alias, settings.workspace, "wrong", settings.server_url
    )
    async with wrong:
        with pytest.raises(PermissionError) as refused:
            await wrong.exists("a")
        assert "wrong" not in str(refused.value)
    with pytest.raises(InvalidInput):
        AsyncHyphaArtifact("a/b/c", server_url=settings.server_url)
    with pytest.raises(InvalidInput):
        AsyncHyphaArtifact("a/b", "c", server_url=settings.server_url)
    assert staged.artifact_url.endswith("/public/services/artifact-manager")
    assert staged.default_headers["Authorization"].startswith("Bearer ")
    assert str(settings.token) not in repr(staged)


async def test_children_of_a_collection(settings: ConnectionSettings) -> None:
    alias = f"col-{uuid.uuid4().hex[:8]}"
    async with named(settings, alias) as parent, named(settings, f"{alias}-c") as child:
        await parent.create({"name": "parent"}, type="collection")
        await child.create({"name": "child"}, str(parent.id))
        found = await parent.list_children()
        assert [each["alias"] for each in found] == [f"{alias}-c"]
        assert await parent.list_children(keywords=["nowhere"]) == []
        await parent.delete(delete_files=True, recursive=True)


async def test_a_failed_file_is_named(
    staged: AsyncHyphaArtifact, tmp_path: Path
) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with pytest.raises(TransferFailed, match="fifo"):
        await staged.put(str(fifo), "fifo")
    assert await staged.find(version="stage") == []
