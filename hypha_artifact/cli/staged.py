"""Changing an artifact from the command line: open its stage, say so, and commit."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

if TYPE_CHECKING:
    from hypha_artifact.artifact import AsyncHyphaArtifact
    from hypha_artifact.cli.session import Session

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Changing:
    """What a changing command was told of the stage."""

    new_version: bool = False
    commit: bool = False
    message: str | None = None


def changing(function: F) -> F:
    """Take ``--new-version``, ``--commit`` and ``-m``; they come as ``Changing``."""

    @wraps(function)
    def gathered(
        *args: Any, new_version: bool, commit: bool, message: str | None, **given: Any
    ) -> Any:
        told = Changing(new_version, commit or message is not None, message)
        return function(*args, changing=told, **given)

    options = [
        click.option(
            "--new-version",
            is_flag=True,
            help="If no stage is open: open one for a new version, which starts empty.",
        ),
        click.option("--commit", is_flag=True, help="Commit the stage afterwards."),
        click.option(
            "-m", "--message", metavar="TEXT", help="Commit with this message."
        ),
    ]
    made: Any = gathered
    for option in reversed(options):
        made = option(made)
    return cast("F", made)


@asynccontextmanager
async def to_change(
    session: Session, name: str | None, told: Changing
) -> AsyncGenerator[AsyncHyphaArtifact]:
    """Open an artifact and its stage, and commit at the end if that was asked for.

    Args:
        session: The command's run.
        name: The artifact; None for the chosen one.
        told: The command's options.

    Raises:
        StageConflict: A new version was asked for, and a stage that goes in place is
            open, or there is none in git storage.
    """
    async with session.artifact(name) as artifact:
        await _open(session, artifact, told)
        yield artifact
        if told.commit:
            await commit_stage(session, artifact, comment=told.message)


async def _open(session: Session, artifact: AsyncHyphaArtifact, told: Changing) -> None:
    from hypha_artifact.errors import StageConflict
    from hypha_artifact.models import StageMode

    before = await artifact.remote.read(version="stage")
    if before.is_git and told.new_version:
        raise StageConflict(
            f"{artifact.id} is kept in git: a commit adds to its branch, and there is "
            "no new version that starts empty.",
            hint="Leave --new-version out. commit --version NAME sets a tag.",
        )
    if before.is_staged and not told.new_version:
        return
    mode = StageMode.NEW_VERSION if told.new_version else StageMode.IN_PLACE
    opened = await artifact.remote.open_stage(mode)
    if before.is_staged:
        return
    after = "readers see it after the commit."
    what = {
        StageMode.IN_PLACE: ", in place: readers see uploads at once, removals after "
        "the commit.",
        StageMode.NEW_VERSION: f" for a new version: it starts empty, and {after}",
        StageMode.ON_BRANCH: f" for {opened.next_version}: {after}",
    }
    session.say(f"Opened a stage on {artifact.id}{what[opened.stage_mode or mode]}")


async def commit_stage(
    session: Session,
    artifact: AsyncHyphaArtifact,
    *,
    version: str | None = None,
    comment: str | None = None,
) -> dict[str, object]:
    """Commit, and say what came of it.

    Returns:
        The version, as the ``commit`` command answers.
    """
    made = await artifact.commit(version=version, comment=comment)
    latest = made.latest
    name = latest.version if latest else None
    session.say(f"Committed {artifact.id} as {name}.")
    return {
        "artifact": str(artifact.id),
        "version": name,
        "comment": latest.comment if latest else None,
    }
