"""What ``transfers`` tells the engine to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from hypha_artifact.cli.engine import chosen
from hypha_artifact.cli.output import size_text

if TYPE_CHECKING:
    from hypha_artifact.cli.session import Session
    from hypha_artifact.transfer.client import TransferClient
    from hypha_artifact.transfer.state import Limit

VERBS = ("pause", "resume", "cancel", "retry", "clear")
ORDERS = ("first", "last", "move")

_PAGE = 1000


def numbers(words: Sequence[str]) -> list[int]:
    """Read the numbers of batches.

    Raises:
        UsageError: One is no number.
    """
    wrong = [word for word in words if not word.isdecimal()]
    if wrong:
        raise click.UsageError(f"'{wrong[0]}' is no batch's number.")
    return [int(word) for word in words]


def check(
    action: str,
    batches: Sequence[int],
    *,
    everything: bool,
    before: int | None,
    file: str | None,
) -> None:
    """See that an order says enough.

    Raises:
        UsageError: It does not.
    """
    if action == "cancel" and not batches and not everything:
        raise click.UsageError("Cancel which? Give numbers, or --all.")
    if action in ORDERS and not batches:
        raise click.UsageError(f"Which batch is to go {action}? Give its number.")
    if (action == "move") is not (before is not None):
        raise click.UsageError("move and --before N go together.")
    if file is not None and (action != "first" or len(batches) != 1):
        raise click.UsageError("--file goes with first and one batch's number.")


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


async def order(
    client: TransferClient,
    action: str,
    batches: Sequence[int],
    *,
    before: int | None,
    file: str | None,
) -> None:
    """Give an order; without batches, about all of them."""
    from hypha_artifact.transfer.state import Action, Command

    verb = Action.BEFORE if action == "move" else Action(action)
    if file is not None:
        job = await _job(client, batches[0], file)
        await client.control(Command(action=verb, jobs=(job,)))
        return
    # The last one that is put first is the first one.
    ordered = reversed(batches) if verb is Action.FIRST else batches
    for number in ordered:
        await client.control(Command(action=verb, group=number, other=before))
    if not batches and client.snapshot().groups:
        await client.control(Command(action=verb))


def wanted_limits(words: Sequence[str], up: str | None, down: str | None) -> list[str]:
    """Return the limits that are to be set: up, then down; empty for as it is.

    Raises:
        UsageError: Both ways are given twice.
    """
    both = " ".join(words)
    if both and (up or down):
        raise click.UsageError("Give one limit for both ways, or --up and --down.")
    return [both or up or "", both or down or ""]


async def limit(session: Session, client: TransferClient, wanted: list[str]) -> None:
    """Set the limits that are wanted, and say what they are."""
    from hypha_artifact.transfer.state import Direction
    from hypha_artifact.transfer.timetable import parse

    ways = (Direction.UPLOAD, Direction.DOWNLOAD)
    given = [(way, text) for way, text in zip(ways, wanted, strict=True) if text]
    for _, text in given:
        parse(text)  # both or none
    for way, text in given:
        await client.limit(way, text)
    if not given:
        await client.history(0)  # so that an engine is asked, also an idle one
    shot = client.snapshot()
    limits = {"up": shot.upload_limit, "down": shot.download_limit}
    session.answer(
        {way: {"limit": each.text, "rate": each.rate} for way, each in limits.items()},
        [f"{way:4}  {_limit_text(each)}" for way, each in limits.items()],
    )


def _limit_text(limit: Limit) -> str:
    now = "no limit" if limit.rate is None else f"{size_text(limit.rate)}/s"
    return now if limit.text == "off" else f"{now}  ({limit.text})"


async def _job(client: TransferClient, batch: int, file: str) -> int:
    """Find a file of a batch by its path in the artifact, or on this machine."""
    from hypha_artifact.errors import InvalidInput
    from hypha_artifact.paths import printable

    offset = 0
    while page := await client.page(batch, offset, _PAGE):
        for job in page:
            if file in {str(job.remote), str(job.local)}:
                return job.id
        offset += len(page)
    raise InvalidInput(
        f"Batch {batch} has no file '{printable(file)}'.",
        hint="Give its path in the artifact.",
    )
