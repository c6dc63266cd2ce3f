"""``status``, ``commit``, ``discard`` and ``versions``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from hypha_artifact.cli import options
from hypha_artifact.cli.command import command
from hypha_artifact.cli.output import columns, shown, size_text, time_text
from hypha_artifact.cli.staged import commit_stage
from hypha_artifact.cli.targets import one_artifact

if TYPE_CHECKING:
    from hypha_artifact.cli.session import Session
    from hypha_artifact.models import CommitPreview, Finding, StagedChange, Version

_STATUS = """
{"artifact", "mode": "in place", "new version", "on the branch" (of git storage), or
 null without a stage,
 "target": version that a commit writes, "latest": what readers get now or null,
 "changes": [{"path", "change": added|modified|removed|same|pending|unknown,
              "size": bytes or null, "live": readers see it already}],
 "files": [{"path", "fate": kept|new|changed|gone, "size_before", "size_after"}],
 "findings": [{"code", "severity": blocks|asks|note, "text", "paths"}]}
"""


@command(
    examples="""
hypha-artifact status my-lab/atlas
hypha-artifact -a my-lab/atlas --json status | jq -r '.changes[].path'
""",
    answer=_STATUS,
)
@options.artifact()
async def status(session: Session, *, artifact: str | None) -> None:
    """Show what is staged, and what readers will see after a commit.

    \b
    A  added      D  removed by the commit    ?  added or modified, by
    M  modified   =  carried over, unchanged     another session
    !  announced, but its bytes never came
    """  # noqa: D301 - Click wraps the lines without the mark
    async with session.artifact(one_artifact(session, artifact)) as opened:
        preview = await opened.preview_commit()
        name = str(opened.id)
    session.answer(_value(name, preview), _lines(name, preview))


def _value(name: str, preview: CommitPreview) -> dict[str, object]:
    from msgspec import to_builtins

    state = preview.state
    latest = state.artifact.latest
    findings = to_builtins(preview.findings, enc_hook=str)
    return {
        "artifact": name,
        "mode": state.mode.value if state.mode else None,
        "target": state.target if state.mode else None,
        "latest": latest.version if latest else None,
        "changes": [
            {
                "path": change.path,
                "change": change.kind.name.lower(),
                "size": change.size,
                "live": change.live,
            }
            for change in state.changes
        ],
        "files": to_builtins(preview.files, enc_hook=str),
        "findings": findings if state.mode else [],
    }


def _lines(name: str, preview: CommitPreview) -> Iterator[str]:
    state = preview.state
    latest = state.artifact.latest
    now = f"Readers see {latest.version}." if latest else "It has no version yet."
    if state.mode is None:
        yield f"{name}: no stage is open. {now}"
        return
    yield f"{name}: a stage is open, {state.mode.value}, for {state.target}. {now}"
    yield from columns([_row(change) for change in state.changes], right=[1])
    yield from outcome(preview)


def _row(change: StagedChange) -> tuple[str, str, str]:
    live = "  (readers see it already)" if change.live else ""
    return f"  {change.kind.value}", size_text(change.size), shown(change.path) + live


def outcome(preview: CommitPreview) -> Iterator[str]:
    """Say what a commit would bring readers, and what stands in its way."""
    from hypha_artifact.models import Fate

    parts = [
        f"{preview.count(fate):,} {fate.value} ({size_text(preview.bytes_of(fate))})"
        for fate in Fate
        if preview.count(fate)
    ]
    if parts:
        yield f"After a commit: {', '.join(parts)}."
    yield from (_told(finding) for finding in preview.findings)


def _told(finding: Finding) -> str:
    marks = {"blocks": "Blocks the commit: ", "asks": "Note well: ", "note": ""}
    return marks[finding.severity.value] + finding.text


@command(
    examples="""
hypha-artifact commit my-lab/atlas -m 'Plate 7'
hypha-artifact -a my-lab/atlas commit --version 2.0 --comment 'For the paper'
""",
    answer='{"artifact", "version", "comment"}',
)
@options.artifact()
@click.option(
    "--version", metavar="NAME", help="Name of a new version; in git storage, a tag."
)
@click.option("-m", "--comment", "--message", metavar="TEXT", help="Its message.")
async def commit(
    session: Session, *, artifact: str | None, version: str | None, comment: str | None
) -> None:
    """Make the stage final.

    It is checked first: what would fail, or cost a committed file, is refused.
    """
    async with session.artifact(one_artifact(session, artifact)) as opened:
        made = await commit_stage(session, opened, version=version, comment=comment)
    session.answer(made, ())


@command(
    examples="hypha-artifact discard my-lab/atlas",
    answer='{"artifact", "latest": the version that readers get, or null}',
)
@options.artifact()
async def discard(session: Session, *, artifact: str | None) -> None:
    """Throw the stage away; readers see the latest version as it was."""
    async with session.artifact(one_artifact(session, artifact)) as opened:
        left = await opened.discard()
        latest = left.latest.version if left.latest else None
        session.say(f"Discarded the stage of {opened.id}.")
        session.answer({"artifact": str(opened.id), "latest": latest}, ())


@command(
    examples="hypha-artifact versions my-lab/atlas",
    answer='[{"version", "created_at": epoch seconds, "comment", "latest": bool}]',
)
@options.artifact()
async def versions(session: Session, *, artifact: str | None) -> None:
    """List the committed versions, oldest first.

    Of an artifact in git storage, its branches and tags.
    """
    async with session.artifact(one_artifact(session, artifact)) as opened:
        record = await opened.read()
    found, latest = record.versions or [], record.latest
    session.answer(
        [
            {
                "version": known.version,
                "created_at": known.created_at,
                "comment": known.comment,
                "latest": known is latest,
            }
            for known in found
        ],
        columns(_version_rows(found, latest)),
    )


def _version_rows(
    found: Sequence[Version], latest: Version | None
) -> list[tuple[str, str, str]]:
    return [
        (
            shown(known.version) + " (latest)" * (known is latest),
            time_text(known.created_at),
            shown((known.comment or known.sha or "").replace("\n", " ")),
        )
        for known in found
    ]
