from __future__ import annotations

from hypothesis import given, strategies as st

from hypha_artifact.models import ChangeKind, Entry, EntryKind, StagedChange
from hypha_artifact.paths import ROOT, RemotePath
from hypha_tui.providers.remote import badged
from hypha_tui.state.rows import Row

names = st.sampled_from(["a", "b", "c"])
paths = st.lists(names, min_size=1, max_size=3).map("/".join)
changes = st.lists(
    st.builds(StagedChange, path=paths, kind=st.sampled_from(ChangeKind)), max_size=6
)


def by_name(rows: tuple[Row, ...]) -> dict[str, Row]:
    return {row.name: row for row in rows}


def test_files_carry_their_letters_and_folders_tell_of_changes_inside() -> None:
    entries = [
        Entry(name="raw", kind=EntryKind.FOLDER),
        Entry(name="new.txt", size=1),
        Entry(name="old.txt", size=1),
        Entry(name="ghost", size=0, pending=True),
    ]
    staged = [
        StagedChange(path="new.txt", kind=ChangeKind.ADDED, live=True),
        StagedChange(path="raw/x", kind=ChangeKind.ADDED),
        StagedChange(path="gone.txt", kind=ChangeKind.REMOVED),
        StagedChange(path="raw/deep/gone", kind=ChangeKind.REMOVED),
    ]
    rows = by_name(badged(entries, ROOT, staged, with_removed=True))
    assert rows["new.txt"].badge == "A"
    assert rows["new.txt"].live
    assert rows["old.txt"].badge == ""
    assert rows["raw"].badge == "M"
    assert rows["ghost"].badge == "!"
    assert rows["gone.txt"].badge == "D"
    assert "gone.txt" not in by_name(badged(entries, ROOT, staged, with_removed=False))


def test_a_pending_file_shows_in_its_folder_whatever_else_is_there() -> None:
    staged = [
        StagedChange(path="raw/a", kind=ChangeKind.PENDING),
        StagedChange(path="raw/b", kind=ChangeKind.ADDED),
    ]
    folder = Entry(name="raw", kind=EntryKind.FOLDER)
    for order in (staged, staged[::-1]):
        assert badged([folder], ROOT, order, with_removed=True)[0].badge == "!"


def test_changes_of_other_folders_do_not_show() -> None:
    staged = [StagedChange(path="rawish/x", kind=ChangeKind.ADDED)]
    rows = badged(
        [Entry(name="x", size=0)], RemotePath("raw"), staged, with_removed=True
    )
    assert rows[0].badge == ""


@given(st.frozensets(names), changes)
def test_no_entry_is_lost_or_doubled(
    listed: frozenset[str], staged: list[StagedChange]
) -> None:
    entries = [Entry(name=name, size=0) for name in sorted(listed)]
    rows = badged(entries, ROOT, staged, with_removed=True)
    found = [row.name for row in rows]
    assert len(found) == len(set(found))
    assert listed <= set(found)
    assert all(row.badge == "D" for row in rows if row.name not in listed)
