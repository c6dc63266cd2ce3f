"""Open files: ranges of a remote one, or a temporary file that is sent at the end."""

from __future__ import annotations

import io
import logging
import sys
import warnings
from asyncio import AbstractEventLoop
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType

from fsspec.asyn import sync
from fsspec.spec import AbstractBufferedFile, AbstractFileSystem
from typing_extensions import Buffer, override

from hypha_artifact.paths import printable
from hypha_artifact.streaming import RemoteBytes
from hypha_artifact.transfer.guard import guard

_log = logging.getLogger(__name__)


class ReadFile(AbstractBufferedFile):
    """A remote file to read, through one of fsspec's read-ahead caches.

    Args:
        fs: The file system.
        path: The file, without protocol.
        source: Its bytes; they are one file's, or reading raises ``RemoteChanged``.
        loop: Where the source is at home.
        size: Bytes of the file, as listed.
        options: What fsspec takes: ``block_size``, ``cache_type``, ``cache_options``.
    """

    def __init__(
        self,
        fs: AbstractFileSystem,
        path: str,
        source: RemoteBytes,
        loop: AbstractEventLoop | None,
        *,
        size: int,
        options: Mapping[str, object],
    ) -> None:
        self._source = source
        self._source.size = size
        self._loop = loop
        super().__init__(fs, path, "rb", size=size, **options)

    @override
    def _fetch_range(self, start: int, end: int) -> bytes:
        return sync(self._loop, self._source.read, start, min(end, self.size))


class WriteFile(io.RawIOBase):
    """A file to write: what is written waits on the disk, and is sent by ``close``.

    Nothing is sent after an exception, nor of a file that is dropped without being
    closed. In a transaction, its end sends the file.

    Args:
        path: Where it goes, for messages.
        mode: ``wb``, ``xb`` or ``ab``.
        fill: Puts what is there into a local file, for ``ab``.
        send: Uploads the finished local file.
        autocommit: Whether ``close`` sends it.
    """

    def __init__(
        self,
        path: str,
        mode: str,
        *,
        fill: Callable[[Path], None],
        send: Callable[[Path], None],
        autocommit: bool,
    ) -> None:
        super().__init__()
        self.path = path
        self.mode = mode
        self._send = send
        self._autocommit = autocommit
        self._cause = sys.exc_info()[1]
        self._dropped = False
        self._folder: TemporaryDirectory[str] | None = TemporaryDirectory(
            prefix="hypha-"
        )
        self._local = Path(self._folder.name) / "file"
        try:
            if mode == "ab":
                fill(self._local)
            self._file = self._local.open(mode)
        except BaseException:
            self.discard()
            raise

    @override
    def writable(self) -> bool:
        return True

    @override
    def tell(self) -> int:
        return self._file.tell()

    @override
    def write(self, data: Buffer, /) -> int:
        """Write bytes.

        Raises:
            DiskFull: There is no room for the temporary file.
        """
        with guard(self._local, "write"):
            return self._file.write(data)

    @override
    def close(self) -> None:
        """Send the file; after an exception, drop it.

        Raises:
            HyphaError: It could not be sent.
        """
        if self.closed:
            return
        super().close()
        if self._is_failed():
            self.discard()
        elif self._autocommit:
            self.commit()
        else:
            self._file.close()

    def _is_failed(self) -> bool:
        # fsspec's own context manager tells of no exception: it is seen in flight.
        error = sys.exc_info()[1]
        if error is None or error is self._cause:
            return self._dropped
        shown, kind = printable(self.path), type(error).__name__
        _log.warning("'%s' was not written, because of the %s.", shown, kind)
        return True

    @override
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._dropped = kind is not None
        self.close()

    def commit(self) -> None:
        """Send the file now; fsspec's transactions call it."""
        if self._folder is None:
            return
        try:
            with guard(self._local, "write"):
                self._file.close()
            self._send(self._local)
        finally:
            self.discard()

    def discard(self) -> None:
        """Drop the file unsent."""
        folder, self._folder = self._folder, None
        file = getattr(self, "_file", None)
        if file is not None:
            file.close()
        if folder is not None:
            folder.cleanup()

    def _dealloc_warn(self, _: object) -> None:
        """Take in that a text file over this one is dropped; Python calls it."""
        self._drop()

    @override
    def __del__(self) -> None:
        if getattr(self, "_folder", None) is not None and not self.closed:
            self._drop()
            self.close()

    def _drop(self) -> None:
        self._dropped = True
        shown = printable(self.path)
        message = f"'{shown}' was never closed, and so not written."
        warnings.warn(message, ResourceWarning, stacklevel=3, source=self)
