"""``du`` and ``tree``: folders with all that is below them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from hypha_artifact.cli import options
from hypha_artifact.cli.command import command
from hypha_artifact.cli.output import columns, shown, size_text
from hypha_artifact.cli.targets import matching, targets

if TYPE_CHECKING:
    from hypha_artifact.artifact import AsyncHyphaArtifact
    from hypha_artifact.cli.session import Session
    from hypha_artifact.models import Entry
    from hypha_artifact.paths import RemotePath


@dataclass
class _Node:
    """A folder, with the sum of what is below it; bytes and files."""

    path: RemotePath
    size: int = 0
    files: int = 0
    folders: dict[str, _Node] = field(default_factory=dict["str", "_Node"])
    entries: dict[str, Entry] = field(default_factory=dict["str", "Entry"])


async def _nodes(
    session: Session, words: Sequence[str], version: str | None
) -> list[_Node]:
    from hypha_artifact.paths import RemotePath

    name, written = targets(session, words)
    async with session.artifact(name) as artifact:
        wanted = await matching(artifact, written, version)
        return [await _node(artifact, RemotePath(path), version) for path in wanted]


async def _node(
    artifact: AsyncHyphaArtifact, path: RemotePath, version: str | None
) -> _Node:
    top = _Node(path)
    async for found, entry in artifact.remote.walk(path, version=version):
        _add(top, found, entry)
    if not top.files:
        entry = await artifact.remote.stat(path, version=version)
        if not entry.is_folder:
            return _Node(path, entry.size or 0, 1)
    return top


def _add(top: _Node, path: RemotePath, entry: Entry) -> None:
    node = top
    names = path.relative_to(top.path).segments
    for depth, name in enumerate(names):
        node.size += entry.size or 0
        node.files += 1
        if depth < len(names) - 1:
            node = node.folders.setdefault(name, _Node(node.path / name))
    node.entries[names[-1]] = entry


@command(
    examples="""
hypha-artifact du my-lab/atlas
hypha-artifact -a my-lab/atlas du -d 1 raw
hypha-artifact -a my-lab/atlas du --total --bytes raw tables
""",
    answer='[{"path", "size": bytes, "files"}]',
    named=["path"],
)
@options.paths(required=False)
@options.version()
@options.maxdepth("Folders N levels deep at the most; what is below still counts.")
@click.option("-s", "--total", is_flag=True, help="Only the sums of what was named.")
@click.option("-b", "--bytes", "exact", is_flag=True, help="Exact numbers of bytes.")
async def du(
    session: Session,
    *,
    paths: tuple[str, ...],
    version: str | None,
    maxdepth: int | None,
    total: bool,
    exact: bool,
) -> None:
    """Add up the sizes of files, folder by folder."""
    nodes = await _nodes(session, paths, version)
    deepest = 0 if total else maxdepth
    sums = [node for top in nodes for node in _below(top, deepest)]
    rows = [
        (str(n.size) if exact else size_text(n.size), shown(n.path) or ".")
        for n in sums
    ]
    session.answer(
        [{"path": n.path, "size": n.size, "files": n.files} for n in sums],
        columns(rows, right=[0]),
    )


def _below(node: _Node, deepest: int | None) -> Iterator[_Node]:
    if deepest != 0:
        for child in node.folders.values():
            yield from _below(child, None if deepest is None else deepest - 1)
    yield node


@command(
    examples="""
hypha-artifact tree my-lab/atlas
hypha-artifact -a my-lab/atlas tree -d 2 --sizes raw
""",
    answer='[{"name", "type", "size": bytes, "children": [...] of a folder}]',
    named=["path"],
)
@options.paths(required=False)
@options.version()
@options.maxdepth("N levels at the most.")
@click.option("--sizes", is_flag=True, help="Show sizes.")
async def tree(
    session: Session,
    *,
    paths: tuple[str, ...],
    version: str | None,
    maxdepth: int | None,
    sizes: bool,
) -> None:
    """Draw folders as trees."""
    nodes = await _nodes(session, paths, version)
    drawing = _Drawing(sizes=sizes, deepest=maxdepth)
    session.answer(
        [_value(shown(node.path) or ".", node, maxdepth) for node in nodes],
        (line for node in nodes for line in drawing.lines(node)),
    )


def _value(name: str, node: _Node, deepest: int | None) -> dict[str, object]:
    value: dict[str, object] = {"name": name, "type": "directory", "size": node.size}
    below = None if deepest is None else deepest - 1
    if deepest != 0:
        files = [
            {"name": name, "type": "file", "size": entry.size}
            for name, entry in node.entries.items()
        ]
        folders = [_value(n, child, below) for n, child in node.folders.items()]
        value["children"] = folders + files
    return value


class _Drawing:
    """Lines of a tree, in characters that stdout has."""

    def __init__(self, *, sizes: bool, deepest: int | None) -> None:
        utf = (sys.stdout.encoding or "").lower().startswith("utf")
        self._inner, self._last, self._bar = (
            ("├── ", "└── ", "│   ") if utf else ("|-- ", "`-- ", "|   ")
        )
        self._sizes = sizes
        self._deepest = deepest

    def lines(self, top: _Node) -> Iterator[str]:
        """Draw a folder."""
        yield self._named(shown(top.path) or ".", top.size)
        yield from self._below(top, "", self._deepest)

    def _below(self, node: _Node, before: str, deepest: int | None) -> Iterator[str]:
        if deepest == 0:
            return
        below = None if deepest is None else deepest - 1
        children: list[tuple[str, _Node | Entry]] = [
            *node.folders.items(),
            *node.entries.items(),
        ]
        for number, (name, child) in enumerate(children, start=1):
            is_last = number == len(children)
            text = self._named(shown(name), child.size or 0)
            yield before + (self._last if is_last else self._inner) + text
            if isinstance(child, _Node):
                inside = before + ("    " if is_last else self._bar)
                yield from self._below(child, inside, below)

    def _named(self, name: str, size: int) -> str:
        return f"{name}  ({size_text(size)})" if self._sizes else name
