from __future__ import annotations

import multiprocessing
import sys
import threading
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from hypha_artifact._api.serial import SerialLock, serial_lock


async def test_one_at_a_time_in_order() -> None:
    lock, order = SerialLock(), list[str]()

    async def turn(name: str) -> None:
        async with lock.hold():
            order.append(f"{name} in")
            await anyio.lowlevel.checkpoint()
            order.append(f"{name} out")

    async with anyio.create_task_group() as tasks:
        for name in "abc":
            tasks.start_soon(turn, name)
    assert order == ["a in", "a out", "b in", "b out", "c in", "c out"]


async def test_a_cancelled_waiter_gives_its_turn_on() -> None:
    lock, done = SerialLock(), anyio.Event()

    async def turn() -> None:
        async with lock.hold():
            done.set()

    async with anyio.create_task_group() as tasks:
        async with lock.hold():
            with anyio.CancelScope() as scope:
                async with anyio.create_task_group() as inner:
                    inner.start_soon(turn)
                    await anyio.wait_all_tasks_blocked()
                    scope.cancel()
            tasks.start_soon(turn)
            await anyio.wait_all_tasks_blocked()
            assert not done.is_set()
        await done.wait()


async def test_it_holds_across_loops_and_threads() -> None:
    lock = SerialLock()
    inside, most = 0, 0
    guard = threading.Lock()

    async def turns() -> None:
        nonlocal inside, most
        for _ in range(200):
            async with lock.hold():
                with guard:
                    inside += 1
                    most = max(most, inside)
                await anyio.lowlevel.checkpoint()
                with guard:
                    inside -= 1

    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(anyio.to_thread.run_sync, anyio.run, turns)
    assert most == 1
    assert inside == 0


@pytest.mark.parametrize("key", ["a", "server ws/b"])
def test_one_lock_a_key(key: str) -> None:
    assert serial_lock(key) is serial_lock(key)
    assert serial_lock(key) is not serial_lock("other")


async def test_another_process_waits_for_its_turn(tmp_path: Path) -> None:
    lock = SerialLock(tmp_path / "turns" / "a")
    script = (
        "import fcntl, sys; file = open(sys.argv[1], 'r+');"
        "fcntl.flock(file, fcntl.LOCK_EX); print('locked', flush=True); input()"
    )
    async with lock.hold():
        pass
    command = [sys.executable, "-c", script, str(tmp_path / "turns" / "a")]
    order: list[str] = []
    async with await anyio.open_process(command) as other:
        assert other.stdout
        assert other.stdin
        await other.stdout.receive()
        stdin = other.stdin

        async def turn() -> None:
            async with lock.hold():
                order.append("ours")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(turn)
            await anyio.wait_all_tasks_blocked()
            await anyio.wait_all_tasks_blocked()
            order.append("theirs")
            await stdin.send(b"\n")
    assert order == ["theirs", "ours"]


def _take(key: str) -> None:
    async def take() -> None:
        async with serial_lock(key).hold():
            pass

    anyio.run(take)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_gets_the_turn_that_its_parent_had() -> None:
    fork = multiprocessing.get_context("fork")
    child = fork.Process(target=_take, args=("forked",))

    async def hold_and_fork() -> None:
        async with serial_lock("forked").hold():
            await anyio.to_thread.run_sync(child.start)

    anyio.run(hold_and_fork)
    child.join(20)
    child.kill()
    assert child.exitcode == 0
