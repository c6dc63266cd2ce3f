"""A real terminal: a program in tmux, keys and mouse bytes in, the screen out."""

from __future__ import annotations

import os
import re
import select
import shlex
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Self
from uuid import uuid4

_POLL = 0.1


class Terminal:
    """One tmux server of its own with one window; a context manager.

    Args:
        command: Program and arguments.
        size: Columns and rows.
        environ: Added to the environment.
    """

    def __init__(
        self,
        command: Sequence[str],
        size: tuple[int, int] = (120, 40),
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._command = shlex.join(command)
        self._size = size
        self._socket = f"hypha-{uuid4().hex[:8]}"
        self._environ = {**os.environ, **(environ or {}), "TERM": "xterm-256color"}
        for name in ("COLUMNS", "LINES"):  # set by pytest-xdist; tmux's size counts
            self._environ.pop(name, None)
        self._tick = threading.Event()

    def _tmux(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-L", self._socket, "-f", "/dev/null", *arguments],
            capture_output=True,
            text=True,
            check=True,
            env=self._environ,
        )
        return done.stdout

    def __enter__(self) -> Self:
        width, height = self._size
        self._tmux(
            *("new-session", "-d", "-x", str(width), "-y", str(height)),
            f"{self._command}; echo EXIT-STATUS $?; exec cat",
        )
        self._tmux("set-option", "-g", "escape-time", "0")
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(subprocess.CalledProcessError):  # its last window may be gone
            self._tmux("kill-server")

    @property
    def screen(self) -> str:
        """What is on the screen, as text."""
        return self._tmux("capture-pane", "-p")

    @property
    def pid(self) -> int:
        """The process id of the window's shell."""
        return int(self._tmux("display-message", "-p", "#{pane_pid}"))

    @property
    def program(self) -> int:
        """The process id of the program in the window."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        return int(children.split()[0])

    def lose(self) -> None:
        """Take the whole terminal away, and wait until the program has ended."""
        handle = os.pidfd_open(self.program)
        try:
            self._tmux("kill-session")
            gone, _, _ = select.select([handle], [], [], 60)
        finally:
            os.close(handle)
        if not gone:
            raise AssertionError("The program goes on without its terminal.")

    def press(self, *keys: str) -> None:
        """Press keys by tmux's names: ``F5``, ``Enter``, ``C-d``, ``a``."""
        self._tmux("send-keys", *keys)

    def type(self, text: str) -> None:
        """Type a text as it is."""
        self._tmux("send-keys", "-l", text)

    def mouse(self, button: int, column: int, row: int, *, release: bool) -> None:
        """Send one mouse report (SGR); column and row count from 0."""
        end = "m" if release else "M"
        self.type(f"\x1b[<{button};{column + 1};{row + 1}{end}")

    def click(self, column: int, row: int) -> None:
        """Press and let go of the left button."""
        self.mouse(0, column, row, release=False)
        self.mouse(0, column, row, release=True)

    def drag(self, *points: tuple[int, int]) -> None:
        """Press the left button at the first point, let go of it at the last."""
        self.mouse(0, *points[0], release=False)
        for point in points:
            self.mouse(32, *point, release=False)
        self.mouse(0, *points[-1], release=True)

    def find(self, pattern: str) -> tuple[int, int]:
        """Return column and row of the first match on the screen."""
        for row, line in enumerate(self.screen.splitlines()):
            match = re.search(pattern, line)
            if match:
                return match.start(), row
        raise AssertionError(f"{pattern!r} is not on the screen:\n{self.screen}")

    def until_cursor(self, pattern: str, seconds: float = 60) -> None:
        """Wait until the text cursor is on the row that has a pattern."""
        row = self.find(pattern)[1]
        deadline = monotonic() + seconds
        while self._tmux("display-message", "-p", "#{cursor_y}").strip() != str(row):
            if monotonic() > deadline:
                raise AssertionError(f"The cursor is not at {pattern!r}")
            self._tick.wait(_POLL)

    def until(self, pattern: str, seconds: float = 60) -> str:
        """Wait until a pattern is on the screen, and return the screen."""
        return self._until(pattern, seconds, there=True)

    def until_gone(self, pattern: str, seconds: float = 60) -> str:
        """Wait until a pattern is no longer on the screen."""
        return self._until(pattern, seconds, there=False)

    def _until(self, pattern: str, seconds: float, *, there: bool) -> str:
        deadline = monotonic() + seconds
        while bool(re.search(pattern, screen := self.screen)) is not there:
            if monotonic() > deadline:
                wanted = "shown" if there else "gone"
                raise AssertionError(f"{pattern!r} is not {wanted}:\n{screen}")
            self._tick.wait(_POLL)
        return screen
