"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def paths(*, required: bool = True) -> Callable[[F], F]:
    """Take any number of paths, or patterns, in the artifact."""
    return click.argument(
        "paths", nargs=-1, required=required, metavar="PATH..." if required else None
    )


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


def on_error() -> Callable[[F], F]:
    """Take ``--on-error``."""
    return click.option(
        "--on-error",
        type=click.Choice(["raise", "ignore"]),
        default="raise",
        show_default=True,
        help="After a file that failed: end with it, or go on without it.",
    )
