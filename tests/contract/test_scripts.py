"""Scripts as they were written for hypha-artifact, and run unchanged.

Each is a program of its own, told where to connect by its environment alone, and does
what one kind of user did with that package; see docs/migration.md.
"""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from hypha_artifact import HyphaArtifact
from hypha_artifact.settings import ConnectionSettings

HEAD = """
import asyncio, json, os, sys, threading
from pathlib import Path
import httpx
from hypha_artifact import AsyncHyphaArtifact, HyphaArtifact
WHERE = dict(
    artifact_id=sys.argv[1],
    workspace=os.environ["HYPHA_WORKSPACE"],
    token=os.environ["HYPHA_TOKEN"],
    server_url=os.environ["HYPHA_SERVER_URL"] + "/",
)
folder = Path(sys.argv[2])
"""

QUICK_START = """
async def main():
    async with AsyncHyphaArtifact(**WHERE) as artifact:
        await artifact.edit(stage=True)
        async with artifact.open("hello.txt", "w") as f:
            await f.write("Hello, Hypha!")
        await artifact.commit(comment="Added hello.txt")
        print(await artifact.cat("hello.txt"))
        print([f["name"] for f in await artifact.ls("/")])
        if await artifact.exists("hello.txt"):
            print("File exists!")
        await artifact.edit(stage=True)
        await artifact.copy("hello.txt", "hello_copy.txt")
        await artifact.commit(comment="Copied hello.txt")
        await artifact.edit(stage=True)
        await artifact.rm("hello_copy.txt")
        await artifact.commit(comment="Removed hello_copy.txt")
        print(await artifact.ls("/", detail=False))
        f = await artifact.open("hello.txt", "rb")
        await f.seek(7)
        print(await f.read(), await f.read())
        await f.close()

asyncio.run(main())
"""

MODEL_UPLOADER = """
from hypha_artifact.classes import MultipartConfig, ProgressEvent
run = folder / "run"
(run / "checkpoints").mkdir(parents=True)
(run / "config.json").write_text("{}")
(run / "checkpoints" / "last.pt").write_bytes(bytes(11 << 20))
seen = []

def on_progress(event: ProgressEvent) -> None:
    seen.append((event["type"], Path(event["file"]).name))
    event["message"]

async def main():
    artifact = AsyncHyphaArtifact(**WHERE)
    try:
        await artifact.create(manifest={"name": "again"}, version="stage")
    except httpx.RequestError as e:
        print("exists already:", "exist" in str(e))
    await artifact.edit(stage=True)
    config: MultipartConfig = {
        "enable": True, "max_parallel_uploads": 8, "chunk_size": 5 << 20}
    await artifact.put(str(run), "/", recursive=True, callback=on_progress,
                       multipart_config=config)
    await artifact.upload(str(run / "config.json"), "/second.json",
                          enable_multipart=True, multipart_threshold=100 << 20,
                          chunk_size=6 << 20, max_parallel_uploads=2)
    await artifact.commit(comment="run")
    print(sorted({kind for kind, _ in seen} - {"progress"}))
    print(seen.count(("part_success", "last.pt")), seen.count(("success", "last.pt")))
    print(await artifact.find("/"), await artifact.sizes(["checkpoints/last.pt"]))
    print([c["name"] for c in await artifact.list_children()])
    await artifact.aclose()

asyncio.run(main())
"""

NOTEBOOK = """
zarr = folder / "data.zarr"
(zarr / "0").mkdir(parents=True)
for n in range(12):
    (zarr / "0" / f"{n}").write_bytes(b"chunk%d" % n)
(zarr / ".zgroup").write_text("{}")

async def cell():
    # Ordinary calls where a loop runs already, as in Jupyter; once more with tasks
    # of the notebook's own beside them.
    artifact = HyphaArtifact(**WHERE)
    artifact.edit(stage=True)
    artifact.put(str(zarr), "/data.zarr", recursive=True)
    artifact.put(json.dumps({"name": "plate"}).encode(), "/manifest.json")
    artifact.commit()
    return artifact

async def notebook():
    ticking = asyncio.ensure_future(asyncio.sleep(0))
    artifact = await cell()
    await ticking
    return artifact

first = asyncio.run(notebook())
print(len(first.find("data.zarr")), first.cat("/manifest.json"))

async def another():
    return [name if isinstance(name, str) else name["name"] for name in first.ls()]

print(asyncio.run(another()))
found = []
threads = [threading.Thread(target=lambda: found.append(first.isdir("/data.zarr/0")))
           for _ in range(3)]
[t.start() for t in threads]
[t.join() for t in threads]
print(found, first.info("data.zarr")["type"], first.size("/data.zarr/0/11"))
"""

FETCHER = """
async def walk(artifact, path=""):
    for item in await artifact.ls(path):
        name = item if isinstance(item, str) else item["name"]
        full = f"{path}/{name}".lstrip("/")
        if await artifact.isdir(full):
            async for each in walk(artifact, full):
                yield each
        else:
            yield full

async def main():
    async with AsyncHyphaArtifact(**WHERE) as artifact:
        remote = [path async for path in walk(artifact)]
        local = [str(folder / path) for path in remote]
        await asyncio.wait_for(artifact.get(remote, local), 600)
        print([p for p in local if not os.path.getsize(p)])
        await artifact.get("/raw", str(folder / "mirror"), recursive=True)
        print(sorted(p.name for p in (folder / "mirror").rglob("*") if p.is_file()))
        for call in (artifact.cat("none"), artifact.get("none", str(folder / "x"))):
            try:
                await call
            except OSError as e:
                print(type(e).__name__, bool(str(e)))
        print(await artifact.head("/raw/a.bin", 4))
        print((await artifact.modified("raw/a.bin")).tzinfo)
        print((folder / "x").exists())

asyncio.run(main())
"""

