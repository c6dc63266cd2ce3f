from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from hypha_artifact.errors import UnsafePath
from hypha_artifact.models import Entry, EntryKind, StageMode
from hypha_artifact.paths import ROOT, RemotePath
from hypha_artifact.transfer.download import LONGEST_RANGE
from hypha_artifact.transfer.items import Existing
from hypha_artifact.transfer.jobs import Work
from hypha_artifact.transfer.landing import plan_download
from hypha_artifact.transfer.names import Habits
from hypha_artifact.transfer.plan import (
    MAX_PARTS,
    MIB,
    PART_SIZE,
    SHORTEST_PART,
    Aim,
    Listing,
    LocalFile,
    LocalTree,
    RemoteFile,
    RemoteTree,
    child,
    part_size,
    plan_upload,
)
from hypha_artifact.transfer.plans import TransferPlan
from hypha_artifact.transfer.state import DownloadRequest, UploadRequest
from tests.unit.transfer.fakes import LAB

TO_RAW = UploadRequest(
    sources=(Path("/d/p"),),
    artifact=LAB,
    folder=RemotePath("raw"),
    mode=StageMode.IN_PLACE,
)
TO_DISK = DownloadRequest(sources=(ROOT,), artifact=LAB, folder=Path("/to"))


def local(name: str, at: str = "/d") -> LocalFile:
    return LocalFile(path=f"{at}/{name}", name=name, size=3, modified=1.0)


def upload(*names: str, listing: Listing | None = None) -> TransferPlan:
    tree = LocalTree(files=tuple(map(local, names)))
    return plan_upload(TO_RAW, Aim(TO_RAW, tree), listing or {})


def folder(name: str) -> Entry:
    return Entry(name=name, kind=EntryKind.FOLDER)


def test_names_go_under_the_folder() -> None:
    plan = upload("p/a.txt", "p/b/c.txt")
    assert [item.remote for item in plan.items] == ["raw/p/a.txt", "raw/p/b/c.txt"]
    assert plan.size == 6
    assert not plan.collisions
    assert not plan.problems


@pytest.mark.parametrize("name", ["p/a\nb", "p/" + "x" * 256, "p/\udcff"])
def test_a_name_the_store_cannot_hold_is_a_problem(name: str) -> None:
    plan = upload(name, "p/fine")
    assert [item.remote for item in plan.items] == ["raw/p/fine"]
    assert len(plan.problems) == 1
    assert plan.problems[0].reason


def test_two_sources_on_one_target() -> None:
    tree = LocalTree(files=(local("a.txt", "/one"), local("a.txt", "/two")))
    plan = plan_upload(TO_RAW, Aim(TO_RAW, tree), {})
    assert [item.local for item in plan.items] == [Path("/one/a.txt")]
    assert "/one/a.txt" in plan.problems[0].reason


def test_a_file_where_another_source_makes_a_folder() -> None:
    plan = upload("p", "p/a.txt")
    assert [item.remote for item in plan.items] == ["raw/p/a.txt"]
    assert plan.problems[0].source == "/d/p"


def test_collisions_are_marked_with_what_is_there() -> None:
    listing = {
        RemotePath("raw"): (folder("p"), Entry(name="top", size=9, modified=5.0)),
        RemotePath("raw/p"): (Entry(name="a.txt", size=7, modified=4.0), folder("b")),
    }
    plan = upload("p/a.txt", "p/b", "p/new", "top/x", "top2", listing=listing)
    found = {str(item.remote): item.existing for item in plan.items}
    assert found["raw/p/a.txt"] == Existing(size=7, modified=4.0, free=2)
    assert found["raw/p/new"] is None
    assert found["raw/top2"] is None
    a_folder, a_file = found["raw/p/b"], found["raw/top/x"]
    assert a_folder is not None
    assert "folder" in (a_folder.blocked or "")
    assert a_file is not None
    assert "'raw/top' is a file" in (a_file.blocked or "")


def test_names_beside_others_are_free_also_when_a_folder_comes_again() -> None:
    # Names so long that the number takes the place of what tells them apart.
    first, other = (f"p/{'x' * 250}{end}.txt"[:257] for end in "yz")
    names = [name.partition("/")[2] for name in (first, other)]
    listing = {
        RemotePath("raw/p"): tuple(Entry(name=name, size=1) for name in names),
    }
    plan = upload(first, "q/between", other, listing=listing)
    free = [item.existing.free for item in plan.items if item.existing]
    assert free == [2, 3]


def test_what_is_only_announced_does_not_collide() -> None:
    listing = {RemotePath("raw"): (Entry(name="a", size=0, pending=True),)}
    assert not upload("a", listing=listing).collisions


def test_download_marks_local_targets() -> None:
    tree = tree_of("a", "b")
    here = Existing(size=1, modified=2.0)
    plan = plan_download(TO_DISK, tree, lambda _: {"/to/a": here})
    assert [item.existing for item in plan.items] == [replace(here, free=2), None]
    assert plan.items[0].local == Path("/to/a")


def test_download_of_a_name_that_is_file_and_folder() -> None:
    plan = plan_download(TO_DISK, tree_of("a", "a/b"), lambda _: {})
    assert [item.remote for item in plan.items] == ["a/b"]
    assert plan.problems[0].source == "a"


@given(st.text(max_size=20))
def test_a_name_from_the_server_stays_in_its_folder(name: str) -> None:
    try:
        path = child(RemotePath("raw"), Entry(name=name, size=0))
    except UnsafePath:
        return
    assert path.parent == "raw"
    assert path.name == name


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "/etc/passwd", "a/b", "a/"])
def test_names_that_are_no_single_segment(name: str) -> None:
    with pytest.raises(UnsafePath):
        child(RemotePath("raw"), Entry(name=name, size=0))


