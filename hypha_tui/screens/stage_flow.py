"""Changing a stage: remove, unstage, discard, commit. The rules are in ``staging``."""

from __future__ import annotations

from collections.abc import Sequence

from anyio import to_thread

from hypha_artifact import staging
from hypha_artifact.errors import WouldLoseData
from hypha_artifact.models import (
    Artifact,
    CommitPreview,
    StagedChange,
    StageMode,
    StageState,
)
from hypha_artifact.paths import ArtifactId, RemotePath, printable
from hypha_artifact.remote import RemoteArtifact
from hypha_artifact.transfer.rules import resolve
from hypha_artifact.transfer.state import CarryRequest, Overwrite
from hypha_tui.providers.base import Place
from hypha_tui.providers.remote import RemoteProvider
from hypha_tui.screens.commit import CarryWanted, CommitDecision, CommitScreen
from hypha_tui.screens.confirm import ConfirmScreen
from hypha_tui.screens.ui import Ui
from hypha_tui.state.rows import Row
from hypha_tui.state.text import count, size
from hypha_tui.widgets.status_bar import Tone

MANY = 10
"""Above this many files a destructive dialog wants the number typed."""
NAMED = 5


class StageFlow:
    """Runs what changes a stage; each asks before it destroys.

    Args:
        ui: The screen to ask and tell on.
    """

    def __init__(self, ui: Ui) -> None:
        self._ui = ui

    async def remove(self, place: Place, rows: Sequence[Row]) -> None:
        """Stage the removal of files; a folder stands for all files in it.

        Raises:
            HyphaError: The server refused, or a committed file would be lost.
        """
        provider = place.provider
        if not isinstance(provider, RemoteProvider):
            raise TypeError
        if provider.read_only:
            self._ui.say(provider.read_only, Tone.WARNING)
            return
        remote = provider.remote
        state = await self._ui.session.stage(remote.id)
        files = await self._files(provider, RemotePath(place.folder), rows, state)
        self._check(state, [path for path, _ in files])
        if not files or not await self._ui.ask(_removal_dialog(files, state)):
            self._ui.say("Nothing was removed.")
            return
        if state.mode is None:
            opened = await remote.open_stage(StageMode.IN_PLACE)
            if opened.stage_mode:
                self._ui.session.modes[remote.id] = opened.stage_mode
        self._ui.say("Removing ...", Tone.BUSY)
        await staging.remove(remote, [path for path, _ in files])
        self._ui.say(_removed(len(files), state), Tone.DONE)
        self._ui.follow_stage(remote.id)
        await self._ui.refresh_artifact(remote.id)

    async def _files(
        self,
        provider: RemoteProvider,
        folder: RemotePath,
        rows: Sequence[Row],
        state: StageState,
    ) -> list[tuple[RemotePath, int]]:
        found: list[tuple[RemotePath, int]] = []
        version = "stage" if state.mode is not None else None
        for row in rows:
            path = folder / row.name
            if not row.is_folder:
                found.append((path, row.size or 0))
                continue
            async for file, entry in provider.remote.walk(path, version=version):
                found.append((file, entry.size or 0))
        return found

    @staticmethod
    def _check(state: StageState, paths: Sequence[RemotePath]) -> None:
        if state.mode is None and not state.artifact.versions:
            raise WouldLoseData("Nothing is committed yet, so nothing can be removed.")
        if state.mode is None:
            return
        staging.check_removal(paths, state)

    async def unstage(
        self, artifact_id: ArtifactId, changes: Sequence[StagedChange]
    ) -> None:
        """Take changes out of the stage where that is safe.

        Raises:
            HyphaError: The server refused, or a committed file would be lost.
        """
        remote = self._ui.session.artifact(artifact_id)
        paths = [RemotePath(change.path) for change in changes]
        state = await self._ui.session.stage(artifact_id)
        self._check(state, paths)
        total = sum(change.size or 0 for change in changes)
        body = (
            f"Take {count(len(paths), 'file')}, {size(total)}, out of the stage?\n"
            f"{_names(paths)}\nThe uploaded bytes are deleted; committed files stay."
        )
        typed = len(paths) if len(paths) > MANY else None
        dialog = ConfirmScreen("Unstage", body, key="y", label="Unstage", typed=typed)
        if not await self._ui.ask(dialog):
            self._ui.say("Nothing was unstaged.")
            return
        self._ui.say("Unstaging ...", Tone.BUSY)
        await staging.remove(remote, paths)
        self._ui.say(f"{count(len(paths), 'file')} unstaged.", Tone.DONE)
        await self._ui.refresh_artifact(artifact_id)

    async def discard(self, artifact_id: ArtifactId) -> None:
        """Throw the whole stage away.

        Raises:
            HyphaError: The server refused.
        """
        remote = self._ui.session.artifact(artifact_id)
        state = await self._ui.session.stage(artifact_id)
        if state.mode is None:
            self._ui.say("Nothing is staged.")
            return
        files = len(state.changes)
        typed = files if files > MANY else None
        dialog = ConfirmScreen(
            "Discard the stage",
            _discard_body(state),
            key="x",
            label="Discard",
            typed=typed,
        )
        if not await self._ui.ask(dialog):
            self._ui.say("The stage stays as it is.")
            return
        self._ui.say("Discarding the stage ...", Tone.BUSY)
        await remote.discard()
        self._ui.session.modes.pop(artifact_id, None)
        self._ui.say(f"The stage of {artifact_id} was discarded.", Tone.DONE)
        await self._ui.refresh_artifact(artifact_id)

    async def commit(self, artifact_id: ArtifactId) -> None:
        """Show what readers will see, ask, and commit.

        Raises:
            HyphaError: The server refused, or the preflight did.
        """
        remote = self._ui.session.artifact(artifact_id)
        self._ui.say("Looking at what readers will see ...", Tone.BUSY)
        preview = await staging.preview_commit(remote)
        if self._ui.is_asking:
            self._ui.say("What readers will see is known now: C shows it.")
            return
        self._ui.say("")
        dialog = CommitScreen(preview, symbols=self._ui.symbols)
        decision = await self._ui.ask(dialog)
        if isinstance(decision, CarryWanted):
            await self._carry(preview, decision)
            return
        if decision is None:
            self._ui.say("Not committed.")
            return
        if preview.state.mode is None:
            await self._open(remote, decision.mode)
            return
        self._ui.say("Committing; the server looks at each file once ...", Tone.BUSY)
        artifact = await _commit(remote, preview, decision)
        CommitScreen.forget(artifact_id)
        self._ui.session.modes.pop(artifact_id, None)
        self._ui.say(_committed(artifact, preview), Tone.DONE)
        await self._ui.refresh_artifact(artifact_id)

    async def _open(self, remote: RemoteArtifact, mode: StageMode) -> None:
        """Open a stage of the chosen kind, for what is copied next."""
        self._ui.say("Opening the stage ...", Tone.BUSY)
        await remote.open_stage(mode)
        self._ui.session.modes[remote.id] = mode
        self._ui.follow_stage(remote.id)
        await self._ui.refresh_artifact(remote.id)
        text = f"The stage is open ({mode.value}). F5 copies files into it."
        self._ui.say(text, Tone.DONE)

    async def _carry(self, preview: CommitPreview, wanted: CarryWanted) -> None:
        artifact = preview.state.artifact
        latest = artifact.latest
        if latest is None:
            return
        self._ui.say("Looking at what to carry over ...", Tone.BUSY)
        request = CarryRequest(
            artifact=artifact.artifact_id,
            version=latest.version,
            paths=tuple(map(RemotePath, wanted.paths)),
        )
        client = self._ui.session.client
        nothing: dict[RemotePath, Overwrite] = {}
        plan = await to_thread.run_sync(resolve, await client.plan(request), nothing)
        await client.submit(plan)
        files = f"{count(len(plan.items), 'file')}, {size(plan.size)}"
        text = f"Carrying {files}, of {latest.version} over. C commits when it is done."
        self._ui.say(printable(text))


