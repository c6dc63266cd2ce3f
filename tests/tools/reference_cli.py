"""The page of the command line, read from the commands themselves."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click

from hypha_artifact.cli import main
from hypha_artifact.cli.sections import SmallGroup
from hypha_artifact.cli.table import SECTIONS
from tests.tools.reference_markdown import HEAD, table

INTRODUCTION = """
# Command reference

Everything here is made from the commands; `hypha-artifact COMMAND --help` shows the
same.

`hypha-artifact [OPTIONS] COMMAND [ARGS]...`

Options of all commands may stand before or after the command's name. A path is a path
in the artifact that `-a` names, or `WORKSPACE/ALIAS:PATH`; `*`, `?`, `[a-z]`, `**` and
`{a,b}` in it are matched in the artifact, so put it in quotes.
"""


def cli_page() -> str:
    root = main.make_context("hypha-artifact", [], resilient_parsing=True)
    parts = [HEAD, INTRODUCTION.strip(), "## Options of all commands"]
    parts += [_options(main, root), *_epilog(main)]
    for title, places in SECTIONS.items():
        if places:
            parts.append(f"## {title}")
        for name in places:
            command = main.get_command(root, name)
            assert command is not None
            parts += _command(name, command, root)
            if isinstance(command, SmallGroup):
                for sub, each in command.commands.items():
                    parts += _command(f"{name} {sub}", each, root, level=4)
    return "\n\n".join(parts) + "\n"


def _command(
    name: str, command: click.Command, root: click.Context, level: int = 3
) -> Iterator[str]:
    context = command.make_context(name, [], parent=root, resilient_parsing=True)
    yield f"{'#' * level} `{name}`"
    usage = " ".join(command.collect_usage_pieces(context))
    yield f"`hypha-artifact {name} {usage}`"
    yield _text(inspect.cleandoc(command.help or ""))
    options = _options(command, context)
    if options:
        yield options
    yield from _epilog(command)


def _options(command: click.Command, context: click.Context) -> str:
    everywhere = {"--help", "--json", "--artifact-id"} if context.parent else set()
    rows = [
        [f"`{record[0]}`", record[1].replace("|", "\\|")]
        for param in command.get_params(context)
        if isinstance(param, click.Option) and not everywhere & set(param.opts)
        if (record := param.get_help_record(context))
    ]
    return table(["option", "what"], rows) if rows else ""


def _text(text: str) -> str:
    """Keep the paragraphs; those that Click would not wrap become blocks."""
    parts: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        if paragraph.lstrip().startswith("\b"):
            lines = paragraph.replace("\b", "").strip("\n")
            parts.append(f"```\n{lines}\n```")
        else:
            parts.append(paragraph)
    return "\n\n".join(parts)


def _epilog(command: click.Command) -> Iterator[str]:
    """Yield examples and the rest as blocks, under their titles."""
    for paragraph in re.split(r"\n\s*\n", (command.epilog or "").strip()):
        title, _, rest = paragraph.replace("\b", "").strip("\n").partition("\n")
        if title.endswith(":"):
            lines = "\n".join(line.removeprefix("  ") for line in rest.splitlines())
            yield f"{title}\n\n```\n{lines}\n```"
        elif title:
            yield f"{title}\n{rest}".strip()
