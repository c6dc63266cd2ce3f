"""What differs between two trees of files, and how a copy is told for current."""

from __future__ import annotations

import pytest

from hypha_artifact.compare import (
    Difference,
    Fact,
    Same,
    by_content,
    by_size,
    by_time,
    compare,
)
from hypha_artifact.paths import RemotePath


def fact(size: int, modified: float | None = None, etag: str | None = None) -> Fact:
    return Fact(size=size, modified=modified, etag=etag)


def test_every_file_of_either_tree_is_told_once() -> None:
    before = {RemotePath("b"): fact(1), RemotePath("d/c"): fact(2)}
    after = {RemotePath("a"): fact(3), RemotePath("b"): fact(4)}
    found = compare(before, after, by_size)
    assert [(d.path, d.difference, d.size_before, d.size_after) for d in found] == [
        ("a", Difference.NEW, None, 3),
        ("b", Difference.CHANGED, 1, 4),
        ("d/c", Difference.GONE, 2, None),
    ]


@pytest.mark.parametrize(
    ("judge", "before", "after", "same"),
    [
        (by_time, fact(1, 10.0), fact(1, 10.0), True),
        (by_time, fact(1, 11.0), fact(1, 10.0), True),
        (by_time, fact(1, 9.0), fact(1, 10.0), False),
        (by_time, fact(2, 11.0), fact(1, 10.0), False),
        (by_time, fact(1), fact(1, 10.0), False),
        (by_content, fact(1, etag="aa"), fact(1, etag="aa"), True),
        (by_content, fact(1, etag="aa"), fact(1, etag="bb"), False),
        (by_content, fact(1, etag="aa-2"), fact(1, etag="bb-2"), False),
        (by_content, fact(1, etag="aa-2"), fact(1, etag="bb-3"), None),
        (by_content, fact(1, etag="aa"), fact(1, etag="bb-3"), None),
        (by_content, fact(1), fact(1, etag="bb"), None),
        (by_content, fact(0), fact(0), True),
        (by_size, fact(1), fact(1), None),
        (by_size, fact(0), fact(0), True),
    ],
)
def test_a_copy_is_judged(
    judge: Same,
    before: Fact,
    after: Fact,
    same: bool | None,  # noqa: FBT001
) -> None:
    assert judge(before, after) is same
    kinds = {True: Difference.SAME, False: Difference.CHANGED, None: Difference.UNSURE}
    path = RemotePath("x")
    found = compare({path: before}, {path: after}, judge)
    assert found[0].difference is kinds[same]
