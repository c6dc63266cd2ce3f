"""The engine in the background, as commands see it: its batches, and their end."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from hypha_artifact.cli.output import columns, left_text, rate_text, shown, size_text

if TYPE_CHECKING:
    from hypha_artifact.cli.session import Session
    from hypha_artifact.transfer.client import TransferClient
    from hypha_artifact.transfer.state import GroupView, JobView, Snapshot

BATCH = """\
{"id", "title", "direction": "up" or "down", "artifact", "size", "done",
  "files": {state: how many}, "rate": bytes a second, "eta": seconds or null,
  "error": text or null, "rank": a higher one goes first,
  "commit": null or {"state", "version", "reason"}}"""

_PAGE = 1000


@asynccontextmanager
async def engine(session: Session) -> AsyncGenerator[TransferClient]:
    """Talk to the engine; see what it has not finished, if there is something."""
    from hypha_artifact.transfer.client import TransferClient
    from hypha_artifact.transfer.state import Action, Command

    async with TransferClient(session.settings()) as client:
        await client.attach()
        if client.snapshot().groups:
            # Its answer comes after what our signing in has set free.
            await client.control(Command(action=Action.RESUME, jobs=()))
        notice = client.snapshot().notice
        if notice:
            session.say(notice)
        yield client


def chosen(snapshot: Snapshot, batches: Sequence[int]) -> list[GroupView]:
    """Return the batches of these numbers; without any, all."""
    return [g for g in snapshot.groups if not batches or g.id in batches]


async def pages(
    client: TransferClient, batch: int
) -> AsyncIterator[tuple[JobView, ...]]:
    """Yield the files of a batch in the order of its plan, many at a time."""
    offset = 0
    while page := await client.page(batch, offset, _PAGE):
        yield page
        offset += len(page)


def listed(session: Session, client: TransferClient, batches: Sequence[int]) -> None:
    """Answer with batches, and tell what stops them; without numbers, all."""
    groups = chosen(client.snapshot(), batches)
    session.answer([value(group) for group in groups], lines(groups))
    if not groups:
        session.say("There are no transfers.")
    for group in groups:
        if group.error:
            session.say(f"{group.id}: {shown(group.error)}")


def lines(groups: Iterable[GroupView]) -> list[str]:
    """Write batches for people, one a line."""
    rows = [
        (
            str(group.id),
            f"{int(100 * group.fraction)}%",
            size_text(group.size),
            rate_text(group.rate),
            left_text(group.eta),
            counts_text(group),
            shown(group.title),
        )
        for group in groups
    ]
    return columns(rows, right=(0, 1, 2, 3, 4))


def counts_text(group: GroupView) -> str:
    """Write how many files are in which state, and how its commit is."""
    counts = (f"{n:,} {state.value}" for state, n in group.counts.items() if n)
    return ", ".join(counts) + _commit_text(group)


def _commit_text(group: GroupView) -> str:
    if group.commit is None:
        return ""
    version = f" as {shown(group.commit.version)}" if group.commit.version else ""
    return f"; commit {group.commit.state.value}{version}"


def value(group: GroupView) -> dict[str, Any]:
    """Return a batch as JSON has it."""
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
        "rank": group.rank,
        "commit": group.commit
        and {
            "state": group.commit.state.value,
            "version": group.commit.version,
            "reason": group.commit.reason,
        },
    }
