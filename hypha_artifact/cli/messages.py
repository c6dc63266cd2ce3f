"""Our errors as a command's last line on stderr, and its exit status."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import click


class _BadInput(click.ClickException):
    exit_code = 2


@contextmanager
def errors_as_messages() -> Generator[None]:
    """Show one message instead of a traceback: status 2 for bad input, else 1."""
    from hypha_artifact.errors import HyphaError, InvalidInput  # noqa: PLC0415 - lazy

    try:
        yield
    except InvalidInput as error:
        raise _BadInput(error.explain()) from error
    except HyphaError as error:
        raise click.ClickException(error.explain()) from error
