"""How far a transfer is: bars on a terminal, words at its end."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hypha_artifact.cli.output import size_text

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from hypha_artifact.classes import ProgressEvent
    from hypha_artifact.cli.session import Session


class Tally:
    """Counts what a transfer did, and shows how far it is.

    Args:
        session: The command's run.
        verb: What is done to files, as it is told at the end: ``Uploaded``.
    """

    def __init__(self, session: Session, verb: str) -> None:
        self._session = session
        self._verb = verb
        self._bar: tuple[Progress, TaskID] | None = None
        self._files = 0
        self._bytes = 0
        self._done: list[dict[str, object]] = []
        self._failed: list[dict[str, object]] = []
        self.skipped = 0
        """How many files were left out for what is there already."""

    def __call__(self, event: ProgressEvent) -> None:
        """Take in an event of ``put`` or ``get``."""
        if event["type"] == "progress":
            self._move(event["file"], event["done_bytes"], event["total_bytes"])
        elif event["type"] == "success":
            self._files += 1
            size = event.get("bytes", 0)
            self._bytes += size
            if self._session.choices.as_json:
                self._done.append({"file": event["file"], "size": size})
            self._session.note(event["message"])
        elif event["type"] == "error":
            self._failed.append({"file": event["file"], "message": event["message"]})
            self._session.say(event["message"])

    def _move(self, file: str, done: int, total: int) -> None:
        from rich.text import Text

        from hypha_artifact.paths import printable

        if self._bar:
            progress, task = self._bar
            name = Text(printable(file), overflow="ellipsis", no_wrap=True)
            progress.update(task, completed=done, total=total, file=name)

    @contextmanager
    def shown(self) -> Generator[None]:
        """Show a bar while inside, on a terminal; say at the end what was done."""
        if sys.stderr.isatty() and not self._session.choices.quiet:
            from hypha_artifact.cli.bars import one_bar

            with one_bar() as progress:
                self._bar = progress, progress.add_task("", total=None, file="")
                yield
                self._bar = None
        else:
            yield
        files = "1 file" if self._files == 1 else f"{self._files:,} files"
        self._session.say(f"{self._verb} {files}, {size_text(self._bytes)}.")

    def answer(self) -> dict[str, object]:
        """Return what was done, for JSON."""
        return {
            "files": self._files,
            "size": self._bytes,
            "done": self._done,
            "failed": self._failed,
            "skipped": self.skipped,
        }


ANSWER = """
{"files": how many, "size": bytes in all, "done": [{"file", "size"}],
 "failed": [{"file", "message"}], "skipped": how many files}
"""
