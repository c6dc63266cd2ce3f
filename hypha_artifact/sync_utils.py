"""``run_sync``: wait for a coroutine from ordinary code."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from hypha_artifact.portal import run

T = TypeVar("T")

__all__ = ["run_sync"]


def run_sync(awaitable: Awaitable[T]) -> T:
    """Run a coroutine on the process's one loop, and return what it returns.

    Args:
        awaitable: A coroutine; not bound to a loop yet.
    """
    return run(lambda: awaitable)
