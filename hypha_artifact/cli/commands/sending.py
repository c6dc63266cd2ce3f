"""``put`` and ``upload``: local files into the stage."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar, cast

import click

from hypha_artifact.cli import options
from hypha_artifact.cli.command import command
from hypha_artifact.cli.detached import Detached, detachable, submit
from hypha_artifact.cli.planned import (
    PLAN,
    Choosing,
    carry_out,
    check_asked,
    choosing,
    show,
)
from hypha_artifact.cli.progress import ANSWER, Tally
from hypha_artifact.cli.staged import Changing, changing, to_change
from hypha_artifact.cli.targets import into, split

if TYPE_CHECKING:
    from hypha_artifact.artifact import AsyncHyphaArtifact
    from hypha_artifact.classes import MultipartConfig
    from hypha_artifact.cli.session import Session
    from hypha_artifact.transfer.plans import TransferPlan

F = TypeVar("F", bound=Callable[..., Any])
_PIECE = 1024 * 1024


def _how(function: F) -> F:
    """Take the options of ``put`` and of ``upload`` that say how files are sent."""
    made: Any = function
    for name, text in (
        ("--max-parallel-uploads", "Requests for bytes at a time."),
        ("--chunk-size", "Bytes of a part, 5 MiB at least."),
        ("--multipart-threshold", "In parts from N bytes on."),
    ):
        number = click.IntRange(min=1)
        made = click.option(name, type=number, metavar="N", help=text)(made)
    multipart = "In parts from --chunk-size bytes on; large files always are."
    made = click.option("--enable-multipart", is_flag=True, help=multipart)(made)
    made = click.option("--batch-size", type=int, hidden=True, expose_value=False)(made)
    return cast("F", options.on_error()(made))


def _config(
    multipart_config: str | None,
    *,
    enable_multipart: bool,
    multipart_threshold: int | None,
    chunk_size: int | None,
    max_parallel_uploads: int | None,
) -> MultipartConfig:
    config: dict[str, object] = dict(_object(multipart_config or "{}"))
    given = {
        "enable": enable_multipart or None,
        "threshold": multipart_threshold,
        "chunk_size": chunk_size,
        "max_parallel_uploads": max_parallel_uploads,
    }
    config |= {name: value for name, value in given.items() if value is not None}
    return config  # type: ignore[return-value] # pyright: ignore[reportReturnType]


def _object(text: str) -> dict[str, object]:
    try:
        found: object = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise click.UsageError(f"--multipart-config is a JSON object, not '{text}'.")
    return found  # pyright: ignore[reportUnknownVariableType]


@command(
    examples="""
hypha-artifact put table.csv my-lab/atlas:tables/
hypha-artifact -a my-lab/atlas put -r plate7 raw/plate7 --commit -m 'Plate 7'
hypha-artifact -a my-lab/atlas put a.csv b.csv tables/
tar cz plate7 | hypha-artifact -a my-lab/atlas put - plate7.tar.gz
""",
    answer=ANSWER + PLAN,
    named=["lpath", "rpath"],
)
@click.argument("paths", nargs=-1, required=True, metavar="LOCAL... [REMOTE]")
@click.option("-r", "--recursive/--no-recursive", help="Folders, too.")
@options.maxdepth("N levels of folders at the most.")
@click.option("--multipart-config", metavar="JSON", help="The options below as JSON.")
@options.scheduler()
@_how
@choosing(links=True)
@detachable
@changing
async def put(
    session: Session,
    *,
    paths: tuple[str, ...],
    recursive: bool,
    maxdepth: int | None,
    on_error: Literal["raise", "ignore"],
    multipart_config: str | None,
    scheduler: str | None,
    changing: Changing,
    detached: Detached,
    choosing: Choosing,
    **how: Any,
) -> None:
    """Upload files, and with -r the contents of folders.

    The last path is where to: a file's new name, or with a / at its end the folder to
    put it into. A folder's contents go into it; several sources each by their name.
    Without it, a file keeps its path. - is stdin.
    """
    name, sources, target = split(session, paths, last_is_remote=True)
    config = _config(multipart_config, **how)
    if sources == ["-"] and not detached.detach:
        if not choosing.is_plain or scheduler:
            raise click.UsageError(
                "What comes from stdin is written over what is there: --if-exists, "
                "--dry-run, --links and --scheduler are for files."
            )
        await _send_stdin(session, name, target, changing)
        return
    paired = into(sources, target)
    sent = _Sent(paired, maxdepth, on_error, recursive, config, choosing, scheduler)
    await sent.go(session, name, changing, detached)


async def _send_stdin(
    session: Session, name: str | None, target: str | None, changing: Changing
) -> None:
    tally = Tally(session, "Uploaded")
    async with to_change(session, name, changing) as artifact:
        with tally.shown():
            await _put_stdin(artifact, target, tally)
    session.answer(tally.answer(), ())


async def _put_stdin(
    artifact: AsyncHyphaArtifact, target: str | None, tally: Tally
) -> None:
    from anyio import to_thread

    if not target or target.endswith("/"):
        raise click.UsageError("Give a name for what comes from stdin.")
    size = 0
    async with artifact.open(target, "wb") as file:
        while piece := await to_thread.run_sync(sys.stdin.buffer.read, _PIECE):
            size += await file.write(piece)
    message = f"Uploaded {target}"
    tally({"type": "success", "message": message, "file": "-", "bytes": size})


@command(
    examples="""
