"""The files that both sides serve: fluorescence as OME-TIFF and OME-Zarr, a slide of JPEG tiles.

They are written here and compress like the real thing; nobody's format is favoured by its content.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import tifffile
import zarr

if TYPE_CHECKING:
    from numpy.typing import NDArray

TILE = 512
SLIDE_TILE = 256
LEVELS = 3
CHANNELS = 4


def fluorescence(side: int) -> NDArray[np.uint16]:
    """Four channels of cells on noise, of shape (channel, side, side)."""
    random = np.random.default_rng(3)
    y, x = np.mgrid[0:side, 0:side].astype(np.float32)
    wave = 900 * (1 + np.sin(x / 37)) * (1 + np.cos(y / 53))
    planes = np.empty((CHANNELS, side, side), np.uint16)
    for channel in range(CHANNELS):
        noise = random.normal(200, 12, (side, side)).astype(np.float32)
        planes[channel] = np.clip(np.roll(wave, 90 * channel, 1) + noise, 0, 4095)
    return planes


def slide(side: int) -> NDArray[np.uint8]:
    """A stained section of shape (side, side, 3): tissue in pink and violet on white."""
    random = np.random.default_rng(5)
    y, x = np.mgrid[0:side, 0:side].astype(np.float32)
    tissue = (np.sin(x / 61) * np.cos(y / 47) + np.sin((x + y) / 211)) > -0.2
    nuclei = (np.sin(x / 7) * np.sin(y / 6)) > 0.7
    picture = np.full((side, side, 3), 242, np.float32)
    picture[tissue] = (225, 160, 195)
    picture[tissue & nuclei] = (110, 70, 150)
    picture += random.normal(0, 6, (side, side, 1)).astype(np.float32)
    return np.clip(picture, 0, 255).astype(np.uint8)


def _levels(full: NDArray[Any], y_axis: int) -> list[NDArray[Any]]:
    step = [slice(None)] * full.ndim
    step[y_axis] = step[y_axis + 1] = slice(None, None, 2)
    found = [full]
    for _ in range(LEVELS - 1):
        found.append(found[-1][tuple(step)])
    return found


def write_ome_tiff(path: Path, planes: NDArray[np.uint16]) -> None:
    """Tiles of 512, deflate, levels as sub-IFDs."""
    levels = _levels(planes, 1)
    options: dict[str, Any] = {
        "tile": (TILE, TILE), "compression": "zlib", "photometric": "minisblack",
    }  # fmt: skip
    with tifffile.TiffWriter(path, ome=True) as writer:
        writer.write(levels[0], subifds=LEVELS - 1, metadata={"axes": "CYX"}, **options)
        for level in levels[1:]:
            writer.write(level, subfiletype=1, **options)


def write_slide(path: Path, picture: NDArray[np.uint8]) -> None:
    """Tiles of 256 in JPEG (YCbCr 4:2:0, quality 80), levels as pages that follow.

    As scanners write them: tables once per level in the tag JPEGTables, tiles without.
    """
    with tifffile.TiffWriter(path, bigtiff=True) as writer:
        for number, level in enumerate(_levels(picture, 0)):
            tiles = [
                _abbreviated(level[y : y + SLIDE_TILE, x : x + SLIDE_TILE])
                for y in range(0, level.shape[0], SLIDE_TILE)
                for x in range(0, level.shape[1], SLIDE_TILE)
            ]
            writer.write(
                iter([tile for _, tile in tiles]), shape=level.shape, dtype=np.uint8,
                tile=(SLIDE_TILE, SLIDE_TILE), photometric="ycbcr", subsampling=(2, 2),
                compression="jpeg", jpegtables=tiles[0][0], subfiletype=min(number, 1),
                metadata=None,
            )  # fmt: skip


def _abbreviated(pixels: NDArray[np.uint8]) -> tuple[bytes, bytes]:
    """A tile as the stream of its tables and the stream without them."""
    import simplejpeg

    data = simplejpeg.encode_jpeg(
        np.ascontiguousarray(pixels), quality=80, colorspace="RGB", colorsubsampling="420"
    )
    tables, rest, at = b"", b"", 2
    while data[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at + 1] in {0xDB, 0xC4}:
            tables += data[at:end]
        elif data[at + 1] != 0xE0:
            rest += data[at:end]
        at = end
    return b"\xff\xd8" + tables + b"\xff\xd9", b"\xff\xd8" + rest + data[at:]


def write_ome_zarr(path: Path, planes: NDArray[np.uint16], *, version: str) -> None:
    """OME-Zarr 0.4 with Blosc-LZ4, or 0.5 with Blosc-LZ4 in shards of 4 x 4 chunks."""
    is_old = version == "0.4"
    group = zarr.open_group(path, mode="w", zarr_format=2 if is_old else 3)
    for number, level in enumerate(_levels(planes, 1)):
        options: dict[str, Any] = {"shape": level.shape, "chunks": (1, TILE, TILE)}
        options |= _old_array() if is_old else _sharded()
        if is_old:
            options |= {"dimension_names": None}
        array = group.create_array(str(number), dtype="uint16", fill_value=0, **options)
        array[...] = level
    multiscales = _multiscales(version if is_old else None)
    # large_image takes a group for OME-Zarr only when it has this block
    shown = {"channels": [{"label": f"channel {number}"} for number in range(CHANNELS)]}
    group.attrs.update(
        {"multiscales": multiscales, "omero": shown}
        if is_old
        else {"ome": {"version": version, "multiscales": multiscales, "omero": shown}}
    )


def _old_array() -> Mapping[str, Any]:
    from numcodecs import Blosc

    return {
        "compressors": Blosc("lz4", clevel=5, shuffle=Blosc.SHUFFLE),
        "chunk_key_encoding": {"name": "v2", "separator": "/"},
    }


def _sharded() -> Mapping[str, Any]:
    from zarr.codecs import BloscCodec

    return {
        "compressors": BloscCodec(cname="lz4", clevel=5, shuffle="shuffle"),
        "shards": (1, 4 * TILE, 4 * TILE),
        "dimension_names": ("c", "y", "x"),
    }


def _multiscales(version: str | None) -> list[dict[str, Any]]:
    datasets = [
        {
            "path": str(number),
            "coordinateTransformations": [
                {"type": "scale", "scale": [1.0, float(2**number), float(2**number)]}
            ],
        }
        for number in range(LEVELS)
    ]
    axes = [
        {"name": "c", "type": "channel"},
        {"name": "y", "type": "space", "unit": "micrometer"},
        {"name": "x", "type": "space", "unit": "micrometer"},
    ]
    found: dict[str, Any] = {"axes": axes, "datasets": datasets, "name": "fluorescence"}
    return [found | ({} if version is None else {"version": version})]
