"""``artifacts``: list and search them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hypha_artifact.cli.command import command
from hypha_artifact.cli.output import columns, shown, time_text

if TYPE_CHECKING:
    from hypha_artifact.cli.session import Session
    from hypha_artifact.models import Artifact


@command(
    examples="""
hypha-artifact artifacts
hypha-artifact artifacts zebrafish --type dataset
hypha-artifact artifacts --in my-lab/images --json
hypha-artifact artifacts --staged --all
""",
    answer="""
[{"id", "alias", "name", "type", "parent_id", "is_collection", "is_staged",
  "latest": version or null, "versions": count, "files": count or null,
  "created_at", "last_modified": epoch seconds or null}]
""",
    named=["keywords"],
)
@click.argument("keywords", nargs=-1)
@click.option("--in", "inside", metavar="COLLECTION", help="Only those in it.")
@click.option("--type", "kind", metavar="TYPE", help="Only those of this type.")
@click.option("--collections", is_flag=True, help="Only collections.")
@click.option("--staged", is_flag=True, help="Only those with an open stage.")
@click.option(
    "--all", "deep", is_flag=True, help="Those in collections, too, as for keywords."
)
async def artifacts(
    session: Session,
    *,
    keywords: tuple[str, ...],
    inside: str | None,
    kind: str | None,
    collections: bool,
    staged: bool,
    deep: bool,
) -> None:
    """List or search artifacts and collections.

    With KEYWORDS, the whole workspace is searched for artifacts whose manifest has
    all of them.
    """
    async with session.workspace() as space:
        found = await space.list_artifacts(
            keywords=keywords,
            parent=(await space.artifact(inside)).id if inside else None,
            kind=kind,
            collections=collections,
            staged=staged,
            deep=deep or bool(keywords),
        )
    rows = [_row(artifact) for artifact in found]
    session.answer([_value(a) for a in found], columns(rows, right=[3]))
    if not found:
        session.say("None.")


def _row(artifact: Artifact) -> tuple[str, ...]:
    files = artifact.file_count
    return (
        shown(artifact.id),
        shown(artifact.type),
        shown(artifact.latest.version) if artifact.latest else "-",
        "" if files is None else f"{files} file{'s' * (files != 1)}",
        "staged" if artifact.is_staged else "",
        time_text(artifact.last_modified),
        shown(artifact.name) if artifact.name != artifact.alias else "",
    )


def _value(artifact: Artifact) -> dict[str, Any]:
    return {
        "id": artifact.id,
        "alias": artifact.alias,
        "name": artifact.name,
        "type": artifact.type,
        "parent_id": artifact.parent_id,
        "is_collection": artifact.is_collection,
        "is_staged": artifact.is_staged,
        "latest": artifact.latest.version if artifact.latest else None,
        "versions": len(artifact.versions or ()),
        "files": artifact.file_count,
        "created_at": artifact.created_at,
        "last_modified": artifact.last_modified,
    }
