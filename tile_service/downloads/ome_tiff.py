"""A block of an image as OME-TIFF: the raw values, with sizes, names and colours.

Written plane by plane in tiles of 512, so that memory holds the file and one plane.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from shared.pixels.source import PlaneRegion

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from tile_service.chunks.read import RawPixels
    from tile_service.downloads.region import Block
    from tile_service.downloads.rows import ImageRows

_TILE = 512
_XML_SAFE = dict.fromkeys(
    [*range(9), 11, 12, *range(14, 32), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF], "\ufffd"
)


def ome_tiff(pixels: RawPixels, block: Block, rows: ImageRows) -> bytes:
    """The block as a file; raises `BrokenFile` when its pixels cannot be read."""
    import numpy as np
    import tifffile

    target = io.BytesIO()
    dtype = np.dtype(pixels.source.pixel_type.numpy_name)
    with tifffile.TiffWriter(target, ome=True) as writer:
        writer.write(
            _tiles(pixels, block),
            shape=block.shape,
            dtype=dtype,
            tile=(_TILE, _TILE),
            photometric="minisblack",
            compression="zlib",
            software="Tessera",
            datetime=False,
            metadata=_metadata(block, rows),
        )
    return target.getvalue()


def _tiles(pixels: RawPixels, block: Block) -> Iterator[NDArray[np.generic]]:
    """Tiles of each plane, row by row; the writer pads those at the edge."""
    for t in block.t:
        for c in block.channels:
            for z in block.z:
                for top in range(0, block.height, _TILE):
                    for left in range(0, block.width, _TILE):
                        yield pixels.read(
                            PlaneRegion(
                                0,
                                z,
                                c,
                                t,
                                block.x + left,
                                block.y + top,
                                min(_TILE, block.width - left),
                                min(_TILE, block.height - top),
                            )
                        )


def _metadata(block: Block, rows: ImageRows) -> dict[str, Any]:
    stored = rows.pixels
    found: dict[str, Any] = {"axes": "TCZYX", "Name": rows.image.name.translate(_XML_SAFE)}
    for name, column in (
        ("PhysicalSizeX", "physical_size_x"),
        ("PhysicalSizeY", "physical_size_y"),
        ("PhysicalSizeZ", "physical_size_z"),
        ("TimeIncrement", "time_increment"),
    ):
        value, unit = getattr(stored, column), getattr(stored, f"{column}_unit")
        if value is not None and value > 0:
            found[name] = value
            if unit:
                found[f"{name}Unit"] = unit
    if stored.significant_bits:
        found["SignificantBits"] = stored.significant_bits
    chosen = [rows.channels[c] for c in block.channels if c < len(rows.channels)]
    if chosen:
        found["Channel"] = {
            "Name": [(each.name or "").translate(_XML_SAFE) for each in chosen],
            **_colors(chosen),
        }
    return found


def _colors(channels: list[Any]) -> dict[str, Any]:
    if any(each.color is None for each in channels):
        return {}
    return {
        "Color": [each.color - 2**32 if each.color >= 2**31 else each.color for each in channels]
    }
