"""``find``: all that is below folders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hypha_artifact.cli import options
from hypha_artifact.cli.command import command
from hypha_artifact.cli.output import columns, shown, size_text, time_text
from hypha_artifact.cli.targets import matching, targets
from hypha_artifact.cli.values import ENTRY

if TYPE_CHECKING:
    from hypha_artifact.classes import ArtifactItem
    from hypha_artifact.cli.session import Session


@command(
    examples="""
hypha-artifact find my-lab/atlas
hypha-artifact -a my-lab/atlas find raw -d 2 --include-dirs
hypha-artifact -a my-lab/atlas find 'raw/**/*.tif' --detail
""",
    answer=f"[{ENTRY}]",
    named=["path"],
)
@options.paths(required=False)
@options.version()
@options.maxdepth("N levels at the most; 1 for what is in the folder itself.")
@click.option(
    "--withdirs/--no-withdirs",
    "--include-dirs/--no-include-dirs",
    help="Folders, too.",
)
@click.option("-l", "--detail/--no-detail", help="Sizes and times, too.")
@click.option(
    "--hide-keep/--no-hide-keep",
    default=True,
    help="Leave out the .keep files that hold empty folders; done by default.",
)
async def find(
    session: Session,
    *,
    paths: tuple[str, ...],
    version: str | None,
    maxdepth: int | None,
    withdirs: bool,
    detail: bool,
    hide_keep: bool,
) -> None:
    """Find every file below folders, one full path a line."""
    name, written = targets(session, paths)
    found: dict[str, ArtifactItem] = {}
    async with session.artifact(name) as artifact:
        for path in await matching(artifact, written, version):
            found |= await artifact.find(
                path,
                maxdepth,
                version,
                withdirs=withdirs,
                detail=True,
                hide_keep=hide_keep,
            )
    session.answer(
        [_value(*item) for item in found.items()],
        columns([_row(*item) for item in found.items()], right=[0])
        if detail
        else map(shown, found),
    )


def _value(path: str, item: ArtifactItem) -> dict[str, object]:
    size = item["size"] if item["type"] == "file" else None
    return {
        "path": path,
        "name": item["name"],
        "type": item["type"],
        "size": size,
        "last_modified": item["last_modified"],
    }


def _row(path: str, item: ArtifactItem) -> tuple[str, str, str]:
    is_file = item["type"] == "file"
    size = size_text(item["size"]) if is_file else ""
    return size, time_text(item["last_modified"]), shown(path) + "/" * (not is_file)
