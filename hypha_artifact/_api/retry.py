"""Which calls may be sent again, and how long to wait before that."""

from __future__ import annotations

from hypha_artifact.errors import HyphaError, RateLimited, Remedy

TRIES = 5
FIRST_WAIT = 0.1
LONGEST_WAIT = 5.0


def may_repeat(error: Exception) -> bool | float:
    """Decide on a call that does the same when it is sent twice.

    Returns:
        Seconds to wait where the server named them, else whether to try again.
    """
    if isinstance(error, RateLimited):
        return error.retry_after
    return isinstance(error, HyphaError) and error.remedy is Remedy.RETRY


def was_not_done(error: Exception) -> bool | float:
    """Decide on any other call: only a refusal at the door may be repeated."""
    return error.retry_after if isinstance(error, RateLimited) else False