hypha-artifact upload plate7 my-lab/atlas:raw/plate7 --commit
hypha-artifact -a my-lab/atlas upload big.zarr --enable-multipart --chunk-size 20971520
hypha-artifact -a my-lab/atlas upload /shared/run7 --scheduler tcp://10.0.0.1:8786
""",
    answer=ANSWER + PLAN,
    named=["local-path", "remote-path"],
)
@click.argument("paths", nargs=-1, required=True, metavar="LOCAL... [REMOTE]")
@click.option(
    "-r", "--recursive/--no-recursive", default=True, help="Folders, too; the default."
)
@options.maxdepth("N levels of folders at the most.")
@options.scheduler()
@_how
@choosing(links=True)
@detachable
@changing
async def upload(
    session: Session,
    *,
    paths: tuple[str, ...],
    recursive: bool,
    maxdepth: int | None,
    on_error: Literal["raise", "ignore"],
    scheduler: str | None,
    changing: Changing,
    detached: Detached,
    choosing: Choosing,
    **how: Any,
) -> None:
    """Upload files and folders; without REMOTE, into the root.

    The last of several paths is where to, as for put.
    """
    name, sources, target = split(session, paths, last_is_remote=True)
    config = _config(None, **how)
    paired = into(sources, target or "/")
    sent = _Sent(paired, maxdepth, on_error, recursive, config, choosing, scheduler)
    await sent.go(session, name, changing, detached)


class _Sent(NamedTuple):
    """What is to be uploaded."""

    paths: tuple[str | list[str], str | list[str] | None]
    maxdepth: int | None
    on_error: Literal["raise", "ignore"]
    recursive: bool
    config: MultipartConfig
    choosing: Choosing
    scheduler: str | None = None

    async def go(
        self,
        session: Session,
        name: str | None,
        changing: Changing,
        detached: Detached,
    ) -> None:
        """Upload it, show what would be done, or leave it to the engine."""
        check_asked(session, self.choosing)
        if self.choosing.dry_run:
            if detached.detach:
                raise click.UsageError("--dry-run does not go with --detach.")
            async with session.artifact(name) as artifact:
                plan = await self._plan(artifact, changing)
            show(session, plan, self.choosing)
        elif detached.detach:
            await self.leave(session, name, changing, detached)
        else:
            async with to_change(session, name, changing) as artifact:
                plan = await self._plan(artifact, changing)
                tally = Tally(session, "Uploaded")
                await carry_out(
                    session,
                    artifact,
                    plan,
                    tally,
                    told=self.choosing,
                    on_error=self.on_error,
                    workers=self.config.get("max_parallel_uploads"),
                    scheduler=self.scheduler,
                )
            session.answer(tally.answer(), ())

    async def _plan(
        self, artifact: AsyncHyphaArtifact, changing: Changing
    ) -> TransferPlan:
        from hypha_artifact.models import StageMode

        local, remote = self.paths
        return await artifact.plan_put(
            local,
            remote,
            self.maxdepth,
            recursive=self.recursive,
            multipart_config=self.config,
            links=self.choosing.links,
            compare=self.choosing.compare,
            mode=StageMode.NEW_VERSION if changing.new_version else StageMode.IN_PLACE,
        )

    async def leave(
        self, session: Session, name: str | None, changing: Changing, told: Detached
    ) -> None:
        """Open the stage, and leave the rest to the engine."""
        from msgspec import structs

        from hypha_artifact.artifact.requests import put_request
        from hypha_artifact.transfer.outcome import CommitOption

        if "max_parallel_uploads" in self.config:
            raise click.UsageError(
                "--max-parallel-uploads does not go with --detach: the engine has all "
                "transfers of this user in hand."
            )
        if self.paths[0] == "-":
            raise click.UsageError("What comes from stdin cannot be detached.")
        local, remote = self.paths
        opening = replace(changing, commit=False)
        async with to_change(session, name, opening) as artifact:
            request = await put_request(
                local,
                remote,
                remote=artifact.remote,
                maxdepth=self.maxdepth,
                recursive=self.recursive,
                config=self.config,
                links=self.choosing.links,
                compare=self.choosing.compare,
            )
        request = structs.replace(request, scheduler=self.scheduler)
        if changing.commit:
            option = CommitOption(comment=changing.message)
            request = structs.replace(request, commit=option)
        await submit(session, request, told, self.on_error, self.choosing)
