"""Many calls at once into one: a call of the server costs the same for all of them.

fsspec asks for each file on its own, and for many of them at the same time. What is
asked for within one turn of the event loop goes together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class _Again(Exception):
    """The one who asked for all was cancelled."""


class Batch(Generic[T, R]):
    """Collects what is asked for in one turn of the event loop.

    Args:
        run: Answers many at once, each with its result or its error.
    """

    def __init__(
        self, run: Callable[[Sequence[T]], Awaitable[Sequence[R | Exception]]]
    ) -> None:
        self._run = run
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []

    async def ask(self, item: T) -> R:
        """Return the result for one item.

        Raises:
            Exception: The item's own, or that of the whole batch.
        """
        while True:
            loop = asyncio.get_running_loop()
            future: asyncio.Future[R] = loop.create_future()
            mine = (item, future)
            self._waiting.append(mine)
            await asyncio.sleep(0)
            if mine in self._waiting:
                taken, self._waiting = self._waiting, []
                await self._serve(taken, future)
            try:
                return await future
            except _Again:
                continue

    async def _serve(
        self, taken: list[tuple[T, asyncio.Future[R]]], mine: asyncio.Future[R]
    ) -> None:
        wanted = [(item, future) for item, future in taken if not future.done()]
        answers: Sequence[R | Exception] = [_Again()] * len(wanted)
        try:
            answers = await self._run([item for item, _ in wanted])
        except Exception as error:  # noqa: BLE001 - everyone who asked raises it
            answers = [error] * len(wanted)
        except asyncio.CancelledError:
            mine.cancel()
            raise
        finally:
            for (_, future), answer in zip(wanted, answers, strict=True):
                if future.done():
                    continue
                if isinstance(answer, Exception):
                    future.set_exception(answer)
                else:
                    future.set_result(answer)
