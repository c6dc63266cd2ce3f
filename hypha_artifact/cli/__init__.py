"""The command `hypha-artifact`: data on stdout, narration on stderr.

Commands import what they need when they run, so that ``--help`` answers at once.
"""

from __future__ import annotations

import click

from hypha_artifact.cli.localserver import localserver


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="hypha-tui", prog_name="hypha-artifact")
def main() -> None:
    """Work with Hypha artifacts from the shell."""


main.add_command(localserver)

__all__ = ["main"]
