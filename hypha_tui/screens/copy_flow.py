"""Copying from pane to pane: plan, ask about collisions once, hand to the engine."""

from __future__ import annotations

from pathlib import Path

from anyio import to_thread
from msgspec import Struct, structs

from hypha_artifact.errors import InvalidInput
from hypha_artifact.models import Artifact, StageMode
from hypha_artifact.paths import ArtifactId, RemotePath
from hypha_artifact.transfer.outcome import CommitOption
from hypha_artifact.transfer.plans import TransferPlan
from hypha_artifact.transfer.rules import resolve
from hypha_artifact.transfer.state import DownloadRequest, UploadRequest
from hypha_tui.providers.base import Place
from hypha_tui.providers.remote import RemoteProvider
from hypha_tui.screens.conflict import ConflictScreen
from hypha_tui.screens.stage_mode import StageModeScreen
from hypha_tui.screens.ui import Ui
from hypha_tui.state.rows import Row
from hypha_tui.state.text import count, size
from hypha_tui.widgets.status_bar import Tone

_ARTIFACTS = (
    "Copying between two artifacts is not there yet. Copy to a local folder first "
    "(@ = open one), and from there to the other artifact."
)
_FOLDERS = (
    "Copying between two local folders is not there yet; copy to an artifact instead "
    "(@ = open one)."
)


class CopyIntent(Struct, frozen=True, kw_only=True):
    """What the user wants copied; taken at the key press and never looked up again."""

    rows: tuple[Row, ...]
    origin: Place
    target: Place


def refusal(intent: CopyIntent) -> str | None:
    """Tell why a copy cannot be made, and what works instead.

    Args:
        intent: What the user wants.

    Returns:
        A reason with a hint, None when it can be made.
    """
    origin, target = intent.origin.provider, intent.target.provider
    if not intent.rows:
        return "Nothing is selected: Space marks a row, or put the cursor on one."
    if target.read_only:
        return f"{target.read_only} V = choose the latest version."
    if origin.is_remote is target.is_remote:
        return _ARTIFACTS if origin.is_remote else _FOLDERS
    if not movable(intent):
        row = intent.rows[0]
        return f"'{row.name}' cannot be copied: {row.error or 'it holds no file yet'}."
    return None


def movable(intent: CopyIntent) -> tuple[Row, ...]:
    """Leave out the rows of an artifact that have no bytes.

    Local ones are all looked at by the plan, which says what is wrong with each.
    """
    if not intent.origin.provider.is_remote:
        return intent.rows
    return tuple(row for row in intent.rows if row.error is None and not row.is_planned)


