"""``profiles``: servers and workspaces by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hypha_artifact.cli.command import command
from hypha_artifact.cli.output import columns, shown, time_text

if TYPE_CHECKING:
    from hypha_artifact.cli.session import Session
    from hypha_artifact.profiles import Profile, Profiles

_SHAPE = (
    '{"name", "server_url", "workspace", "token_in": "keyring", "file" or null, '
    '"default": true or false}'
)


@command(
    examples="""
hypha-artifact profiles
hypha-artifact profiles use lab
hypha-artifact profiles show lab
hypha-artifact profiles remove lab
""",
    answer=f"[{_SHAPE}]\nshow: one, with expires_at; use, remove: the rest of them",
)
@click.argument(
    "action", type=click.Choice(["list", "use", "show", "remove"]), default="list"
)
@click.argument("name", required=False)
def profiles(session: Session, *, action: str, name: str | None) -> None:
    """List, show, choose and remove profiles.

    The default one, marked with *, is used when no other is named with --profile or
    HYPHA_PROFILE. A new one is made by: hypha-artifact login --profile NAME
    """
    from hypha_artifact.profiles import Profiles

    known = Profiles()
    name = name or session.choices.profile
    if action == "show":
        _show(session, known, name)
        return
    if action in {"use", "remove"}:
        if not name:
            raise click.UsageError(f"Which profile? profiles {action} NAME")
        (known.use if action == "use" else known.remove)(name)
    _list(session, known)


def _list(session: Session, known: Profiles) -> None:
    default = known.default()
    everything = known.all()
    rows = [
        (
            "*" if profile == default else " ",
            profile.name,
            shown(profile.server_url),
            shown(profile.workspace or "-"),
            profile.token.value if profile.token else "no token",
        )
        for profile in everything
    ]
    session.answer([_value(p, default) for p in everything], columns(rows))
    if not everything:
        session.say("There is no profile. Make one: hypha-artifact login")


def _show(session: Session, known: Profiles, name: str | None) -> None:
    from hypha_artifact.errors import NotConfigured
    from hypha_artifact.tokens import claims_of

    default = known.default()
    profile = known.get(name) if name else default
    if profile is None:
        raise NotConfigured("There is no default profile.")
    expires = claims_of(known.token(profile)).exp
    rows = [
        ("name:", profile.name),
        ("server:", shown(profile.server_url)),
        ("workspace:", shown(profile.workspace or "-")),
        ("token:", profile.token.value if profile.token else "-"),
        ("good until:", time_text(expires) or "-"),
        ("default:", "yes" if profile == default else "no"),
        ("file:", str(known.path)),
    ]
    value = {**_value(profile, default), "expires_at": expires}
    session.answer(value, columns(rows))


def _value(profile: Profile, default: Profile | None) -> dict[str, Any]:
    return {
        "name": profile.name,
        "server_url": profile.server_url,
        "workspace": profile.workspace,
        "token_in": profile.token.value if profile.token else None,
        "default": profile == default,
    }
