from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from hypha_artifact.listings import Listings
from hypha_artifact.memory import StageMemory, stage_memory
from hypha_artifact.models import Entry, EntryKind
from hypha_artifact.paths import ROOT, RemotePath

TREE = {
    "": ("raw/", "a.txt"),
    "raw": ("plate/", "b.txt"),
    "raw/plate": ("c.txt",),
}


class Server:
    def __init__(self) -> None:
        self.calls: list[str] = []

    async def list_folder(self, folder: RemotePath) -> tuple[Entry, ...]:
        self.calls.append(str(folder))
        return tuple(
            Entry(name=name[:-1], kind=EntryKind.FOLDER)
            if name.endswith("/")
            else Entry(name=name, size=1)
            for name in TREE.get(folder, ())
        )


async def test_a_folder_costs_one_call_however_deep_it_is() -> None:
    server = Server()
    listings = Listings(server.list_folder)
    assert await listings.files(RemotePath("raw/plate")) == {"c.txt"}
    assert server.calls == ["raw/plate"]


async def test_many_folders_that_are_not_there_cost_two_calls() -> None:
    server = Server()
    listings = Listings(server.list_folder)
    for number in range(100):
        assert await listings.files(RemotePath(f"new/sub/{number}")) == frozenset()
    assert server.calls == ["new/sub/0", ""]


async def test_no_folder_is_listed_twice_even_through_a_cache() -> None:
    server, cache = Server(), dict[RemotePath, tuple[Entry, ...]]()
    listings = Listings(server.list_folder, cache)
    assert await listings.files(RemotePath("raw/plate")) == {"c.txt"}
    again = Listings(server.list_folder, cache)
    found = {str(path) async for path, _ in again.walk()}
    assert found == {"a.txt", "raw/b.txt", "raw/plate/c.txt"}
    assert await again.files(ROOT) == {"a.txt"}
    assert sorted(server.calls) == ["", "raw", "raw/plate"]


def test_memory_lasts_as_long_as_its_session() -> None:
    first = stage_memory("test-memory", 1)
    first.announce("a")
    first.acknowledge("a", 5)
    assert stage_memory("test-memory", 1) is first
    assert first.sent == {"a": 5}
    assert stage_memory("test-memory", 2) == StageMemory(2)


async def test_another_process_recalls_what_happened(tmp_path: Path) -> None:
    file = tmp_path / "stages" / "name-1.log"
    engine, front_end = StageMemory(1, file=file), StageMemory(1, file=file)
    engine.announce("a")
    engine.acknowledge("a", 5)
    engine.announce("b")
    engine.carry("c")
    await front_end.recall()
    assert (front_end.sent, front_end.announced) == ({"a": 5}, {"b"})
    assert front_end.carried == {"c"}
    front_end.forget("a")
    engine.acknowledge("b", 7)
    for memory in (engine, front_end):
        await memory.recall()
        assert memory.sent == {"b": 7}
    with file.open("ab") as log:
        log.write(b'["s", "half a li')
    await front_end.recall()
    assert front_end.sent == {"b": 7}


def test_an_overwrite_is_unknown_until_it_is_acknowledged() -> None:
    memory = StageMemory(1)
    memory.acknowledge("a", 5)
    memory.announce("a")
    assert memory.sent == {}
    assert memory.announced == {"a"}
    memory.forget("a")
    assert memory.announced == set()


def test_a_file_without_a_size_was_garbled_on_its_way() -> None:
    for item in ({"name": "x"}, {"name": "x", "type": "file", "sixe": 100}):
        with pytest.raises(msgspec.ValidationError, match="size"):
            msgspec.convert(item, Entry)
    folder = msgspec.convert({"name": "x", "type": "directory"}, Entry)
    assert folder.is_folder
