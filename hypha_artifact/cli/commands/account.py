"""``whoami`` and ``workspaces``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypha_artifact.cli.command import command
from hypha_artifact.cli.output import columns, shown, time_text

if TYPE_CHECKING:
    from hypha_artifact.cli.session import Session
    from hypha_artifact.models import WorkspaceInfo

_LEVELS = {"": "-", "r": "read", "rw": "read, write", "a": "read, write, administer"}


@command(
    examples="""
hypha-artifact whoami
hypha-artifact whoami --json
""",
    answer="""
{"user", "email", "is_anonymous", "server_url", "workspace",
 "level": "", "r", "rw" or "a", "expires_at": epoch seconds or null}
""",
)
async def whoami(session: Session) -> None:
    """Show who you are, and until when."""
    async with session.workspace() as space:
        user = await space.whoami()
        names = [session.choices.workspace, session.settings().workspace]
        workspace = next((name for name in names if name), user.workspace) or ""
    level = user.level(workspace)
    server = session.settings().server_url
    rows = [
        ("user:", "nobody, not signed in" if user.is_anonymous else shown(user.person)),
        ("email:", shown(user.email or "-")),
        ("server:", server),
        ("workspace:", shown(workspace) or "-"),
        ("rights there:", _LEVELS[level]),
        ("good until:", time_text(user.expires_at) or "-"),
    ]
    value = {
        "user": user.person,
        "email": user.email,
        "is_anonymous": user.is_anonymous,
        "server_url": server,
        "workspace": workspace or None,
        "level": level,
        "expires_at": user.expires_at,
    }
    session.answer(value, columns(rows))


@command(
    examples="""
hypha-artifact workspaces
hypha-artifact workspaces --json
""",
    answer="""
[{"name", "description", "level": "", "r", "rw" or "a", "is_own", "is_current"}]
""",
)
async def workspaces(session: Session) -> None:
    """List your workspaces.

    The current one is marked with *. One without rights needs a token of its own:
    hypha-artifact login --workspace NAME
    """
    async with session.workspace() as space:
        found = await space.list_workspaces()
    session.answer(
        [
            {
                "name": info.name,
                "description": info.description,
                "level": info.level,
                "is_own": info.is_own,
                "is_current": info.is_current,
            }
            for info in found
        ],
        columns([_row(info) for info in found]),
    )


def _row(info: WorkspaceInfo) -> tuple[str, ...]:
    return (
        "*" if info.is_current else " ",
        shown(info.name),
        _LEVELS[info.level],
        "own" if info.is_own else "",
        shown(info.description),
    )
