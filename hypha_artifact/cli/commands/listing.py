"""``ls`` and ``listdir``: what is in a folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from hypha_artifact.cli import options
from hypha_artifact.cli.command import command
from hypha_artifact.cli.output import columns, shown, size_text, time_text
from hypha_artifact.cli.targets import matching, targets
from hypha_artifact.cli.values import ENTRY, entry_value

if TYPE_CHECKING:
    from hypha_artifact.artifact import AsyncHyphaArtifact
    from hypha_artifact.cli.session import Session
    from hypha_artifact.models import Entry


@dataclass
class _Sheet:
    """A folder's entries by path; without a title, files that were named singly."""

    title: str
    rows: dict[str, Entry] = field(default_factory=dict["str", "Entry"])


@command(
    examples="""
hypha-artifact ls my-lab/atlas
hypha-artifact -a my-lab/atlas ls raw 'tables/*.csv'
hypha-artifact -a my-lab/atlas ls --stage --detail
hypha-artifact -a my-lab/atlas --json ls raw | jq -r '.[].path'
""",
    answer=f"[{ENTRY}]",
    named=["path"],
)
@options.paths(required=False)
@options.version()
@click.option(
    "-l",
    "--detail/--no-detail",
    default=None,
    help="Sizes and times, too; on a terminal by default.",
)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="N at the most.")
async def ls(
    session: Session,
    *,
    paths: tuple[str, ...],
    version: str | None,
    detail: bool | None,
    limit: int | None,
) -> None:
    """List folders.

    A file is listed as itself. Without a path, the artifact's root is listed.
    """
    sheets = await _look(session, paths, version)
    for sheet in sheets:
        sheet.rows = dict(list(sheet.rows.items())[:limit])
    long = sys.stdout.isatty() if detail is None else detail
    session.answer(
        [entry_value(*row) for sheet in sheets for row in sheet.rows.items()],
        _lines(sheets, long=long),
    )


@command(
    examples="hypha-artifact -a my-lab/atlas listdir raw",
    answer='["name", ...]',
    named=["path"],
)
@options.paths(required=False)
@options.version()
async def listdir(
    session: Session, *, paths: tuple[str, ...], version: str | None
) -> None:
    """List the names in folders, one a line."""
    sheets = await _look(session, paths, version)
    names = [entry.name for sheet in sheets for entry in sheet.rows.values()]
    session.answer(names, map(shown, names))


async def _look(
    session: Session, words: Sequence[str], version: str | None
) -> list[_Sheet]:
    name, written = targets(session, words)
    alone = _Sheet("")
    folders: list[_Sheet] = []
    async with session.artifact(name) as artifact:
        for path in await matching(artifact, written, version):
            sheet = await _sheet(artifact, path, version)
            if sheet.title:
                folders.append(sheet)
            else:
                alone.rows.update(sheet.rows)
    return [alone, *folders] if alone.rows else folders


async def _sheet(
    artifact: AsyncHyphaArtifact, path: str, version: str | None
) -> _Sheet:
    from hypha_artifact.paths import RemotePath

    name = RemotePath(path)
    entries = await artifact.remote.list_folder(name, version=version)
    if not entries:
        entry = await artifact.remote.stat(name, version=version)
        if not entry.is_folder:
            return _Sheet("", {name: entry})
    rows = {f"{name}/{entry.name}".lstrip("/"): entry for entry in entries}
    return _Sheet(path or ".", rows)


def _lines(sheets: Sequence[_Sheet], *, long: bool) -> Iterator[str]:
    for number, sheet in enumerate(sheets):
        if len(sheets) > 1 and sheet.title:
            yield from ["", f"{shown(sheet.title)}:"][not number :]
        names = [
            shown(entry.name if sheet.title else path)
            for path, entry in sheet.rows.items()
        ]
        if long:
            rows = zip(sheet.rows.values(), names, strict=True)
            yield from columns([_row(*row) for row in rows], right=[0])
        else:
            yield from names


def _row(entry: Entry, name: str) -> tuple[str, str, str]:
    kind = "/" if entry.is_folder else ""
    return size_text(entry.size), time_text(entry.modified), name + kind
