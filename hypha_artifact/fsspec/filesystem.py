"""``HyphaFileSystem``: artifacts for everything that speaks fsspec."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import IO, cast

from fsspec.asyn import sync
from typing_extensions import override

from hypha_artifact.async_artifact_file import AsyncArtifactHttpFile
from hypha_artifact.behind import InArtifact
from hypha_artifact.errors import InvalidInput, IsFolder
from hypha_artifact.fsspec.address import Address
from hypha_artifact.fsspec.files import ReadFile, WriteFile
from hypha_artifact.fsspec.transaction import StageTransaction
from hypha_artifact.fsspec.writing import Writing
from hypha_artifact.paths import printable
from hypha_artifact.streaming import RemoteBytes


class HyphaFileSystem(Writing):
    """Files of Hypha artifacts under ``hypha://workspace/artifact/path``.

    ``hypha://`` lists workspaces, ``hypha://workspace`` artifacts. What is written goes
    into the artifact's stage, and reading sees what ``version`` says. Listings are
    kept, until something is changed through this file system or ``invalidate_cache``
    is called. ``pickle`` carries the storage options, the token among them if it was
    given as one, and nothing else.

    Args:
        server_url: Base URL of the server; ``HYPHA_SERVER_URL`` by default.
        token: Bearer token; ``HYPHA_TOKEN`` by default.
        workspace: Listed first of all workspaces; ``HYPHA_WORKSPACE`` by default.
        version: What to read: a version's name, ``"stage"`` for the staged view, or
            None for the latest version.
        stage: ``"in_place"`` or ``"new_version"``: the kind of stage that is opened
            when something is written and none is open. Reading sees the staged view
            then. Without it, writing needs a stage that is open already.
        use_proxy: Whether bytes go through the server's S3 proxy; None leaves it to
            the server.
        use_local_url: Whether links use the server's local address, or another base.
        verify: Whether TLS certificates are checked.
        asynchronous: Whether coroutines are called from a loop of the caller's own.
        loop: The event loop for blocking calls; fsspec's own by default.
        options: What fsspec takes: ``use_listings_cache``, ``listings_expiry_time``,
            ``max_paths``, ``batch_size``, ``skip_instance_cache``.

    Raises:
        NotConfigured: No server is named.
        InvalidInput: ``stage`` is no kind of stage, or goes with another ``version``.
    """

    transaction_type = StageTransaction

    @override
    def _open(
        self,
        path: str,
        mode: str = "rb",
        block_size: int | None = None,
        autocommit: bool = True,
        cache_options: dict[str, object] | None = None,
        **kwargs: object,
    ) -> IO[bytes]:
        """Open a file: ``rb`` in ranges; ``wb``, ``xb`` and ``ab`` to send at close.

        Raises:
            NotFound: It is not there to be read.
            IsFolder: It is a folder.
            AlreadyExists: It is there, and the mode is ``xb``.
            InvalidInput: There is no such mode here.
        """
        if mode == "rb":
            options = {"block_size": block_size, "cache_options": cache_options}
            return self._open_to_read(path, {**options, **kwargs})
        if mode not in {"wb", "xb", "ab"}:
            raise InvalidInput(
                f"A file of an artifact cannot be opened in mode '{mode}'.",
                hint="Use rb, wb, xb or ab.",
            )
        Address.parse(path).file  # noqa: B018 - refused before anything is written
        sync(self.loop, self._check_target, path, mode)
        policy = "create" if mode == "xb" else "overwrite"
        file = WriteFile(
            path,
            mode,
            fill=partial(self._fill, path),
            send=lambda local: sync(self.loop, self._send, path, local, policy),
            autocommit=autocommit,
        )
        return cast("IO[bytes]", file)

    async def _check_target(self, path: str, mode: str) -> None:
        if mode == "xb":
            await self._refuse_existing(path)
        await self._access(Address.parse(path)).check_stage()

    @override
    async def open_async(
        self, path: str, mode: str = "rb", **kwargs: object
    ) -> AsyncArtifactHttpFile[bytes]:
        """Open a file from a coroutine; modes as for ``_open``.

        Raises:
            NotFound: It is not there to be read.
            NotStaged: No stage is open to write into.
            InvalidInput: The mode is for text.
        """
        if "b" not in mode:
            raise InvalidInput("Files are opened for bytes only here.", hint="Use rb.")
        path = self._strip_protocol(path)
        address = Address.parse(path)
        access = self._access(address)

        async def send(local: Path) -> None:
            await self._send(path, local)

        behind = InArtifact(
            kept=(access.source(address.file),),
            sender=send,
            checker=access.check_stage,
        )
        return await AsyncArtifactHttpFile[bytes](None, mode, name=path, behind=behind)

    def _open_to_read(self, path: str, options: dict[str, object]) -> IO[bytes]:
        info = sync(self.loop, self._info, path)
        if info["type"] == "directory":
            raise IsFolder(f"'{printable(path)}' is a folder.")
        file = ReadFile(
            self,
            path,
            sync(self.loop, self._source, path),
            self.loop,
            size=info["size"],
            options=options,
        )
        return cast("IO[bytes]", file)

    async def _source(self, path: str) -> RemoteBytes:
        address = Address.parse(path)
        return self._access(address).source(address.file)

    def _fill(self, path: str, local: Path) -> None:
        if sync(self.loop, self._exists, path):
            sync(self.loop, self._get_file, path, str(local))

    def close(self) -> None:
        """Close the connections of blocking calls; the next call opens others."""
        if self.loop is not None:
            sync(self.loop, self.aclose)

    def end_stages(self, *, commit: bool) -> None:
        """Commit or discard the stages that were opened in a transaction."""
        opened, self._opened = self._opened, set()
        for artifact in opened:
            if commit:
                self.commit(str(artifact))
            else:
                self.discard(str(artifact))
