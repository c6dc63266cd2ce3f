"""A real Hypha server and its object store on this machine."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from time import time
from types import TracebackType
from typing import Self

import anyio
import anyio.to_thread
from msgspec import Struct

from hypha_artifact.errors import InvalidInput, LocalServerError
from hypha_artifact.localserver import programs, token
from hypha_artifact.localserver.child import Child
from hypha_artifact.localserver.folder import DataFolder
from hypha_artifact.localserver.ports import HOST, call, free_ports, listens
from hypha_artifact.paths import printable
from hypha_artifact.settings import ConnectionSettings

DEFAULT_WORKSPACE = "demo-lab"
START_SECONDS = 60.0
_TOKEN_SECONDS = 365 * 86400.0
_EXISTS = "Workspace already exists"
_OK = 200


class StoreAccess(Struct, frozen=True, kw_only=True):
    """How to reach the object store itself, past the server."""

    url: str
    key_id: str
    secret: str


class LocalServer:
    """A Hypha server of one's own, as a context manager, sync or async.

    ::

        with LocalServer() as server:
            connect(server.settings)

    It ends with this process, however that ends.

    Args:
        data: Folder to keep everything in; None for a temporary one.
        port: The server's port; None for a free one.
        s3_port: The object store's port; None for a free one.
        workspace: Name of the user's workspace: lower-case letters, digits and at
            least one hyphen.
        say: Told what happens while it starts and stops.

    Raises:
        InvalidInput: Hypha takes no workspace of that name.
    """

    def __init__(
        self,
        *,
        data: Path | None = None,
        port: int | None = None,
        s3_port: int | None = None,
        workspace: str = DEFAULT_WORKSPACE,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", workspace):
            raise InvalidInput(
                f"'{printable(workspace)}' cannot be a workspace's name.",
                hint="Use lower-case letters and digits with a hyphen: demo-lab.",
            )
        self.workspace = workspace
        self._data = data
        self._wanted = (port, s3_port)
        self._say = say
        self._running = ExitStack()
        self._folder: DataFolder | None = None
        self._ports = (0, 0)
        self._hypha: Child | None = None
        self._store: Child | None = None

    @property
    def url(self) -> str:
        """The server's base URL."""
        return f"http://{HOST}:{self._ports[0]}"

    @property
    def token(self) -> str:
        """A token of an ordinary user who owns the workspace; valid for a year."""
        return self.mint(self.workspace)

    @property
    def settings(self) -> ConnectionSettings:
        """Where to connect, and as whom."""
        return ConnectionSettings(
            server_url=self.url, workspace=self.workspace, token=self.token
        )

    @property
    def store(self) -> StoreAccess:
        """The object store itself, for tests that look behind the server."""
        keys = self._opened.keys
        url = f"http://{HOST}:{self._ports[1]}"
        return StoreAccess(url=url, key_id=keys.s3_id, secret=keys.s3_secret)

    @property
    def data(self) -> Path:
        """The folder with its data."""
        return self._opened.root

    @property
    def log(self) -> str:
        """The end of the server's log."""
        return self._hypha.tail() if self._hypha else ""

    @property
    def _opened(self) -> DataFolder:
        if self._folder is None:
            raise LocalServerError("The local server is not running.")
        return self._folder

    def mint(self, workspace: str, *, lifetime: float = _TOKEN_SECONDS) -> str:
        """Make another token of the same user.

        Args:
            workspace: The workspace it is for.
            lifetime: Seconds until it expires; negative for one that has expired.
        """
        secret = self._opened.keys.jwt
        return token.mint(secret, workspace=workspace, now=time(), lifetime=lifetime)

    def start(self) -> None:
        """Start both programs and wait until the server answers.

        Raises:
            InvalidInput: Both ports are the same.
            LocalServerError: Something is missing or in use, or a program ended.
        """
        try:
            programs.require_hypha()
            rclone = programs.find_rclone()
            self._ports = free_ports(*self._wanted)
            self._folder = self._open_folder()
            self._start_store(rclone)
            self.start_hypha()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop both programs, the server first; a temporary folder is removed."""
        self._running.close()
        self._folder = self._store = None

    def start_hypha(self) -> None:
        """Start the Hypha process alone, again after ``stop_hypha``.

        Raises:
            LocalServerError: It did not start.
        """
        folder, (port, s3_port) = self._opened, self._ports
        self._say(f"Starting Hypha on {self.url}, which takes a few seconds")
        self._hypha = Child(
            "The Hypha server",
            programs.hypha_command(),
            environ=programs.hypha_environ(folder, port, s3_port),
            log=folder.log("hypha"),
            lock=folder.lock,
        )
        self._running.callback(self.stop_hypha)
        self._hypha.wait_until(self._answers, START_SECONDS)
        self._make_workspace(self._hypha)

    def stop_hypha(self) -> None:
        """Stop the Hypha process alone, as if the server were lost."""
        if self._hypha:
            self._say("Stopping Hypha")
            self._hypha.stop()
            self._hypha = None

    def wait(self) -> None:
        """Wait for as long as both programs run.

        Raises:
            LocalServerError: One of them ended.
        """
        while self._hypha and self._store:
            self._store.check()
            self._hypha.check(within=1.0)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        await anyio.to_thread.run_sync(self.start)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self.stop)

    def _open_folder(self) -> DataFolder:
        if self._data is None:
            root = Path(tempfile.mkdtemp(prefix="hypha-local-"))
            self._running.callback(shutil.rmtree, root, ignore_errors=True)
        else:
            root = self._data
        folder = DataFolder(root)
        self._running.callback(folder.close)
        return folder

    def _start_store(self, rclone: str) -> None:
        folder, s3_port = self._opened, self._ports[1]
        self._say(f"Starting the object store on {HOST}:{s3_port}")
        store = self._store = Child(
            "The object store",
            programs.rclone_command(rclone, folder, s3_port),
            environ=programs.rclone_environ(folder.keys),
            log=folder.log("rclone"),
            lock=folder.lock,
        )
        self._running.callback(store.stop)
        store.wait_until(lambda: listens(s3_port), START_SECONDS)

    def _answers(self) -> bool:
        return call(self._ports[0], "/health/readiness")[0] == _OK

    def _has_workspace(self) -> bool:
        path = f"/{self.workspace}/info"
        return call(self._ports[0], path, token=self.token)[0] == _OK

    def _make_workspace(self, hypha: Child) -> None:
        if self._has_workspace():
            return
        name = self.workspace
        config = {"id": name, "name": name, "persistent": True, "owners": [token.USER]}
        status, text = call(
            self._ports[0],
            f"/{token.HOME}/services/ws/create_workspace",
            token=self.mint(token.HOME),
            body={"config": config},
        )
        if _EXISTS in text:  # the server is about to have read it again
            hypha.wait_until(self._has_workspace, START_SECONDS)
        elif status != _OK:
            reason = _detail(text)
            message = f"The workspace '{name}' could not be made: {status} {reason}."
            raise LocalServerError(message)


def _detail(text: str) -> str:
    try:
        return printable(str(json.loads(text)["detail"]))
    except (ValueError, KeyError, TypeError):
        return printable(text)


def local_server(
    *,
    data: Path | None = None,
    port: int | None = None,
    s3_port: int | None = None,
    workspace: str = DEFAULT_WORKSPACE,
    say: Callable[[str], None] = lambda _: None,
) -> LocalServer:
    """Make a ``LocalServer``, to be used in a ``with`` statement.

    Args:
        data: Folder to keep everything in; None for a temporary one.
        port: The server's port; None for a free one.
        s3_port: The object store's port; None for a free one.
        workspace: Name of the user's workspace.
        say: Told what happens while it starts and stops.
    """
    return LocalServer(
        data=data, port=port, s3_port=s3_port, workspace=workspace, say=say
    )