READER = """
artifact = HyphaArtifact(**WHERE)
with artifact.open("raw/b.txt", "rb") as f:
    chunks = []
    while chunk := f.read(8):
        chunks.append(chunk)
    print(len(chunks), f.tell(), f.seek(-3, 2), f.read())
with artifact.open("/raw/b.txt") as f:
    print([line.strip() for line in f][:2])
artifact.edit(stage=True)
with artifact.open("log.txt", "w") as f:
    print(f.write("eins\\n"))
with artifact.open("log.txt", "a") as f:
    f.write("zwei\\n")
try:
    with artifact.open("log.txt", "w") as f:
        f.write("half")
        raise ValueError("the experiment failed")
except ValueError:
    pass
artifact.mkdir("new/folder")
artifact.touch("new/empty")
artifact.cp("log.txt", "new/log.txt")
try:
    artifact.rm("new")
except IsADirectoryError as e:
    print(bool(str(e)))
artifact.rm("new", recursive=True)
artifact.commit(comment="log")
print(artifact.cat(["log.txt", "none"], on_error="ignore"))
print(artifact.exists("new"), artifact.listdir("/"))
"""


BESIDE_HYPHA_RPC = """
import logging
from hypha_rpc import connect_to_server
logging.disable()
SERVER = ("server_url", "workspace", "token")

async def main():
    async with connect_to_server({k: WHERE[k] for k in SERVER}) as server:
        manager = await server.get_service("public/artifact-manager")
        token = await server.generate_token({"expires_in": 600})
        artifact = AsyncHyphaArtifact(
            WHERE["artifact_id"], server.config.workspace, token, WHERE["server_url"])
        record = await manager.read(artifact_id=WHERE["artifact_id"])
        print(record["id"] == f"{artifact.workspace}/{artifact.artifact_alias}")
        await manager.edit(artifact_id=WHERE["artifact_id"], stage=True)
        await artifact.put(b"by ours", "/rpc.txt")
        await manager.commit(artifact_id=WHERE["artifact_id"])
        listed = await manager.list_files(WHERE["artifact_id"])
        print(sorted(f["name"] for f in listed))
        print(await artifact.cat("rpc.txt"))
        await artifact.aclose()

asyncio.run(main())
"""


@pytest.fixture
def program(
    settings: ConnectionSettings, tmp_path: Path
) -> Generator[Callable[[str], list[str]]]:
    """Run a script on an artifact of its own, and return the lines that it prints."""
    name = f"{settings.workspace}/script-{uuid.uuid4().hex[:8]}"
    environ = {
        **os.environ,
        "HYPHA_SERVER_URL": settings.server_url,
        "HYPHA_WORKSPACE": settings.workspace or "",
        "HYPHA_TOKEN": settings.token or "",
    }

    def run(script: str) -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", HEAD + script, name.split("/")[1], str(tmp_path)],
            capture_output=True,
            text=True,
            env=environ,
            check=False,
        )
        assert done.stderr == ""
        assert done.returncode == 0
        return done.stdout.splitlines()

    with HyphaArtifact(name, None, settings.token, settings.server_url) as artifact:
        artifact.create({"name": "script"}, type="collection", stage=True)
        artifact.put(b"abcdef", "/raw/a.bin")
        artifact.put(b"first\nsecond\n", "/raw/b.txt")
        artifact.commit()
        yield run
        artifact.delete(delete_files=True)


def test_the_quick_start(program: Callable[[str], list[str]]) -> None:
    assert program(QUICK_START) == [
        "Hello, Hypha!",
        "['raw', 'hello.txt']",
        "File exists!",
        "['raw', 'hello.txt']",
        "b'Hypha!' b''",
    ]


def test_an_uploader_of_models(program: Callable[[str], list[str]]) -> None:
    kinds = ["info", "part_info", "part_success", "success"]
    files = ["checkpoints/last.pt", "config.json", "raw/a.bin", "raw/b.txt"]
    assert program(MODEL_UPLOADER) == [
        "exists already: True",
        str(kinds),
        "3 1",
        f"{[f'/{name}' for name in [*files, 'second.json']]} [{11 << 20}]",
        "[]",
    ]


def test_a_notebook(program: Callable[[str], list[str]]) -> None:
    assert program(NOTEBOOK) == [
        '13 {"name": "plate"}',
        "['data.zarr', 'raw', 'manifest.json']",
        "[True, True, True] directory 7",
    ]


def test_a_fetcher_of_data(program: Callable[[str], list[str]]) -> None:
    assert program(FETCHER) == [
        "[]",
        "['a.bin', 'b.txt']",
        "NotFound True",
        "NotFound True",
        "b'abcd'",
        "UTC",
        "False",
    ]


def test_a_reader_that_keeps_a_log(program: Callable[[str], list[str]]) -> None:
    assert program(READER) == [
        "2 13 10 b'nd\\n'",
        "['first', 'second']",
        "5",
        "True",
        "{'log.txt': 'eins\\nzwei\\n', 'none': None}",
        "False ['raw', 'log.txt']",
    ]


def test_beside_a_connection_of_hypha_rpc(program: Callable[[str], list[str]]) -> None:
    assert program(BESIDE_HYPHA_RPC) == ["True", "['raw', 'rpc.txt']", "by ours"]
