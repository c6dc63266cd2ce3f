"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

F = TypeVar("F", bound=Callable[..., Any])


def paths(*, required: bool = True) -> Callable[[F], F]:
    """Take any number of paths, or patterns, in the artifact."""
    return click.argument(
        "paths",
        nargs=-1,
        required=required,
        metavar="PATH..." if required else None,
        shell_complete=_remote_paths,
    )


def remote_then_local() -> Callable[[F], F]:
    """Take paths in the artifact, and where to on this machine."""
    return click.argument(
        "paths",
        nargs=-1,
        required=True,
        metavar="REMOTE... [LOCAL]",
        shell_complete=_remote_paths,
    )


def artifact() -> Callable[[F], F]:
    """Take an artifact's name, instead of ``-a``."""
    return click.argument("artifact", required=False, shell_complete=complete_artifacts)


def _remote_paths(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    from hypha_artifact.cli.completing import remote_paths

    return remote_paths(ctx, param, incomplete)


def complete_artifacts(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete an artifact's name, when a shell asks for it."""
    from hypha_artifact.cli.completing import artifacts

    return artifacts(ctx, param, incomplete)


def version() -> Callable[[F], F]:
    """Take ``--version NAME``, for which ``--stage`` is short for the staged view."""

    def decorate(function: F) -> F:
        stage = click.option(
            "--stage",
            "version",
            flag_value="stage",
            help="Look at what is staged: short for --version=stage.",
        )
        name = click.option(
            "--version", metavar="NAME", help="A version; the latest by default."
        )
        return name(stage(function))

    return decorate


def maxdepth(text: str) -> Callable[[F], F]:
    """Take ``--maxdepth N``."""
    return click.option(
        "--maxdepth",
        "--max-depth",
        "-d",
        type=click.IntRange(min=1),
        metavar="N",
        help=text,
    )


def scheduler() -> Callable[[F], F]:
    """Take ``--scheduler ADDRESS``."""
    return click.option(
        "--scheduler",
        metavar="ADDRESS",
        help="Have the workers of this Dask cluster move the bytes: tcp://HOST:8786.",
    )


def on_error() -> Callable[[F], F]:
    """Take ``--on-error``."""
    return click.option(
        "--on-error",
        type=click.Choice(["raise", "ignore"]),
        default="raise",
        show_default=True,
        help="After a file that failed: end with it, or go on without it.",
    )
