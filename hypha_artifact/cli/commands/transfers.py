"""``transfers``: what the engine is doing in the background, and orders to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from hypha_artifact.cli.command import command
from hypha_artifact.cli.engine import BATCH, engine, listed
from hypha_artifact.cli.orders import known, obey, set_limits, told_limits
from hypha_artifact.cli.output import columns, shown, size_text, time_text
from hypha_artifact.cli.sections import SmallGroup
from hypha_artifact.cli.waiting import judge, settled

if TYPE_CHECKING:
    from hypha_artifact.cli.session import Session
    from hypha_artifact.transfer.state import PastBatch

F = TypeVar("F", bound=Callable[..., Any])

STATES = (
    "queued",
    "running",
    "finalising",
    "waiting",
    "paused",
    "done",
    "failed",
    "cancelled",
)
"""A file's, as ``JobState`` has them, which takes long to load."""

_BATCHES = f"[{BATCH}]"


def _batches(*, required: bool = False) -> Callable[[F], F]:
    return click.argument(
        "batches",
        metavar="BATCH..." if required else "[BATCH]...",
        nargs=-1,
        required=required,
        type=click.IntRange(min=1),
    )


def _files(function: F) -> F:
    return click.option(
        "--file",
        "files",
        metavar="PATH",
        multiple=True,
        help="Only this file of the batch: its path in the artifact, or here.",
    )(function)


def _stated(function: F) -> F:
    return click.option(
        "--state",
        "states",
        type=click.Choice(STATES),
        metavar="STATE",
        multiple=True,
        help=f"Only files in this state: {', '.join(STATES)}.",
    )(function)


# What there is.


@command(
    examples="""
hypha-artifact transfers
hypha-artifact transfers list 3 5
""",
    answer=_BATCHES,
)
@_batches()
async def list_(session: Session, *, batches: tuple[int, ...]) -> None:
    """List batches, and how far they are.

    A line has the batch's number, how much is done, its size, how fast it is, how many
    of its files are in which state, and what it is about.
    """
    async with engine(session) as client:
        known(client, batches)
        listed(session, client, batches)


@command(
    examples="""
hypha-artifact transfers files 3
hypha-artifact transfers files 3 --state failed --state waiting
""",
    answer="""
[{"batch", "path": in the artifact, "local", "state", "size", "done", "try",
  "due": when the next try is, in epoch seconds, or null,
  "reason": why it waits or failed, or null, "hint"}]
""",
)
@_batches()
@_stated
async def files(
    session: Session, *, batches: tuple[int, ...], states: tuple[str, ...]
) -> None:
    """List the files of batches, and why some wait or failed."""
    from hypha_artifact.cli.jobs import tell

    async with engine(session) as client:
        known(client, batches)
        await tell(session, client, batches, states)


@command(
    examples="""
hypha-artifact transfers watch
hypha-artifact transfers watch 3
""",
    answer=_BATCHES,
)
@_batches()
async def watch(session: Session, *, batches: tuple[int, ...]) -> None:
    """Show how far batches are until they end; Ctrl-C leaves them to go on.

    It ends with status 1 if not all files arrived.
    """
    await _follow(session, batches, show=True)


@command(
    examples="""
hypha-artifact transfers wait
hypha-artifact transfers wait 3 && hypha-artifact commit -m 'Plate 7'
""",
    answer=_BATCHES,
)
@_batches()
async def wait(session: Session, *, batches: tuple[int, ...]) -> None:
    """Wait until batches end; Ctrl-C leaves them to go on.

    It ends with status 1 if not all files arrived.
    """
    await _follow(session, batches, show=False)


async def _follow(session: Session, batches: Sequence[int], *, show: bool) -> None:
    async with engine(session) as client:
        known(client, batches)
        await settled(session, client, batches, show=show)
        listed(session, client, batches)
        judge(client.snapshot(), batches)


@command(
    examples="""
hypha-artifact transfers log
hypha-artifact transfers log -n 5
""",
    answer="""
[{"title", "direction", "artifact", "size", "done", "files", "error", "started",
  "ended"}]
""",
)
@click.option(
    "-n",
    "--number",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    metavar="N",
    help="At most so many.",
)
async def log(session: Session, *, number: int) -> None:
    """List batches that ended, the latest first.

    Those that were cleared are among them.
    """
    async with engine(session) as client:
        past = await client.history(number)
    session.answer([_past(batch) for batch in past], _past_lines(past))
    if not past:
        session.say("Nothing was transferred in the background yet.")


def _past(batch: PastBatch) -> dict[str, object]:
    return {
        "title": batch.title,
        "direction": batch.direction.value,
        "artifact": batch.artifact,
        "size": batch.size,
        "done": batch.done,
        "files": {state.value: n for state, n in batch.counts.items()},
        "error": batch.error,
        "started": batch.started,
        "ended": batch.ended,
    }


def _past_lines(past: Sequence[PastBatch]) -> list[str]:
    rows = [
        (
            time_text(batch.ended),
            size_text(batch.size),
            ", ".join(f"{n:,} {state.value}" for state, n in batch.counts.items()),
            shown(batch.title),
        )
        for batch in past
    ]
    return columns(rows, right=(1,))


# Orders.


