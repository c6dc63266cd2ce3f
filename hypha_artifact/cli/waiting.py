"""Waiting for the end of batches in the background, and judging it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from hypha_artifact.cli.engine import chosen

if TYPE_CHECKING:
    from hypha_artifact.cli.session import Session
    from hypha_artifact.transfer.client import TransferClient
    from hypha_artifact.transfer.state import GroupView, Snapshot

_LOOK = 0.2


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

    from hypha_artifact.cli.bars import batches_drawn

    on_terminal = show and sys.stderr.isatty() and not session.choices.quiet
    with batches_drawn(visible=on_terminal) as draw:
        while not all(_is_settled(g) for g in chosen(client.snapshot(), batches)):
            draw(chosen(client.snapshot(), batches))
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
