from __future__ import annotations

import threading

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


@pytest.mark.parametrize("key", ["a", ("b", 1)])
def test_one_lock_a_key(key: object) -> None:
    assert serial_lock(key) is serial_lock(key)
    assert serial_lock(key) is not serial_lock("other")
