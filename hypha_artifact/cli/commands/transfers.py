"""``transfers``: what the engine is doing in the background, and orders to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from hypha_artifact.cli.command import command
from hypha_artifact.cli.engine import (
    BATCH,
    chosen,
    engine,
    judge,
    lines,
    settled,
    value,
)
from hypha_artifact.cli.orders import (
    ORDERS,
    VERBS,
    check,
    known,
    limit,
    numbers,
    order,
    wanted_limits,
)
from hypha_artifact.cli.output import columns, shown, size_text, time_text

if TYPE_CHECKING:
    from hypha_artifact.cli.session import Session
    from hypha_artifact.transfer.state import PastBatch, Snapshot

_WAITS = ("watch", "wait")


@command(
    examples="""
hypha-artifact transfers
hypha-artifact transfers watch
hypha-artifact transfers wait 3
hypha-artifact transfers pause 3
hypha-artifact transfers retry
hypha-artifact transfers first 5
hypha-artifact transfers first 5 --file raw/plate7/A1.tif
hypha-artifact transfers move 5 --before 3
hypha-artifact transfers limit --up 5M --down off
hypha-artifact transfers limit '08:00,512k 18:00,off'
hypha-artifact transfers cancel --all
hypha-artifact transfers log
""",
    answer=f"""
[{BATCH}]
limit: {{"up", "down": {{"limit": text, "rate": bytes a second now, or null}}}}
log: [{{"title", "direction", "artifact", "size", "done", "files", "error",
  "started", "ended"}}]
""",
)
@click.argument(
    "action",
    type=click.Choice(["list", "watch", "wait", *VERBS, *ORDERS, "limit", "log"]),
    default="list",
)
@click.argument("words", metavar="[BATCH | LIMIT]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every batch, for cancel.")
@click.option("--before", type=int, metavar="BATCH", help="For move: before which.")
@click.option("--file", metavar="PATH", help="For first: only this file of the batch.")
@click.option("--up", metavar="LIMIT", help="For limit: only what goes up.")
@click.option("--down", metavar="LIMIT", help="For limit: only what comes down.")
async def transfers(
    session: Session,
    *,
    action: str,
    words: tuple[str, ...],
    everything: bool,
    before: int | None,
    file: str | None,
    up: str | None,
    down: str | None,
) -> None:
    """Show, pause, resume, cancel, retry or order what runs in the background.

    BATCH is a number that the list shows; without one, all are meant. They run in a
    process of their own, which goes on when the program that asked for them ends, and
    from where it was when the machine was started again. clear forgets what is
    finished; log tells of it still.

    wait and watch end with status 1 if not all arrived; watch shows how far they are.
    Batches share; first, last, and move --before let some go before others, and first
    --file one file before all.

    limit sets, or shows, how fast bytes go in all, also after a restart: 5M or 512k
    (bytes a second, in powers of 1024), off, or a timetable of local times,
    '08:00,512k 18:00,off', where a day may go before: 'Sat-00:00,off'. Commands
    without --detach keep to it, too, each by itself.
    """
    if action == "limit":
        wanted = wanted_limits(words, up, down)
        async with engine(session) as client:
            await limit(session, client, wanted)
        return
    batches = numbers(words)
    check(action, batches, everything=everything, before=before, file=file)
    async with engine(session) as client:
        if action == "log":
            _log(session, await client.history())
            return
        known(client, batches if before is None else [*batches, before])
        if action in VERBS or action in ORDERS:
            await order(client, action, batches, before=before, file=file)
        if action in _WAITS:
            await settled(session, client, batches, show=action == "watch")
        _list(session, client.snapshot(), batches if action not in ORDERS else ())
        if action in _WAITS:
            judge(client.snapshot(), batches)


def _list(session: Session, snapshot: Snapshot, batches: Sequence[int]) -> None:
    groups = chosen(snapshot, batches)
    session.answer([value(group) for group in groups], lines(groups))
    if not groups:
        session.say("There are no transfers.")
    for group in groups:
        if group.error:
            session.say(f"{group.id}: {shown(group.error)}")


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
