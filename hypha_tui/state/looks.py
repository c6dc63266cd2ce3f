"""The first bytes of a file as lines to read: text, or hex with what it is. Pure."""

from __future__ import annotations

import codecs
import struct
from collections.abc import Iterator

from msgspec import Struct

from hypha_artifact.paths import printable

MOST = 256 * 1024
"""Bytes of a file that are looked at."""

_ROW = 16
_ODD = 0.1
_SPACES = frozenset(b"\t\n\r\f\b\x1b")
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_KINDS: dict[bytes, str] = {
    b"II*\0": "TIFF image",
    b"MM\0*": "TIFF image",
    b"%PDF": "PDF document",
    b"PK\x03\x04": "ZIP archive",
    b"\x1f\x8b": "gzip archive",
    b"\x89HDF": "HDF5 data",
    b"PAR1": "Parquet data",
    b"\x93NUMPY": "NumPy array",
}


class Look(Struct, frozen=True, kw_only=True):
    """What a file begins with; ``lines`` are safe to show, of any length."""

    kind: str
    lines: tuple[str, ...]


def look(data: bytes) -> Look:
    """Make lines of what a file begins with.

    Args:
        data: Its first bytes, maybe cut in the middle of a character.
    """
    text = _text(data)
    if text is not None:
        lines = text.replace("\r\n", "\n").split("\n")
        shown = tuple(printable(line.expandtabs(4)) for line in lines)
        return Look(kind="text" if data else "empty", lines=shown)
    return Look(kind=_kind(data), lines=tuple(_hex(data)))


def _text(data: bytes) -> str | None:
    """Return text; None for what is none."""
    odd = sum(byte < 32 and byte not in _SPACES for byte in data)  # noqa: PLR2004
    if 0 in data or odd > len(data) * _ODD:
        return None
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return None


def _hex(data: bytes) -> Iterator[str]:
    for at in range(0, len(data), _ROW):
        row = data[at : at + _ROW]
        shown = "".join(chr(b) if 32 <= b < 127 else "." for b in row)  # noqa: PLR2004
        yield f"{at:05x} {row.hex(' '):<{3 * _ROW}}{shown}"


def _kind(data: bytes) -> str:
    size = _size_of_image(data)
    if size is not None:
        name, width, height = size
        return f"{name} image, {width:,} x {height:,} pixels"
    found = (kind for head, kind in _KINDS.items() if data.startswith(head))
    return next(found, "binary data")


def _size_of_image(data: bytes) -> tuple[str, int, int] | None:
    try:
        if data.startswith(_PNG):
            return ("PNG", *struct.unpack_from(">II", data, 16))
        if data.startswith((b"GIF87a", b"GIF89a")):
            return ("GIF", *struct.unpack_from("<HH", data, 6))
        if data.startswith(_JPEG):
            return _size_of_jpeg(data)
    except struct.error:
        return None
    return None


def _size_of_jpeg(data: bytes) -> tuple[str, int, int] | None:
    at = 2
    while True:
        mark, code, length = struct.unpack_from(">BBH", data, at)
        if mark != 0xFF:  # noqa: PLR2004
            return None
        if code in _FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return "JPEG", width, height
        at += 2 + max(2, length)
