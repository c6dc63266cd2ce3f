"""One child process with its log, started under the watcher that ends it with us."""

from __future__ import annotations

import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic

from hypha_artifact.errors import LocalServerError
from hypha_artifact.localserver import watch
from hypha_artifact.paths import printable

_POLL = 0.05
_LOG_LINES = 15


class Child:
    """A program that runs until it is stopped or this process is gone.

    Args:
        title: What to call it in messages.
        command: Program and arguments; secrets belong into ``environ``.
        environ: Its whole environment.
        log: File for its output; what an earlier one wrote there is gone.
        lock: Descriptor of an open file to keep locked as long as it runs.
    """

    def __init__(
        self,
        title: str,
        command: Sequence[str],
        *,
        environ: Mapping[str, str],
        log: Path,
        lock: int,
    ) -> None:
        self.title = title
        self.log = log
        log.touch(mode=0o600)
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", watch.__file__, *command],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=log.parent,
                env=dict(environ),
                pass_fds=[lock],
                start_new_session=True,
                umask=0o077,
            )

    @property
    def pid(self) -> int:
        """Process id of the watcher."""
        return self._process.pid

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Wait until it is ready.

        Args:
            ready: Asked again and again.
            seconds: How long it may take.

        Raises:
            LocalServerError: It ended, or took too long.
        """
        deadline = monotonic() + seconds
        while not ready():
            if monotonic() > deadline:
                raise self._error(f"was not ready after {seconds:.0f} s")
            self.check(within=_POLL)
        self.check()

    def check(self, within: float = 0.0) -> None:
        """Make sure that it runs, now and for some seconds.

        Raises:
            LocalServerError: It ended.
        """
        with suppress(subprocess.TimeoutExpired):
            status = self._process.wait(within)
            raise self._error(f"ended by itself with exit status {status}")

    def stop(self) -> None:
        """End it: politely, and after a grace period by force."""
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(2 * watch.GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def tail(self) -> str:
        """The end of its log, safe to show."""
        with self.log.open(encoding="utf-8", errors="replace") as lines:
            last = deque(lines, maxlen=_LOG_LINES)
        return "\n".join(f"  {printable(line.rstrip())}" for line in last)

    def _error(self, what: str) -> LocalServerError:
        end = self.tail()
        log = f"The end of its log:\n{end}" if end else "Its log is empty."
        return LocalServerError(f"{self.title} {what}. {log}")
