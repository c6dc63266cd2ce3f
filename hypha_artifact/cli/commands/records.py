"""``create``, ``edit``, ``delete`` and ``list-children``: whole artifacts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

import click

from hypha_artifact.cli import options
from hypha_artifact.cli.command import command
from hypha_artifact.cli.output import columns, shown
from hypha_artifact.cli.staged import commit_stage
from hypha_artifact.cli.targets import items, one_artifact

if TYPE_CHECKING:
    from hypha_artifact.cli.session import Session
    from hypha_artifact.models import Artifact

F = TypeVar("F", bound=Callable[..., Any])

_RECORD = """
{"artifact", "type", "manifest", "latest": newest version or null,
 "mode": "in place", "new version" or null without a stage}
"""


def _mapping(
    ctx: click.Context, param: click.Parameter, text: str | None
) -> dict[str, object] | None:
    """Read a file, or JSON or YAML as it is; ``@FILE`` is a file in any case."""
    if text is None:
        return None
    import yaml

    path = Path(text.removeprefix("@"))
    try:
        if text[:1] == "@" or ("{" not in text and path.is_file()):
            text = path.read_text(encoding="utf-8")
        found: object = yaml.safe_load(text)
    except (OSError, ValueError, yaml.YAMLError) as error:
        message = f"It cannot be read: {error}"
        raise click.BadParameter(message, ctx, param) from error
    if not isinstance(found, dict):
        message = "It is neither a file nor fields in JSON or YAML."
        raise click.BadParameter(message, ctx, param)
    return cast("dict[str, object]", found)


def _fields(function: F) -> F:
    """Take the fields of a record."""
    kind = "generic, collection, or any other; generic by default."
    made: Any = click.option("--type", metavar="NAME", help=kind)(function)
    for name, text in (
        ("--secrets", "Values that nobody is shown."),
        ("--config", "Settings such as permissions."),
        ("--manifest", "What it is: name, description …"),
    ):
        told = f"{text} A file, or JSON or YAML."
        made = click.option(name, callback=_mapping, metavar="FILE", help=told)(made)
    return cast("F", made)


@command(
    examples="""
hypha-artifact create my-lab/atlas --manifest manifest.yaml
hypha-artifact -a atlas create --manifest '{"name": "Atlas"}' --stage
hypha-artifact create my-lab/papers --type collection
""",
    answer=_RECORD,
)
@options.artifact()
@_fields
@click.option("--parent-id", metavar="NAME", help="The collection that it goes into.")
@click.option("--version", metavar="NAME", help="Name of its first version.")
@click.option("-m", "--comment", "--message", metavar="TEXT", help="Its message.")
@click.option("--overwrite/--no-overwrite", help="Replace one of that name.")
@click.option(
    "--stage/--no-stage",
    help="Begin with an open stage; otherwise with an empty v0, the default.",
)
async def create(
    session: Session,
    *,
    artifact: str | None,
    overwrite: bool,
    stage: bool,
    **given: Any,
) -> None:
    """Create an artifact, and print its name."""
    async with session.artifact(one_artifact(session, artifact)) as opened:
        made = await opened.create(
            **given, overwrite=overwrite or None, stage=stage or None
        )
    session.answer(_value(made), [shown(str(made.artifact_id))])


@command(
    examples="""
hypha-artifact -a my-lab/atlas edit --manifest manifest.yaml
hypha-artifact -a my-lab/atlas edit --stage
hypha-artifact -a my-lab/atlas edit --new-version -m 'For the paper'
""",
    answer=_RECORD,
)
@options.artifact()
@_fields
@click.option(
    "--version",
    metavar="NAME",
    help="new for a new version, which starts empty; by default the latest, in place.",
)
@click.option("--new-version", is_flag=True, help="Short for --version new --stage.")
@click.option("-m", "--comment", "--message", metavar="TEXT", help="Version's message.")
@click.option(
    "--stage/--no-stage",
    help="Open a stage, or join the open one; otherwise change the record at once.",
)
@click.option("--commit", is_flag=True, help="Do it in a stage, and commit that.")
async def edit(
    session: Session,
    *,
    artifact: str | None,
    version: str | None,
    new_version: bool,
    stage: bool,
    commit: bool,
    **given: Any,
) -> None:
    """Change an artifact's record, or open its stage.

    What is given replaces the old value wholly.
    """
    version = "new" if new_version else version
    stage = stage or commit or new_version
    async with session.artifact(one_artifact(session, artifact)) as opened:
        made = await opened.edit(**given, version=version, stage=stage)
        if commit:
            await commit_stage(session, opened, comment=given["comment"])
            made = await opened.read()
        elif made.stage_mode:
            session.say(f"A stage is open on {opened.id}, {made.stage_mode.value}.")
    session.answer(_value(made), ())


def _value(made: Artifact) -> dict[str, object]:
    return {
        "artifact": str(made.artifact_id),
        "type": made.type,
        "manifest": made.manifest,
        "latest": made.latest.version if made.latest else None,
        "mode": made.stage_mode.value if made.stage_mode else None,
    }


@command(
    examples="""
