"""``@command``: a function as a command, with the options that all of them have.

::

    @command(examples="hypha-artifact -a my-lab/atlas ls raw", answer='[{"name"}]')
    @click.argument("paths", nargs=-1)
    async def ls(session: Session, paths: tuple[str, ...]) -> None: ...

The function may be plain or async. Its own imports belong inside it, because
``--help`` loads the module.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from copy import copy
from functools import wraps
from typing import Any

import click
from typing_extensions import override

from hypha_artifact.cli.choices import NAMES, Choices, choice_options
from hypha_artifact.cli.messages import errors_as_messages
from hypha_artifact.cli.options import complete_artifacts
from hypha_artifact.cli.session import Session
from hypha_artifact.cli.spelling import Spelling

CONTEXT = {"help_option_names": ["-h", "--help"]}

Function = Callable[..., Awaitable[None] | None]


class HyphaCommand(click.Command):
    """A command that understands the older spellings, too.

    Attributes:
        named: Parameters that it takes by position, and by these names as well.
    """

    named: Sequence[str] = ()

    @override
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        spelling = Spelling(self.get_params(ctx), self.named)
        return super().parse_args(ctx, spelling.modern(args))

    @override
    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_epilog(ctx, formatter)
        formatter.write_paragraph()
        formatter.write_text(
            "Options of all commands, and exit codes: hypha-artifact --help"
        )


def command(
    *, examples: str, answer: str = "", named: Sequence[str] = ()
) -> Callable[[Function], HyphaCommand]:
    """Make a command of a function whose first argument is the ``Session``.

    Args:
        examples: Command lines, one a line, for its help.
        answer: The shape of what it prints under ``--json``, for its help.
        named: Names under which older scripts give what it takes by position:
            those of the first ones, and of the last one.
    """

    def decorate(function: Function) -> HyphaCommand:
        @wraps(function)
        def run(**given: object) -> None:
            parent = click.get_current_context().find_object(Choices) or Choices()
            choices = parent.updated({n: v for n, v in given.items() if n in NAMES})
            own = {n: v for n, v in given.items() if n not in NAMES}
            with errors_as_messages(as_json=choices.as_json):
                _call(function, Session(choices), own)

        made = click.command(
            function.__name__.strip("_").replace("_", "-"),
            cls=HyphaCommand,
            context_settings=dict[str, Any](CONTEXT),
            epilog=epilog(examples, answer),
        )(run)
        made.named = named
        made.params += choice_options(brief=True, complete=complete_artifacts)
        return made

    return decorate


def renamed(original: HyphaCommand, name: str) -> HyphaCommand:
    """Return a command under another name."""
    made = copy(original)
    made.name = name
    return made


def _call(function: Function, session: Session, given: dict[str, object]) -> None:
    async def run() -> None:
        waiting = function(session, **given)
        if waiting is not None:
            await waiting

    if inspect.iscoroutinefunction(inspect.unwrap(function)):
        import anyio

        anyio.run(run)
    else:
        function(session, **given)


def epilog(examples: str, answer: str = "") -> str:
    """Write what a command's help ends with."""
    lines = [f"  {line}" for line in examples.strip().splitlines()]
    text = "\n".join(["\b", "Examples:", *lines])
    if answer:
        shape = [f"  {line}" for line in answer.strip().splitlines()]
        text += "\n".join(["\n\n\b", "With --json it prints:", *shape])
    return text
