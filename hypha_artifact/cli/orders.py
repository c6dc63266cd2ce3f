"""What ``transfers`` tells the engine to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from hypha_artifact.cli.engine import chosen, engine, listed, pages
from hypha_artifact.cli.output import rate_text

if TYPE_CHECKING:
    from hypha_artifact.cli.session import Session
    from hypha_artifact.transfer.client import TransferClient
    from hypha_artifact.transfer.state import Limit, Snapshot


def known(client: TransferClient, batches: Sequence[int]) -> None:
    """See that there are such batches.

    Raises:
        InvalidInput: There is no such batch.
    """
    from hypha_artifact.errors import InvalidInput

    for number in batches:
        if not chosen(client.snapshot(), [number]):
            raise InvalidInput(
                f"There is no batch {number}.", hint="See: hypha-artifact transfers"
            )


async def obey(
    session: Session,
    action: str,
    batches: Sequence[int],
    *,
    files: Sequence[str] = (),
    before: int | None = None,
) -> None:
    """Give an order, and list what it was about.

    Args:
        session: The command's run.
        action: The value of an ``Action``.
        batches: Their numbers; none for all.
        files: Only these files of the one batch.
        before: The batch that they are to go before.

    Raises:
        UsageError: Files are named, but not of which batch.
        InvalidInput: There is no such batch, or no such file in it.
    """
    if files and len(batches) != 1:
        raise click.UsageError("--file goes with one batch's number.")
    async with engine(session) as client:
        known(client, batches if before is None else [*batches, before])
        if files:
            await _order_files(client, action, batches[0], files)
        else:
            await _order(client, action, batches, before)
        # An order of batches shows where others are.
        orders = action in {"first", "last", "before"}
        listed(session, client, () if orders else batches)


async def _order(
    client: TransferClient, action: str, batches: Sequence[int], before: int | None
) -> None:
    from hypha_artifact.transfer.state import Action, Command

    verb = Action(action)
    # The last one that is put first is the first one.
    ordered = reversed(batches) if verb is Action.FIRST else batches
    for number in ordered:
        await client.control(Command(action=verb, group=number, other=before))
    if not batches and client.snapshot().groups:
        await client.control(Command(action=verb))


async def _order_files(
    client: TransferClient, action: str, batch: int, files: Sequence[str]
) -> None:
    from hypha_artifact.errors import InvalidInput
    from hypha_artifact.paths import printable
    from hypha_artifact.transfer.state import Action, Command

    wanted = frozenset(files)
    missing, found = set(wanted), list[int]()
    async for page in pages(client, batch):
        for job in page:
            names = {str(job.remote), str(job.local)}
            if names & wanted:
                found.append(job.id)
                missing -= names
    if missing:
        raise InvalidInput(
            f"Batch {batch} has no file '{printable(min(missing))}'.",
            hint=f"See: hypha-artifact transfers files {batch}",
        )
    await client.control(Command(action=Action(action), jobs=tuple(found)))


async def set_limits(
    client: TransferClient, *, up: str | None, down: str | None
) -> None:
    """Set the limits that are given: both, or none.

    Raises:
        InvalidInput: One of them cannot be read.
    """
    from hypha_artifact.transfer.state import Direction
    from hypha_artifact.transfer.timetable import parse

    ways = {Direction.UPLOAD: up, Direction.DOWNLOAD: down}
    given = {way: text for way, text in ways.items() if text}
    for text in given.values():
        parse(text)
    for way, text in given.items():
        await client.limit(way, text)
    if not given:
        await client.history(0)  # so that an engine is asked, also an idle one


def told_limits(session: Session, shot: Snapshot) -> None:
    """Say what the limits are."""
    limits = {"up": shot.upload_limit, "down": shot.download_limit}
    session.answer(
        {way: {"limit": each.text, "rate": each.rate} for way, each in limits.items()},
        [f"{way:4}  {_limit_text(each)}" for way, each in limits.items()],
    )


def _limit_text(limit: Limit) -> str:
    now = "no limit" if limit.rate is None else rate_text(limit.rate)
    return now if limit.text == "off" else f"{now}  ({limit.text})"
