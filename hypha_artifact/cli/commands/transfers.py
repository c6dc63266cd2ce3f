"""``transfers``: what the engine is doing in the background, and orders to it."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import click

from hypha_artifact.cli.command import command
from hypha_artifact.cli.output import columns, shown, size_text, time_text

if TYPE_CHECKING:
    from hypha_artifact.cli.session import Session
    from hypha_artifact.transfer.client import TransferClient
    from hypha_artifact.transfer.state import GroupView, PastBatch, Snapshot

_ORDERS = ("pause", "resume", "cancel", "retry", "clear")
_LOOK = 0.2


@command(
    examples="""
hypha-artifact transfers
hypha-artifact transfers watch
hypha-artifact transfers pause 3
hypha-artifact transfers retry
hypha-artifact transfers cancel --all
hypha-artifact transfers log
""",
    answer="""
[{"id", "title", "direction": "up" or "down", "artifact", "size", "done",
  "files": {state: how many}, "rate": bytes a second, "eta": seconds or null,
  "error": text or null}]
log: [{"title", "direction", "artifact", "size", "done", "files", "error",
  "started", "ended"}]
""",
)
@click.argument(
    "action", type=click.Choice(["list", "watch", *_ORDERS, "log"]), default="list"
)
@click.argument("batches", type=int, nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every batch, for cancel.")
async def transfers(
    session: Session, *, action: str, batches: tuple[int, ...], everything: bool
) -> None:
    """Show, pause, resume, cancel or retry what runs in the background.

    BATCHES are the numbers that the list shows; without them, all are meant. They run
    in a process of their own, which goes on when the program that asked for them ends,
    and from where it was when the machine was started again. clear forgets what is
    finished; log tells of it still.
    """
    if action == "cancel" and not batches and not everything:
        raise click.UsageError("Cancel which? Give numbers, or --all.")
    async with _client(session) as client:
        if action == "log":
            _log(session, await client.history())
            return
        if action in _ORDERS:
            await _order(client, action, batches)
        if action == "watch":
            await _watch(session, client, batches)
        _list(session, client.snapshot(), batches)
        if action == "watch":
            _judge(client.snapshot(), batches)


@asynccontextmanager
async def _client(session: Session) -> AsyncGenerator[TransferClient]:
    from hypha_artifact.transfer.client import TransferClient

    async with TransferClient(session.settings()) as client:
        await client.attach()
        notice = client.snapshot().notice
        if notice:
            session.say(notice)
        yield client


async def _order(client: TransferClient, action: str, batches: Sequence[int]) -> None:
    from hypha_artifact.errors import InvalidInput
    from hypha_artifact.transfer.state import Action, Command

    known = {group.id for group in client.snapshot().groups}
    for number in batches:
        if number not in known:
            raise InvalidInput(
                f"There is no batch {number}.",
                hint="See: hypha-artifact transfers",
            )
        await client.control(Command(action=Action(action), group=number))
    if not batches and known:
        await client.control(Command(action=Action(action)))


async def _watch(
    session: Session, client: TransferClient, batches: Sequence[int]
) -> None:
    """Show how far they are until all are final."""
    import anyio
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    on_terminal = sys.stderr.isatty() and not session.choices.quiet
    with Live(console=Console(stderr=True), transient=True) as live:
        while not _are_final(client.snapshot(), batches):
            if on_terminal:
                lines = _lines(_chosen(client.snapshot(), batches))
                live.update(Text("\n".join(lines), no_wrap=True))
            await anyio.sleep(_LOOK)


def _are_final(snapshot: Snapshot, batches: Sequence[int]) -> bool:
    return all(group.is_final for group in _chosen(snapshot, batches))


def _judge(snapshot: Snapshot, batches: Sequence[int]) -> None:
    """End with status 1 where not everything arrived."""
    from hypha_artifact.transfer.state import JobState

    failed = sum(g.count(JobState.FAILED) for g in _chosen(snapshot, batches))
    if failed:
        files = "1 file" if failed == 1 else f"{failed:,} files"
        raise click.ClickException(
            f"{files} failed. Try again: hypha-artifact transfers retry"
        )


def _chosen(snapshot: Snapshot, batches: Sequence[int]) -> list[GroupView]:
    return [g for g in snapshot.groups if not batches or g.id in batches]


def _list(session: Session, snapshot: Snapshot, batches: Sequence[int]) -> None:
    groups = _chosen(snapshot, batches)
    session.answer([_value(group) for group in groups], _lines(groups))
    if not groups:
        session.say("There are no transfers.")
    for group in groups:
        if group.error:
            session.say(f"{group.id}: {shown(group.error)}")


def _lines(groups: Iterable[GroupView]) -> list[str]:
    rows = [
        (
            str(group.id),
            f"{group.done / group.size:.0%}" if group.size else "-",
            size_text(group.size),
            f"{size_text(group.rate)}/s" if group.rate else "",
            ", ".join(f"{n:,} {state.value}" for state, n in group.counts.items()),
            shown(group.title),
        )
        for group in groups
    ]
    return columns(rows, right=(0, 1, 2, 3))


def _value(group: GroupView) -> dict[str, Any]:
    return {
        "id": group.id,
        "title": group.title,
        "direction": group.direction.value,
        "artifact": str(group.artifact),
        "size": group.size,
        "done": group.done,
        "files": {state.value: n for state, n in group.counts.items()},
        "rate": group.rate,
        "eta": group.eta,
        "error": group.error,
    }


def _log(session: Session, past: Sequence[PastBatch]) -> None:
    rows = [
        (
            time_text(batch.ended),
            size_text(batch.size),
            ", ".join(f"{n:,} {state.value}" for state, n in batch.counts.items()),
            shown(batch.title),
        )
        for batch in past
    ]
    values = [
        {
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
        for batch in past
    ]
    session.answer(values, columns(rows, right=(1,)))
    if not past:
        session.say("Nothing was transferred in the background yet.")
