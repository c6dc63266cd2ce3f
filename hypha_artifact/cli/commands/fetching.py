"""``get`` and ``download``: files of an artifact onto this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from hypha_artifact.cli import options
from hypha_artifact.cli.command import command
from hypha_artifact.cli.detached import Detached, detachable, submit
from hypha_artifact.cli.output import stdout_writer
from hypha_artifact.cli.planned import (
    PLAN,
    Choosing,
    carry_out,
    check_asked,
    choosing,
    show,
)
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
    answer=ANSWER + PLAN,
    named=["rpath", "lpath"],
)
@options.remote_then_local()
@options.version()
@click.option("-r", "--recursive/--no-recursive", help="Folders, too.")
@options.maxdepth("N levels of folders at the most.")
@options.scheduler()
@options.on_error()
@choosing(links=False)
@detachable
async def get(
    session: Session,
    *,
    paths: tuple[str, ...],
    version: str | None,
    recursive: bool,
    maxdepth: int | None,
    on_error: Literal["raise", "ignore"],
    scheduler: str | None,
    detached: Detached,
    choosing: Choosing,
) -> None:
    """Download files, and with -r the contents of folders.

    The last path is where to: a file's new name, or the folder to put it into. A
    folder's contents go into it; several sources each by their name. Without it, each
    keeps its path below the working folder. - is stdout.
    """
    name, sources, target = split(session, paths, last_is_remote=False)
    async with session.artifact(name) as artifact:
        if target == "-":
            if detached.detach:
                raise click.UsageError("What goes to stdout cannot be detached.")
            if not choosing.is_plain or scheduler:
                raise click.UsageError(
                    "Nothing is there at stdout: --if-exists, --dry-run and "
                    "--scheduler are for files."
                )
            await _to_stdout(artifact, sources, version)
            return
        fetching = _Fetching(
            version,
            maxdepth,
            on_error,
            choosing,
            recursive=recursive,
            detached=detached,
            scheduler=scheduler,
        )
        await fetching.run(session, artifact, sources, target)


@command(
    examples="""
hypha-artifact download my-lab/atlas:raw ./raw
hypha-artifact -a my-lab/atlas download --version v0 table.csv
""",
    answer=ANSWER + PLAN,
    named=["remote-path", "local-path"],
)
@options.remote_then_local()
@options.version()
@click.option(
    "-r", "--recursive/--no-recursive", default=True, help="Folders, too; the default."
)
@options.maxdepth("N levels of folders at the most.")
@options.scheduler()
@options.on_error()
@choosing(links=False)
@detachable
async def download(
    session: Session,
    *,
    paths: tuple[str, ...],
    version: str | None,
    recursive: bool,
    maxdepth: int | None,
    on_error: Literal["raise", "ignore"],
    scheduler: str | None,
    detached: Detached,
    choosing: Choosing,
) -> None:
    """Download files and folders; without LOCAL, into the working folder.

    The last of several paths is where to, as for get.
    """
    name, sources, target = split(session, paths, last_is_remote=False)
    fetching = _Fetching(
        version,
        maxdepth,
        on_error,
        choosing,
        recursive=recursive,
        detached=detached,
        scheduler=scheduler,
    )
    async with session.artifact(name) as artifact:
        await fetching.run(session, artifact, sources, target or ".")


class _Fetching:
    """What was asked for, whatever the files are."""

    def __init__(
        self,
        version: str | None,
        maxdepth: int | None,
        on_error: Literal["raise", "ignore"],
        choosing: Choosing,
        *,
        recursive: bool,
        detached: Detached,
        scheduler: str | None = None,
    ) -> None:
        self._choosing = choosing
        self._scheduler = scheduler
        self._detached = detached
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
        check_asked(session, self._choosing)
        if self._choosing.dry_run and self._detached.detach:
            raise click.UsageError("--dry-run does not go with --detach.")
        found = await matching(artifact, sources, self._version)
        several = len(sources) > 1 or has_pattern(sources[0])
        paired = into(found, target, several=several)
        if self._detached.detach:
            await self._leave(session, artifact, paired)
            return
        plan = await artifact.plan_get(
            *paired,
            self._maxdepth,
            self._version,
            recursive=self._recursive,
            compare=self._choosing.compare,
            on_error=self._on_error,
        )
        if self._choosing.dry_run:
            show(session, plan, self._choosing)
            return
        tally = Tally(session, "Downloaded")
        await carry_out(
            session,
            artifact,
            plan,
            tally,
            told=self._choosing,
            on_error=self._on_error,
            scheduler=self._scheduler,
        )
        session.answer(tally.answer(), ())

    async def _leave(
        self,
        session: Session,
        artifact: AsyncHyphaArtifact,
        paths: tuple[str | list[str], str | list[str] | None],
    ) -> None:
        from msgspec import structs

        from hypha_artifact.artifact.requests import get_request

        request = await get_request(
            *paths,
            remote=artifact.remote,
            version=self._version,
            maxdepth=self._maxdepth,
            recursive=self._recursive,
            lenient=self._on_error == "ignore",
            compare=self._choosing.compare,
        )
        request = structs.replace(request, scheduler=self._scheduler)
        await submit(session, request, self._detached, self._on_error, self._choosing)


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
