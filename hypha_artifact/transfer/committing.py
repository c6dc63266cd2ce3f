"""One commit when all files of a batch have arrived; never a second one."""

from __future__ import annotations

from collections.abc import Callable

import anyio

from hypha_artifact.errors import HyphaError, NotStaged, RateLimited, Remedy
from hypha_artifact.models import Artifact
from hypha_artifact.record import STAGE, versions_to_grow, was_committed
from hypha_artifact.remote import RemoteArtifact
from hypha_artifact.staging import commit
from hypha_artifact.transfer.board import Board
from hypha_artifact.transfer.clock import Clock
from hypha_artifact.transfer.faults import Faults, backoff
from hypha_artifact.transfer.jobs import TRIES, Group
from hypha_artifact.transfer.outcome import CommitOption, CommitState, Outcome
from hypha_artifact.transfer.scheduler import Scheduler
from hypha_artifact.transfer.state import UploadRequest

LOOK = 2.0
"""Seconds between two looks whether a commit that was cut off was made."""

PATIENCE, PATIENCE_EACH = 12.0, 0.01
"""Seconds, and seconds a staged file, after which it is sent again.

The server may be at it still: it takes 2.5 ms a file where it has little else to do.
"""


class Committer:
    """Makes the commits that batches end with.

    Args:
        board: The books.
        scheduler: Told when to try again.
        clock: Where the time comes from.
        faults: Says how long an outage is waited out.
        remote_of: Gives the remote side of a batch.
    """

    def __init__(
        self,
        board: Board,
        scheduler: Scheduler,
        clock: Clock,
        faults: Faults,
        remote_of: Callable[[Group], RemoteArtifact],
    ) -> None:
        self._board = board
        self._scheduler = scheduler
        self._clock = clock
        self._faults = faults
        self._remote_of = remote_of

    async def run(self, group: Group) -> None:
        """Commit, or see that it is done already; what stands in its way is noted."""
        try:
            made = await self._made(group) or await self._commit(group)
        except HyphaError as error:
            self._failed(group, error)
        else:
            group.failures, group.lost_since = 0, None
            latest = made.latest.version if made.latest else None
            self._done(group, Outcome(state=CommitState.DONE, version=latest))
        await self._board.ledger.settled()

    async def _made(self, group: Group) -> Artifact | None:
        """Look up a commit whose answer was lost; None where it was not made."""
        known = group.outcome
        if known is None or known.state is not CommitState.COMMITTING:
            return None
        remote, start = self._remote_of(group), self._clock.now()
        artifact = await remote.read(version=STAGE)
        while not was_committed(artifact, known.versions):
            if not artifact.is_staged:
                raise NotStaged(f"The stage of {remote.id} was discarded meanwhile.")
            now = self._clock.now()
            if now - start > PATIENCE + PATIENCE_EACH * len(artifact.staging or ()):
                return None
            await self._clock.wait(anyio.Event(), now + LOOK)
            artifact = await remote.read(version=STAGE)
        return artifact

    async def _commit(self, group: Group) -> Artifact:
        remote, request = self._remote_of(group), group.request
        given = request.commit if isinstance(request, UploadRequest) else None
        option = given or CommitOption()
        versions = versions_to_grow(await remote.read(version=STAGE))
        outcome = Outcome(state=CommitState.COMMITTING, versions=versions)
        self._board.commit(group, outcome)
        await self._board.ledger.settled()
        return await commit(remote, comment=option.comment, version=option.version)

    def _done(self, group: Group, outcome: Outcome) -> None:
        """Note it for every batch that this commit was the end of."""
        for other in list(self._board.groups.values()):
            alike = other.account == group.account
            same = other.request.artifact == group.request.artifact
            if other is group or (alike and same and other.wants_commit):
                self._board.commit(other, outcome)

    def _failed(self, group: Group, error: HyphaError) -> None:
        pause = self._faults.outage_of(group, error)
        if pause is None:
            group.failures += 1
            again = error.remedy in {Remedy.RETRY, Remedy.RETRY_AFTER}
            if again and group.failures < TRIES:
                pause = backoff(group.failures)
        if isinstance(error, RateLimited):
            pause, group.failures = error.retry_after, group.failures - 1
        if pause is not None:
            self._scheduler.hold_group(group, self._clock.now() + pause)
            return
        reason = f"Not committed: {error.explain()}"
        self._board.commit(group, Outcome(state=CommitState.FAILED, reason=reason))
