"""Sample files on disk, as a microscopy lab would have them; all made up here."""

from __future__ import annotations

import math
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

MIB = 1 << 20
VOLUME_BYTES = 150_000_000
_STACK_BYTES = 64_000_000
_ROWS, _COLUMNS, _SITES = "ABCDEFGH", 12, 5
_STAGES = ("24hpf", "48hpf", "72hpf")
_REGIONS = ("forebrain", "midbrain", "hindbrain", "retina", "somites")


def write_overview(folder: Path) -> None:
    """Write the texts and the overview picture: an atlas's first version."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "README.md").write_text(_README)
    (folder / "LICENSE.txt").write_text("Sample data, free for any use.\n")
    protocols = folder / "protocols"
    protocols.mkdir(exist_ok=True)
    (protocols / "fixation.txt").write_text(_FIXATION)
    (protocols / "imaging.txt").write_text(_IMAGING)
    (folder / "overview.png").write_bytes(picture(256, seed=1))


def write_measurements(folder: Path) -> None:
    """Write nested folders of pictures, and the table: what the second one adds."""
    for seed, stage in enumerate(_STAGES, start=2):
        place = folder / "images" / stage
        place.mkdir(parents=True, exist_ok=True)
        for region in _REGIONS:
            shown = picture(96, seed=100 * seed + len(region))
            (place / f"{region}_dapi.png").write_bytes(shown)
        (place / "notes.txt").write_text(f"{stage}: 20x, DAPI, 405 nm\n")
    tables = folder / "tables"
    tables.mkdir(exist_ok=True)
    (tables / "cell_counts.csv").write_text("".join(_counts()))


def write_volume(folder: Path) -> None:
    """Write the one large file, which the third version adds."""
    volumes = folder / "volumes"
    volumes.mkdir(exist_ok=True)
    write_noise(volumes / "whole_brain_72hpf_uint16.raw", VOLUME_BYTES, seed=3)


def write_model(folder: Path) -> None:
    """Write a small model: what a child of the collection holds."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "README.md").write_text("# A model\n\nMade up, like all of this.\n")
    (folder / "model.json").write_text('{"layers": 5, "channels": [1, 16, 32]}\n')
    write_noise(folder / "weights.bin", 2 * MIB, seed=11)


Versions: TypeAlias = tuple[tuple[str, Callable[[Path], None]], ...]
"""An artifact's versions: the comment of each, and what it adds to the one before."""
ATLAS: Versions = (
    ("Protocols and overview", write_overview),
    ("Images by stage and region, cell counts", write_measurements),
    ("Whole-brain volume", write_volume),
)
MODEL: Versions = (("First release", write_model),)


def write_screen(folder: Path) -> None:
    """Write a folder to upload from: a plate of 480 wells' sites, and some more.

    Args:
        folder: Where; ``plate-07`` and two files are made in it.
    """
    plate = folder / "plate-07"
    for row in _ROWS:
        for column in range(1, _COLUMNS + 1):
            well = plate / f"row-{row}" / f"{row}{column:02}"
            well.mkdir(parents=True, exist_ok=True)
            for site in range(1, _SITES + 1):
                (well / f"site-{site}.csv").write_text(_site(row, column, site))
    (plate / "layout.txt").write_text("rows A-H, columns 1-12, 5 sites a well\n")
    (plate / "acquisition.log").touch()
    overviews = plate / "overviews"
    overviews.mkdir(exist_ok=True)
    for channel, name in enumerate(("dapi", "gfp", "brightfield")):
        (overviews / f"{name}.png").write_bytes(picture(128, seed=channel))
    (folder / "notes \u2013 to do.md").write_text(
        "- upload plate-07\n- check well C05\n"
    )
    write_noise(folder / "light-sheet-stack.raw", _STACK_BYTES, seed=7)


def write_noise(path: Path, size: int, *, seed: int) -> None:
    """Write pseudo-random bytes, one MiB in memory at a time.

    Args:
        path: The file.
        size: Its length in bytes.
        seed: The same one gives the same bytes.
    """
    source = random.Random(seed)  # noqa: S311 - data, not a secret
    with path.open("wb") as file:
        for start in range(0, size, MIB):
            file.write(source.randbytes(min(MIB, size - start)))


def picture(side: int, *, seed: int) -> bytes:
    """Draw bright cells on dark ground, as PNG.

    Args:
        side: Width and height in pixels.
        seed: The same one gives the same picture.
    """
    source = random.Random(seed)  # noqa: S311 - data, not a secret
    cells = [
        (source.uniform(0, side), source.uniform(0, side), source.uniform(2, side / 12))
        for _ in range(14)
    ]
    rows = b"".join(b"\0" + _row(y, side, cells, source) for y in range(side))
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(rows))
        + _chunk(b"IEND", b"")
    )


def _row(
    y: int, side: int, cells: list[tuple[float, float, float]], source: random.Random
) -> bytes:
    def shade(x: int) -> int:
        light = sum(
            math.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * radius**2))
            for cx, cy, radius in cells
        )
        return min(255, int(12 + source.random() * 14 + 220 * light))

    return bytes(shade(x) for x in range(side))


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)


def _counts() -> Iterator[str]:
    source = random.Random(5)  # noqa: S311 - data, not a secret
    yield "embryo,stage,region,cells,mean_intensity\n"
    for embryo in range(1, 41):
        for stage in _STAGES:
            for region in _REGIONS:
                cells, light = source.randint(80, 2400), source.uniform(110, 900)
                yield f"E{embryo:03},{stage},{region},{cells},{light:.2f}\n"


def _site(row: str, column: int, site: int) -> str:
    source = random.Random(f"{row}{column}-{site}")  # noqa: S311 - data, not a secret
    head = "cell,area_px,intensity\n"
    lines = (
        f"{cell},{source.randint(150, 900)},{source.uniform(90, 700):.1f}\n"
        for cell in range(1, source.randint(10, 60))
    )
    return head + "".join(lines)


_README = """\
# Zebrafish brain atlas

Light-sheet images of *Danio rerio* embryos, 24 to 72 hours after fertilisation.

- `protocols/`  how the embryos were fixed and imaged
- `images/`     one folder for each stage, one picture for each region
- `tables/`     cell counts for each embryo
- `volumes/`    the whole brain, uint16, little-endian, 600 x 500 x 250 voxels

This is sample data: every byte of it was made by a program.
"""
_FIXATION = """\
1. Dechorionate by hand at the wanted stage.
2. Fix in 4 % PFA in PBS for 2 h at room temperature.
3. Wash 3 x 5 min in PBS with 0.1 % Tween.
"""
_IMAGING = """\
Objective   20x / 1.0 NA, water
Laser       405 nm, 4 mW
Step        1.0 um
Exposure    20 ms
"""
