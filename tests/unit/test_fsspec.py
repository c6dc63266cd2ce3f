"""The parts of the file system that need no server."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from hypha_artifact.errors import InvalidInput, UnsafePath
from hypha_artifact.fsspec.address import Address
from hypha_artifact.fsspec.batching import Batch


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ("", "", "")),
        ("hypha://", ("", "", "")),
        ("hypha:///lab/", ("lab", "", "")),
        ("lab//exp", ("lab", "exp", "")),
        ("hypha://lab/exp/a//b/", ("lab", "exp", "a/b")),
        ("lab/exp/a?#b%20c", ("lab", "exp", "a?#b%20c")),
    ],
)
def test_addresses(text: str, parts: tuple[str, str, str]) -> None:
    address = Address.parse(text)
    assert (address.workspace, address.alias, address.path) == parts
    assert str(address) == "/".join(filter(None, parts))


def test_addresses_that_name_too_little_or_too_much() -> None:
    with pytest.raises(InvalidInput, match="names no artifact"):
        _ = Address.parse("lab").artifact
    with pytest.raises(InvalidInput, match="names no file"):
        _ = Address.parse("lab/exp").file
    with pytest.raises(UnsafePath):
        Address.parse("lab/exp/../other")


async def test_what_is_asked_for_in_one_turn_goes_together() -> None:
    runs: list[list[int]] = []

    async def halve(items: Sequence[int]) -> list[int | Exception]:
        runs.append(list(items))
        await asyncio.sleep(0)
        return [ValueError(n) if n % 2 else n // 2 for n in items]

    batch = Batch(halve)
    found = await asyncio.gather(*map(batch.ask, (2, 3, 4)), return_exceptions=True)
    assert [found[0], found[2]] == [1, 2]
    assert isinstance(found[1], ValueError)
    assert await batch.ask(6) == 3
    assert runs == [[2, 3, 4], [6]]


async def test_one_error_for_all() -> None:
    async def fail(_: Sequence[int]) -> list[int | Exception]:
        raise ConnectionError

    batch = Batch(fail)
    found = await asyncio.gather(*map(batch.ask, (1, 2)), return_exceptions=True)
    assert [type(each) for each in found] == [ConnectionError, ConnectionError]


async def test_the_others_go_on_when_the_first_one_is_cancelled() -> None:
    started = asyncio.Event()
    runs: list[list[int]] = []

    async def wait_once(items: Sequence[int]) -> list[int | Exception]:
        runs.append(list(items))
        if len(runs) == 1:
            started.set()
            await asyncio.Event().wait()
        return list(items)

    batch = Batch(wait_once)
    tasks = [asyncio.ensure_future(batch.ask(n)) for n in (1, 2, 3)]
    await started.wait()
    tasks[0].cancel()
    assert await asyncio.gather(*tasks[1:]) == [2, 3]
    assert runs == [[1, 2, 3], [2, 3]]
    with pytest.raises(asyncio.CancelledError):
        await tasks[0]
