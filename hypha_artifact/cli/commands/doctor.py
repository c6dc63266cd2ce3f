"""``doctor``: what is wrong, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from click.exceptions import Exit

from hypha_artifact.cli.command import command
from hypha_artifact.cli.messages import Status
from hypha_artifact.cli.output import shown

if TYPE_CHECKING:
    from hypha_artifact.cli.session import Session
    from hypha_artifact.doctor import Check

_SIGNS = {"ok": "ok", "warning": "look", "failed": "FAIL", "skipped": "-"}


@command(
    examples="""
hypha-artifact doctor
hypha-artifact doctor -a my-lab/atlas
""",
    answer="""
{"healthy": true or false,
 "checks": [{"name", "result": "ok", "warning", "failed" or "skipped", "text", "todo"}]}
""",
)
async def doctor(session: Session) -> None:
    """Find out what is wrong with the connection, rights or stage.

    Nothing is changed, and no token is shown. The exit code is 1 if a check failed.
    """
    from hypha_artifact.doctor import Doctor, Result

    checks: list[Check] = []
    async for check in Doctor(session.found, session.choices.artifact_id).checks():
        checks.append(check)
        session.note(f"{check.name} …")
    healthy = all(check.result is not Result.FAILED for check in checks)
    value = [
        {
            "name": check.name,
            "result": check.result.value,
            "text": check.text,
            "todo": check.todo,
        }
        for check in checks
    ]
    lines = [line for check in checks for line in _lines(check)]
    session.answer({"healthy": healthy, "checks": value}, lines)
    if not healthy:
        raise Exit(Status.FAILED)


def _lines(check: Check) -> list[str]:
    sign = _SIGNS[check.result.value]
    lines = [f"{sign:4}  {check.name:17}  {shown(check.text)}"]
    if check.todo:
        lines.append(f"{'':4}  {'':17}  -> {shown(check.todo)}")
    return lines
