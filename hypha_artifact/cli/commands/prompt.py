"""``run-shell``: a prompt that takes commands."""

from __future__ import annotations

import importlib
import shlex
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

import click
from click.exceptions import Abort, ClickException

from hypha_artifact.cli import options
from hypha_artifact.cli.command import command
from hypha_artifact.cli.targets import one_artifact

if TYPE_CHECKING:
    from hypha_artifact.cli.choices import Choices
    from hypha_artifact.cli.session import Session

_ENDS = {"exit", "quit"}


@command(
    examples="""
hypha-artifact -a my-lab/atlas run-shell
hypha-artifact -a my-lab/atlas
""",
)
@options.artifact()
def run_shell(session: Session, *, artifact: str | None) -> None:
    """Take commands at a prompt, for one artifact.

    It ends on exit, quit or Ctrl-D; an error does not end it. Without a terminal,
    the commands are read from stdin, one a line.
    """
    name = one_artifact(session, artifact)
    choices = session.choices.updated({"artifact_id": name})
    for line in _lines(choices.artifact_id or ""):
        words = _words(line)
        if words and words[0] in _ENDS:
            break
        if words:
            _run(["--help"] if words == ["help"] else words, choices)


def _lines(name: str) -> Iterator[str]:
    if not sys.stdin.isatty():
        yield from sys.stdin
        return
    with suppress(ImportError):  # it gives editing and history where it exists
        importlib.import_module("readline")
    while True:
        try:
            yield input(f"{name}> ")
        except EOFError:
            click.echo(err=True)
            return
        except KeyboardInterrupt:
            click.echo(err=True)


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line, comments=True)
    except ValueError as error:
        click.echo(f"Error: {error}.", err=True)
        return []


def _run(words: list[str], choices: Choices) -> None:
    root = click.get_current_context().find_root().command
    try:
        root.main(words, prog_name="", standalone_mode=False, obj=choices)
    except ClickException as error:
        error.show()
    except Abort:
        click.echo("Interrupted.", err=True)
