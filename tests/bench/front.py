"""A process that only plans, or plans and submits, and then says what that cost it."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import anyio
import msgspec

from hypha_artifact.models import Entry, EntryKind, StageMode
from hypha_artifact.paths import ArtifactId, RemotePath
from hypha_artifact.settings import ConnectionSettings
from hypha_artifact.transfer.connection import EngineProcess
from hypha_artifact.transfer.items import Existing
from hypha_artifact.transfer.landing import plan_download
from hypha_artifact.transfer.place import Place
from hypha_artifact.transfer.plan import (
    Aim,
    LocalFile,
    LocalTree,
    RemoteFile,
    RemoteTree,
    local_files,
    plan_upload,
    remote_files,
)
from hypha_artifact.transfer.plans import TransferPlan
from hypha_artifact.transfer.rules import ruled
from hypha_artifact.transfer.state import (
    Action,
    Command,
    DownloadRequest,
    Overwrite,
    UploadRequest,
)
from hypha_artifact.transfer.survey import Listed
from tests.bench.memory import peak

FOLDERS = 100


def request_of(folder: Path, artifact: ArtifactId) -> UploadRequest:
    return UploadRequest(
        sources=(folder,),
        names=("",),
        artifact=artifact,
        folder=RemotePath("raw"),
        mode=StageMode.NEW_VERSION,
    )


async def front(state: Path, folder: Path, artifact: str) -> dict[str, float]:
    """Plan an upload in the engine's process and submit it; then cancel it."""
    settings = msgspec.json.decode(sys.stdin.buffer.read(), type=ConnectionSettings)
    request = request_of(folder, ArtifactId.parse(artifact))
    async with EngineProcess(settings, Place(state)) as engine:
        idle, start = peak(), time.perf_counter()
        plan = await engine.plan(request)
        planned = time.perf_counter()
        await engine.submit(plan)
        submitted = time.perf_counter()
        await engine.control(Command(action=Action.CANCEL))
        return {
            "files": len(plan.items),
            "idle": idle,
            "peak": peak(),
            "plan": planned - start,
            "submit": submitted - planned,
        }


def planning(count: int) -> dict[str, float]:
    """Plan an upload of files over as many that are there; no disk, no server."""
    idle = peak()
    each = count // FOLDERS
    files = local_files()
    listing = Listed()
    root = RemotePath("raw")
    folders = [f"plate_{number:03}" for number in range(FOLDERS)]
    kind = EntryKind.FOLDER
    listing.add(root, tuple(Entry(name=name, kind=kind) for name in folders))
    for folder in folders:
        names = [f"well_{number:06}_field_01.ome.tiff" for number in range(each)]
        for name in names:
            path, at = f"/data/screens/{folder}/{name}", f"{folder}/{name}"
            files.add(LocalFile(path=path, name=at, size=0, modified=1e9))
        listing.add(root / folder, tuple(Entry(name=name, size=0) for name in names))
    request = request_of(Path("/data/screens"), ArtifactId("lab", "atlas"))
    tree = LocalTree(files=files)
    return told(idle, lambda: plan_upload(request, Aim(request, tree), listing))


def landing(count: int) -> dict[str, float]:
    """Plan a download of files over as many that are there; no disk, no server."""
    idle = peak()
    files = remote_files()
    for number in range(count):
        name = f"plate_{number % FOLDERS:03}/well_{number:06}_field_01.ome.tiff"
        path = RemotePath(name)
        entry = Entry(name="", size=0, modified=1e9)
        files.add(RemoteFile(path=path, name=path, entry=entry))
    request = DownloadRequest(
        sources=(RemotePath(),),
        artifact=ArtifactId("lab", "atlas"),
        folder=Path("/data/screens"),
    )
    tree = RemoteTree(files=files)
    return told(idle, lambda: plan_download(request, tree, all_there))


def told(idle: int, make: Callable[[], TransferPlan]) -> dict[str, float]:
    """Make a plan and follow a rule, and say what that cost."""
    start = time.process_time()
    plan = make()
    planned = time.process_time()
    left = decided(plan)
    return {
        "files": len(plan.collisions),
        "left": left,
        "idle": idle,
        "peak": peak(),
        "plan": planned - start,
        "rule": time.process_time() - planned,
    }


def all_there(files: Sequence[RemoteFile]) -> dict[str, Existing]:
    there = Existing(size=0, modified=1.0)
    return {f"/data/screens/{file.name}": there for file in files}


def decided(plan: TransferPlan) -> int:
    return len(ruled(plan, lambda _: Overwrite.RENAME).items)


def main() -> None:
    what, *given = sys.argv[1:]
    ways: dict[str, Callable[[], dict[str, float]]] = {
        "front": lambda: anyio.run(front, Path(given[0]), Path(given[1]), given[2]),
        "planning": lambda: planning(int(given[0])),
        "landing": lambda: landing(int(given[0])),
    }
    sys.stdout.write(json.dumps(ways[what]()))


if __name__ == "__main__":
    main()
