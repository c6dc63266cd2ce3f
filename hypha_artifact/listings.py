"""Many folders of one version, with as few calls as can be.

A listing costs the server a tenth of a second and more, whatever is in the folder
(measured, Hypha 0.21), so none is asked for twice; and once a folder was not there,
none that its parent does not have.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

from hypha_artifact.models import Entry
from hypha_artifact.paths import ROOT, RemotePath

Cache = dict[RemotePath, tuple[Entry, ...]]


class Listings:
    """Folders of one version.

    Args:
        list_folder: One call to the server.
        cache: What is known already; it is added to.
    """

    def __init__(
        self,
        list_folder: Callable[[RemotePath], Awaitable[tuple[Entry, ...]]],
        cache: Cache | None = None,
    ) -> None:
        self._list = list_folder
        self._known: Cache = {} if cache is None else cache
        self._was_absent = False
        self._folders: dict[RemotePath, frozenset[str]] = {}
        self._files: dict[RemotePath, frozenset[str]] = {}

    async def of(self, folder: RemotePath) -> tuple[Entry, ...]:
        """List a folder; one that does not exist is empty."""
        if folder not in self._known:
            found = await self._list(folder) if await self._may_be_there(folder) else ()
            self._known[folder] = found
            self._was_absent |= not found
        return self._known[folder]

    async def _may_be_there(self, folder: RemotePath) -> bool:
        asks_parent = self._was_absent or folder.parent in self._known
        if folder == ROOT or not asks_parent:
            return True
        return folder.name in await self._inside(folder.parent)

    async def _inside(self, folder: RemotePath) -> frozenset[str]:
        if folder not in self._folders:
            entries = await self.of(folder)
            self._folders[folder] = frozenset(e.name for e in entries if e.is_folder)
        return self._folders[folder]

    async def files(self, folder: RemotePath) -> frozenset[str]:
        """Name the files of a folder."""
        if folder not in self._files:
            entries = await self.of(folder)
            self._files[folder] = frozenset(e.name for e in entries if not e.is_folder)
        return self._files[folder]

    async def walk(
        self, folder: RemotePath = ROOT
    ) -> AsyncIterator[tuple[RemotePath, Entry]]:
        """Yield every file below a folder, with its full path."""
        folders = [folder]
        while folders:
            here = folders.pop()
            for entry in await self.of(here):
                if entry.is_folder:
                    folders.append(here / entry.name)
                else:
                    yield here / entry.name, entry
