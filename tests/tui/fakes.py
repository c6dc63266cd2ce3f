"""A session without a server: one artifact, and an engine that stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Self

import anyio
from textual.pilot import Pilot
from typing_extensions import override

from hypha_artifact.baseline import Baseline
from hypha_artifact.errors import HyphaError
from hypha_artifact.listings import Cache, Listings
from hypha_artifact.memory import StageMemory
from hypha_artifact.models import (
    Artifact,
    ChangeKind,
    Entry,
    EntryKind,
    StagedChange,
    StageEntry,
    StageMode,
    StageState,
    User,
    Version,
)
from hypha_artifact.paths import ROOT, ArtifactId, RemotePath
from hypha_artifact.settings import ConnectionSettings
from hypha_artifact.transfer.plans import TransferPlan
from hypha_artifact.transfer.state import (
    Command,
    Direction,
    DownloadRequest,
    Snapshot,
    UploadRequest,
)
from hypha_tui.app import HyphaApp
from hypha_tui.providers.session import Session
from hypha_tui.screens.main import MainScreen
from hypha_tui.themes import UNICODE, Symbols

LAB = ArtifactId("ws-lab", "zebrafish")
SETTINGS = ConnectionSettings(server_url="http://localhost:1", workspace="ws-lab")


def file(name: str, size: int = 10) -> Entry:
    return Entry(name=name, size=size, modified=1.7e9)


def folder(name: str) -> Entry:
    return Entry(name=name, kind=EntryKind.FOLDER)


class FakeRemote:
    """An artifact's listings; ``gate`` holds them back, ``error`` fails them."""

    def __init__(self, artifact_id: ArtifactId, session: FakeSession) -> None:
        self.id = artifact_id
        self._session = session

    async def read(self, **_: object) -> Artifact:
        return self._session.record

    async def list_folder(
        self, path: str = "", *, version: str | None = None, **_: object
    ) -> tuple[Entry, ...]:
        await self._session.gate.wait()
        if self._session.error:
            raise self._session.error
        self._session.listed.append((path, version))
        return tuple(self._session.tree.get(path, ()))

    async def walk(
        self, path: RemotePath = ROOT, **_: object
    ) -> AsyncIterator[tuple[RemotePath, Entry]]:
        for entry in self._session.tree.get(path, ()):
            yield path / entry.name, entry

    def listings(
        self, version: str | None = None, cache: Cache | None = None
    ) -> Listings:
        return Listings(partial(self.list_folder, version=version), cache)

    async def recall(self, artifact: Artifact) -> StageMemory:
        return self.memory(artifact)

    def memory(self, _: Artifact) -> StageMemory:
        return StageMemory()

    async def baseline(self, _: Artifact) -> Baseline:
        return Baseline(opened=None)


class FakeSpace:
    """A workspace with one artifact."""

    def __init__(self, session: FakeSession) -> None:
        self._session = session

    async def whoami(self) -> User:
        if self._session.refuses:
            raise self._session.refuses
        return User(id="alice", workspace="ws-lab")

    async def workspaces(self) -> tuple[str, ...]:
        return ("ws-lab", "ws-other")

    async def list_artifacts(self, **_: object) -> tuple[Artifact, ...]:
        return (self._session.record,)


class FakeClient:
    """Remembers what it was asked."""

    outlives = False

    def __init__(self) -> None:
        self.shown = Snapshot()
        self.asked: list[UploadRequest | DownloadRequest] = []
        self.submitted: list[TransferPlan] = []
        self.commands: list[Command] = []
        self.limits: dict[Direction, str] = {}

    def snapshot(self) -> Snapshot:
        return self.shown

    async def plan(self, request: UploadRequest | DownloadRequest) -> TransferPlan:
        self.asked.append(request)
        return TransferPlan(request=request, items=())

    async def submit(self, plan: TransferPlan) -> int:
        self.submitted.append(plan)
        return 1

    async def limit(self, direction: Direction, text: str) -> None:
        self.limits[direction] = text

    async def control(self, command: Command) -> None:
        self.commands.append(command)

    async def aclose(self) -> None:
        pass


class FakeSession(Session):
    """A session that needs no network."""

    def __init__(self) -> None:
        super().__init__(SETTINGS)
        self.fake = FakeClient()
        self.client = self.fake  # type: ignore[assignment]
        self.gate = anyio.Event()
        self.gate.set()
        self.error: HyphaError | None = None
        self.refuses: HyphaError | None = None
        self.listed: list[tuple[str, str | None]] = []
        self.mode: StageMode | None = None
        self.changes: tuple[StagedChange, ...] = ()
        self.tree: dict[str, list[Entry]] = {
            "": [folder("raw"), folder("labels"), *map(file, "abcdef")],
            "raw": [file(f"img_{i}.tif", i) for i in range(30)],
        }

    @override
    async def __aenter__(self) -> Self:
        return self

    @override
    async def __aexit__(self, *_: object) -> None:
        pass

    @property
    def record(self) -> Artifact:
        intents = {StageMode.NEW_VERSION: "new_version", StageMode.IN_PLACE: "edit"}
        staging = [StageEntry(intent=intents[self.mode])] if self.mode else None
        return Artifact(
            id=str(LAB),
            workspace=LAB.workspace,
            alias=LAB.alias,
            versions=[Version(version="v0"), Version(version="v1")],
            staging=staging,
        )

    @override
    def artifact(self, artifact_id: ArtifactId) -> FakeRemote:  # type: ignore[override]
        return FakeRemote(artifact_id, self)

    @override
    def workspace(self, name: str | None = None) -> FakeSpace:  # type: ignore[override]
        return FakeSpace(self)

    @override
    async def stage(self, artifact_id: ArtifactId) -> StageState:
        return StageState(artifact=self.record, mode=self.mode, changes=self.changes)


def added(path: str, *, live: bool = False) -> StagedChange:
    return StagedChange(path=path, kind=ChangeKind.ADDED, size=10, live=live)


def make_app(
    session: FakeSession,
    local: Path,
    *,
    symbols: Symbols = UNICODE,
    remote: bool = True,
) -> HyphaApp:
    where = (LAB, ROOT) if remote else None
    return HyphaApp(SETTINGS, local, where, symbols=symbols, session=session)


async def until(pilot: Pilot[None], condition: Callable[[], object]) -> None:
    """Let the app work until something is so."""
    with anyio.fail_after(90):
        while not condition():
            await pilot.pause()


async def ready(pilot: Pilot[None]) -> MainScreen:
    """Wait until both panes show their places."""
    screen = pilot.app.screen
    assert isinstance(screen, MainScreen)
    await until(pilot, lambda: all(pane.view for pane in screen.panes))
    await until(pilot, lambda: screen.focused is not None)
    return screen
