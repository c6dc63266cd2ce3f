"""Runs one program, and ends it as soon as whoever started this is gone.

Started as a script, with a pipe as its standard input: the kernel closes the other
end when the starter exits, however it dies, and that is the sign to stop. It keeps
to the standard library, so that it starts in milliseconds.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress

GRACE = 5.0
"""Seconds from the polite signal to the final one."""
_PR_SET_PDEATHSIG = 1


def main() -> int:
    """Run the command in ``sys.argv`` until it ends, or until stdin closes."""
    child = subprocess.Popen(
        sys.argv[1:],
        stdin=subprocess.DEVNULL,
        preexec_fn=_die_with_parent,  # noqa: PLW1509 - no other thread runs yet
    )
    threading.Thread(target=_end_with_starter, args=(child,), daemon=True).start()
    return child.wait()


def _end_with_starter(child: subprocess.Popen[bytes]) -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    child.terminate()
    try:
        child.wait(GRACE)
    except subprocess.TimeoutExpired:
        child.kill()


def _die_with_parent() -> None:
    # Linux only, and only the second line of defence: for a watcher that is killed.
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


if __name__ == "__main__":
    status = main()
    sys.exit(status if status >= 0 else 128 - status)
