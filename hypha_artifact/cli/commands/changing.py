"""``rm``, ``mkdir``, ``touch``, ``cp``, ``mv`` and their kin: files in the stage."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Literal

import click

from hypha_artifact.cli import options
from hypha_artifact.cli.command import command, renamed
from hypha_artifact.cli.staged import Changing, changing, to_change
from hypha_artifact.cli.targets import matching, targets

if TYPE_CHECKING:
    from hypha_artifact.artifact import AsyncHyphaArtifact
    from hypha_artifact.cli.session import Session

_PATHS = '{"paths": [what was named, patterns replaced]}'
_PAIR = '{"sources": [paths], "target"}'
_ALL = "Folders with all that is in them."


async def _each(
    session: Session,
    words: tuple[str, ...],
    told: Changing,
    act: Callable[[AsyncHyphaArtifact, list[str]], Awaitable[None]],
) -> None:
    """Do something to all paths, patterns replaced by what is staged."""
    name, written = targets(session, words)
    async with to_change(session, name, told) as artifact:
        paths = await matching(artifact, written, "stage")
        await act(artifact, paths)
    session.answer({"paths": paths}, ())


@command(
    examples="""
hypha-artifact rm my-lab/atlas:old.csv
hypha-artifact -a my-lab/atlas rm -r raw/plate6 'tmp/*' --commit -m 'Tidy up'
""",
    answer=_PATHS,
    named=["path"],
)
@options.paths()
@click.option("-r", "--recursive/--no-recursive", help=_ALL)
@options.maxdepth("N levels of folders at the most.")
@changing
async def rm(
    session: Session,
    *,
    paths: tuple[str, ...],
    recursive: bool,
    maxdepth: int | None,
    changing: Changing,
) -> None:
    """Remove files from the stage; in place, what is committed goes at the commit.

    All paths are checked before the first is touched. In a new version, files of the
    older one need no removal: what is not uploaded is not in it.
    """

    async def act(artifact: AsyncHyphaArtifact, found: list[str]) -> None:
        await artifact.rm(found, maxdepth, recursive=recursive)

    await _each(session, paths, changing, act)


rm_file = renamed(rm, "rm-file")


@command(
    examples="hypha-artifact -a my-lab/atlas rmdir raw/empty",
    answer=_PATHS,
    named=["path"],
)
@options.paths()
@changing
async def rmdir(
    session: Session, *, paths: tuple[str, ...], changing: Changing
) -> None:
    """Remove empty folders."""

    async def act(artifact: AsyncHyphaArtifact, found: list[str]) -> None:
        for path in found:
            await artifact.rmdir(path)

    await _each(session, paths, changing, act)


@command(
    examples="hypha-artifact -a my-lab/atlas mkdir raw/plate8 raw/plate9",
    answer=_PATHS,
    named=["path"],
)
@options.paths()
@click.option(
    "--create-parents/--no-create-parents",
    "--parents/--no-parents",
    "-p",
    default=True,
    help="Make missing folders above them, too; the default.",
)
@changing
async def mkdir(
    session: Session,
    *,
    paths: tuple[str, ...],
    create_parents: bool,
    changing: Changing,
) -> None:
    """Make folders; each is held by an empty .keep file."""

    async def act(artifact: AsyncHyphaArtifact, found: list[str]) -> None:
        for path in found:
            await artifact.mkdir(path, create_parents=create_parents)

    await _each(session, paths, changing, act)


@command(
    examples="hypha-artifact -a my-lab/atlas makedirs raw/plate8/left",
    answer=_PATHS,
    named=["path"],
)
@options.paths()
@click.option(
    "--exist-ok/--no-exist-ok",
    default=True,
    help="Whether they may be there already; the default.",
)
@changing
async def makedirs(
    session: Session, *, paths: tuple[str, ...], exist_ok: bool, changing: Changing
) -> None:
    """Make folders and those above them."""

    async def act(artifact: AsyncHyphaArtifact, found: list[str]) -> None:
        for path in found:
            await artifact.makedirs(path, exist_ok=exist_ok)

    await _each(session, paths, changing, act)


@command(
    examples="""
hypha-artifact -a my-lab/atlas touch done.flag
hypha-artifact -a my-lab/atlas touch --no-truncate notes.txt
""",
    answer=_PATHS,
    named=["path"],
)
@options.paths()
@click.option(
    "--truncate/--no-truncate",
    default=True,
    help="Empty files that are there; the default. Otherwise they stay as they are.",
)
@changing
async def touch(
    session: Session, *, paths: tuple[str, ...], truncate: bool, changing: Changing
) -> None:
    """Make empty files."""

    async def act(artifact: AsyncHyphaArtifact, found: list[str]) -> None:
        for path in found:
            await artifact.touch(path, truncate=truncate)

    await _each(session, paths, changing, act)


Act = Callable[["AsyncHyphaArtifact", str, str], Awaitable[None]]


async def _pairwise(
    session: Session,
    words: tuple[str, ...],
    told: Changing,
    version: str | None,
    act: Act,
) -> None:
    """Do something from each source to its target."""
    name, written = targets(session, words)
    if len(written) < 2:  # noqa: PLR2004
        raise click.UsageError("Give what, and where to.")
    *sources, target = written
    async with to_change(session, name, told) as artifact:
        found = await matching(artifact, sources, version or "stage")
        folder = target if len(found) == 1 else f"{target.rstrip('/')}/"
        for source in found:
            await act(artifact, source, folder)
    session.answer({"sources": found, "target": target}, ())


@command(
    examples="""
hypha-artifact copy my-lab/atlas:table.csv my-lab/atlas:old/
hypha-artifact -a my-lab/atlas copy -r raw/plate7 raw/plate8
hypha-artifact -a my-lab/atlas copy --version v0 table.csv table-v0.csv
""",
    answer=_PAIR,
    named=["path1", "path2"],
)
@options.paths()
@options.version()
@click.option("-r", "--recursive/--no-recursive", help=_ALL)
@options.maxdepth("N levels of folders at the most.")
@options.on_error()
@changing
async def copy(
    session: Session,
    *,
    paths: tuple[str, ...],
    version: str | None,
    recursive: bool,
    maxdepth: int | None,
    on_error: Literal["raise", "ignore"],
    changing: Changing,
) -> None:
    """Copy files within the artifact; the last path is where to.

    They are taken from the stage, else from the latest version. The bytes go through
    this machine: the server has no copies of its own.
    """

    async def act(artifact: AsyncHyphaArtifact, source: str, target: str) -> None:
        await artifact.copy(
            source, target, maxdepth, on_error, version, recursive=recursive
        )

    await _pairwise(session, paths, changing, version, act)


cp = renamed(copy, "cp")


@command(
    examples="""
hypha-artifact -a my-lab/atlas mv draft.csv table.csv
hypha-artifact -a my-lab/atlas mv -r raw/plate7 archive/plate7 --commit
""",
    answer=_PAIR,
    named=["path1", "path2"],
)
@options.paths()
@click.option("-r", "--recursive/--no-recursive", help=_ALL)
@options.maxdepth("N levels of folders at the most.")
@changing
async def mv(
    session: Session,
    *,
    paths: tuple[str, ...],
    recursive: bool,
    maxdepth: int | None,
    changing: Changing,
) -> None:
    """Move files within the artifact: copy them, then remove them."""

    async def act(artifact: AsyncHyphaArtifact, source: str, target: str) -> None:
        await artifact.move(source, target, maxdepth, recursive=recursive)

    await _pairwise(session, paths, changing, None, act)