@command(
    examples="""
hypha-artifact transfers pause
hypha-artifact transfers pause 3
hypha-artifact transfers pause 3 --file raw/plate7/A1.tif
""",
    answer=_BATCHES,
)
@_batches()
@_files
async def pause(
    session: Session, *, batches: tuple[int, ...], files: tuple[str, ...]
) -> None:
    """Stop what is under way or waits, until resume.

    What was sent is kept. Without a number, all batches.
    """
    await obey(session, "pause", batches, files=files)


@command(
    examples="""
hypha-artifact transfers resume
hypha-artifact transfers resume 3
""",
    answer=_BATCHES,
)
@_batches()
@_files
async def resume(
    session: Session, *, batches: tuple[int, ...], files: tuple[str, ...]
) -> None:
    """Let what was paused go on from where it was.

    Without a number, all batches.
    """
    await obey(session, "resume", batches, files=files)


@command(
    examples="""
hypha-artifact transfers retry
hypha-artifact transfers retry 3
hypha-artifact transfers retry 3 --file raw/plate7/A1.tif
""",
    answer=_BATCHES,
)
@_batches()
@_files
async def retry(
    session: Session, *, batches: tuple[int, ...], files: tuple[str, ...]
) -> None:
    """Try again what failed or was cancelled.

    A file that failed goes on with the parts that are missing. Without a number, all
    batches.
    """
    await obey(session, "retry", batches, files=files)


@command(
    examples="""
hypha-artifact transfers cancel 3
hypha-artifact transfers cancel 3 --file raw/plate7/A1.tif
hypha-artifact transfers cancel --all
""",
    answer=_BATCHES,
)
@_batches()
@_files
@click.option("--all", "everything", is_flag=True, help="Every batch.")
async def cancel(
    session: Session,
    *,
    batches: tuple[int, ...],
    files: tuple[str, ...],
    everything: bool,
) -> None:
    """Stop for good what has not arrived yet; what has arrived stays."""
    if bool(batches) is everything:
        raise click.UsageError("Cancel which? Give numbers, or --all.")
    await obey(session, "cancel", batches, files=files)


@command(
    examples="""
hypha-artifact transfers clear
hypha-artifact transfers clear 3
""",
    answer=_BATCHES,
)
@_batches()
async def clear(session: Session, *, batches: tuple[int, ...]) -> None:
    """Take what has ended off the list; log tells of it still.

    Without a number, from all batches.
    """
    await obey(session, "clear", batches)


@command(
    examples="""
hypha-artifact transfers first 5
hypha-artifact transfers first 5 --file raw/plate7/A1.tif
""",
    answer=_BATCHES,
)
@_batches(required=True)
@_files
async def first(
    session: Session, *, batches: tuple[int, ...], files: tuple[str, ...]
) -> None:
    """Let batches go before all others.

    With --file, that file goes before all others, now, also if it is paused or waits.
    """
    await obey(session, "first", batches, files=files)


@command(
    examples="""
hypha-artifact transfers last 3
""",
    answer=_BATCHES,
)
@_batches(required=True)
async def last(session: Session, *, batches: tuple[int, ...]) -> None:
    """Let all others go before these batches."""
    await obey(session, "last", batches)


@command(
    examples="""
hypha-artifact transfers move 5 --before 3
""",
    answer=_BATCHES,
)
@_batches(required=True)
@click.option(
    "--before",
    type=click.IntRange(min=1),
    metavar="BATCH",
    required=True,
    help="Before which one.",
)
async def move(session: Session, *, batches: tuple[int, ...], before: int) -> None:
    """Let batches go right before another one."""
    await obey(session, "before", batches, before=before)


@command(
    examples="""
hypha-artifact transfers limit
hypha-artifact transfers limit 5M
hypha-artifact transfers limit --up 5M --down off
hypha-artifact transfers limit '08:00,512k 18:00,off'
""",
    answer="""
{"up", "down": {"limit": text, "rate": bytes a second now, or null}}
""",
)
@click.argument("limits", metavar="[LIMIT]...", nargs=-1)
@click.option("--up", metavar="LIMIT", help="Only what goes up.")
@click.option("--down", metavar="LIMIT", help="Only what comes down.")
async def limit(
    session: Session, *, limits: tuple[str, ...], up: str | None, down: str | None
) -> None:
    """Set, or show, how fast bytes go in all, also after a restart.

    LIMIT is 5M or 512k (bytes a second, in powers of 1024), off, or a timetable of
    local times, '08:00,512k 18:00,off', where a day may go before: 'Sat-00:00,off'.
    Commands without --detach keep to it, too, each by itself.
    """
    both = " ".join(limits)
    if both and (up or down):
        raise click.UsageError("Give one limit for both ways, or --up and --down.")
    async with engine(session) as client:
        await set_limits(client, up=both or up, down=both or down)
        told_limits(session, client.snapshot())


transfers = SmallGroup(
    "transfers",
    {
        "See": (list_, files, watch, wait, log),
        "Order": (pause, resume, retry, cancel, clear, first, last, move, limit),
    },
    examples="""
hypha-artifact transfers
hypha-artifact transfers watch
hypha-artifact transfers files 3 --state failed
hypha-artifact transfers retry
hypha-artifact transfers limit 5M
""",
    text="""Show, pause, resume, cancel, retry or order what runs in the background.

    A batch is what one command, or one copy in hypha-tui, has asked for; it has a
    number. Batches run in a process of their own, which goes on when the program that
    asked for them ends, and from where it was when the machine was started again.
    Without a command, they are listed.
    """,
)
