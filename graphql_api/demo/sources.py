"""The demo's image files, in real formats, made once beside the data folder.

Everybody imports the same files, so the sets of different users look alike but are independent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from graphql_api.demo.cells import CellField, cell_field
from graphql_api.demo.instruments import tell_instrument
from graphql_api.demo.slide import write_slide

if TYPE_CHECKING:
    from pathlib import Path

SLIDE_SIZE = (20_480, 15_360)
PLATE_ROWS, PLATE_COLUMNS, PLATE_RUNS, PLATE_FIELDS = 2, 4, 2, 2
STAINS = (("457", 457.0), ("528", 528.0), ("617", 617.0), ("685", 685.0))
DYES = (("DAPI", 461.0), ("Tubulin", 519.0), ("Actin", 617.0), ("Membrane", 668.0))


@dataclass(frozen=True, slots=True)
class Stack:
    """A fluorescence stack: its file name, field and channels (name, emission in nm)."""

    file: str
    field: CellField
    channels: tuple[tuple[str, float], ...]


STACKS = {
    "mitosis": (
        Stack("mitosis-01.ome.tif", CellField(11, size_z=5, size_t=4, size_c=2), DYES[:2]),
        Stack("mitosis-02.ome.tif", CellField(12, size_z=5, size_t=4, size_c=2), DYES[:2]),
        Stack("mitosis-03.ome.tif", CellField(13, size_z=9, size_c=3), DYES[:3]),
    ),
    "aurora": tuple(
        Stack(f"siRNA-HeLa-{n:02}.ome.tif", CellField(20 + n, size_z=5, size_c=4), STAINS)
        for n in range(1, 5)
    ),
    "small": (
        Stack("cells-01.ome.tif", CellField(31, size=256, size_z=3, size_c=2), DYES[:2]),
        Stack("cells-02.ome.tif", CellField(32, size=256, size_z=3, size_c=2), DYES[:2]),
    ),
    "small-two": (
        Stack("nuclei-01.ome.tif", CellField(41, size=256, size_z=3, size_c=3), DYES[:3]),
        Stack("nuclei-02.ome.tif", CellField(42, size=256, size_z=3, size_c=3), DYES[:3]),
    ),
}


def make_sources(folder: Path) -> None:
    """Make all files that are not there yet; an interrupted one is made again."""
    folder.mkdir(parents=True, exist_ok=True)
    for stacks in STACKS.values():
        for stack in stacks:
            _once(folder / stack.file, lambda path, stack=stack: write_stack(path, stack))
    _once(folder / "plate.ome.tif", _write_plate)
    _once(folder / "biopsy.ome.tif", lambda path: write_slide(path, *SLIDE_SIZE))


def _once(path: Path, write: Any) -> None:
    if path.exists():
        return
    part = path.with_name(f".{path.name}.part.tif")
    write(part)
    part.rename(path)


def write_stack(path: Path, stack: Stack) -> None:
    """Write a stack as OME-TIFF."""
    import tifffile

    data = cell_field(stack.field)
    with tifffile.TiffWriter(path, ome=True) as tiff:
        tiff.write(data, metadata=_metadata(path, stack.channels), **_storage())
    tell_instrument(path)


def _write_plate(path: Path) -> None:
    """One file with an image for each field of each run of each well, in that order."""
    import tifffile

    count = PLATE_ROWS * PLATE_COLUMNS * PLATE_RUNS * PLATE_FIELDS
    with tifffile.TiffWriter(path, ome=True) as tiff:
        for number in range(count):
            field = CellField(100 + number, size=192, size_z=1, size_c=2, cells=5 + number % 7)
            metadata = _metadata(path, DYES[:2]) | {"Name": f"Field {number + 1}"}
            tiff.write(cell_field(field), metadata=metadata, **_storage())


def _metadata(path: Path, channels: tuple[tuple[str, float], ...]) -> dict[str, Any]:
    name = path.name.removeprefix(".").removesuffix(".part.tif").removesuffix(".ome.tif")
    return {
        "axes": "TCZYX",
        "Name": name,
        "PhysicalSizeX": 0.1083,
        "PhysicalSizeXUnit": "µm",
        "PhysicalSizeY": 0.1083,
        "PhysicalSizeYUnit": "µm",
        "PhysicalSizeZ": 0.3,
        "PhysicalSizeZUnit": "µm",
        "Channel": {
            "Name": [name for name, _ in channels],
            "EmissionWavelength": [emission for _, emission in channels],
            "EmissionWavelengthUnit": ["nm"] * len(channels),
        },
    }


def _storage() -> dict[str, Any]:
    return {
        "photometric": "minisblack",
        "compression": "zlib",
        "tile": (256, 256),
        "dtype": np.uint16,
    }
