"""``--detach``: hand a transfer to the engine in the background."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

import click

from hypha_artifact.cli.engine import chosen, engine, value
from hypha_artifact.cli.planned import Choosing, settled as settled_plan
from hypha_artifact.cli.waiting import judge, settled

if TYPE_CHECKING:
    from hypha_artifact.cli.session import Session
    from hypha_artifact.transfer.client import TransferClient
    from hypha_artifact.transfer.plans import TransferPlan
    from hypha_artifact.transfer.state import Request

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Detached:
    """What a command was told of the background."""

    detach: bool = False
    wait: bool = False


def detachable(function: F) -> F:
    """Take ``--detach`` and ``--wait``; they come as ``Detached``."""

    @wraps(function)
    def gathered(*args: Any, detach: bool, wait: bool, **given: Any) -> Any:
        if wait and not detach:
            raise click.UsageError("--wait goes with --detach; without it, it waits.")
        return function(*args, detached=Detached(detach, wait), **given)

    made: Any = gathered
    wait = "With --detach: wait for its end; Ctrl-C leaves it to go on."
    made = click.option("--wait", is_flag=True, help=wait)(made)
    detach = "Leave it to the engine in the background, and print its batch's number."
    return cast("F", click.option("--detach", is_flag=True, help=detach)(made))


async def submit(
    session: Session,
    request: Request,
    told: Detached,
    on_error: Literal["raise", "ignore"],
    choosing: Choosing,
) -> None:
    """Plan a request, hand it to the engine, and answer with its number.

    Args:
        session: The command's run.
        request: What to copy.
        told: The command's options.
        on_error: Whether what cannot be moved is left out.
        choosing: What to do with files that are there already.

    Raises:
        UsageError: Nobody is there to be asked.
        EngineError: There is no engine that outlives this command.
        HyphaError: It cannot be planned.
    """
    from hypha_artifact.artifact.batches import judged, prepared
    from hypha_artifact.errors import EngineError

    async with engine(session) as client:
        plan = prepared(await client.plan(request))
        plan = settled_plan(session, plan, choosing)
        plan = judged(plan, None, on_error)
        if not client.outlives:
            raise EngineError(
                "Nothing was transferred: there is no engine in the background.",
                hint=f"Do it without --detach. {client.snapshot().notice or ''}",
            )
        if not plan.items:
            session.say("There is nothing to transfer.")
            session.answer(None, ())
            return
        await _run(session, client, plan, told)


async def _run(
    session: Session, client: TransferClient, plan: TransferPlan, told: Detached
) -> None:
    from anyio import to_thread

    from hypha_artifact.artifact.batches import make_roots

    await to_thread.run_sync(make_roots, plan)
    number = await client.submit(plan)
    files = "1 file" if len(plan.items) == 1 else f"{len(plan.items):,} files"
    if not session.choices.as_json:
        click.echo(number)
    session.say(f"Batch {number}: {files}. See: hypha-artifact transfers")
    if told.wait:
        await settled(session, client, [number], show=True)
    if session.choices.as_json:
        found = chosen(client.snapshot(), [number])
        session.answer(value(found[0]) if found else {"id": number}, ())
    if told.wait:
        judge(client.snapshot(), [number])
