"""The command ``hypha-tui``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hypha_artifact.cli.messages import errors_as_messages

if TYPE_CHECKING:
    from hypha_artifact.paths import ArtifactId, RemotePath

_HELP = {"help_option_names": ["-h", "--help"]}
_MORE = """\b
Examples:
  hypha-tui
  hypha-tui ~/data my-lab/zebrafish-atlas
  hypha-tui . my-lab/zebrafish-atlas:raw/plate7
  hypha-tui demo            a real server with sample data on this machine
  hypha-tui ./demo          a folder that is named demo
"""


@click.command(context_settings=_HELP, epilog=_MORE)
@click.version_option(package_name="hypha-tui", prog_name="hypha-tui")
@click.argument("local", required=False, metavar="[LOCAL_FOLDER]")
@click.argument("remote", required=False, metavar="[WORKSPACE/ARTIFACT[:FOLDER]]")
def browse(local: str | None, remote: str | None) -> None:
    """Browse a local folder and a Hypha artifact side by side.

    The server is taken from HYPHA_SERVER_URL, HYPHA_WORKSPACE and HYPHA_TOKEN, or
    from a .env file.
    """
    from hypha_artifact.settings import ConnectionSettings  # noqa: PLC0415 - slow
    from hypha_tui.app import HyphaApp  # noqa: PLC0415 - slow

    with errors_as_messages():
        settings = ConnectionSettings.load()
        target = _target(remote, settings.workspace) if remote else None
        HyphaApp(settings, _folder(local), target).run_to_end()


@click.command("demo", context_settings=_HELP)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep the server's data in DIR; otherwise it is gone afterwards.",
)
def demo(data: Path | None) -> None:
    """Start a real server with sample data on this machine, and browse it."""
    with errors_as_messages():
        from hypha_tui.demo import run_demo  # noqa: PLC0415 - slow

        run_demo(data, lambda text: click.echo(text, err=True))


def _folder(local: str | None) -> Path:
    from hypha_artifact.paths import printable  # noqa: PLC0415

    folder = Path(local or ".").expanduser()
    if not folder.is_dir():
        raise click.UsageError(f"'{printable(str(folder))}' is not a folder.")
    return folder.absolute()


def _target(text: str, workspace: str | None) -> tuple[ArtifactId, RemotePath]:
    from hypha_artifact.paths import ArtifactId, RemotePath  # noqa: PLC0415

    name, _, folder = text.partition(":")
    default = None if "/" in name else workspace
    return ArtifactId.parse(name, default), RemotePath(folder)


def main() -> None:
    """Run ``hypha-tui demo``, or browse."""
    import sys  # noqa: PLC0415

    if sys.argv[1:2] == ["demo"]:
        demo(sys.argv[2:], prog_name="hypha-tui demo")
    else:
        browse(prog_name="hypha-tui")


if __name__ == "__main__":
    main()
