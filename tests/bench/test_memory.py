"""What very many files cost the engine's process: ``pytest -m bench -s`` this file.

Nothing is moved: nobody listens where they should go.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import overload

import anyio
import anyio.to_thread
import pytest
from typing_extensions import override

from hypha_artifact.models import StageMode
from hypha_artifact.paths import ROOT, ArtifactId, RemotePath
from hypha_artifact.settings import ConnectionSettings
from hypha_artifact.transfer.connection import EngineProcess
from hypha_artifact.transfer.items import PlanItem
from hypha_artifact.transfer.place import Place
from hypha_artifact.transfer.plans import PlanItems, TransferPlan
from hypha_artifact.transfer.state import Action, Command, UploadRequest
from tests.bench.memory import memory
from tests.engines import end, pid_of

pytestmark = pytest.mark.bench

say: Callable[[str], None] = print
SIZES = (10_000, 100_000, 1_000_000)
MIB = 1 << 20
MOST_BYTES = 150 * 10**6
MOST_SUBMIT = 3.0
"""Seconds for 100,000 files."""

NOWHERE = ConnectionSettings(server_url="http://127.0.0.1:9", workspace="lab")


class Lots(Sequence[PlanItem]):
    """The items of a plan, made when they are asked for."""

    def __init__(self, numbers: range) -> None:
        self._numbers = numbers

    @override
    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, at: int) -> PlanItem: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[PlanItem]: ...
    @override
    def __getitem__(self, at: int | slice) -> PlanItem | Sequence[PlanItem]:
        if isinstance(at, slice):
            return Lots(self._numbers[at])
        name = f"plate_{at % 100:03}/well_{self._numbers[at]:07}_field_01.ome.tiff"
        return PlanItem(
            local=Path(f"/data/screens/{name}"),
            remote=RemotePath(f"raw/{name}"),
            size=4096,
            modified=1.7e9,
        )


def plan_of(count: int) -> TransferPlan:
    request = UploadRequest(
        sources=(Path("/data/screens"),),
        artifact=ArtifactId("lab", "atlas"),
        folder=ROOT,
        mode=StageMode.NEW_VERSION,
    )
    items = PlanItems(Lots(range(count)))
    return TransferPlan(request=request, items=items)


class Watched:
    """One engine's process: how much memory it has, and how long it takes."""

    def __init__(self, place: Place) -> None:
        self.place = place

    def memory(self, what: str) -> int:
        """Return a field of the process's status, in bytes."""
        return memory(what, pid_of(self.place))

    def used(self) -> float:
        """Return processor seconds of the engine and of this process."""
        stat = Path(f"/proc/{pid_of(self.place)}/stat").read_text()
        user, system = stat.rpartition(")")[2].split()[11:13]
        ticks = os.sysconf("SC_CLK_TCK")
        return (int(user) + int(system)) / ticks + time.process_time()

    async def told(self, name: str, call: Callable[[], Awaitable[object]]) -> float:
        start = time.perf_counter()
        await call()
        spent = time.perf_counter() - start
        now, most = self.memory("VmRSS"), self.memory("VmHWM")
        mib = f"{now / MIB:7.0f} MiB, at most {most / MIB:.0f}"
        say(f"  {name:<10} {spent:7.2f} s {mib}")
        return spent


@pytest.mark.parametrize("count", SIZES)
async def test_many_files_in_the_engine(count: int, tmp_path: Path) -> None:
    place = Place(tmp_path / "state")
    watched = Watched(place)
    say(f"\n{count:,} files")
    try:
        async with AsyncExitStack() as stack:
            engine = EngineProcess(NOWHERE, place)
            await watched.told("start", partial(stack.enter_async_context, engine))
            plan = plan_of(count)
            before = watched.used()
            submit = await watched.told("submit", lambda: engine.submit(plan))
            say(f"  {'':<10} {watched.used() - before:7.2f} s of processor")
            for action in (Action.PAUSE, Action.RESUME, Action.CANCEL, Action.RETRY):
                command = Command(action=action)
                await watched.told(action.value, partial(engine.control, command))
            (group,) = engine.snapshot().groups
            assert group.files == count
            assert len(await engine.page(group.id, count - 10, 100)) == 10
        await anyio.to_thread.run_sync(end, place, signal.SIGKILL)
        async with AsyncExitStack() as stack:
            engine = EngineProcess(NOWHERE, place)
            await watched.told("restart", partial(stack.enter_async_context, engine))
            for action in (Action.CANCEL, Action.CLEAR):
                command = Command(action=action)
                await watched.told(action.value, partial(engine.control, command))
            assert engine.snapshot().groups == ()
            most = watched.memory("VmHWM")
    finally:
        await anyio.to_thread.run_sync(end, place)
    assert most <= MOST_BYTES
    assert submit <= MOST_SUBMIT * max(1, count / 100_000)
