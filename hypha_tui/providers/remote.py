"""Folders of one artifact: its latest version, an older one, or the staged view."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from anyio import to_thread

from hypha_artifact.errors import HyphaError, NetworkError
from hypha_artifact.models import (
    Artifact,
    ChangeKind,
    Entry,
    StagedChange,
    StageMode,
    StageState,
)
from hypha_artifact.paths import ROOT, RemotePath
from hypha_artifact.remote import RemoteArtifact
from hypha_tui.providers.base import Crumb, Listing
from hypha_tui.state.rows import Row

STAGE = "stage"
"""The version's name that stands for the staged view."""


@dataclass(frozen=True, slots=True, repr=False)
class RemoteProvider:
    """One view of an artifact; a folder is a ``RemotePath``.

    It has no ``repr`` of its values: Textual makes one of what a worker is given.

    Args:
        remote: The artifact.
        record: What the server said of it when the view was opened.
        version: A version's name, None for the latest, ``"stage"`` for the stage.
        stage: The open session, for the badges.
        planned: Folders that the user made and that hold no file yet.
    """

    remote: RemoteArtifact
    record: Artifact
    version: str | None = None
    stage: StageState | None = None
    planned: frozenset[RemotePath] = frozenset()

    @property
    def is_remote(self) -> bool:
        """An artifact is."""
        return True

    @property
    def title(self) -> str:
        """The artifact's alias."""
        return self.remote.id.alias

    @property
    def state(self) -> str:
        """The version that is shown, or what the stage will become."""
        if self.version == STAGE and self.stage:
            in_place = self.stage.mode is StageMode.IN_PLACE
            return f"stage {'in' if in_place else '>'} {self.stage.target}"
        if self.version:
            return self.version
        return self.record.latest.version if self.record.latest else "no version yet"

    @property
    def read_only(self) -> str | None:
        """Older versions are history."""
        latest = self.record.latest
        if self.version in {None, STAGE} or (latest and latest.version == self.version):
            return None
        return f"{self.version} is an older version, and history cannot be changed."

    def crumbs(self, folder: str) -> tuple[Crumb, ...]:
        """Name the folders from the artifact's root down."""
        path = ROOT
        crumbs = [Crumb(text="/", folder=path)]
        for name in RemotePath(folder).segments:
            path /= name
            crumbs.append(Crumb(text=name, folder=path))
        return tuple(crumbs)

    def parent(self, folder: str) -> str | None:
        """Return the folder above, None at the artifact's root."""
        return RemotePath(folder).parent if folder else None

    def child(self, folder: str, name: str) -> str:
        """Join a name; UnsafePath for one that could leave the folder."""
        return RemotePath(folder) / name

    async def head(self, folder: str, name: str, most: int) -> bytes:
        """Read the first bytes of a file of this view; it counts as no download."""
        path = RemotePath(folder) / name
        entry = await self.remote.stat(path, version=self.version)
        if not entry.size:
            return b""
        links = await self.remote.sign_downloads([path], version=self.version)
        stop = min(most, entry.size)
        async with self.remote.fetch(links[path], 0, stop) as body:
            return b"".join([piece async for piece in body.chunks])

    async def list(self, folder: str) -> Listing:
        """List a folder of this view, with the badges of the stage."""
        path = RemotePath(folder)
        staged = self.version == STAGE
        try:
            entries = await self.remote.list_folder(
                path, version=self.version, pending=staged
            )
        except HyphaError as error:
            offline = isinstance(error, NetworkError)
            return Listing(error=error.message, hint=error.hint, offline=offline)

        def rows() -> tuple[Row, ...]:
            found = badged(entries, path, self._changes(), with_removed=staged)
            return _with_planned(found, path, self.planned)

        return Listing(rows=await to_thread.run_sync(rows))

    def _changes(self) -> tuple[StagedChange, ...]:
        shows_stage = self.version in {None, STAGE}
        return self.stage.changes if self.stage and shows_stage else ()


def badged(
    entries: Iterable[Entry],
    folder: RemotePath,
    changes: Iterable[StagedChange],
    *,
    with_removed: bool,
) -> tuple[Row, ...]:
    """Put the stage's letters on a folder's entries.

    Args:
        entries: What the server listed.
        folder: The folder's path.
        changes: The session's changes, of all folders.
        with_removed: Also give rows to what the stage removes and no longer lists.

    Returns:
        Rows in no order.
    """
    here: dict[str, StagedChange] = {}
    for name, change in _first_names(changes, folder):
        if name not in here or change.kind is ChangeKind.PENDING:
            here[name] = change
    rows = [_row(entry, here.pop(entry.name, None)) for entry in entries]
    gone = [
        Row(name=name, badge="D", note="gone", error="it is removed in the stage")
        for name, change in here.items()
        if with_removed and change.kind is ChangeKind.REMOVED and "/" not in name
    ]
    return (*rows, *gone)


def _first_names(
    changes: Iterable[StagedChange], folder: RemotePath
) -> Iterator[tuple[str, StagedChange]]:
    prefix = f"{folder}/" if folder else ""
    for change in changes:
        path = change.path.strip("/")
        if not path.startswith(prefix):
            continue
        name, slash, _rest = path[len(prefix) :].partition("/")
        yield name, _of_folder(change) if slash else change


def _of_folder(change: StagedChange) -> StagedChange:
    kind = ChangeKind.MODIFIED
    if change.kind is ChangeKind.PENDING:
        kind = change.kind
    return StagedChange(path=f"{change.path}/", kind=kind)


def _row(entry: Entry, change: StagedChange | None) -> Row:
    badge = "!" if entry.pending else change.kind.value if change else ""
    return Row(
        name=entry.name,
        is_folder=entry.is_folder,
        size=entry.size,
        modified=entry.modified,
        badge=badge,
        live=bool(change and change.live),
        note="wait" if entry.pending else "",
        error="its bytes are not there yet" if entry.pending else None,
    )


def _with_planned(
    rows: tuple[Row, ...], folder: RemotePath, planned: frozenset[RemotePath]
) -> tuple[Row, ...]:
    known = {row.name for row in rows}
    names = {
        path.relative_to(folder).segments[0]
        for path in planned
        if path != folder and path.is_under(folder)
    }
    fresh = (
        Row(name=name, is_folder=True, note="empty", is_planned=True)
        for name in sorted(names - known)
    )
    return (*rows, *fresh)
