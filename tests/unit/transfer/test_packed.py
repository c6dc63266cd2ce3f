"""Plans whose files are packed: in memory, on the disk, changed, and in pieces."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from msgspec import structs

from hypha_artifact.errors import EngineError
from hypha_artifact.paths import RemotePath
from hypha_artifact.transfer import spool
from hypha_artifact.transfer.items import Existing, PlanItem, Standing
from hypha_artifact.transfer.known import Known
from hypha_artifact.transfer.packed import CHUNK
from hypha_artifact.transfer.plans import PlanItems
from hypha_artifact.transfer.spool import Spool

COUNT = 3 * CHUNK + 7


def item(number: int) -> PlanItem:
    there = Existing(size=number, modified=1.0, free=2) if number % 3 == 0 else None
    return PlanItem(
        local=Path(os.fsdecode(b"/d/\xff%d" % number)),
        remote=RemotePath(f"raw/{number}"),
        size=number,
        existing=there,
    )


ITEMS = [item(number) for number in range(COUNT)]


@pytest.fixture(params=[1, 1 << 30], ids=["on the disk", "in memory"])
def packed(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> PlanItems:
    monkeypatch.setattr(spool, "IN_MEMORY", request.param)
    return PlanItems(ITEMS)


def test_they_come_back_as_they_were(packed: PlanItems) -> None:
    assert list(packed) == ITEMS
    assert packed[-1] == ITEMS[-1]
    assert list(packed[5:9]) == ITEMS[5:9]
    assert list(packed[::100]) == ITEMS[::100]
    assert packed.size == sum(each.size for each in ITEMS)
    with pytest.raises(IndexError):
        packed[COUNT]


def test_those_of_a_standing(packed: PlanItems) -> None:
    there = [each for each in ITEMS if each.existing]
    assert list(packed.collisions) == there
    assert packed.counts()[Standing.NEW] == COUNT - len(there)
    assert sum(packed.counts().values()) == COUNT
    assert packed.those(set(Standing)) is packed
    assert not packed.those({Standing.CONFLICT})


def test_some_change_and_some_go_and_the_order_stays(packed: PlanItems) -> None:
    def change(before: PlanItem) -> PlanItem | None:
        if before.size % 2:
            return None
        return structs.replace(before, existing=None) if before.size % 4 else before

    found = packed.changed(change)
    wanted = [change(each) if each.existing else each for each in ITEMS]
    assert list(found) == [each for each in wanted if each]
    assert found.counts()[Standing.NEW] == sum(
        each is not None and each.existing is None for each in wanted
    )
    assert list(packed) == ITEMS


def test_they_go_elsewhere_in_pieces(packed: PlanItems) -> None:
    other = PlanItems()
    for start in range(0, COUNT, 100):
        other.take(packed.piece(start, start + 100))
    assert list(other) == ITEMS
    assert other.counts() == packed.counts()
    assert other.size == packed.size


def open_files() -> set[Path]:
    return {each for each in Path("/proc/self/fd").iterdir() if each.is_symlink()}


def fill(pile: Spool) -> None:
    for _ in range(30):
        pile.add(b"x" * spool.IN_MEMORY)


def test_the_file_has_no_name_and_no_reader_but_this_user(tmp_path: Path) -> None:
    pile = Spool(tmp_path)
    before = open_files()
    parts = [bytes([number]) * spool.IN_MEMORY for number in range(3)]
    starts = [pile.add(part) for part in parts]
    (own,) = open_files() - before
    info = own.stat()
    assert stat.S_IMODE(info.st_mode) == 0o600
    assert info.st_nlink == 0
    assert not list(tmp_path.iterdir())
    for part, start in zip(parts, starts, strict=True):
        assert pile.read(start, start + len(part)) == part
    assert pile.read(starts[1] - 1, starts[1] + 1) == b"\0\1"
    del pile
    assert own not in open_files()


def test_a_full_disk_is_told(small_disk: Path) -> None:
    pile = Spool(small_disk)
    with pytest.raises(EngineError, match="No space left") as error:
        fill(pile)
    assert "XDG_STATE_HOME" in error.value.hint


def test_known_names() -> None:
    known = Known()
    for name in ("a", "b", "a", "c"):
        known.add(name)
    assert "a" in known
    assert "d" not in known
    assert known.twice() == {hash("a")}
