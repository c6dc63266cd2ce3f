"""``diff`` and ``sync``: two versions, or a local folder and one in the artifact."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hypha_artifact.cli.command import command
from hypha_artifact.cli.output import columns, shown, size_text
from hypha_artifact.cli.planned import links_option
from hypha_artifact.cli.progress import Tally
from hypha_artifact.cli.staged import Changing, changing, to_change

if TYPE_CHECKING:
    from hypha_artifact.artifact import AsyncHyphaArtifact
    from hypha_artifact.classes import LinkRule
    from hypha_artifact.cli.session import Session
    from hypha_artifact.compare import FileDifference
    from hypha_artifact.mirror import SyncPlan

_DIFF = """
{"artifact", "before": version or null for the latest, "after": version,
 "files": [{"path", "change": new|changed|gone|same|unsure,
            "size_before": bytes or null, "size_after": bytes or null}]}
"""
_SYNC = """
{"way": up|down, "dry_run": bool, "same": how many files,
 "copied": [{"path", "change": new|changed|unsure, "size": bytes}],
 "deleted": [path], "extra": [path that only the target has],
 "problems": [{"file", "message"}]}
"""


@command(
    examples="""
hypha-artifact diff my-lab/atlas
hypha-artifact diff my-lab/atlas v0
hypha-artifact -a my-lab/atlas diff v0 v1 --json
""",
    answer=_DIFF,
)
@click.argument("words", nargs=-1, metavar="[ARTIFACT] [BEFORE [AFTER]]")
@click.option("--all", "everything", is_flag=True, help="Files that are the same, too.")
@click.option("--quick", is_flag=True, help="Compare sizes, not checksums.")
async def diff(
    session: Session, *, words: tuple[str, ...], everything: bool, quick: bool
) -> None:
    """Show what differs between two versions; by default, what is staged.

    \b
    A  new     D  gone    ?  of the same size, which may have changed
    M  changed            =  the same

    Without versions, the latest is compared with the stage; with one, that one with
    the latest. stage stands for what is staged.
    """  # noqa: D301 - Click wraps the lines without the mark
    from hypha_artifact.compare import Difference
    from hypha_artifact.mirror import diff_versions

    name, before, after = _versions(session, words)
    async with session.artifact(name) as artifact:
        found = await diff_versions(artifact, before, after, quick=quick)
        full = str(artifact.id)
    listed = [d for d in found if everything or d.difference is not Difference.SAME]
    session.answer(
        {
            "artifact": full,
            "before": before,
            "after": after,
            "files": [_value(each) for each in listed],
        },
        columns(map(_row, listed), right=[1]),
    )


def _versions(
    session: Session, words: Sequence[str]
) -> tuple[str | None, str | None, str | None]:
    rest = list(words)
    chosen = session.choices.artifact_id
    if not chosen and not rest:
        raise click.UsageError("Which artifact? Give it with -a WORKSPACE/ALIAS.")
    name = None if chosen else rest.pop(0)
    if len(rest) > 2:  # noqa: PLR2004
        raise click.UsageError("Give two versions at the most.")
    if not rest:
        return name, None, "stage"
    return name, rest[0], rest[1] if rest[1:] else None


def _value(found: FileDifference) -> dict[str, object]:
    return {
        "path": found.path,
        "change": found.difference.name.lower(),
        "size_before": found.size_before,
        "size_after": found.size_after,
    }


def _row(found: FileDifference) -> tuple[str, str, str]:
    sizes = [
        size_text(s) for s in (found.size_before, found.size_after) if s is not None
    ]
    return found.difference.value, " → ".join(dict.fromkeys(sizes)), shown(found.path)


@command(
    examples="""
