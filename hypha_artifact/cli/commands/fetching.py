"""``get`` and ``download``: files of an artifact onto this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from hypha_artifact.cli import options
from hypha_artifact.cli.command import command
from hypha_artifact.cli.output import stdout_writer
from hypha_artifact.cli.progress import ANSWER, Tally
from hypha_artifact.cli.targets import has_pattern, into, matching, split

if TYPE_CHECKING:
    from hypha_artifact.artifact import AsyncHyphaArtifact
    from hypha_artifact.cli.session import Session


@command(
    examples="""
hypha-artifact get my-lab/atlas:table.csv .
hypha-artifact -a my-lab/atlas get -r raw ./raw
hypha-artifact -a my-lab/atlas get 'tables/*.csv' README.md ./here
hypha-artifact -a my-lab/atlas get plate7.tar.gz - | tar tz
""",
    answer=ANSWER,
    named=["rpath", "lpath"],
)
@options.remote_then_local()
@options.version()
@click.option("-r", "--recursive/--no-recursive", help="Folders, too.")
@options.maxdepth("N levels of folders at the most.")
@options.on_error()
async def get(
    session: Session,
    *,
    paths: tuple[str, ...],
    version: str | None,
    recursive: bool,
    maxdepth: int | None,
    on_error: Literal["raise", "ignore"],
) -> None:
    """Download files, and with -r the contents of folders.

    The last path is where to: a file's new name, or the folder to put it into. A
    folder's contents go into it; several sources each by their name. Without it, each
    keeps its path below the working folder. - is stdout.
    """
    name, sources, target = split(session, paths, last_is_remote=False)
    async with session.artifact(name) as artifact:
        if target == "-":
            await _to_stdout(artifact, sources, version)
            return
        fetching = _Fetching(version, maxdepth, on_error, recursive=recursive)
        await fetching.run(session, artifact, sources, target)


@command(
    examples="""
hypha-artifact download my-lab/atlas:raw ./raw
hypha-artifact -a my-lab/atlas download --version v0 table.csv
""",
    answer=ANSWER,
    named=["remote-path", "local-path"],
)
@options.remote_then_local()
@options.version()
@click.option(
    "-r", "--recursive/--no-recursive", default=True, help="Folders, too; the default."
)
@options.maxdepth("N levels of folders at the most.")
@options.on_error()
async def download(
    session: Session,
    *,
    paths: tuple[str, ...],
    version: str | None,
    recursive: bool,
    maxdepth: int | None,
    on_error: Literal["raise", "ignore"],
) -> None:
    """Download files and folders; without LOCAL, into the working folder.

    The last of several paths is where to, as for get.
    """
    name, sources, target = split(session, paths, last_is_remote=False)
    fetching = _Fetching(version, maxdepth, on_error, recursive=recursive)
    async with session.artifact(name) as artifact:
        await fetching.run(session, artifact, sources, target or ".")


class _Fetching:
    """What was asked for, whatever the files are."""

    def __init__(
        self,
        version: str | None,
        maxdepth: int | None,
        on_error: Literal["raise", "ignore"],
        *,
        recursive: bool,
    ) -> None:
        self._version = version
        self._maxdepth = maxdepth
        self._on_error: Literal["raise", "ignore"] = on_error
        self._recursive = recursive

    async def run(
        self,
        session: Session,
        artifact: AsyncHyphaArtifact,
        sources: list[str],
        target: str | None,
    ) -> None:
        tally = Tally(session, "Downloaded")
        found = await matching(artifact, sources, self._version)
        several = len(sources) > 1 or has_pattern(sources[0])
        with tally.shown():
            await artifact.get(
                *into(found, target, several=several),
                tally,
                self._maxdepth,
                self._on_error,
                self._version,
                recursive=self._recursive,
            )
        session.answer(tally.answer(), ())


async def _to_stdout(
    artifact: AsyncHyphaArtifact, sources: list[str], version: str | None
) -> None:
    from hypha_artifact.paths import RemotePath
    from hypha_artifact.streaming import RemoteBytes

    write = stdout_writer()
    for path in await matching(artifact, sources, version):
        source = RemoteBytes(artifact.remote, RemotePath(path), version=version)
        async for piece in source.chunks():
            write(piece)
