from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from hypha_artifact.models import StageMode
from hypha_artifact.paths import RemotePath
from hypha_artifact.transfer.items import (
    Content,
    Existing,
    PlanItem,
    Standing,
    standing,
)
from hypha_artifact.transfer.plans import TransferPlan, counts
from hypha_artifact.transfer.rules import free_name, numbered, resolve, ruled
from hypha_artifact.transfer.state import DownloadRequest, Overwrite, UploadRequest
from tests.unit.transfer.fakes import LAB

UP = UploadRequest(
    sources=(), artifact=LAB, folder=RemotePath(), mode=StageMode.IN_PLACE
)
DOWN = DownloadRequest(sources=(), artifact=LAB, folder=Path("/to"))


def item(name: str, there: Existing | None = None) -> PlanItem:
    return PlanItem(
        local=Path("/d") / name,
        remote=RemotePath(name),
        size=5,
        modified=100.0,
        existing=there,
    )


def found(size: int = 5, at: float | None = 100.0, **more: object) -> Existing:
    return Existing(size=size, modified=at, free=2, **more)  # type: ignore[arg-type]


ITEMS = {
    "new": item("new"),
    "same": item("same", found(at=100.0005)),
    "older": item("older", found(at=99.0)),
    "newer": item("newer", found(at=101.0)),
    "longer": item("longer", found(6, 99.0)),
    "undated": item("undated", found(at=None)),
    "equal": item("equal", found(at=99.0, content=Content.SAME)),
    "other": item("other", found(at=101.0, content=Content.DIFFERENT)),
    "unsure": item("unsure", found(at=101.0, content=Content.UNKNOWN)),
    "folder": item("folder", found(blocked="A folder.", is_folder=True)),
    "stuck": item("stuck", Existing(size=None, modified=None, blocked="A file.")),
}
PLAN = TransferPlan(request=UP, items=tuple(ITEMS.values()))


def test_how_each_file_stands() -> None:
    assert {name: standing(each).value for name, each in ITEMS.items()} == {
        "new": "new",
        "same": "same",
        "older": "different",
        "newer": "same",
        "longer": "different",
        "undated": "different",
        "equal": "same",
        "other": "different",
        "unsure": "unknown",
        "folder": "conflict",
        "stuck": "conflict",
    }
    assert counts(PLAN)[Standing.DIFFERENT] == 4
    assert sum(counts(PLAN).values()) == len(ITEMS)


@pytest.mark.parametrize(
    ("rule", "moved"),
    [
        (
            Overwrite.REPLACE,
            "same older newer longer undated equal other unsure folder stuck",
        ),
        (Overwrite.SKIP, "folder stuck"),
        (Overwrite.ASK, "folder stuck"),
        (Overwrite.NEWER, "older longer equal folder stuck"),
        (Overwrite.SIZE, "longer folder stuck"),
        (
            Overwrite.CONTENT,
            "same older newer longer undated other unsure folder stuck",
        ),
    ],
)
def test_what_a_rule_moves(rule: Overwrite, moved: str) -> None:
    by_rule = ruled(PLAN, lambda _: rule)
    assert [each.remote for each in by_rule.items] == ["new", *moved.split()]
    decided = resolve(PLAN, dict.fromkeys(map(RemotePath, ITEMS), rule))
    left = [name for name in moved.split() if name not in {"folder", "stuck"}]
    assert [each.remote for each in decided.items] == ["new", *left]
    assert [each.remote for each in resolve(PLAN, {}).items] == ["new"]


def test_both_are_kept_under_two_names() -> None:
    up = ruled(PLAN, lambda _: Overwrite.RENAME)
    names = {each.local.name: each.remote for each in up.items}
    assert names["same"] == "same (2)"
    assert names["folder"] == "folder (2)"
    assert names["stuck"] == "stuck"
    assert [each.local.name for each in up.collisions] == ["stuck"]
    down = TransferPlan(request=DOWN, items=(ITEMS["same"],))
    (kept,) = resolve(down, {RemotePath("same"): Overwrite.RENAME}).items
    assert (kept.local, kept.remote) == (Path("/d/same (2)"), "same")
    assert kept.existing is None


@pytest.mark.parametrize(
    ("name", "copy"),
    [
        ("a.txt", "a (2).txt"),
        ("a", "a (2)"),
        (".profile", ".profile (2)"),
        ("a.tar.gz", "a (2).tar.gz"),
        ("a.b.ome.tiff", "a.b (2).ome.tiff"),
        ("1.5.csv", "1.5 (2).csv"),
        ("x" * 255, "x" * 251 + " (2)"),
        ("\u00e4" * 127, "\u00e4" * 125 + " (2)"),
        ("a." + "b" * 250, "a." + "b" * 249 + " (2)"),
    ],
)
def test_a_copy_s_name(name: str, copy: str) -> None:
    assert numbered(name, 2) == copy


@given(
    st.text(
        st.characters(exclude_categories=["C"], exclude_characters="/"),
        min_size=1,
        max_size=60,
    )
)
def test_a_copy_s_name_is_a_name(name: str) -> None:
    if name in {".", ".."}:
        return
    copies = {numbered(name, number) for number in range(2, 20)}
    assert len(copies) == 18
    assert all(RemotePath(copy).segments == [copy] for copy in copies)
    assert free_name(name, copies.__contains__) == (20, numbered(name, 20))
