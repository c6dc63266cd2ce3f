"""What a file begins with, as lines."""

from __future__ import annotations

import struct

import pytest

from hypha_tui.state.looks import look

PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + struct.pack(">II", 640, 480)
GIF = b"GIF89a" + struct.pack("<HH", 3, 4)
JPEG = b"\xff\xd8\xff\xe0\0\4ab\xff\xc0\0\x11\x08" + struct.pack(">HH", 20, 10)


def test_text_shows_no_control_character_as_it_is() -> None:
    found = look("a\tb\r\n\x1b[31mred \u202e\né".encode())
    assert found.kind == "text"
    assert found.lines == ("a   b", "\\x1b[31mred \\u202e", "é")


def test_text_may_be_cut_within_a_character() -> None:
    assert look("aé".encode()[:-1]).lines == ("a",)
    assert look(b"").kind == "empty"


def test_what_is_no_text_is_hex() -> None:
    found = look(bytes(range(18)))
    assert found.kind == "binary data"
    assert found.lines == (
        "00000 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f ................",
        "00010 10 11                                           ..",
    )
    assert look(b"caf\xe9 latin").kind == "binary data"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (PNG, "PNG image, 640 x 480 pixels"),
        (GIF + b"\0", "GIF image, 3 x 4 pixels"),
        (JPEG, "JPEG image, 10 x 20 pixels"),
        (PNG[:18], "binary data"),
        (JPEG[:8], "binary data"),
        (b"PK\x03\x04\0", "ZIP archive"),
    ],
)
def test_an_image_tells_its_size(data: bytes, kind: str) -> None:
    assert look(data).kind == kind
