"""The half of the file system that looks."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TypedDict, cast

import anyio.to_thread
from fsspec.asyn import sync
from fsspec.callbacks import DEFAULT_CALLBACK, Callback
from typing_extensions import override

from hypha_artifact.artifact.browsing import KEEP
from hypha_artifact.errors import InvalidInput, IsFolder, NotFound, UnsafePath
from hypha_artifact.fsspec.access import Incoming
from hypha_artifact.fsspec.address import Address
from hypha_artifact.fsspec.base import Base
from hypha_artifact.fsspec.moving import Progress
from hypha_artifact.models import Artifact, Entry
from hypha_artifact.paths import printable


class Info(TypedDict):
    """What is known of a file or folder. ``size`` in bytes, ``mtime`` in seconds."""

    name: str
    size: int
    type: str
    mtime: float | None


def _folder(name: str, modified: float | None = None) -> Info:
    return Info(name=name, size=0, type="directory", mtime=modified)


def _info(folder: Address, entry: Entry) -> Info:
    if entry.name in {"", ".", ".."}:
        raise UnsafePath(f"'{folder}' has an entry named '{entry.name}'.")
    return Info(
        name=folder / entry.name,
        size=entry.size or 0,
        type=entry.kind.value,
        mtime=entry.modified,
    )


class Reading(Base):
    """Listings and bytes."""

    async def _entries(self, path: str) -> list[Info]:
        """List a folder, ``.keep`` included; empty where there is none."""
        known: list[Info] | None = self.dircache.get(path)
        if known is not None:
            return known
        address = Address.parse(path)
        if address.alias:
            entries = await self._access(address).folder(address.path)
            found = [_info(address, entry) for entry in entries]
        else:
            found = await self._above(address)
        if found:
            self.dircache[path] = found
        return found

    async def _above(self, address: Address) -> list[Info]:
        """List a workspace, or all of them."""
        workspace = self._connection().workspace(address.workspace or None)
        if not address.workspace:
            return [_folder(name) for name in await workspace.workspaces()]
        found: Sequence[Artifact] = await workspace.list_artifacts()
        return [_folder(address / each.alias, each.last_modified) for each in found]

    @override
    async def _ls(
        self,
        path: str,
        detail: bool = True,
        **kwargs: object,
    ) -> list[Info] | list[str]:
        """List a folder; a file is listed alone. With ``refresh``, ask the server.

        Raises:
            NotFound: There is no such file or folder.
        """
        path = self._strip_protocol(path)
        if kwargs.get("refresh"):
            self.invalidate_cache(path)
        found = await self._entries(path)
        if not found:
            info = await self._info(path)
            if info["type"] == "file":
                found = [info]
        shown = [each for each in found if not _is_keep(each) or each["name"] == path]
        return shown if detail else sorted(each["name"] for each in shown)

    @override
    async def _info(self, path: str, **kwargs: object) -> Info:
        """Tell what is known of a file or folder.

        Raises:
            NotFound: There is none.
        """
        path = self._strip_protocol(path)
        address = Address.parse(path)
        if path in self.dircache or not address.workspace:
            return _folder(path)
        if not address.alias:
            return await self._workspace_info(address)
        if not address.path:
            artifact = await self._access(address).remote.read()
            return _folder(path, artifact.last_modified)
        for entry in await self._entries(self._parent(path)):
            if entry["name"] == path:
                return entry
        shown = printable(address.path)
        raise NotFound(f"'{shown}' is not in {address.artifact}.", status=404)

    async def _workspace_info(self, address: Address) -> Info:
        if not await self._entries(str(address)):
            shown = printable(str(address))
            raise NotFound(f"No artifact is to be seen in workspace '{shown}'.")
        return _folder(str(address))

    @override
    async def _cat_file(
        self,
        path: str,
        start: int | None = None,
        end: int | None = None,
        **kwargs: object,
    ) -> bytes:
        """Return bytes ``start`` up to, not including, ``end``.

        Negative positions count from the end.

        Raises:
            NotFound: There is no such file.
        """
        address = Address.parse(self._strip_protocol(path))
        first, last = start or 0, end
        if first < 0 or (last is not None and last < 0):
            size = (await self._info(path))["size"]
            first = max(0, first + size) if first < 0 else first
            last = last + size if last is not None and last < 0 else last
        if last is not None and last <= first:
            return b""
        return await self._access(address).read(address.file, first, last)

    @override
    async def _cat(
        self,
        path: str | list[str],
        recursive: bool = False,
        on_error: str = "raise",
        batch_size: int | None = None,
        **kwargs: object,
    ) -> bytes | dict[str, bytes | Exception]:
        """Return a file's bytes, or several files'; of folders those that they hold."""
        if recursive:
            names = await self._expand_path(path, recursive=True)
            path = [name for name in names if await self._isfile(name)]
        found = await super()._cat(path, on_error=on_error, batch_size=batch_size)
        return cast("bytes | dict[str, bytes | Exception]", found)

    @override
    async def _get_file(
        self,
        rpath: str,
        lpath: str | IO[bytes],
        callback: Callback = DEFAULT_CALLBACK,
        **kwargs: object,
    ) -> None:
        """Download a file, through a temporary one, over what is there.

        Raises:
            NotFound: There is no such file.
            HyphaError: It did not arrive; nothing is there under its name.
        """
        info = await self._info(rpath)
        if not isinstance(lpath, str | os.PathLike):
            lpath.write(await self._cat_file(rpath))
            return
        target = _absolute(lpath)
        if info["type"] == "directory":
            await anyio.to_thread.run_sync(
                lambda: target.mkdir(parents=True, exist_ok=True)
            )
            return
        address = Address.parse(info["name"])
        file = Incoming(
            path=address.file,
            target=target,
            size=info["size"],
            modified=info["mtime"],
            progress=telling(callback),
        )
        await self._access(address).fetch(file)

    async def _modified(self, path: str) -> datetime:
        """Return when a file was written, or an artifact changed, in UTC.

        Raises:
            IsFolder: It is a folder: the server keeps no times of those.
        """
        seconds = (await self._info(path))["mtime"]
        if seconds is None:
            raise IsFolder(
                f"'{printable(path)}' is a folder, which has no times.",
                hint="Ask for a file of it.",
            )
        return datetime.fromtimestamp(seconds, UTC)

    @override
    def modified(self, path: str) -> datetime:
        """Return when a file was written, or an artifact changed, in UTC."""
        return sync(self.loop, self._modified, path)

    async def _created(self, path: str) -> datetime:
        """Return when a file came to be: objects are replaced, never changed."""
        address = Address.parse(self._strip_protocol(path))
        if address.alias and not address.path:
            artifact = await self._access(address).remote.read()
            return datetime.fromtimestamp(artifact.created_at or 0, UTC)
        return await self._modified(path)

    @override
    def created(self, path: str) -> datetime:
        """Return when a file or an artifact came to be, in UTC."""
        return sync(self.loop, self._created, path)

    async def _sign(self, path: str, expiration: int = 100) -> str:
        """Return a link to read a file without a token.

        Args:
            path: The file.
            expiration: Seconds that the link is good for.

        Raises:
            InvalidInput: The file's name breaks the server's S3 proxy, so it has no
                such link.
        """
        address = Address.parse(self._strip_protocol(path))
        access = self._access(address)
        links = await access.remote.sign_downloads(
            [address.file], version=access.view, expires_in=expiration
        )
        link = links[address.file]
        if link.whole:
            raise InvalidInput(f"'{printable(path)}' has no link without a token.")
        return link.url

    @override
    def sign(self, path: str, expiration: int = 100, **kwargs: object) -> str:
        """Return a link to read a file without a token, good for some seconds."""
        return sync(self.loop, self._sign, path, expiration)

    url = sign


def _absolute(path: str | os.PathLike[str]) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - resolve() follows links


def _is_keep(info: Info) -> bool:
    return info["name"].endswith(f"/{KEEP}")


def telling(callback: Callback) -> Progress | None:
    """Return how to tell a callback of bytes; None where nobody listens."""
    if callback is DEFAULT_CALLBACK:
        return None

    def tell(done: int, size: int) -> None:
        callback.set_size(size)
        callback.absolute_update(done)

    return tell
