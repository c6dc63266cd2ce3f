"""Names of artifacts and of files in them: parse, format, and what is safe.

The rules are the strictest of what Hypha, its S3 proxy and the stores behind it
hold (``UnsafePathError`` for a leading slash on in-place edits; ``..`` escaping the
version's folder; 255-byte segments; 1024-byte keys; control characters remapped).
A path that breaks one is refused here, before it leaves the machine.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Self

from typing_extensions import override

from hypha_artifact.errors import InvalidInput, UnsafePath

MAX_SEGMENT_BYTES = 255
MAX_PATH_BYTES = 1024


def printable(text: str) -> str:
    r"""Make an untrusted name safe to show in a terminal.

    Args:
        text: A name from the server or the disk.

    Returns:
        The name with control, format and surrogate characters as ``\xNN`` or
        ``\uNNNN``; everything else, spaces included, as it is.
    """
    if text.isprintable():
        return text
    return "".join(map(_visible, text))


def _visible(char: str) -> str:
    if char.isprintable() or unicodedata.category(char) == "Zs":
        return char
    code = ord(char)
    if code < 0x100:  # noqa: PLR2004
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004


@dataclass(frozen=True, slots=True)
class ArtifactId:
    """An artifact's name: ``workspace/alias``."""

    workspace: str
    alias: str

    @classmethod
    def parse(cls, text: str, workspace: str | None = None) -> Self:
        """Read ``workspace/alias``, or an alias in a given workspace.

        Args:
            text: The name as written by a user.
            workspace: Workspace to use when the name has none.

        Returns:
            The artifact's full name.

        Raises:
            InvalidInput: Empty, more than one slash, no workspace, or one that
                contradicts the given one.
        """
        first, slash, second = text.strip().partition("/")
        space, alias = (first, second) if slash else (workspace or "", first)
        if not alias or not space or "/" in alias or not text.isprintable():
            message = f"'{printable(text)}' does not name an artifact."
            raise InvalidInput(message, hint="Write workspace/alias.")
        if workspace and space != workspace and slash:
            message = (
                f"'{printable(text)}' is not in workspace '{printable(workspace)}'."
            )
            raise InvalidInput(message, hint="Give one workspace only.")
        return cls(space, alias)

    @override
    def __str__(self) -> str:
        return f"{self.workspace}/{self.alias}"


class RemotePath(str):
    """A canonical path in an artifact: relative, ``/``-separated; ``""`` is its root.

    Built from what users write (``/a//b/``, ``./a``) or refused with ``UnsafePath``.
    It is a ``str``, so it compares, sorts and serialises as one.
    """

    __slots__ = ()

    def __new__(cls, text: str = "") -> Self:  # noqa: D102
        if isinstance(text, cls):
            return text
        return super().__new__(cls, "/".join(_segments(text)))

    @property
    def name(self) -> str:
        """The last segment; empty for the root."""
        return self.rpartition("/")[2]

    @property
    def parent(self) -> RemotePath:
        """The folder that holds it; the root's is the root."""
        return _trusted(self.rpartition("/")[0])

    @property
    def segments(self) -> list[str]:
        """The names from the root down."""
        return self.split("/") if self else []

    def __truediv__(self, name: str) -> RemotePath:
        """Join a relative path under this folder."""
        return RemotePath(f"{self}/{name}")

    def is_under(self, folder: RemotePath) -> bool:
        """Tell whether it is the folder itself or lies in it."""
        return not folder or self == folder or self.startswith(f"{folder}/")

    def relative_to(self, folder: RemotePath) -> RemotePath:
        """Cut the folder from the front.

        Raises:
            InvalidInput: It does not lie in the folder.
        """
        if not self.is_under(folder):
            raise InvalidInput(f"'{printable(self)}' is not in '{printable(folder)}'.")
        return _trusted(self[len(folder) :].lstrip("/"))


def _trusted(text: str) -> RemotePath:
    return str.__new__(RemotePath, text)


def _segments(text: str) -> list[str]:
    segments = [part for part in text.split("/") if part not in {"", "."}]
    for segment in segments:
        _check_segment(segment, text)
    if len("/".join(segments).encode("utf-8", "surrogateescape")) > MAX_PATH_BYTES:
        raise UnsafePath(
            f"'{printable(text)[:60]}…' is longer than {MAX_PATH_BYTES} bytes, "
            "more than the store can hold."
        )
    return segments


def _check_segment(segment: str, text: str) -> None:
    shown = printable(text)
    if segment == "..":
        raise UnsafePath(f"'{shown}' has a '..' and could leave its folder.")
    if not segment.isprintable() and any(
        unicodedata.category(char) in {"Cc", "Cs"} for char in segment
    ):
        raise UnsafePath(
            f"'{shown}' has a control character or bytes that are not UTF-8 in it, "
            "which the store would change.",
        )
    if len(segment.encode()) > MAX_SEGMENT_BYTES:
        raise UnsafePath(
            f"'{shown[:60]}…' has a name longer than {MAX_SEGMENT_BYTES} bytes, "
            "more than the store can hold."
        )


ROOT = RemotePath()