hypha-artifact sync ./plate7 my-lab/atlas:raw/plate7 --commit -m 'Plate 7'
hypha-artifact sync my-lab/atlas:raw/plate7 ./plate7 --delete --dry-run
hypha-artifact -a my-lab/atlas sync :raw ./raw --checksum
""",
    answer=_SYNC,
)
@click.argument("source")
@click.argument("target")
@click.option("--version", metavar="NAME", help="Download this version.")
@click.option("-n", "--dry-run", is_flag=True, help="Only show what would be done.")
@click.option("--delete", is_flag=True, help="Delete what the source does not have.")
@click.option(
    "-c", "--checksum", is_flag=True, help="Compare content where sizes are equal."
)
@links_option
@changing
async def sync(
    session: Session,
    *,
    source: str,
    target: str,
    version: str | None,
    dry_run: bool,
    delete: bool,
    checksum: bool,
    links: LinkRule,
    changing: Changing,
) -> None:
    """Make a folder of an artifact like a local one, or the other way round.

    The remote side is the one with a colon: ARTIFACT:PATH, or :PATH after -a. A file
    of equal size is taken for current when the target is not older.
    """
    syncing = _Syncing(session, source, target, changing)
    async with session.artifact(syncing.name) as artifact:
        plan = await syncing.plan(
            artifact, version, delete=delete, checksum=checksum, links=links
        )
    tally = Tally(session, "Copied")
    if not dry_run and (plan.copied or plan.deleted):
        await syncing.run(plan, tally)
    _complain(session, plan)
    value = {"way": plan.way.value, "dry_run": dry_run, **_plan_value(plan)}
    session.answer(value, _plan_lines(plan, dry_run=dry_run))
    if not plan.is_whole:
        raise click.exceptions.Exit(1)


class _Syncing:
    """Which side is which."""

    def __init__(
        self, session: Session, source: str, target: str, told: Changing
    ) -> None:
        if (":" in source) == (":" in target):
            raise click.UsageError(
                "One side is ARTIFACT:PATH, or :PATH after -a; the other is local."
            )
        self._session = session
        self._told = told
        self._is_up = ":" in target
        name, _, self._folder = (target if self._is_up else source).partition(":")
        self._local = Path(source if self._is_up else target)
        self.name = name or None

    async def plan(
        self,
        artifact: AsyncHyphaArtifact,
        version: str | None,
        *,
        delete: bool,
        checksum: bool,
        links: LinkRule,
    ) -> SyncPlan:
        from hypha_artifact.mirror import Way, plan_sync

        starts_empty = False
        if self._is_up:
            is_staged = (await artifact.read()).is_staged
            version = "stage" if is_staged else None
            starts_empty = self._told.new_version and not is_staged
        return await plan_sync(
            artifact,
            self._local,
            self._folder,
            Way.UP if self._is_up else Way.DOWN,
            version=version,
            starts_empty=starts_empty,
            delete=delete,
            checksum=checksum,
            links=links,
        )

    async def run(self, plan: SyncPlan, tally: Tally) -> None:
        from hypha_artifact.mirror import run_sync

        opening = (
            to_change(self._session, self.name, self._told)
            if self._is_up
            else self._session.artifact(self.name)
        )
        async with opening as artifact:
            with tally.shown():
                await run_sync(artifact, plan, tally)


def _plan_value(plan: SyncPlan) -> dict[str, object]:
    return {
        "same": plan.same,
        "copied": [
            {
                "path": each.path,
                "change": each.difference.name.lower(),
                "size": each.size_after,
            }
            for each in plan.copied
        ],
        "deleted": _paths(plan.deleted),
        "extra": _paths(plan.extra),
        "problems": [{"file": p.source, "message": p.reason} for p in plan.problems],
    }


def _paths(found: Iterable[FileDifference]) -> list[str]:
    return [each.path for each in found]


def _plan_lines(plan: SyncPlan, *, dry_run: bool) -> Iterator[str]:
    yield from columns(map(_row, [*plan.copied, *plan.deleted]), right=[1])
    if dry_run:
        left = len(plan.extra) - len(plan.deleted)
        yield (
            f"Would copy {len(plan.copied):,} and delete {len(plan.deleted):,} files; "
            f"{plan.same:,} are the same, {left:,} only in the target would stay."
        )


def _complain(session: Session, plan: SyncPlan) -> None:
    from hypha_artifact.paths import printable

    for problem in plan.problems:
        session.say(f"Left out: {printable(problem.source)}: {problem.reason}")
    if plan.delete and not plan.is_whole:
        session.say("So nothing was deleted.")
