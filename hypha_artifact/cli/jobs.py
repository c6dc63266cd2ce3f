"""The files of batches in the background, and why some of them wait or failed."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Collection, Sequence
from typing import TYPE_CHECKING

from hypha_artifact.cli.engine import chosen, pages
from hypha_artifact.cli.output import shown, size_text

if TYPE_CHECKING:
    from hypha_artifact.cli.session import Session
    from hypha_artifact.transfer.client import TransferClient
    from hypha_artifact.transfer.state import JobView


async def tell(
    session: Session,
    client: TransferClient,
    batches: Sequence[int],
    states: Collection[str],
) -> None:
    """List files, in the order of their batch's plan.

    Args:
        session: The command's run.
        client: The engine.
        batches: The batches' numbers; none for all.
        states: Only files in these states; none for all.
    """
    count, values = 0, list[dict[str, object]]()
    async for job in _jobs(client, batches, states):
        count += 1
        if session.choices.as_json:
            values.append(_value(job))
        else:
            session.answer(None, [_line(job)])
    if session.choices.as_json:
        session.answer(values, ())
    elif not count:
        session.say("There are no such files.")


async def _jobs(
    client: TransferClient, batches: Sequence[int], states: Collection[str]
) -> AsyncIterator[JobView]:
    for group in chosen(client.snapshot(), batches):
        async for page in pages(client, group.id):
            for job in page:
                if not states or job.state.value in states:
                    yield job


def _line(job: JobView) -> str:
    far = f"{int(100 * job.fraction)}%"
    name = shown(str(job.remote))
    line = f"{job.state.value:<10}  {far:>4}  {size_text(job.size):>10}  {name}"
    return f"{line}  {_why(job)}".rstrip()


def _why(job: JobView) -> str:
    words = [shown(text) for text in (job.reason, job.hint) if text]
    if job.due is not None:
        seconds = max(0, round(job.due - time.time()))
        words.append(f"Try {job.try_} of {job.tries} in {seconds:,} s.")
    return " ".join(words)


def _value(job: JobView) -> dict[str, object]:
    return {
        "batch": job.group,
        "path": str(job.remote),
        "local": str(job.local),
        "state": job.state.value,
        "size": job.size,
        "done": job.done,
        "try": job.try_,
        "due": job.due,
        "reason": job.reason,
        "hint": job.hint,
    }
