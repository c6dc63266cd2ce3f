"""What a pane asks of a place: local folders and artifacts alike."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from hypha_tui.state.rows import Row


class Crumb(Struct, frozen=True, kw_only=True):
    """One part of the path bar; ``text`` is untrusted, ``folder`` where it leads."""

    text: str
    folder: str


class Listing(Struct, frozen=True, kw_only=True):
    """What a folder holds, or why that cannot be told.

    ``note`` is for the pane's footer, such as free space; ``offline`` tells that it
    failed because the server did not answer.
    """

    rows: tuple[Row, ...] = ()
    note: str = ""
    error: str | None = None
    hint: str = ""
    offline: bool = False


class FileProvider(Protocol):
    """One tree of folders. Folders are texts that only their provider reads."""

    @property
    def is_remote(self) -> bool:
        """Whether it is an artifact."""
        ...

    @property
    def title(self) -> str:
        """What stands before the path; untrusted, empty for local folders."""
        ...

    @property
    def state(self) -> str:
        """What is shown of it: a version, or the stage; empty for local folders."""
        ...

    @property
    def read_only(self) -> str | None:
        """Why nothing can be copied here, if so."""
        ...

    def crumbs(self, folder: str) -> tuple[Crumb, ...]:
        """Name a folder and those above it, from the top."""
        ...

    def parent(self, folder: str) -> str | None:
        """Return the folder above, None at the top."""
        ...

    def child(self, folder: str, name: str) -> str:
        """Return the path of a name in a folder; UnsafePath for one that escapes."""
        ...

    async def head(self, folder: str, name: str, most: int) -> bytes:
        """Read the first bytes of a file; HyphaError where that cannot be."""
        ...

    async def list(self, folder: str) -> Listing:
        """List a folder; a failure is a value, too."""
        ...


class Place(Struct, frozen=True, kw_only=True):
    """A folder of a provider."""

    provider: FileProvider
    folder: str
