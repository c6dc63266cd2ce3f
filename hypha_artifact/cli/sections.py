"""Commands by section, and several of them under one name."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

import click
from typing_extensions import override

from hypha_artifact.cli.choices import Choices, choice_options
from hypha_artifact.cli.command import CONTEXT, HyphaCommand, epilog
from hypha_artifact.cli.options import complete_artifacts
from hypha_artifact.cli.spelling import Spelling


class SectionedGroup(click.Group):
    """Shows its commands by section, and understands the older spellings, too."""

    def lines(self) -> Mapping[str, Sequence[tuple[str, str]]]:
        """Return the commands of each section: name, and what it does."""
        raise NotImplementedError

    @override
    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        names = self.list_commands(ctx)
        if args[0].replace("_", "-") not in names and not ctx.resilient_parsing:
            close = difflib.get_close_matches(args[0].replace("_", "-"), names, n=3)
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
        for title, lines in self.lines().items():
            if lines:
                with formatter.section(title):
                    formatter.write_dl(lines)


class SmallGroup(SectionedGroup):
    """Some commands that belong together; without one of them, the first is run.

    Args:
        name: Its name.
        sections: The commands by section.
        examples: Command lines, one a line, for its help.
        text: Its help.
    """

    def __init__(
        self,
        name: str,
        sections: Mapping[str, Sequence[HyphaCommand]],
        *,
        examples: str,
        text: str,
    ) -> None:
        self.sections = sections
        super().__init__(
            name,
            commands=[each for section in sections.values() for each in section],
            callback=self._run,
            invoke_without_command=True,
            params=choice_options(brief=True, complete=complete_artifacts),
            context_settings=dict[str, Any](CONTEXT),
            epilog=epilog(examples),
            help=text,
        )

    def _run(self, **given: object) -> None:
        ctx = click.get_current_context()
        ctx.obj = (ctx.find_object(Choices) or Choices()).updated(given)
        if ctx.invoked_subcommand is None:
            ctx.invoke(next(iter(self.commands.values())))

    @override
    def lines(self) -> Mapping[str, Sequence[tuple[str, str]]]:
        return {
            title: [(each.name or "", each.get_short_help_str(80)) for each in section]
            for title, section in self.sections.items()
        }
