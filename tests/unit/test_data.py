from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from hypothesis import given, strategies as st

from hypha_artifact._api.data import (
    Extent,
    breaks_proxy,
    cut,
    extent_of,
    range_header,
)
from hypha_artifact.errors import NetworkError


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"content-range": "bytes 2-5/10", "content-length": "4"}, Extent(2, 6, 10)),
        ({"content-length": "7"}, Extent(0, 7, 7)),
        ({"content-length": "7, 7"}, Extent(0, 7, 7)),
        ({"content-range": "bytes */10"}, None),
        ({}, None),
    ],
)
def test_what_an_answer_holds(headers: dict[str, str], expected: Extent | None) -> None:
    assert extent_of(headers) == expected


def test_range_headers() -> None:
    assert range_header(0, None) == {}
    assert range_header(0, 1) == {"Range": "bytes=0-0"}
    assert range_header(5, None) == {"Range": "bytes=5-"}


@pytest.mark.parametrize("name", ["#1", "a?b", "100%25", "a%2fb"])
def test_names_that_break_the_proxy(name: str) -> None:
    assert breaks_proxy(name)


@pytest.mark.parametrize("name", ["100%.csv", "50% off", "a+b&c", "naïve – copy"])
def test_names_that_do_not(name: str) -> None:
    assert not breaks_proxy(name)


async def feed(data: bytes, piece: int) -> AsyncIterator[bytes]:
    for at in range(0, len(data), piece):
        yield data[at : at + piece]


@given(
    data=st.binary(min_size=1, max_size=60),
    piece=st.integers(1, 20),
    bounds=st.tuples(st.integers(0, 60), st.integers(0, 60)),
    offset=st.integers(0, 60),
)
async def test_exactly_the_bytes_asked_for(
    data: bytes, piece: int, bounds: tuple[int, int], offset: int
) -> None:
    start, stop = sorted(min(bound, len(data)) for bound in bounds)
    first = min(offset, start)
    held = Extent(first, len(data), len(data))
    got = [p async for p in cut(feed(data[first:], piece), held, start, stop, "x")]
    assert b"".join(got) == data[start:stop]


async def test_a_short_body_is_an_error() -> None:
    with pytest.raises(NetworkError, match="byte 3 of 5"):
        [p async for p in cut(feed(b"abc", 2), Extent(0, 5, 5), 0, 5, "x")]
