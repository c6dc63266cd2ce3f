"""Run coroutines from ordinary code: one event loop for the whole process.

The loop has a thread of its own, so the blocking classes work in scripts, in any
thread, and where a loop is running already (Jupyter).
"""

from __future__ import annotations

import asyncio
import atexit
import os
import queue
import threading
import weakref
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import ExitStack
from typing import TypeAlias, TypeVar

from anyio.from_thread import BlockingPortal, start_blocking_portal

T = TypeVar("T")
Event = TypeVar("Event")

_guard = threading.Lock()
_open = ExitStack()
_portal: BlockingPortal | None = None
_closing: set[asyncio.Future[None]] = set()

Finalizer: TypeAlias = Callable[[], object]


def _shared() -> BlockingPortal:
    global _portal  # noqa: PLW0603 - one for the process
    with _guard:
        if _portal is None:
            _portal = _open.enter_context(start_blocking_portal("asyncio"))
            atexit.register(_open.close)
        return _portal


def _after_fork() -> None:
    """Forget the parent's loop: its thread is not in the child."""
    global _guard, _open, _portal
    _guard, _open, _portal = threading.Lock(), ExitStack(), None


os.register_at_fork(after_in_child=_after_fork)


def close_with(owner: object, aclose: Callable[[], Awaitable[None]]) -> Finalizer:
    """Close something of the loop with its owner, or at the end of the program.

    Args:
        owner: Whoever uses it; must not be held by ``aclose``.
        aclose: Closes it.

    Returns:
        Closes it now, and waits; a second time it does nothing.
    """
    return weakref.finalize(owner, _close, aclose, os.getpid())


def _close(aclose: Callable[[], Awaitable[None]], process: int) -> None:
    if process != os.getpid():
        return  # the loop, and what it holds, are the parent's
    try:
        run(aclose)
    except RuntimeError:
        # Dropped on the loop itself, which cannot wait for itself.
        loop = asyncio.get_running_loop()
        task = asyncio.ensure_future(aclose(), loop=loop)
        _closing.add(task)
        task.add_done_callback(_closing.discard)


def run(call: Callable[[], Awaitable[T]]) -> T:
    """Wait for a coroutine.

    Ctrl-C, or any other exception in the waiting thread, cancels the coroutine, and
    waits until it has cleaned up after itself.

    Args:
        call: Makes the coroutine, on the loop.

    Returns:
        What it returns.

    Raises:
        RuntimeError: It was called on the loop itself.
    """
    done = threading.Event()

    async def task() -> T:
        try:
            return await call()
        finally:
            done.set()

    future = _shared().start_task_soon(task)
    try:
        return future.result()
    except BaseException:
        if not future.done():
            future.cancel()
            done.wait()
        raise


def run_telling(
    call: Callable[[Callable[[Event], None]], Awaitable[T]],
    callback: Callable[[Event], None] | None,
) -> T:
    """Wait for a coroutine, and call back in this thread while it runs.

    Args:
        call: Makes the coroutine; it is given where to send events to.
        callback: Called with each event; what it raises cancels the coroutine.
    """
    events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()

    async def task() -> T:
        try:
            return await call(events.put)
        finally:
            events.put(None)

    if callback is None:
        return run(task)
    future = _shared().start_task_soon(task)
    try:
        while (event := events.get()) is not None:
            callback(event)
        return future.result()
    except BaseException:
        if not future.done():
            future.cancel()
            while events.get() is not None:
                pass
        raise


def iterate(found: AsyncGenerator[T]) -> Iterator[T]:
    """Yield what an async generator yields, one at a time."""

    async def one() -> tuple[T, ...]:
        async for each in found:
            return (each,)
        return ()

    try:
        while more := run(one):
            yield more[0]
    finally:
        run(found.aclose)
