"""Our errors as a command's last words on stderr, and its exit status."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from enum import IntEnum
from typing import TYPE_CHECKING

import click
from click.exceptions import Exit

if TYPE_CHECKING:
    from hypha_artifact.errors import HyphaError


class Status(IntEnum):
    """How a command ended, for scripts."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    NO_PERMISSION = 4
    CONFLICT = 5
    NETWORK = 6
    INTERRUPTED = 130


def exit_status(error: BaseException) -> Status:
    """Return the exit status that stands for an error.

    Args:
        error: One of ours, or a builtin; the most telling parent counts.
    """
    from hypha_artifact import errors

    table: tuple[tuple[type[BaseException], Status], ...] = (
        (KeyboardInterrupt, Status.INTERRUPTED),
        (FileNotFoundError, Status.NOT_FOUND),
        (PermissionError, Status.NO_PERMISSION),
        (FileExistsError, Status.CONFLICT),
        (errors.NotStaged, Status.CONFLICT),
        (errors.StageError, Status.CONFLICT),
        (errors.NetworkError, Status.NETWORK),
        (errors.InvalidInput, Status.USAGE),
    )
    fitting = (status for kind, status in table if isinstance(error, kind))
    return next(fitting, Status.FAILED)


@contextmanager
def errors_as_messages(*, as_json: bool = False) -> Generator[None]:
    """Show one message instead of a traceback, and end with the fitting status.

    Args:
        as_json: Show the message as a JSON object: ``{"error": {"kind", "message",
            "hint", "exit_code"}}``.
    """
    from hypha_artifact.errors import HyphaError

    try:
        yield
        sys.stdout.flush()
    except HyphaError as error:
        raise _told(error, error.hint, as_json=as_json) from error
    except BrokenPipeError:
        _leave_stdout()
    except OSError as error:
        raise _told(error, "", as_json=as_json) from error
    except KeyboardInterrupt as error:
        click.echo("Interrupted.", err=True)
        raise Exit(Status.INTERRUPTED) from error


def _told(error: HyphaError | OSError, hint: str, *, as_json: bool) -> Exit:
    status = exit_status(error)
    if as_json:
        kind = type(error).__name__
        told = {"kind": kind, "message": str(error), "hint": hint, "exit_code": status}
        click.echo(json.dumps({"error": told}), err=True)
    else:
        click.echo(_printable_lines(f"Error: {error} {hint}".rstrip()), err=True)
    return Exit(status)


def _printable_lines(text: str) -> str:
    from hypha_artifact.paths import printable

    return "\n".join(printable(line) for line in text.splitlines())


def _leave_stdout() -> None:
    # The reader has had enough, which is no failure; what is still buffered must
    # not raise again when Python ends.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
