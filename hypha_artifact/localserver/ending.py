"""Signals that end a program, turned into an exit that cleans up behind itself."""

from __future__ import annotations

import signal
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def signals_as_exit() -> Generator[None]:
    """Make Ctrl-C, SIGTERM and a hangup raise ``SystemExit(0)``, once.

    To be used in the main thread.
    """
    before = {number: signal.signal(number, _exit) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _exit(_number: int, _frame: FrameType | None) -> NoReturn:
    # A second Ctrl-C would only leave things half stopped; stopping is bounded.
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise SystemExit(0)
