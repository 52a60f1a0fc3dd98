"""The chunk index of a TIFF image: its strips and tiles by table, read later without tifffile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.pixels.chunk_index import Codec, ImageIndex, LevelIndex, TableLocator
from shared.pixels.readers.tiff_codecs import codec_of, pixel_type
from shared.pixels.readers.tiff_segments import Segments, segments_of
from shared.pixels.source import Dimensions, Level

if TYPE_CHECKING:
    from shared.pixels.readers.tiff_images import TiffImage, TiffLevel


def dimensions_of(image: TiffImage) -> Dimensions:
    """Answer the image's sizes; samples count as channels, depth within a page as Z."""
    page = image.levels[0].keyframe
    t, c, z = image.levels[0].planes.shape
    return Dimensions(
        size_x=page.imagewidth,
        size_y=page.imagelength,
        size_z=z * page.imagedepth,
        size_c=c * page.samplesperpixel,
        size_t=t,
    )


def level_of(level: TiffLevel, segments: Segments) -> Level:
    """Answer one level's sizes and the grid in which it is stored."""
    page = level.keyframe
    return Level(
        width=page.imagewidth,
        height=page.imagelength,
        tile_width=segments.shape.x,
        tile_height=segments.shape.y,
    )


def index_of(image: TiffImage, name: str, file_size: int) -> ImageIndex | None:
    """Answer the index, or None when some level's codec needs tifffile."""
    levels = []
    for level in image.levels:
        codec = codec_of(level.keyframe)
        if codec is None:
            return None
        segments = segments_of(level, name, file_size)
        if segments.jpeg_tables is not None:
            return None
        levels.append(_level_index(level, segments, codec, name))
    return ImageIndex(
        dimensions_of(image), pixel_type(image.levels[0].keyframe, name), tuple(levels)
    )


def _level_index(level: TiffLevel, segments: Segments, codec: Codec, name: str) -> LevelIndex:
    import numpy as np

    page = level.keyframe
    # Packed bits are unpacked to whole bytes, and a picture codec answers native order.
    dtype = np.dtype(page.dtype)
    stored = np.dtype("u1") if dtype.kind == "b" else dtype
    return LevelIndex(
        level=level_of(level, segments),
        shape=segments.shape,
        stored_axes=segments.stored_axes,
        dtype=stored.newbyteorder(page.parent.byteorder).str,
        codec=codec,
        locator=TableLocator((name,), np.asarray(0, np.int32), segments.offsets, segments.lengths),
        edge_is_cropped=not segments.is_tiled,
    )
