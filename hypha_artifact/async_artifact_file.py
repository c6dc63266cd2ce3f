"""``AsyncArtifactHttpFile``: a file of an artifact, opened to read or to write."""

from __future__ import annotations

import codecs
import io
import os
from collections.abc import Generator, Mapping
from typing import Generic, Self, cast

from hypha_artifact.behind import AtUrl, Behind, UrlFactory, name_in
from hypha_artifact.buffers import PIECE, Ahead, Data, Download, Mode, Spool
from hypha_artifact.errors import AlreadyExists, InvalidInput, NotFound

TEXT = "utf-8"
_LINES = 1000


class Position(int):
    """A place in a file; it may be awaited, because ``seek`` was documented so."""

    def __await__(self) -> Generator[None, None, int]:
        """Be there already."""
        yield from ()
        return int(self)


class AsyncArtifactHttpFile(Generic[Data]):
    """An open file; an async context manager and an async iterator of its lines.

    Reading fetches about 1 MiB ahead, and never more than a piece is held. What is
    written waits in a temporary file and is sent when the file is closed, in parts if
    it is large; after an exception, or without ``close``, nothing is sent at all.

    Text is decoded as UTF-8 unless told otherwise; line ends stay as they are.

    Artifacts open their own: ``artifact.open(…)``. One that is made here reads from a
    URL, or sends to one, in one request.

    Args:
        url: Where it is; or None, with ``url_factory``.
        mode: As for Python's ``open``.
        encoding: For text.
        newline: Not heeded: line ends stay as they are.
        name: What the file is called; by default the last part of the URL.
        content_type: MIME type of what is written.
        ssl: False to leave TLS certificates unchecked.
        additional_headers: Sent along with each request.
        url_factory: Gives the URL when the file is opened, and a new one when that has
            expired.
        behind: What has the bytes, instead of a URL.

    Raises:
        InvalidInput: That is no mode.
        ValueError: There is neither a URL nor what gives one.
    """

    def __init__(
        self,
        url: str | None = None,
        mode: str = "r",
        encoding: str | None = None,
        newline: str | None = None,
        name: str | None = None,
        content_type: str = "",
        *,
        ssl: bool | None = None,
        additional_headers: Mapping[str, str] | None = None,
        url_factory: UrlFactory | None = None,
        behind: Behind | None = None,
    ) -> None:
        _ = newline
        self._core: Download | Spool | None = None
        self._mode = Mode.parse(mode)
        typed = {"Content-Type": content_type} if content_type else {}
        headers = {**typed, **(additional_headers or {})}
        self._behind = behind or AtUrl(
            url, factory=url_factory, ssl=ssl, headers=headers
        )
        self._encoding = encoding or TEXT
        self._decoder = codecs.getincrementaldecoder(self._encoding)()
        self._bytes = Ahead(b"")
        self._text = Ahead("")
        self._at = 0
        self._closed = False
        self.name = name or name_in(url or "")
        self.etag: str | None = None
        """What the store called the bytes, after they were sent whole."""

    # Opening and closing.

    async def __aenter__(self) -> Self:
        await self._opened()
        return self

    def __await__(self) -> Generator[object, None, Self]:
        """Open it: ``f = await artifact.open(…)``."""
        return self.__aenter__().__await__()

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            await self.close()
        else:
            await self.discard()

    async def _opened(self) -> Download | Spool:
        if self._closed:
            raise ValueError(f"'{self.name}' is closed.")
        if self._core is None:
            try:
                self._core = await (
                    self._spool() if self._mode.writes else self._read()
                )
            except BaseException:
                await self._behind.aclose()
                raise
        return self._core

    async def _read(self) -> Download:
        core = Download((await self._behind.sources())[0])
        piece = await core.pull(0, 0)
        self._at = len(piece)
        self._take_in(piece, final=False)
        return core

    async def _spool(self) -> Spool:
        await self._behind.check()
        spool = Spool()
        try:
            await self._begin(spool)
        except BaseException:
            spool.close()
            raise
        self._at = spool.size if self._mode.appends else 0
        return spool

    async def _begin(self, spool: Spool) -> None:
        """Fill the temporary file with what is there, as far as the mode wants it."""
        if not (self._mode.keeps or self._mode.must_not_exist):
            return
        for source in await self._behind.sources():
            try:
                async for piece in source.chunks():
                    if self._mode.must_not_exist:
                        break
                    await spool.push(spool.size, piece)
            except NotFound:
                continue
            if self._mode.must_not_exist:
                raise AlreadyExists(f"'{self.name}' is there already.")
            return
        if self._mode.must_exist:
            raise NotFound(f"'{self.name}' is not there.", status=404)

    async def close(self) -> None:
        """Close it; send what was written.

        Raises:
            HyphaError: It could not be sent; nothing is under its name then.
        """
        if self._closed:
            return
        core = await self._opened() if self._mode.writes else self._core
        self._closed = True
        if isinstance(core, Spool):
            try:
                await core.flush()
                self.etag = await self._behind.send(core.path)
            finally:
                core.close()
                await self._behind.aclose()
        elif core is not None:
            await core.aclose()
            await self._behind.aclose()

    async def discard(self) -> None:
        """Close it, and send nothing."""
        self._closed = True
        if isinstance(self._core, Spool):
            self._core.close()
        elif self._core is not None:
            await self._core.aclose()
        await self._behind.aclose()

    def __del__(self) -> None:
        if isinstance(self._core, Spool):
            self._core.close()

    # Reading.

    async def read(self, size: int = -1) -> Data:
        """Read from here on.

        Args:
            size: How many bytes, or characters in text mode; negative for the rest.

        Returns:
            Less than asked for only at the end of the file; then nothing.
        """
        await self._opened()
        ahead = self._ahead
        if size < 0:
            await self._fill_all()
        while len(ahead) < size and await self._fill(size - len(ahead)):
            pass
        return ahead.take(len(ahead) if size < 0 else size)

    @property
    def _ahead(self) -> Ahead[Data]:
        chosen = self._text if self._mode.text else self._bytes
        return cast("Ahead[Data]", chosen)

    async def _fill_all(self) -> None:
        pieces: list[bytes] = []
        while True:
            piece = await self._pull(PIECE)
            if not piece:
                break
            pieces.append(piece)
        self._take_in(b"".join(pieces), final=True)

    async def _fill(self, wanted: int) -> bool:
        """Fetch one piece more; False at the end."""
        piece = await self._pull(wanted)
        self._take_in(piece, final=not piece)
        return bool(piece)

    async def _pull(self, wanted: int) -> bytes:
        core = await self._opened()
        if not self._mode.reads:
            raise io.UnsupportedOperation(f"'{self.name}' is not open to read.")
        piece = await core.pull(self._at, wanted)
        self._at += len(piece)
        return piece

    def _take_in(self, piece: bytes, *, final: bool) -> None:
        if not self._mode.text:
            self._bytes.add(piece)
            return
        first = self._bytes.take(len(self._bytes))
        self._text.add(self._decoder.decode(first + piece, final=final))

    async def readline(self, limit: int = -1) -> Data:
        """Read up to the end of the line; nothing at the end of the file.

        Args:
            limit: Most bytes, or characters, to read; negative for no limit.
        """
        await self._opened()
        ahead = self._ahead
        newline = cast("Data", "\n" if self._mode.text else b"\n")
        searched, more = 0, True
        while True:
            found = ahead.line(newline, searched)
            if found or not more or 0 <= limit <= len(ahead):
                most = found or len(ahead)
                return ahead.take(most if limit < 0 else min(most, limit))
            searched = len(ahead)
            more = await self._fill(PIECE)

    async def some_lines(self) -> list[Data]:
        """Read many lines at once; nothing at the end of the file."""
        lines: list[Data] = []
        while len(lines) < _LINES:
            line = await self.readline()
            if not line:
                break
            lines.append(line)
        return lines

    def unread(self, data: Data) -> None:
        """Put back what was read last, to be read again."""
        self._ahead.give_back(data)

    async def readlines(self) -> list[Data]:
        """Read all lines that are left."""
        return [line async for line in self]

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Data:
        line = await self.readline()
        if not line:
            raise StopAsyncIteration
        return line

    # Writing.

    async def write(self, data: bytes | str) -> int:
        """Write from here on; text and bytes are both taken in either mode.

        Returns:
            How many characters, or bytes, were written.
        """
        core = await self._opened()
        if not isinstance(core, Spool):
            raise io.UnsupportedOperation(f"'{self.name}' is not open to write.")
        raw = data.encode(self._encoding) if isinstance(data, str) else bytes(data)
        at = core.size if self._mode.appends else self.tell()
        self._forget()
        await core.push(at, raw)
        self._at = at + len(raw)
        return len(data)

    async def truncate(self, size: int | None = None) -> int:
        """Cut the file off, by default here; returns its new length in bytes."""
        core = await self._opened()
        if not isinstance(core, Spool):
            raise io.UnsupportedOperation(f"'{self.name}' is not open to write.")
        length = self.tell() if size is None else size
        await core.truncate(length)
        return length

    async def flush(self) -> None:
        """Do nothing: all is sent when the file is closed."""

    # Moving about.

    def tell(self) -> Position:
        """Return the place in the file, in bytes."""
        undecoded = self._decoder.getstate()[0] if self._mode.text else b""
        kept = self._text.rest.encode(self._encoding) if len(self._text) else b""
        return Position(self._at - len(self._bytes) - len(undecoded) - len(kept))

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> Position:
        """Go to a place, in bytes; before the file is open, only from its start.

        Raises:
            InvalidInput: It would be before the start.
        """
        base = {os.SEEK_SET: 0, os.SEEK_CUR: int(self.tell()), os.SEEK_END: self._size}
        if whence not in base or base[whence] + offset < 0:
            raise InvalidInput(f"'{self.name}' has no place {offset} from {whence}.")
        self._forget()
        self._at = base[whence] + offset
        return Position(self._at)

    @property
    def _size(self) -> int:
        return self._core.size if self._core else 0

    def _forget(self) -> None:
        self._bytes.clear()
        self._text.clear()
        self._decoder.reset()

    # What it is.

    @property
    def closed(self) -> bool:
        """Whether it is closed."""
        return self._closed

    @property
    def mode(self) -> str:
        """The mode that it was opened in."""
        return self._mode.name

    def readable(self) -> bool:
        """Tell whether it can be read."""
        return self._mode.reads

    def writable(self) -> bool:
        """Tell whether it can be written."""
        return self._mode.writes

    def seekable(self) -> bool:
        """Tell whether ``seek`` works: it does."""
        return True
