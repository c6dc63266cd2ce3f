"""As many files, and as large a file, as people have; by hand, see docs/performance.md.

The engine has a process of its own here, whose memory is looked at.
"""

from __future__ import annotations

import random
import re
import shutil
import sys
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import anyio
import pytest
from msgspec import structs

from hypha_artifact._api.transport import Transport
from hypha_artifact.remote import RemoteArtifact
from hypha_artifact.settings import ConnectionSettings
from hypha_artifact.transfer.client import TransferClient
from hypha_artifact.transfer.place import Place
from hypha_artifact.transfer.plan import PART_SIZE
from hypha_artifact.transfer.state import JobState
from tests.engines import pid_of
from tests.transfer.conftest import Bench, checksums, new_artifact

MIB = 1 << 20
FILES, FOLDER = 100_000, 1000
LARGE = 6 << 30
MOST_MEMORY = 150 * MIB

pytestmark = pytest.mark.soak


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that is gone after the test, whose gigabytes pytest would keep."""
    folder = tmp_path / "huge"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
async def huge(
    place: Place, settings: ConnectionSettings, folder: Path
) -> AsyncGenerator[Bench]:
    """A bench with an engine outside, and links that lead past Hypha's proxy."""
    del place
    direct = structs.replace(settings, use_proxy=False)
    async with Transport(settings) as transport, TransferClient(direct) as client:
        remote = RemoteArtifact(await new_artifact(transport), transport)
        yield Bench(client, remote, folder)


async def test_a_hundred_thousand_files(huge: Bench, place: Place) -> None:
    chance = random.Random(0)  # noqa: S311 - replayed
    for number in range(FILES):
        path = huge.source / f"{number // FOLDER:02}" / f"{number:05}.bin"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(chance.randbytes(chance.randint(1, 4096)))
    group = await huge.upload()
    await _final(huge, group, FILES)
    _peak(place)
    group = await huge.download()
    await _final(huge, group, FILES)
    assert checksums(huge.target / "source") == checksums(huge.source)
    assert not huge.leftovers()
    assert _peak(place) <= MOST_MEMORY


async def test_six_gigabytes_with_holes(huge: Bench, place: Place) -> None:
    chance = random.Random(0)  # noqa: S311 - replayed
    path = huge.source / "sparse"
    with path.open("wb") as file:
        file.truncate(LARGE)
        for at in (0, LARGE // 3 + 5, LARGE // 2, 4 << 30, LARGE - MIB):
            file.seek(at)
            file.write(chance.randbytes(MIB))
    group = await huge.upload()
    await huge.until(lambda s: any(job.parts > 1 for job in s.jobs))
    (job,) = await huge.client.page(group, 0, 1)
    assert job.parts == LARGE // PART_SIZE
    await _final(huge, group, 1)
    await _final(huge, await huge.download(), 1)
    assert await anyio.to_thread.run_sync(
        _same, path, huge.target / "source" / path.name
    )
    assert not huge.leftovers()
    assert _peak(place) <= MOST_MEMORY


async def _final(bench: Bench, group: int, files: int) -> None:
    while not bench.group(group).is_final:  # noqa: ASYNC110 - polled by design
        await anyio.sleep(1)
    assert bench.group(group).counts == {JobState.DONE: files}


def _peak(place: Place) -> int:
    """Return the most memory that the engine ever had, in bytes; it is shown, too."""
    status = Path(f"/proc/{pid_of(place)}/status").read_text()
    found = re.search(r"VmHWM:\s*(\d+) kB", status)
    assert found
    sys.stdout.write(f"the engine's peak: {int(found[1]) / 1024:.0f} MiB\n")
    return int(found[1]) * 1024


def _same(one: Path, other: Path) -> bool:
    if one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as left, other.open("rb") as right:
        while piece := left.read(8 * MIB):
            if piece != right.read(8 * MIB):
                return False
    return True
