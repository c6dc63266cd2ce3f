"""The engine in the background, as commands see it: its batches, and their end."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import click

from hypha_artifact.cli.output import columns, shown, size_text

if TYPE_CHECKING:
    from hypha_artifact.cli.session import Session
    from hypha_artifact.transfer.client import TransferClient
    from hypha_artifact.transfer.state import GroupView, JobView, Snapshot

BATCH = """\
{"id", "title", "direction": "up" or "down", "artifact", "size", "done",
  "files": {state: how many}, "rate": bytes a second, "eta": seconds or null,
  "error": text or null, "rank": a higher one goes first,
  "commit": null or {"state", "version", "reason"}}"""

_LOOK = 0.2
_PAGE = 1000


@asynccontextmanager
async def engine(session: Session) -> AsyncGenerator[TransferClient]:
    """Talk to the engine; see what it has not finished, if there is something."""
    from hypha_artifact.transfer.client import TransferClient

    async with TransferClient(session.settings()) as client:
        await client.attach()
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


async def settled(
    session: Session, client: TransferClient, batches: Sequence[int], *, show: bool
) -> None:
    """Wait until nothing goes on by itself any more.

    Args:
        session: The command's run.
        client: The engine.
        batches: Their numbers; none for all.
        show: Whether a terminal is told how far they are.
    """
    import anyio
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    from hypha_artifact.transfer.state import Action, Command

    if client.snapshot().groups:
        # Its answer comes after what our signing in has set free.
        await client.control(Command(action=Action.RESUME, jobs=()))
    on_terminal = show and sys.stderr.isatty() and not session.choices.quiet
    with Live(console=Console(stderr=True), transient=True) as live:
        while not all(_is_settled(g) for g in chosen(client.snapshot(), batches)):
            if on_terminal:
                found = lines(chosen(client.snapshot(), batches))
                live.update(Text("\n".join(found), no_wrap=True))
            await anyio.sleep(_LOOK)


def _is_settled(group: GroupView) -> bool:
    """Tell whether a batch has ended, or was stopped by what only a user can mend."""
    from hypha_artifact.transfer.state import JobState

    stuck = group.error and not any(
        group.count(state)
        for state in JobState
        if not state.is_final and state is not JobState.PAUSED
    )
    return group.is_final or bool(stuck)


def judge(snapshot: Snapshot, batches: Sequence[int]) -> None:
    """End with status 1 where not everything arrived.

    Raises:
        ClickException: Some files failed, were cancelled, or are stopped.
    """
    from hypha_artifact.transfer.state import JobState

    groups = chosen(snapshot, batches)
    for state, word in (
        (JobState.FAILED, "failed"),
        (JobState.CANCELLED, "cancelled"),
        (JobState.PAUSED, "stopped"),
    ):
        number = sum(group.count(state) for group in groups)
        if number:
            files = "1 file" if number == 1 else f"{number:,} files"
            raise click.ClickException(
                f"{files} {word}. Try again: hypha-artifact transfers retry. "
                f"See why: hypha-artifact transfers files --state {state.value}"
            )
    for group in groups:
        if group.commit and group.commit.reason:
            raise click.ClickException(group.commit.reason)


def lines(groups: Iterable[GroupView]) -> list[str]:
    """Write batches for people, one a line."""
    rows = [
        (
            str(group.id),
            f"{int(100 * group.fraction)}%",
            size_text(group.size),
            f"{size_text(group.rate)}/s" if group.rate else "",
            ", ".join(f"{n:,} {state.value}" for state, n in group.counts.items())
            + _commit_text(group),
            shown(group.title),
        )
        for group in groups
    ]
    return columns(rows, right=(0, 1, 2, 3))


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
