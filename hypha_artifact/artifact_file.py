"""``ArtifactHttpFile``: a file of an artifact, opened from ordinary code."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Generic, Self

from typing_extensions import Buffer, override

from hypha_artifact.async_artifact_file import AsyncArtifactHttpFile
from hypha_artifact.buffers import Data
from hypha_artifact.portal import run


class ArtifactHttpFile(io.IOBase, Generic[Data]):
    """An open file, as Python's own; see ``AsyncArtifactHttpFile``.

    One that is dropped without ``close``, or left by an exception, sends nothing.

    Artifacts open their own: ``artifact.open(…)``. One that is made here reads from a
    URL, or sends to one.

    Args:
        url: Where it is.
        mode: As for Python's ``open``.
        encoding: For text.
        newline: Not heeded: line ends stay as they are.
        name: What the file is called; by default the last part of the URL.
        additional_headers: Sent along with each request.
        make: Makes the file behind it, on the loop, instead of a URL.
    """

    def __init__(
        self,
        url: str | None = None,
        mode: str = "r",
        encoding: str | None = None,
        newline: str | None = None,
        name: str | None = None,
        additional_headers: Mapping[str, str] | None = None,
        *,
        make: Callable[[], AsyncArtifactHttpFile[Data]] | None = None,
    ) -> None:
        async def opened() -> AsyncArtifactHttpFile[Data]:
            if make is not None:
                return await make()
            return await AsyncArtifactHttpFile[Data](
                url,
                mode,
                encoding,
                newline,
                name,
                additional_headers=additional_headers,
            )

        self._opened: AsyncArtifactHttpFile[Data] = run(opened)
        self._lines: deque[Data] = deque()

    @property
    def _file(self) -> AsyncArtifactHttpFile[Data]:
        """The file behind it, where this one stands."""
        while self._lines:
            self._opened.unread(self._lines.pop())
        return self._opened

    @property
    def name(self) -> str:
        """What it is called."""
        return self._opened.name

    @property
    def mode(self) -> str:
        """The mode that it was opened in."""
        return self._opened.mode

    @property
    def etag(self) -> str | None:
        """What the store called the bytes, after they were sent whole."""
        return self._opened.etag

    @property
    @override
    def closed(self) -> bool:
        """Whether it is closed."""
        return self._opened.closed

    @override
    def read(self, size: int | None = -1) -> Data:
        """Read from here on; see ``AsyncArtifactHttpFile.read``."""
        return run(lambda: self._file.read(-1 if size is None else size))

    def readinto(self, buffer: Buffer) -> int:
        """Fill a buffer with bytes; returns how many there were."""
        view = memoryview(buffer).cast("B")
        data: bytes | str = self.read(len(view))
        if isinstance(data, str):
            raise io.UnsupportedOperation(f"'{self.name}' is open as text.")
        view[: len(data)] = data
        return len(data)

    @override
    def readline(self, size: int | None = -1) -> Data:  # type: ignore[override]
        """Read up to the end of the line; nothing at the end of the file."""
        return run(lambda: self._file.readline(-1 if size is None else size))

    @override
    def readlines(self, hint: int = -1) -> list[Data]:  # type: ignore[override]
        """Read all lines that are left."""
        _ = hint
        return run(self._file.readlines)

    @override
    def __iter__(self) -> Self:  # type: ignore[override] # pyright: ignore[reportIncompatibleMethodOverride]
        return self

    @override
    def __next__(self) -> Data:  # type: ignore[override]
        if not self._lines:
            self._lines.extend(run(self._opened.some_lines))
        if not self._lines:
            raise StopIteration
        return self._lines.popleft()

    @override
    def write(self, data: bytes | str) -> int:
        """Write from here on; returns how many characters, or bytes."""
        return run(lambda: self._file.write(data))

    @override
    def writelines(self, lines: Iterable[bytes | str]) -> None:  # type: ignore[override]
        """Write several pieces."""
        for line in lines:
            self.write(line)

    @override
    def truncate(self, size: int | None = None) -> int:
        """Cut the file off, by default here; returns its new length in bytes."""
        return run(lambda: self._file.truncate(size))

    @override
    def flush(self) -> None:
        """Do nothing: all is sent when the file is closed."""

    @override
    def tell(self) -> int:
        """Return the place in the file, in bytes."""
        return int(self._file.tell())

    @override
    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place, in bytes."""
        return int(self._file.seek(offset, whence))

    @override
    def readable(self) -> bool:
        """Tell whether it can be read."""
        return self._file.readable()

    @override
    def writable(self) -> bool:
        """Tell whether it can be written."""
        return self._file.writable()

    @override
    def seekable(self) -> bool:
        """Tell whether ``seek`` works: it does."""
        return True

    @override
    def close(self) -> None:
        """Close it; send what was written."""
        run(self._file.close)

    def discard(self) -> None:
        """Close it, and send nothing."""
        run(self._file.discard)

    @override
    def __enter__(self) -> Self:
        return self

    @override
    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()

    @override
    def __del__(self) -> None:
        """Send nothing: the base class would close, and so publish, a dropped file."""