async def _commit(
    remote: RemoteArtifact, preview: CommitPreview, decision: CommitDecision
) -> Artifact:
    in_place = preview.state.mode is StageMode.IN_PLACE
    return await staging.commit(
        remote,
        comment=decision.comment or None,
        version=None if in_place else decision.version,
    )


def _committed(artifact: Artifact, preview: CommitPreview) -> str:
    version = artifact.latest.version if artifact.latest else preview.state.target
    files = sum(file.size_after is not None for file in preview.files)
    return f"{printable(version)} is committed: readers see {count(files, 'file')}."


def _removal_dialog(
    files: Sequence[tuple[RemotePath, int]], state: StageState
) -> ConfirmScreen:
    total = sum(length for _, length in files)
    what = f"{count(len(files), 'file')}, {size(total)}"
    names = _names([path for path, _ in files])
    tail = _removal_effect([path for path, _ in files], state)
    typed = len(files) if len(files) > MANY else None
    body = f"Remove {what}?\n{names}\n{tail}"
    return ConfirmScreen("Remove", body, key="y", label="Remove", typed=typed)


def _removal_effect(paths: Sequence[RemotePath], state: StageState) -> str:
    staged = {change.path for change in state.changes}
    own = sum(path in staged for path in paths)
    if own == len(paths):
        if own == 1:
            return "It leaves the stage; its uploaded bytes are deleted."
        return "They leave the stage; their uploaded bytes are deleted."
    latest = state.artifact.latest
    version = printable(latest.version) if latest else "the artifact"
    how = "Staged" if state.artifact.is_git else "Staged in place"
    them = "it" if len(paths) == 1 else "them"
    text = (
        f"{how}: readers of {version} see {them} until you commit, and a discard "
        f"before that keeps {them}."
    )
    if own:
        text += f" The {count(own, 'file')} uploaded in this stage go at once."
    return text


def _names(paths: Sequence[RemotePath]) -> str:
    lines = [f"  {printable(path)}" for path in paths[:NAMED]]
    if len(paths) > NAMED:
        lines.append(f"  and {len(paths) - NAMED:,} more")
    return "\n".join(lines)


def _removed(files: int, state: StageState) -> str:
    if state.mode is StageMode.NEW_VERSION:
        return f"{count(files, 'file')} taken out of the stage."
    return f"{count(files, 'file')} will be removed by the commit (C)."


def _discard_body(state: StageState) -> str:
    files = count(len(state.changes), "staged change")
    if state.mode is not StageMode.IN_PLACE:
        tail = "The uploaded files are deleted; committed versions stay as they are."
    else:
        tail = "Overwritten files get their old content back; added files are deleted."
    return f"Throw away {files}, {size(state.size)}?\n{tail}\nThis cannot be undone."
