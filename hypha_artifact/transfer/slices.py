"""Long loops over many jobs, in slices, so that the event loop is never held up."""

from __future__ import annotations

import gc
import time
from collections.abc import Awaitable, Callable, Generator, Iterable
from contextlib import contextmanager

import anyio.lowlevel

SLICE = 0.01
"""Seconds of work after which everything else has its turn."""

STRIDE = 32


async def in_slices(
    steps: Iterable[object],
    between: Callable[[], Awaitable[None]] = anyio.lowlevel.checkpoint,
) -> None:
    """Take all steps of a generator that works as it goes.

    Others change things between two slices: each step has to look at what is there.
    Cancelling the caller does not stop it half way.

    Args:
        steps: The generator.
        between: Awaited between two slices.
    """
    since = time.perf_counter()
    with anyio.CancelScope(shield=True):
        for number, _ in enumerate(steps):
            if number % STRIDE == 0 and time.perf_counter() - since > SLICE:
                await between()
                since = time.perf_counter()


@contextmanager
def long_lived() -> Generator[None]:
    """Keep the garbage collector away from what is made here, now and later.

    Looking at a hundred thousand files takes it 0.1 s each time. Only for a process
    that is ours: it also lets everything else alone that is there at the end.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
