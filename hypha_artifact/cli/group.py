"""The group of all commands, which loads a command when it is run."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence

import click
from typing_extensions import override

from hypha_artifact.cli.sections import SectionedGroup
from hypha_artifact.cli.table import PLACES, SECTIONS


class LazyGroup(SectionedGroup):
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
    def lines(self) -> Mapping[str, Sequence[tuple[str, str]]]:
        return {
            title: [(name, place.summary) for name, place in places.items()]
            for title, places in SECTIONS.items()
        }
