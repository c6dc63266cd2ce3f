"""``hypha-artifact localserver``: a real server on this machine, until Ctrl-C."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hypha_artifact.cli.command import CONTEXT
from hypha_artifact.cli.messages import errors_as_messages

if TYPE_CHECKING:
    from hypha_artifact.cli.choices import Choices
    from hypha_artifact.settings import ConnectionSettings

_MORE = """\b
Examples:
  hypha-artifact localserver --sample
  hypha-artifact localserver --data ~/hypha --port 9527 --env-file .env
"""
_PORT = click.IntRange(1, 65535)


@click.command(context_settings=dict(CONTEXT), epilog=_MORE)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep everything in DIR; otherwise it is gone afterwards.",
)
@click.option("--port", type=_PORT, help="Port of the server; a free one by default.")
@click.option("--s3-port", type=_PORT, help="Port of the S3 store; also a free one.")
@click.option(
    "--workspace",
    default="demo-lab",
    show_default=True,
    metavar="NAME",
    help="Your workspace: lower-case letters and digits with a hyphen.",
)
@click.option("--sample", is_flag=True, help="Put sample artifacts into it.")
@click.option(
    "--env-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the three variables to FILE, too; only you can read it.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print them in JSON, on one line."
)
@click.pass_obj
def localserver(
    choices: Choices | None,
    *,
    data: Path | None,
    port: int | None,
    s3_port: int | None,
    workspace: str,
    sample: bool,
    env_file: Path | None,
    as_json: bool,
) -> None:
    """Run a real Hypha server with S3 storage on this machine, until Ctrl-C.

    When it is ready, HYPHA_SERVER_URL, HYPHA_WORKSPACE and HYPHA_TOKEN are printed,
    one a line.
    """
    as_json = as_json or bool(choices and choices.as_json)
    if env_file and not env_file.absolute().parent.is_dir():
        raise click.UsageError(f"There is no folder for '{env_file}'.")
    from hypha_artifact.localserver import local_server
    from hypha_artifact.localserver.ending import signals_as_exit

    with (
        errors_as_messages(as_json=as_json),
        signals_as_exit(),
        local_server(
            data=data, port=port, s3_port=s3_port, workspace=workspace, say=_say
        ) as server,
    ):
        if sample:
            _seed(server.settings, server.data)
        if env_file:
            _write_env(env_file, _variables(server.settings))
        _announce(server.settings, as_json=as_json)
        _say("Ready. Ctrl-C stops it.")
        server.wait()


def _variables(settings: ConnectionSettings) -> str:
    return (
        f"HYPHA_SERVER_URL={settings.server_url}\n"
        f"HYPHA_WORKSPACE={settings.workspace}\n"
        f"HYPHA_TOKEN={settings.token}\n"
    )


def _announce(settings: ConnectionSettings, *, as_json: bool) -> None:
    if as_json:
        names = ("server_url", "workspace", "token")
        click.echo(json.dumps({name: getattr(settings, name) for name in names}))
    else:
        click.echo(_variables(settings), nl=False)
    sys.stdout.flush()


def _write_env(path: Path, text: str) -> None:
    from hypha_artifact.private import write_private

    try:
        write_private(path, text.encode())
    except OSError as error:
        message = f"'{path}' cannot be written: {error.strerror}."
        raise click.ClickException(message) from error


def _seed(settings: ConnectionSettings, data: Path) -> None:
    import anyio

    from hypha_artifact.localserver.sample import seed

    anyio.run(seed, settings, data, _say)


def _say(text: str) -> None:
    click.echo(text, err=True)
