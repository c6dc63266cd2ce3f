"""What a plan of very many files costs in memory: ``pytest -m bench -s`` this file.

Each figure is of a process that does nothing else.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from hypha_artifact._api.transport import Transport
from hypha_artifact.localserver import LocalServer
from hypha_artifact.transfer.place import Place
from tests.bench.memory import memory
from tests.engines import end, pid_of
from tests.transfer.conftest import new_artifact

pytestmark = pytest.mark.bench

say: Callable[[str], None] = print
MIB = 1 << 20
MOST_BYTES = 150 * 10**6
FOLDERS, EACH = 100, 1000


def run(*given: str, said: bytes = b"") -> dict[str, float]:
    """Let a new process do its part, and return what it says of it."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.front", *given],
        check=True,
        input=said,
        stdout=subprocess.PIPE,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    ("way", "count"),
    [
        ("planning", 100_000),
        ("planning", 1_000_000),
        ("landing", 100_000),
        ("landing", 1_000_000),
    ],
)
def test_plan_over_as_many(way: str, count: int) -> None:
    found = run(way, str(count))
    say(f"\n{way}: {count:,} files over {count:,} that are there, in one process")
    say(f"  plan {found['plan']:.2f} s, rule {found['rule']:.2f} s of processor")
    say(f"  idle {found['idle'] / MIB:.0f} MiB, at most {found['peak'] / MIB:.0f} MiB")
    assert found["files"] == found["left"] == count
    assert found["peak"] <= MOST_BYTES


async def test_upload_from_the_disk(server: LocalServer, tmp_path: Path) -> None:
    for folder in range(FOLDERS):
        (tmp_path / f"many/plate_{folder:03}").mkdir(parents=True)
        for number in range(EACH):
            name = f"many/plate_{folder:03}/well_{number:06}_field_01.ome.tiff"
            os.close(os.open(tmp_path / name, os.O_CREAT))
    async with Transport(server.settings) as transport:
        artifact = await new_artifact(transport)
    place = Place(tmp_path / "state")
    try:
        found = run(
            "front",
            str(place.state),
            str(tmp_path / "many"),
            str(artifact),
            said=msgspec.json.encode(server.settings),
        )
        most = memory("VmHWM", pid_of(place))
    finally:
        end(place)
    say(f"\n{FOLDERS * EACH:,} files from the disk to an empty artifact")
    say(f"  plan {found['plan']:.2f} s, submit {found['submit']:.2f} s")
    say(f"  front end {found['peak'] / MIB:.0f} MiB, engine {most / MIB:.0f} MiB")
    assert found["files"] == FOLDERS * EACH
    assert found["peak"] <= MOST_BYTES
    assert most <= MOST_BYTES
