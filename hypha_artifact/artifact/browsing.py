"""The verbs that look: list, find, walk, glob, sizes and times."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Literal, overload

from hypha_artifact.artifact.base import Connected, shown
from hypha_artifact.artifact.items import ListedName, checked_depth, item_of
from hypha_artifact.classes import ArtifactItem
from hypha_artifact.errors import ArtifactNotFound, NotFound, VersionNotFound
from hypha_artifact.listings import Listings
from hypha_artifact.models import Entry, EntryKind
from hypha_artifact.paths import ROOT, RemotePath

KEEP = ".keep"
"""The empty file that holds a folder: the store knows folders by their files only."""

_ROOT_ENTRY = Entry(name="", kind=EntryKind.FOLDER)


class Browsing(Connected):
    """What is in the artifact.

    ``version`` is everywhere a version's name, None for the latest committed one, or
    ``"stage"`` for the staged view. A leading slash means nothing.
    """

    @overload
    async def ls(
        self,
        path: str = ".",
        limit: int | None = None,
        version: str | None = None,
        *,
        detail: Literal[True],
    ) -> list[ArtifactItem]: ...
    @overload
    async def ls(
        self,
        path: str = ".",
        limit: int | None = None,
        version: str | None = None,
        *,
        detail: Literal[False],
    ) -> list[str]: ...
    @overload
    async def ls(
        self,
        path: str = ".",
        limit: int | None = None,
        version: str | None = None,
        *,
        detail: None = None,
    ) -> list[ListedName]: ...
    async def ls(
        self,
        path: str = ".",
        limit: int | None = None,
        version: str | None = None,
        *,
        detail: bool | None = None,
    ) -> list[ArtifactItem] | list[str] | list[ListedName]:
        """List a folder of any size; folders first, then by name.

        Args:
            path: The folder; a file is listed alone.
            limit: How many entries at most; all by default.
            version: See the class.
            detail: True for items, False for plain names. By default entries are
                names that can be asked like items: ``entry["size"]``.

        Raises:
            NotFound: There is no such file or folder.
            VersionNotFound: The artifact has no such version.
        """
        found = (await self._listed(RemotePath(path), version))[:limit]
        if detail is None:
            return [ListedName(entry) for entry in found]
        if detail:
            return [item_of(entry) for entry in found]
        return [entry.name for entry in found]

    async def _listed(self, path: RemotePath, version: str | None) -> tuple[Entry, ...]:
        found = await self.remote.list_folder(path, version=version)
        if found or path == ROOT:
            return found
        entry = await self.remote.stat(path, version=version)
        return () if entry.is_folder else (entry,)

    async def listdir(self, path: str = ".", version: str | None = None) -> list[str]:
        """Return the names in a folder; as ``ls`` with ``detail=False``."""
        return await self.ls(path, version=version, detail=False)

    async def info(self, path: str, version: str | None = None) -> ArtifactItem:
        """Return what is known of one file or folder.

        Raises:
            NotFound: There is none.
        """
        return item_of(await self.remote.stat(RemotePath(path), version=version))

    async def exists(self, path: str, version: str | None = None) -> bool:
        """Tell whether there is such a file or folder.

        Raises:
            ArtifactNotFound: There is no such artifact: that is no answer.
            VersionNotFound: It has no such version.
            HyphaError: It cannot be told.
        """
        return await self._entry(path, version) is not None

    async def isfile(self, path: str, version: str | None = None) -> bool:
        """Tell whether there is such a file; raises as ``exists`` does."""
        entry = await self._entry(path, version)
        return entry is not None and not entry.is_folder

    async def isdir(self, path: str, version: str | None = None) -> bool:
        """Tell whether there is such a folder; raises as ``exists`` does."""
        entry = await self._entry(path, version)
        return entry is not None and entry.is_folder

    async def _entry(self, path: str, version: str | None) -> Entry | None:
        try:
            return await self.remote.stat(RemotePath(path), version=version)
        except (ArtifactNotFound, VersionNotFound):
            raise
        except NotFound:
            return None

    @overload
    async def find(
        self,
        path: str = "",
        maxdepth: int | None = None,
        version: str | None = None,
        *,
        withdirs: bool = False,
        detail: Literal[True],
        hide_keep: bool = True,
    ) -> dict[str, ArtifactItem]: ...
    @overload
    async def find(
        self,
        path: str = "",
        maxdepth: int | None = None,
        version: str | None = None,
        *,
        withdirs: bool = False,
        detail: Literal[False] = False,
        hide_keep: bool = True,
    ) -> list[str]: ...
    async def find(
        self,
        path: str = "",
        maxdepth: int | None = None,
        version: str | None = None,
        *,
        withdirs: bool = False,
        detail: bool = False,
        hide_keep: bool = True,
    ) -> list[str] | dict[str, ArtifactItem]:
        """Return every file below a folder, sorted.

        Args:
            path: The folder; a file is found alone.
            maxdepth: Levels to go down; 1 for the folder's own files.
            version: See the class.
            withdirs: Return the folders, too.
            detail: Return a mapping to items, not a list.
            hide_keep: Leave out the ``.keep`` files that hold folders.

        Returns:
            Full paths in the artifact; with a leading slash if ``path`` has one.

        Raises:
            NotFound: There is no such file or folder.
        """
        found = {
            shown(path, name): item_of(entry)
            async for name, entry in self._found(path, maxdepth, version)
            if (withdirs or not entry.is_folder)
            and not (hide_keep and name.name == KEEP)
        }
        ordered = dict(sorted(found.items()))
        return ordered if detail else list(ordered)

    async def _found(
        self, path: str, maxdepth: int | None, version: str | None
    ) -> AsyncIterator[tuple[RemotePath, Entry]]:
        """Yield the files and folders below a folder, or the one file that it is."""
        maxdepth = checked_depth(maxdepth)
        top = RemotePath(path)
        listed = await self.remote.list_folder(top, version=version)
        if not listed and top != ROOT:
            entry = await self.remote.stat(top, version=version)
            if not entry.is_folder:
                yield top, entry
            return
        todo = [(top, listed, 1)]
        while todo:
            here, entries, depth = todo.pop()
            for entry in entries:
                found = here / entry.name
                yield found, entry
                if entry.is_folder and (maxdepth is None or depth < maxdepth):
                    below = await self.remote.list_folder(found, version=version)
                    todo.append((found, below, depth + 1))

    async def walk(
        self,
        path: str = "",
        maxdepth: int | None = None,
        version: str | None = None,
    ) -> AsyncGenerator[tuple[str, list[str], list[str]]]:
        """Yield each folder, the names of its folders, and those of its files.

        Args:
            path: Where to begin.
            maxdepth: Levels to go down; 1 for the first folder alone.
            version: See the class.
        """
        maxdepth = checked_depth(maxdepth)
        todo = [(RemotePath(path), 1)]
        while todo:
            here, depth = todo.pop(0)
            entries = await self.remote.list_folder(here, version=version)
            folders = [entry.name for entry in entries if entry.is_folder]
            files = [entry.name for entry in entries if not entry.is_folder]
            yield shown(path, here), folders, files
            if maxdepth is None or depth < maxdepth:
                todo.extend((here / name, depth + 1) for name in folders)

    async def glob(
        self,
        pattern: str,
        maxdepth: int | None = None,
        version: str | None = None,
    ) -> list[str]:
        """Return the files and folders that a pattern fits, sorted.

        Args:
            pattern: ``*``, ``?`` and ``[a-z]`` within a name, ``**`` for any number of
                folders, ``{a,b}`` for either.
            maxdepth: Levels to look down from the pattern's first wildcard.
            version: See the class.
        """
        from wcmatch import glob  # noqa: PLC0415 - only who globs waits for it

        flags = glob.GLOBSTAR | glob.BRACE | glob.DOTGLOB
        wanted = pattern.removeprefix("./").strip("/")
        base = RemotePath(_fixed_part(wanted))
        top = await self._entry(base, version)
        if top is None or not top.is_folder:
            return [shown(pattern, base)] if top and base == wanted else []
        rest = wanted[len(base) :].strip("/")
        if not rest:
            return [shown(pattern, base)]
        deep = None if "**" in rest else rest.count("/") + 1
        deep = checked_depth(maxdepth) or deep
        return sorted(
            [
                shown(pattern, name)
                async for name, _ in self._found(base, deep, version)
                if glob.globmatch(name, wanted, flags=flags)
            ]
        )

    async def du(
        self, path: str = "", maxdepth: int | None = None, version: str | None = None
    ) -> int:
        """Return the bytes of all files below a folder, or of a file."""
        found = self._found(path, maxdepth, version)
        return sum([entry.size or 0 async for _, entry in found])

    async def size(self, path: str, version: str | None = None) -> int:
        """Return a file's length in bytes, 0 for a folder.

        Raises:
            NotFound: There is none.
        """
        return (await self.remote.stat(RemotePath(path), version=version)).size or 0

    async def sizes(
        self, paths: Sequence[str], version: str | None = None
    ) -> list[int]:
        """Return several sizes, as ``size`` does; each folder is listed once."""
        listings = self.remote.listings(version)
        return [
            (await self._within(listings, RemotePath(path))).size or 0 for path in paths
        ]

    async def _within(self, listings: Listings, path: RemotePath) -> Entry:
        if path == ROOT:
            return _ROOT_ENTRY
        for entry in await listings.of(path.parent):
            if entry.name == path.name:
                return entry
        raise NotFound(f"'{path}' is not in {self.id}.", status=404)

    async def modified(self, path: str, version: str | None = None) -> datetime | None:
        """Return when a file was last written, in UTC; None for a folder."""
        entry = await self.remote.stat(RemotePath(path), version=version)
        return _time(entry.modified)

    async def created(self, path: str, version: str | None = None) -> datetime | None:
        """Return when a file was written, in UTC; for the root, the artifact.

        The store keeps no other time of a file than its last writing.
        """
        if RemotePath(path) == ROOT:
            return _time((await self.remote.read(version=version)).created_at)
        return await self.modified(path, version)

    async def get_file_url(
        self, urlpath: str, mode: str = "r", version: str | None = None
    ) -> str:
        """Sign a URL to read a file from, or to write it to. It is a secret.

        Args:
            urlpath: The file; a URL is given back as it is.
            mode: As for ``open``; anything but reading needs an open stage, and
                announces the file in it.
            version: See the class.
        """
        if urlpath.startswith(("http://", "https://", "ftp://")):
            return urlpath
        path = RemotePath(urlpath)
        if mode.startswith("r") and "+" not in mode:
            return (await self.remote.sign_downloads([path], version=version))[path].url
        return (await self.remote.sign_uploads([path]))[path].url


def _fixed_part(pattern: str) -> str:
    fixed: list[str] = []
    for segment in pattern.split("/"):
        if any(char in segment for char in "*?[{"):
            break
        fixed.append(segment)
    return "/".join(fixed)


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