class CopyFlow:
    """Runs copies; each call of ``run`` is one batch.

    Args:
        ui: The screen to ask and tell on.
    """

    def __init__(self, ui: Ui) -> None:
        self._ui = ui

    async def run(self, intent: CopyIntent) -> bool:
        """Copy, or say why not.

        Args:
            intent: What to copy where.

        Returns:
            Whether something was handed to the engine.

        Raises:
            HyphaError: One of the sides cannot be read.
        """
        reason = refusal(intent)
        if reason:
            self._ui.say(reason, Tone.WARNING)
            return False
        if isinstance(intent.target.provider, RemoteProvider):
            return await self._upload(intent, intent.target.provider)
        if isinstance(intent.origin.provider, RemoteProvider):
            return await self._download(intent, intent.origin.provider)
        return False

    async def _upload(self, intent: CopyIntent, provider: RemoteProvider) -> bool:
        remote = provider.remote
        chosen = await self._mode(remote.id)
        if chosen is None:
            self._ui.say("Nothing was copied.")
            return False
        mode, commit = chosen
        folder = Path(intent.origin.folder)
        request = UploadRequest(
            sources=tuple(folder / row.name for row in intent.rows),
            artifact=remote.id,
            folder=RemotePath(intent.target.folder),
            mode=mode,
            commit=commit,
        )
        plan = await self._plan(request)
        goal = f"to {remote.id}/{request.folder} ({mode.value})"
        live = mode is StageMode.IN_PLACE
        submitted = await self._submit(plan, goal, live=live)
        if submitted:
            self._ui.follow_stage(remote.id)
        return submitted

    async def _mode(
        self, artifact_id: ArtifactId
    ) -> tuple[StageMode, CommitOption | None] | None:
        """Find what kind of stage it goes into, and whether a commit ends it."""
        session = self._ui.session
        record = await session.artifact(artifact_id).read(version="stage")
        if record.stage_mode is not None:
            self._ui.say(f"Joining the open stage ({record.stage_mode.value}).")
        known = record.stage_mode or _only_mode(record)
        if known or artifact_id in session.modes:
            return known or session.modes[artifact_id], None
        dialog = StageModeScreen(record)
        mode = await self._ui.ask(dialog)
        if mode is None:
            return None
        if dialog.commit is None:
            session.modes[artifact_id] = mode
        return mode, dialog.commit

    async def _download(self, intent: CopyIntent, provider: RemoteProvider) -> bool:
        folder = RemotePath(intent.origin.folder)
        rows = movable(intent)
        request = DownloadRequest(
            sources=tuple(_join(folder, row) for row in rows),
            artifact=provider.remote.id,
            folder=Path(intent.target.folder),
            version=provider.version,
        )
        plan = await self._plan(request)
        submitted = await self._submit(plan, f"to {intent.target.folder}", live=False)
        if submitted and len(rows) < len(intent.rows):
            left = count(len(intent.rows) - len(rows), "item")
            self._ui.say(f"Copying without {left} that had no bytes.", Tone.WARNING)
        return submitted

    async def _plan(self, request: UploadRequest | DownloadRequest) -> TransferPlan:
        items = count(len(request.sources), "item")
        self._ui.say(f"Looking at {items} ...", Tone.BUSY)
        return await self._ui.session.client.plan(request)

    async def _submit(self, plan: TransferPlan, goal: str, *, live: bool) -> bool:
        if plan.collisions or plan.problems:
            request = structs.replace(plan.request, compare=True)
            dialog = ConflictScreen(
                plan,
                live=live,
                symbols=self._ui.symbols,
                compare=lambda: self._ui.session.client.plan(request),
            )
            decisions = await self._ui.ask(dialog)
            if decisions is None:
                self._ui.say("Nothing was copied.")
                return False
            left = await to_thread.run_sync(resolve, dialog.plan, decisions)
            plan = _wished(left, dialog.commit)
        if not plan.items:
            self._ui.say("Nothing is left to copy.")
            return False
        request = plan.request
        if isinstance(request, UploadRequest) and request.commit:
            # The commit ends the stage, so the next upload asks for its kind again.
            self._ui.session.modes.pop(request.artifact, None)
        await self._ui.session.client.submit(plan)
        files = count(len(plan.items), "file")
        # The goal comes last: the middle of a line that is too long is cut out.
        self._ui.say(f"Copying {files}, {size(plan.size)}{_after(plan)}, {goal}.")
        return True


def _only_mode(record: Artifact) -> StageMode | None:
    """Return the one kind of stage that an artifact can have, if it has no choice."""
    if record.is_git:
        return StageMode.ON_BRANCH
    return None if record.versions else StageMode.NEW_VERSION


def _wished(plan: TransferPlan, commit: CommitOption | None) -> TransferPlan:
    """Let an upload end with a commit, or not."""
    if not isinstance(plan.request, UploadRequest):
        return plan
    return structs.replace(plan, request=structs.replace(plan.request, commit=commit))


def _after(plan: TransferPlan) -> str:
    """Say whether a commit follows, or how to get one."""
    if not isinstance(plan.request, UploadRequest):
        return ""
    if plan.request.commit:
        return " (a commit follows)"
    return " (t, then c = commit after it)"


def _join(folder: RemotePath, row: Row) -> RemotePath:
    try:
        return folder / row.name
    except InvalidInput as error:
        raise InvalidInput(f"Nothing was copied: {error.message}") from error
