"""The command `hypha-artifact`: data on stdout, narration on stderr.

Commands import what they need when they run, so that ``--help`` answers at once.
"""

from __future__ import annotations

import os

import click

from hypha_artifact.cli.choices import Choices, choice_options
from hypha_artifact.cli.command import CONTEXT
from hypha_artifact.cli.group import LazyGroup
from hypha_artifact.cli.options import complete_artifacts

_MORE = """\b
Examples:
  hypha-artifact -a my-lab/zebrafish-atlas ls raw
  hypha-artifact ls my-lab/zebrafish-atlas:raw
  hypha-artifact -a my-lab/zebrafish-atlas put plate7 raw/ --commit -m 'Plate 7'

\b
Exit codes:
  0  done                  4  no permission, or sign in first
  1  failed                5  conflict, or not staged
  2  wrong usage           6  no answer from the network
  3  not found           130  interrupted

\b
Connection: options first, then HYPHA_SERVER_URL, HYPHA_WORKSPACE and HYPHA_TOKEN
in the environment, then in a .env file, then your profile. Data goes to stdout,
all else to stderr.
"""


def _run(**given: object) -> None:
    ctx = click.get_current_context()
    ctx.obj = (ctx.obj or Choices()).updated(given)
    if ctx.invoked_subcommand is not None:
        return
    prompt = main.get_command(ctx, "run-shell")
    if ctx.obj.artifact_id and prompt:
        prompt.main([], prog_name="run-shell", parent=ctx, standalone_mode=False)
    else:
        click.echo(ctx.get_help())


main = click.version_option(package_name="hypha-tui", prog_name="hypha-artifact")(
    LazyGroup(
        "hypha-artifact",
        callback=_run,
        invoke_without_command=True,
        params=choice_options(brief=False, complete=complete_artifacts),
        context_settings=dict(CONTEXT),
        help="Work with Hypha artifacts from the shell.",
        epilog=_MORE,
    )
)

if "_HYPHA_ARTIFACT_COMPLETE" in os.environ:
    from hypha_artifact.cli.bash import register

    register()

__all__ = ["main"]
