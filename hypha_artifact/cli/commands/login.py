"""``login`` and ``logout``."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from hypha_artifact.cli.command import command
from hypha_artifact.cli.output import shown, time_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypha_artifact.cli.session import Session
    from hypha_artifact.keychain import Place
    from hypha_artifact.login import SignedIn
    from hypha_artifact.profiles import Profile, Profiles
    from hypha_artifact.settings import ConnectionSettings

_WAIT = 180


@command(
    examples="""
hypha-artifact login --server-url https://hypha.aicell.io
hypha-artifact login --profile lab --workspace my-lab
pass show hypha | hypha-artifact login --token -
""",
    answer="""
{"profile", "server_url", "workspace", "user", "expires_at": epoch seconds or null,
 "token_in": "keyring" or "file"}
""",
)
@click.option(
    "--no-browser", is_flag=True, help="Show the URL only; open no browser here."
)
@click.option(
    "--timeout",
    "wait",
    type=click.IntRange(min=1),
    default=_WAIT,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait; the server itself waits for three minutes.",
)
@click.option(
    "--expires-in",
    type=click.IntRange(min=60),
    metavar="SECONDS",
    help="How long the token is to be good for; by default as the server has it.",
)
async def login(
    session: Session, *, no_browser: bool, wait: int, expires_in: int | None
) -> None:
    """Sign in with a browser, and keep the token.

    A URL is shown, with a QR code for the phone if there is room. The token is kept
    for a profile: in the system's keyring, or in a file that only you can read. With
    --token -, a token is read from stdin instead.
    """
    from msgspec import structs

    from hypha_artifact.login import accept, sign_in
    from hypha_artifact.profiles import Profiles

    profiles = Profiles()
    name, settings = _target(session, profiles)
    token = _given_token(session)
    if token:
        settings = structs.replace(settings, token=token)
        signed = await accept(settings, expires_in=expires_in)
    else:
        show = _shower(browser=not no_browser and not session.choices.as_json)
        signed = await sign_in(settings, show, expires_in=expires_in, wait=wait)
    _keep(session, profiles, _profile(name, settings, signed), signed)


def _target(session: Session, profiles: Profiles) -> tuple[str, ConnectionSettings]:
    """Choose the profile to write, which may be a new one, and its server."""
    from hypha_artifact.settings import as_given, find_settings

    chosen = session.choices
    known = {profile.name: profile for profile in profiles.all()}
    old = known.get(chosen.profile or "")
    found = find_settings(
        as_given(
            server_url=chosen.server_url or (old.server_url if old else None),
            workspace=chosen.workspace,
            disable_ssl=chosen.disable_ssl,
        ),
        profiles=profiles,
        with_token=False,
    )
    url = found.server_url()
    old = old if chosen.profile else found.profile
    workspace = found.values.get("HYPHA_WORKSPACE")
    if found.sources.get("HYPHA_WORKSPACE", "").startswith("profile "):
        workspace = None  # it may be another profile's
    if old and old.server_url == url:
        workspace = workspace or old.workspace
    name = chosen.profile or (old.name if old else _name_for(url))
    return name, _bare(found.settings(), workspace)


def _bare(settings: ConnectionSettings, workspace: str | None) -> ConnectionSettings:
    from msgspec import structs

    return structs.replace(settings, workspace=workspace, token=None)


def _name_for(url: str) -> str:
    host = url.partition("://")[2].partition("/")[0].rpartition("@")[2]
    return "".join(c if c.isalnum() or c in ".-" else "-" for c in host).strip("-.")


def _given_token(session: Session) -> str | None:
    if session.choices.token != "-":  # noqa: S105 - it stands for stdin
        return session.token()
    token = sys.stdin.readline().strip()
    if not token:
        raise click.UsageError("There is no token on stdin.")
    return token


def _shower(*, browser: bool) -> Callable[[str], None]:
    def show(url: str) -> None:
        # Not through say(): without the URL, --quiet could not work at all.
        click.echo(f"Open this page and sign in:\n\n  {url}\n", err=True)
        if sys.stderr.isatty():
            _draw(url)
            if browser and _has_desktop():
                click.launch(url)
            click.echo("Waiting; Ctrl-C gives up.", err=True)

    return show


def _draw(url: str) -> None:
    import segno

    code = segno.make(url, error="l", micro=False)
    width, height = code.symbol_size(border=2)
    columns, lines = os.get_terminal_size(sys.stderr.fileno())
    if width <= columns and height // 2 + 6 <= lines:
        code.terminal(sys.stderr, border=2, compact=True)


def _has_desktop() -> bool:
    if sys.platform == "darwin":
        return "SSH_CONNECTION" not in os.environ
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def _profile(name: str, settings: ConnectionSettings, signed: SignedIn) -> Profile:
    from hypha_artifact.profiles import Profile

    workspace = settings.workspace or signed.workspace
    return Profile(name=name, server_url=settings.server_url, workspace=workspace)


def _keep(
    session: Session, profiles: Profiles, profile: Profile, signed: SignedIn
) -> None:
    place = profiles.save(profile, signed.token)
    assert place  # noqa: S101 - a token was given
    user = signed.user
    session.answer(
        {
            "profile": profile.name,
            "server_url": profile.server_url,
            "workspace": profile.workspace,
            "user": user.person,
            "expires_at": user.expires_at,
            "token_in": place.kind.value,
        },
        _told(profile, signed, place),
    )
    _warn_of_others(session, profiles, profile)


def _told(profile: Profile, signed: SignedIn, place: Place) -> list[str]:
    user = signed.user
    until = time_text(user.expires_at)
    who, where = shown(user.email or user.person), shown(profile.workspace or "")
    return [
        f"Signed in to {profile.server_url} as {who}, workspace {where}.",
        f"The token is good until {until}." if until else "The token has no end.",
        f"It is kept for profile {profile.name} in {place.text}.",
    ]


def _warn_of_others(session: Session, profiles: Profiles, profile: Profile) -> None:
    from hypha_artifact.settings import find_settings

    found = find_settings({}, profiles=profiles, with_token=False)
    source = found.sources.get("HYPHA_TOKEN")
    default = profiles.default()
    if source:
        session.say(
            f"But HYPHA_TOKEN is set ({source}) and goes before it. Unset it, or add "
            f"--profile {profile.name} to each command."
        )
    elif default and default.name != profile.name:
        session.say(
            f"The default is still profile {default.name}. To change that: "
            f"hypha-artifact profiles use {profile.name}"
        )


@command(
    examples="""
hypha-artifact logout
hypha-artifact logout --profile lab
""",
    answer='{"profile", "removed": true if there was a token}',
)
def logout(session: Session) -> None:
    """Remove the token that is kept for a profile.

    The server goes on accepting a token until it expires, so remove copies elsewhere,
    too.
    """
    from hypha_artifact.errors import NotConfigured
    from hypha_artifact.profiles import Profiles
    from hypha_artifact.settings import as_given, find_settings

    profiles = Profiles()
    chosen = session.choices
    given = as_given(server_url=chosen.server_url, profile=chosen.profile)
    profile = find_settings(given, profiles=profiles, with_token=False).profile
    if profile is None:
        raise NotConfigured(
            "No profile is meant.", hint="Name it with --profile: see profiles."
        )
    removed = profiles.sign_out(profile.name)
    had = "The token is removed." if removed else "There was no token."
    session.answer(
        {"profile": profile.name, "removed": removed},
        [f"Profile {profile.name}: {had}"],
    )
