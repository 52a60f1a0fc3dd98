"""The bytes of one chunk: the stored ones, or pixels that are read, filled up and compressed.

A chunk that the image does not have (a sparse file) is `AbsentChunk`, and only that: to a Zarr
client "not found" means the fill value, so damage must never look like it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.errors import BrokenFile, NotFound
from shared.pixels.chunk_index import ChunkCoordinate, TableLocator
from shared.pixels.source import PlaneRegion
from tile_service.zarr.codecs import Format, compressed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from shared.pixels.chunk_index import LevelIndex
    from tile_service.chunks.read import RawPixels
    from tile_service.zarr.arrays import ServedArray


class AbsentChunk(NotFound):
    """Nothing is stored there: the fill value."""


def absent() -> AbsentChunk:
    """The error for a chunk that is not stored or not in the grid."""
    return AbsentChunk("There is no such chunk.", hint="To Zarr, it holds the fill value.")


def chunk_bytes(
    pixels: RawPixels, number: int, array: ServedArray, at: ChunkCoordinate, format: Format
) -> bytes:
    """The chunk as its array's document says.

    Raises `AbsentChunk`, and `BrokenFile` for everything that cannot be read.
    """
    try:
        if array.is_passed_on:
            return _stored(pixels, number, array, at, format)
        return _made(pixels, number, array, at, format)
    except AbsentChunk:
        raise
    except NotFound as error:
        raise BrokenFile(error.message, hint=error.hint) from error


def _stored(
    pixels: RawPixels, number: int, array: ServedArray, at: ChunkCoordinate, format: Format
) -> bytes:
    data = pixels.source.raw_chunk(number, at)
    if data is None:
        raise absent()
    level = pixels.source.index.levels[number]
    is_cropped = level.stored_shape(at) != level.shape
    if not is_cropped and (level.codec.name != "raw" or len(data) == level.chunk_bytes):
        return data
    import numpy as np

    chunk = pixels.source.read_chunk(number, at)
    full = np.full(level.shape, array.fill_value, array.dtype)
    full[:, :, :, : chunk.shape[3], : chunk.shape[4]] = chunk
    return compressed(full.tobytes(), level.itemsize, format, level)


def _made(
    pixels: RawPixels, number: int, array: ServedArray, at: ChunkCoordinate, format: Format
) -> bytes:
    region = _region(number, array, at, pixels.source.dimensions.size_z)
    if _is_absent(pixels, region):
        raise absent()
    return encoded(pixels.read(region), array, format)


def encoded(plane: NDArray[np.generic], array: ServedArray, format: Format) -> bytes:
    """A part of a plane as a full chunk of an array whose chunks are made."""
    import numpy as np

    full = np.full(array.chunks[3:], array.fill_value, array.dtype)
    full[: plane.shape[0], : plane.shape[1]] = plane
    return compressed(full.tobytes(), full.dtype.itemsize, format, None)


def _region(number: int, array: ServedArray, at: ChunkCoordinate, size_z: int) -> PlaneRegion:
    rows, columns = array.chunks.y, array.chunks.x
    top, left = at.row * rows, at.col * columns
    return PlaneRegion(
        number,
        full_plane(at.z, array.shape.z, size_z),
        at.c,
        at.t,
        left,
        top,
        min(columns, array.shape.x - left),
        min(rows, array.shape.y - top),
    )


def full_plane(z: int, level_size_z: int, size_z: int) -> int:
    """The first plane of full resolution that plane `z` of a level stands for."""
    return -(-z * size_z // level_size_z)


def _is_absent(pixels: RawPixels, region: PlaneRegion) -> bool:
    source = pixels.source
    level: LevelIndex = source.index.levels[region.level]
    for coordinate in source.chunks_under(region):
        if isinstance(level.locator, TableLocator):
            if level.locate(coordinate).length != 0:
                return False
        elif source.raw_chunk(region.level, coordinate) is not None:
            return False
    return True
