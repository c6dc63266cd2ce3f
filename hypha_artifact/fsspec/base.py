"""Storage options, and one connection for each event loop."""

from __future__ import annotations

import asyncio
import os
import weakref
from typing import Literal, TypeAlias

from fsspec.asyn import AsyncFileSystem, get_loop
from msgspec import structs
from typing_extensions import override

from hypha_artifact.errors import InvalidInput
from hypha_artifact.fsspec.access import Access
from hypha_artifact.fsspec.address import PROTOCOL, Address
from hypha_artifact.fsspec.connection import Connection
from hypha_artifact.models import StageMode
from hypha_artifact.paths import ArtifactId
from hypha_artifact.record import STAGE
from hypha_artifact.settings import ConnectionSettings

Stage: TypeAlias = Literal["in_place", "new_version"]

_MODES = {"in_place": StageMode.IN_PLACE, "new_version": StageMode.NEW_VERSION}
_left_behind: list[object] = []
"""Connections from before a fork: to close them here would close them there."""


class Base(AsyncFileSystem):
    """Where to connect, and what to see; see ``HyphaFileSystem``."""

    protocol = PROTOCOL
    root_marker = ""

    def __init__(
        self,
        *,
        server_url: str | None = None,
        token: str | None = None,
        workspace: str | None = None,
        version: str | None = None,
        stage: Stage | None = None,
        use_proxy: bool | None = None,
        use_local_url: bool | str | None = None,
        verify: bool = True,
        asynchronous: bool = False,
        loop: asyncio.AbstractEventLoop | None = None,
        **options: object,
    ) -> None:
        if stage not in {None, *_MODES}:
            raise InvalidInput(
                f"'{stage}' is no kind of stage.", hint="Use in_place or new_version."
            )
        if stage and version not in {None, STAGE}:
            raise InvalidInput(
                f"Version '{version}' cannot be written.",
                hint="Give either version or stage.",
            )
        found = ConnectionSettings.load(
            server_url=server_url, workspace=workspace, token=token
        )
        self._settings = structs.replace(
            found, use_proxy=use_proxy, use_local_url=use_local_url, verify=verify
        )
        self._view = STAGE if stage else version
        self._mode = _MODES[stage] if stage else None
        self._connections: dict[asyncio.AbstractEventLoop, Connection] = {}
        self._opened: set[ArtifactId] = set()
        weakref.finalize(self, _close_all, self._connections).atexit = False
        super().__init__(asynchronous=asynchronous, loop=loop, **options)

    @override
    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._settings.server_url})"

    @property
    @override
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The event loop of blocking calls; a new one in a forked process."""
        self._check_process()
        return self._loop

    def _check_process(self) -> None:
        if self._pid == os.getpid():
            return
        self._pid = os.getpid()
        _left_behind.append(dict(self._connections))
        self._connections.clear()
        if not self.asynchronous:
            self._loop = get_loop()

    def _connection(self) -> Connection:
        """Return the connection of the running loop."""
        self._check_process()
        loop = asyncio.get_running_loop()
        if loop not in self._connections:
            for closed in [each for each in self._connections if each.is_closed()]:
                del self._connections[closed]
            self._connections[loop] = Connection(
                self._settings, view=self._view, mode=self._mode, opened=self._note
            )
        return self._connections[loop]

    def _access(self, address: Address) -> Access:
        return self._connection().access(address.artifact)

    def _note(self, artifact: ArtifactId) -> None:
        if self._intrans:
            self._opened.add(artifact)

    @classmethod
    @override
    def _strip_protocol(cls, path: str) -> str:
        found = super()._strip_protocol(path)
        # fsspec gives lists, too, and then asks for each path on its own.
        return found.lstrip("/") if hasattr(found, "lstrip") else found

    @override
    def invalidate_cache(self, path: str | None = None) -> None:
        """Forget listings.

        Args:
            path: Only those of this path, of what is in it, and of the folders that
                it is in; all by default.
        """
        super().invalidate_cache(path)
        for connection in list(self._connections.values()):
            connection.forget_links()
        if path is None:
            self.dircache.clear()
            return
        name = self._strip_protocol(path)
        for known in list(self.dircache):
            if _is_in(known, name) or _is_in(name, known):
                self.dircache.pop(known, None)

    async def aclose(self) -> None:
        """Close the running loop's connection; the next call opens another."""
        connection = self._connections.pop(asyncio.get_running_loop(), None)
        if connection:
            await connection.aclose()


def _close_all(connections: dict[asyncio.AbstractEventLoop, Connection]) -> None:
    for loop, connection in connections.items():
        if loop.is_running():
            asyncio.run_coroutine_threadsafe(connection.aclose(), loop)


def _is_in(path: str, folder: str) -> bool:
    return not folder or path == folder or path.startswith(f"{folder}/")
