"""Upload a folder, commit, download it again: wall times and this process's memory.

Run by ``test_batch.py`` in a process of its own; the server comes from the environment.
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path
from uuid import uuid4

import anyio

from hypha_artifact._api import endpoints
from hypha_artifact._api.transport import Transport
from hypha_artifact.models import StageMode
from hypha_artifact.paths import ROOT, ArtifactId, RemotePath
from hypha_artifact.remote import RemoteArtifact
from hypha_artifact.settings import ConnectionSettings
from hypha_artifact.transfer.client import TransferClient
from hypha_artifact.transfer.state import DownloadRequest, JobState, UploadRequest


async def timed(
    client: TransferClient, request: UploadRequest | DownloadRequest
) -> None:
    start = time.perf_counter()
    plan = await client.plan(request)
    planned = time.perf_counter()
    await client.submit(plan)
    while not client.snapshot().is_idle:  # noqa: ASYNC110 - polled by design
        await anyio.sleep(0.02)
    done = time.perf_counter()
    group = client.snapshot().groups[-1]
    if group.counts != {JobState.DONE: len(plan.items)}:
        raise SystemExit(f"not all were done: {group.counts}")
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(  # noqa: T201 - this is what it is for
        f"{group.direction.value:4} plan {planned - start:5.1f} s"
        f"  move {done - planned:5.1f} s"
        f"  {group.size / (done - planned) / 1e6:6.1f} MB/s"
        f"  cpu {usage.ru_utime + usage.ru_stime:5.1f} s so far"
        f"  peak {usage.ru_maxrss / 1024:4.0f} MB"
    )


async def main(source: Path, target: Path) -> None:
    settings = ConnectionSettings.load()
    name = ArtifactId(settings.workspace or "", f"bench-{uuid4().hex}")
    async with (
        Transport(settings) as transport,
        TransferClient(settings, inside=True) as client,
    ):
        await transport.call(endpoints.create(name, {"manifest": {"name": "bench"}}))
        up = UploadRequest(
            sources=(source,), artifact=name, folder=ROOT, mode=StageMode.NEW_VERSION
        )
        await timed(client, up)
        await RemoteArtifact(name, transport).commit(comment="bench")
        down = DownloadRequest(
            sources=(RemotePath(source.name),), artifact=name, folder=target
        )
        await timed(client, down)


if __name__ == "__main__":
    anyio.run(main, Path(sys.argv[1]), Path(sys.argv[2]))