hypha-artifact delete my-lab/atlas
hypha-artifact -a my-lab/atlas delete --version v3 --yes
""",
    answer='{"artifact", "version": the deleted one, or null for all}',
)
@options.artifact()
@click.option("--version", metavar="NAME", help="Only this version: the last one.")
@click.option(
    "--delete-files/--no-delete-files",
    default=True,
    help="The files in the store, too; the default. Nobody can reach them afterwards.",
)
@click.option("--recursive/--no-recursive", help="The children of a collection, too.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
async def delete(
    session: Session,
    *,
    artifact: str | None,
    version: str | None,
    delete_files: bool,
    recursive: bool,
    yes: bool,
) -> None:
    """Delete a whole artifact, or its last version, for good.

    Files are removed with rm. On a terminal it asks; otherwise it needs --yes.
    """
    if artifact and session.choices.artifact_id not in {None, artifact}:
        raise click.UsageError(
            f"delete deletes the whole artifact; to remove '{artifact}', use rm."
        )
    async with session.artifact(one_artifact(session, artifact)) as opened:
        what = f"{opened.id} {version}" if version else f"{opened.id}, all versions"
        if not yes:
            _ask(session, f"Delete {what}, for good?")
        await opened.delete(version, delete_files=delete_files, recursive=recursive)
        session.say(f"Deleted {what}.")
        session.answer({"artifact": str(opened.id), "version": version}, ())


def _ask(session: Session, question: str) -> None:
    if not session.is_asked:
        raise click.UsageError("Nobody is there to ask: say --yes to delete it.")
    if not click.confirm(question, err=True):
        raise click.Abort


@command(
    examples="""
hypha-artifact list-children my-lab/papers
hypha-artifact -a my-lab/papers list-children --keywords zebrafish --json
""",
    answer="[the artifacts' records, as the server sends them]",
)
@options.artifact()
@click.option("--keywords", multiple=True, metavar="WORD", help="Words in manifests.")
@click.option("--filters", callback=_mapping, metavar="JSON", help="Fields that match.")
@click.option(
    "--mode",
    type=click.Choice(["AND", "OR"], case_sensitive=False),
    default="AND",
    help="Whether all of these must match, the default, or one.",
)
@click.option("--offset", type=click.IntRange(min=0), default=0, help="Leave out N.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    help="N at the most.",
)
@click.option("--order-by", metavar="FIELD", help="A field, and < or > after it.")
@click.option("--silent/--no-silent", help="Count no view.")
@click.option("--stage/--no-stage", help="Staged ones only.")
async def list_children(
    session: Session,
    *,
    artifact: str | None,
    keywords: tuple[str, ...],
    filters: dict[str, object] | None,
    mode: Literal["AND", "OR"],
    **given: Any,
) -> None:
    """List the artifacts in a collection."""
    words = [item for word in keywords for item in items(word)]
    async with session.artifact(one_artifact(session, artifact)) as opened:
        found = await opened.list_children(words or None, filters, mode, **given)
    session.answer(found, columns(map(_row, found)))


def _row(record: Mapping[str, object]) -> tuple[str, str, str]:
    fields = cast("Mapping[str, object]", record.get("manifest") or {})
    texts = (record.get("id"), record.get("type"), fields.get("name"))
    name, kind, title = (shown(str(text or "")) for text in texts)
    return name, kind, title
