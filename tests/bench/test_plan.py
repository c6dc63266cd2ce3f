"""How long a plan takes once the listing is there: ``pytest -m bench -s`` this file.

One thread makes it, with the folders in the system's cache: its processor time is what
it takes on a machine that does nothing else, and that is judged. Wall time is told.
"""

from __future__ import annotations

import os
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from hypha_artifact.models import Entry, EntryKind, StageMode
from hypha_artifact.paths import ArtifactId, RemotePath
from hypha_artifact.transfer.landing import plan_download
from hypha_artifact.transfer.names import probe
from hypha_artifact.transfer.plan import (
    Aim,
    RemoteFile,
    RemoteTree,
    plan_upload,
)
from hypha_artifact.transfer.plans import TransferPlan, counts
from hypha_artifact.transfer.rules import resolve, ruled
from hypha_artifact.transfer.state import DownloadRequest, Overwrite, UploadRequest
from hypha_artifact.transfer.survey import existing_of
from hypha_artifact.transfer.walk import walk

pytestmark = pytest.mark.bench

T = TypeVar("T")
say: Callable[[str], None] = print
LAB = ArtifactId("lab", "atlas")
FOLDERS, FILES = 100, 1000
TOTAL = FOLDERS * FILES
MOST_SECONDS = 5.0
MOST_BYTES = 2500
"""Of one item, with its two paths and what is there."""


def timed(name: str, call: Callable[[], T], spent: list[float]) -> T:
    start, used = time.perf_counter(), time.process_time()
    done = call()
    spent.append(time.process_time() - used)
    wall = time.perf_counter() - start
    say(f"  {name:<24} {spent[-1]:6.2f} s of processor, {wall:6.2f} s in all")
    return done


def name_of(number: int) -> str:
    return f"plate_{number % FOLDERS:03}/well_{number:06}_field_01.ome.tiff"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("many")
    for number in range(FOLDERS):
        (folder / name_of(number)).parent.mkdir()
    for number in range(TOTAL):
        (folder / name_of(number)).touch()
    return folder


def test_upload_of_many_over_many(tree: Path) -> None:
    request = UploadRequest(
        sources=(tree,),
        names=("",),
        artifact=LAB,
        folder=RemotePath("raw"),
        mode=StageMode.IN_PLACE,
    )
    listing = {RemotePath("raw"): tuple(_folders())}
    for number in range(FOLDERS):
        folder = RemotePath("raw") / name_of(number).partition("/")[0]
        listing[folder] = tuple(
            Entry(name=name_of(each).partition("/")[2], size=0, modified=2e9)
            for each in range(number, TOTAL, FOLDERS)
        )
    say(f"\n{TOTAL:,} local files against {TOTAL:,} remote ones")
    spent: list[float] = []
    found = timed("walk", lambda: walk((tree,), ("",)), spent)
    aimed = timed("aim", lambda: Aim(request, found), spent)
    plan = timed("plan", lambda: plan_upload(request, aimed, listing), spent)
    judge(plan, spent)


def _folders() -> list[Entry]:
    names = {name_of(number).partition("/")[0] for number in range(FOLDERS)}
    return [Entry(name=name, kind=EntryKind.FOLDER) for name in names]


def test_download_of_many_over_many(tree: Path) -> None:
    request = DownloadRequest(sources=(RemotePath(),), artifact=LAB, folder=tree)
    remote = RemoteTree(
        files=tuple(
            RemoteFile(
                path=RemotePath(name_of(number)),
                name=RemotePath(name_of(number)),
                entry=Entry(name="", size=0, modified=1e9),
            )
            for number in range(TOTAL)
        )
    )
    say(f"\n{TOTAL:,} remote files over {TOTAL:,} local ones")
    spent: list[float] = []
    plan = timed(
        "look and plan",
        lambda: plan_download(
            request,
            remote,
            lambda files: existing_of(request, files),
            habits=probe,
            is_there=os.path.lexists,
        ),
        spent,
    )
    judge(plan, spent)


def judge(plan: TransferPlan, spent: list[float]) -> None:
    assert len(plan.collisions) == TOTAL
    timed("count", lambda: counts(plan), spent)
    timed("rule: newer", lambda: ruled(plan, lambda _: Overwrite.NEWER), spent)
    say(f"  {'together':<24} {sum(spent):6.2f} s")
    assert sum(spent) <= MOST_SECONDS
    each = {item.remote: Overwrite.RENAME for item in plan.items}
    timed("rename each", lambda: resolve(plan, each), spent)
    tracemalloc.start()
    kept = resolve(plan, each)
    size = tracemalloc.get_traced_memory()[0] / len(kept.items)
    tracemalloc.stop()
    say(f"  {'bytes of a renamed item':<24} {size:6.0f}")
    assert size <= MOST_BYTES
