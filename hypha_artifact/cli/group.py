"""The group of all commands, which loads a command when it is run."""

from __future__ import annotations

import difflib
import importlib

import click
from typing_extensions import override

from hypha_artifact.cli.spelling import Spelling
from hypha_artifact.cli.table import PLACES, SECTIONS


class LazyGroup(click.Group):
    """Knows its commands' names and first lines; loads one only to run it."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(PLACES)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        name = cmd_name.replace("_", "-")
        if name not in PLACES:
            return None
        module = f"hypha_artifact.cli.commands.{PLACES[name].module}"
        found = getattr(importlib.import_module(module), name.replace("-", "_"))
        assert isinstance(found, click.Command)  # noqa: S101 - our own table
        return found

    @override
    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0].replace("_", "-")
        if name not in PLACES and not ctx.resilient_parsing:
            close = difflib.get_close_matches(name, PLACES, n=3)
            hint = f" Did you mean {' or '.join(close)}?" if close else ""
            ctx.fail(f"There is no command '{args[0]}'.{hint}")
        return super().resolve_command(ctx, args)

    @override
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        spelling = Spelling(self.get_params(ctx), interspersed=False)
        return super().parse_args(ctx, spelling.modern(args))

    @override
    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        for title, places in SECTIONS.items():
            if places:
                with formatter.section(title):
                    formatter.write_dl(
                        [(name, place.summary) for name, place in places.items()]
                    )
