"""A Textual screenshot as PNG, each character in its own cell whatever the font."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import cairosvg  # type: ignore[import-untyped]
from rich.cells import cell_len

SVG = "{http://www.w3.org/2000/svg}"
FONT = "DejaVu Sans Mono, Fira Code, monospace"
BASELINE = 18.5
"""From the top of a cell to where its text stands, in the picture's units."""
PEN = 1.6
# Where a line character goes from the middle of its cell: left, right, up, down.
LINES = {
    "─": "lr", "│": "ud", "╭": "rd", "╮": "ld", "╰": "ru", "╯": "lu",
    "━": "lr", "┃": "ud", "┏": "rd", "┓": "ld", "┗": "ru", "┛": "lu",
}  # fmt: skip


BLOCKS = {block: eighths / 8 for eighths, block in enumerate("▏▎▍▌▋▊▉█", start=1)}
SEAM = 0.4
"""How far a full block reaches into the next cell, so that no gap is seen."""


def write_png(svg: str, path: Path, *, scale: float = 1.0) -> None:
    """Draw a screenshot of Textual into a file.

    Args:
        svg: What ``App.export_screenshot`` returned.
        path: The file to write.
        scale: Pixels for each unit of the SVG.
    """
    ET.register_namespace("", SVG.strip("{}"))
    plain = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    root = ET.fromstring(plain)  # noqa: S314 - our own
    width, height = _cell(root)
    for parent in list(root.iter()):
        for text in [node for node in parent if node.get("textLength")]:
            _place(parent, text, width, height)
    drawn = ET.tostring(root, encoding="unicode").replace("Fira Code", FONT)
    cairosvg.svg2png(bytestring=drawn.encode(), write_to=str(path), scale=scale)


def _cell(root: ET.Element) -> tuple[float, float]:
    """Measure a cell from the lines of the matrix: width and height."""
    texts = [node for node in root.iter(f"{SVG}text") if node.get("textLength")]
    longest = max(texts, key=lambda node: cell_len(node.text or ""))
    width = float(longest.get("textLength", "0")) / cell_len(longest.text or " ")
    rows = sorted({float(node.get("y", "0")) for node in texts})
    return width, min(b - a for a, b in pairwise(rows))


def _place(parent: ET.Element, text: ET.Element, width: float, height: float) -> None:
    """Give each character its own place, and draw line characters as lines."""
    x, y = float(text.get("x", "0")), float(text.get("y", "0"))
    del text.attrib["textLength"]
    places: list[float] = []
    shown = ""
    for character in text.text or "":
        drawn = _drawn(character, (x, y - BASELINE), (width, height))
        if drawn:
            parent.append(ET.Element(f"{SVG}path", {**text.attrib, "d": drawn}))
        elif not character.isspace():
            places.append(x)
            shown += character
        x += width * cell_len(character)
    text.text = shown
    text.set("x", " ".join(f"{place:.2f}" for place in places) or f"{x:.2f}")


def _drawn(
    character: str, corner: tuple[float, float], cell: tuple[float, float]
) -> str:
    """Draw a line or a block as a path; empty for other characters."""
    if character in LINES:
        return _line(LINES[character], corner, cell)
    share = BLOCKS.get(character)
    if share is None:
        return ""
    (left, top), (width, height) = corner, cell
    seam = SEAM if share == 1 else 0.0
    return _box(left, top, left + width * share + seam, top + height)


def _line(ways: str, corner: tuple[float, float], cell: tuple[float, float]) -> str:
    (left, top), (width, height) = corner, cell
    middle, centre = left + width / 2, top + height / 2
    half = PEN / 2
    right = left + width if "r" in ways else middle + half
    start = left if "l" in ways else middle - half
    up = top if "u" in ways else centre - half
    down = top + height if "d" in ways else centre + half
    parts: list[str] = []
    if {"l", "r"} & set(ways):
        parts.append(_box(start, centre - half, right, centre + half))
    if {"u", "d"} & set(ways):
        parts.append(_box(middle - half, up, middle + half, down))
    return " ".join(parts)


def _box(x1: float, y1: float, x2: float, y2: float) -> str:
    return f"M{x1:.2f} {y1:.2f}H{x2:.2f}V{y2:.2f}H{x1:.2f}Z"
