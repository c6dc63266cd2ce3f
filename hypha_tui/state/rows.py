"""One line of a file list, as a frozen value."""

from __future__ import annotations

from msgspec import Struct

UP = ".."
"""The name of the row that leads to the folder above."""


class Row(Struct, frozen=True, kw_only=True):
    """One name in a folder, local or remote.

    ``name`` is untrusted: it is shown through ``paths.printable``. ``size`` is in
    bytes, ``modified`` in epoch seconds; ``badge`` is the letter of a staged change;
    ``note`` stands in the size column, where a size has no meaning; ``error`` says
    why the entry cannot be read or moved.
    """

    name: str
    is_folder: bool = False
    size: int | None = None
    modified: float | None = None
    badge: str = ""
    live: bool = False
    is_link: bool = False
    note: str = ""
    error: str | None = None
    is_planned: bool = False
    """A folder of an artifact that is there only with its first file."""

    @property
    def is_up(self) -> bool:
        """Whether it leads to the folder above; it is never marked or moved."""
        return self.name == UP

    @property
    def is_hidden(self) -> bool:
        """Whether its name starts with a dot."""
        return self.name.startswith(".") and not self.is_up


UP_ROW = Row(name=UP, is_folder=True)
