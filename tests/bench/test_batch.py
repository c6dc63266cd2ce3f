"""Speed and memory of one mixed batch: ``pytest -m bench -s tests/bench``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import anyio
import pytest

from hypha_artifact.settings import ConnectionSettings
from tests.transfer.conftest import checksums

MIB = 1024 * 1024


@pytest.mark.bench
async def test_many_small_files_and_a_large_one(
    settings: ConnectionSettings, tmp_path: Path
) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    for number in range(500):
        (source / f"{number:03}.bin").write_bytes(os.urandom(4096))
    with (source / "large.bin").open("wb") as file:
        for _ in range(300):
            file.write(os.urandom(MIB))
    environ = {
        **os.environ,
        "HYPHA_SERVER_URL": settings.server_url,
        "HYPHA_WORKSPACE": settings.workspace or "",
        "HYPHA_TOKEN": settings.token or "",
    }
    command = [sys.executable, "-m", "tests.bench.batch", str(source), str(target)]
    done = await anyio.run_process(command, env=environ, stderr=None)
    print("\n" + done.stdout.decode())  # noqa: T201 - this is what it is for
    assert checksums(target / "source") == checksums(source)