@given(st.integers(min_value=0, max_value=5 * 2**40))
def test_parts_fit_the_limits(size: int) -> None:
    part = part_size(size)
    assert part >= PART_SIZE
    assert part % MIB == 0
    assert -(-size // part) <= MAX_PARTS


@pytest.mark.parametrize("least", [SHORTEST_PART, PART_SIZE, LONGEST_RANGE])
@pytest.mark.parametrize("more", [-1, 0, 1])
def test_the_ten_thousand_and_first_part(least: int, more: int) -> None:
    size = MAX_PARTS * least + more
    work = Work(size, part_size(size, least))
    assert (work.part_size == least) is (more <= 0)
    assert work.parts == (MAX_PARTS if more <= 0 else -(-size // (least + MIB)))
    at = 0
    for part in range(work.parts):
        start, length = work.range_of(part)
        assert start == at
        assert length > 0
        at += length
    assert at == size


@given(st.lists(st.sampled_from(["a", "b", "a/b", "a/c", "b/c/d", "a/b/c"])))
def test_every_file_is_an_item_or_a_problem(names: list[str]) -> None:
    plan = upload(*names)
    assert len(plan.items) + len(plan.problems) == len(names)
    assert len({item.remote for item in plan.items}) == len(plan.items)


def tree_of(*names: str) -> RemoteTree:
    paths = map(RemotePath, names)
    return RemoteTree(
        files=tuple(
            RemoteFile(path=path, name=path, entry=Entry(name=path, size=0))
            for path in paths
        )
    )


def planned_down(
    *names: str, habits: Callable[[Path], Habits], there: tuple[str, ...] = ()
) -> TransferPlan:
    existing = {f"/to/{name}": Existing(size=1, modified=1.0) for name in there}
    return plan_download(
        TO_DISK,
        tree_of(*names),
        lambda _: existing,
        habits=habits,
        is_there=existing.__contains__,
    )


def down(
    *names: str, there: tuple[str, ...] = (), habits: Habits | None = None
) -> TransferPlan:
    asked: list[Path] = []

    def ask(folder: Path) -> Habits:
        asked.append(folder)
        return habits or Habits()

    plan = planned_down(*names, there=there, habits=ask)
    assert bool(asked) is (habits is not None)
    return plan


def test_a_free_name_is_one_that_nothing_has_or_gets() -> None:
    listing = {
        ROOT: (folder("raw"),),
        RemotePath("raw"): (
            Entry(name="a.txt", size=7),
            folder("b"),
            Entry(name="a (2).txt", size=1, pending=True),
            Entry(name="b (2)", size=1),
        ),
    }
    plan = upload("a.txt", "a (3).txt", "b", "b (4)/x", listing=listing)
    free = {item.local.name: item.existing.free for item in plan.items if item.existing}
    assert free == {"a.txt": 4, "b": 3}
    names = down("a.txt", "A (2).txt", "a (3).txt", there=("a.txt", "a (4).txt"))
    assert names.items[0].existing
    assert names.items[0].existing.free == 5


def test_names_beside_others_are_free_where_they_are_cut_or_folded() -> None:
    long = tuple(f"{'x' * 250}{end}.txt" for end in "yz")
    plan = down(*long, there=long)
    assert [item.existing.free for item in plan.items if item.existing] == [2, 3]
    same = "a.txt", "A.txt"
    plan = down(*same, there=same, habits=Habits(folds=True))
    assert [item.existing.free for item in plan.items if item.existing] == [2, 3]


def test_names_that_differ_in_case_only() -> None:
    names = "d/A.txt", "d/a.txt", "D/\u00c4", "d/a\u0308", "x", "X/y"
    assert not down(*names, habits=Habits()).collisions
    plan = down(*names, habits=Habits(folds=True))
    found = {item.remote: item.existing for item in plan.collisions}
    assert set(found) == {"d/a.txt", "d/a\u0308", "x"}
    there = found[RemotePath("d/a.txt")]
    assert there
    assert (there.free, there.blocked) == (
        2,
        "This disk does not tell its name from 'A.txt'.",
    )


@given(st.lists(st.sampled_from(["a", "A", "b", "a/b", "a/B", "A/b", "b/c/d", "B/x"])))
def test_every_remote_file_is_an_item_or_a_problem(names: list[str]) -> None:
    plan = planned_down(*names, habits=lambda _: Habits(folds=True))
    assert len(plan.items) + len(plan.problems) == len(names)
    assert len({item.local for item in plan.items}) == len(plan.items)
    landed = [str(i.local).lower() for i in plan.items if i.existing is None]
    folders = {str(above).lower() for i in plan.items for above in i.local.parents}
    assert len(set(landed)) == len(landed)
    assert folders.isdisjoint(landed)
    exact = planned_down(*names, habits=lambda _: Habits())
    assert {i.remote for i in exact.items} == {i.remote for i in plan.items}
    assert not exact.collisions


@pytest.mark.parametrize("name", ["a:b", "d/aux.txt", "e./f", "COM1", "what?"])
def test_names_that_windows_does_not_hold(name: str) -> None:
    assert not down(name, "fine", habits=Habits()).problems
    plan = down(name, "fine", "auxiliary", habits=Habits(refuses=True))
    assert [item.remote for item in plan.items] == ["fine", "auxiliary"]
    assert [problem.source for problem in plan.problems] == [name]
