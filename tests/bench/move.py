"""Upload a folder or file, and download it again, with an engine in this process.

Run by ``test_speed.py`` in a process of its own; the server comes from the environment.
Prints one line of JSON for each way: seconds, processor seconds, peak memory.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from importlib import import_module
from pathlib import Path
from uuid import uuid4

import anyio
from msgspec import structs

from hypha_artifact._api import endpoints
from hypha_artifact._api.transport import Transport
from hypha_artifact.models import StageMode
from hypha_artifact.paths import ROOT, ArtifactId, RemotePath
from hypha_artifact.remote import RemoteArtifact
from hypha_artifact.settings import ConnectionSettings
from hypha_artifact.transfer.engine import TransferEngine
from hypha_artifact.transfer.state import DownloadRequest, JobState, UploadRequest
from tests.bench.memory import peak


def spent() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def timed(
    engine: TransferEngine, request: UploadRequest | DownloadRequest
) -> None:
    start, cpu = time.perf_counter(), spent()
    plan = await engine.plan(request)
    planned = time.perf_counter()
    await engine.submit(plan)
    async for snapshot in engine.snapshots():
        if snapshot.is_idle:
            break
    done = time.perf_counter()
    group = engine.snapshot(fresh=True).groups[-1]
    if group.counts != {JobState.DONE: len(plan.items)}:
        raise SystemExit(f"not all were done: {group.counts}")
    figures = {
        "way": group.direction.value,
        "plan": planned - start,
        "wall": done - planned,
        "cpu": spent() - cpu,
        "rss": peak(),
    }
    print(json.dumps(figures), flush=True)  # noqa: T201 - this is what it is for


async def main(source: Path, target: Path) -> None:
    import_module("hypha_artifact._api.pool")  # before the clock starts
    direct = False if os.environ.get("BENCH_DIRECT") else None
    settings = structs.replace(ConnectionSettings.load(), use_proxy=direct)
    name = ArtifactId(settings.workspace or "", f"bench-{uuid4().hex}")
    async with Transport(settings) as transport:
        await transport.call(endpoints.create(name, {"manifest": {"name": "bench"}}))
        remote = RemoteArtifact(name, transport)
        async with TransferEngine(lambda _: remote) as engine:
            up = UploadRequest(
                sources=(source,),
                artifact=name,
                folder=ROOT,
                mode=StageMode.NEW_VERSION,
            )
            await timed(engine, up)
            down = DownloadRequest(
                sources=(RemotePath(source.name),),
                artifact=name,
                folder=target,
                version="stage",
            )
            await timed(engine, down)
        await remote.discard()


if __name__ == "__main__":
    anyio.run(main, Path(sys.argv[1]), Path(sys.argv[2]))
