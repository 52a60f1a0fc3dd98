"""The arrays of a served OME-Zarr: five axes T C Z Y X, one array for each level of an image.

The layout of an array depends on the chunk index alone, so that every process tells the same, and a
chunk's bytes are the same whenever they are asked for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.pixels.chunk_index import ChunkShape
from shared.pixels.levels import GREATEST_SIDE, LEAST_SIDE, USUAL_SIDE
from tile_service.zarr.codecs import (
    MADE2,
    MADE3,
    Format,
    bytes_codec,
    stored_order,
    zarr2_codec,
    zarr3_codecs,
)

if TYPE_CHECKING:
    from shared.pixels.chunk_index import ImageIndex, LevelIndex

LEAST_PASSED_BYTES, GREATEST_PASSED_BYTES = 2**14, 2**25
"""Stored chunks that are smaller or larger make poor answers, and are cut anew."""
_TYPES3 = {
    "i1": "int8", "u1": "uint8", "i2": "int16", "u2": "uint16", "i4": "int32", "u4": "uint32",
    "i8": "int64", "f4": "float32", "f8": "float64", "c8": "complex64", "c16": "complex128",
}  # fmt: skip
_DIMENSIONS = ("t", "c", "z", "y", "x")


@dataclass(frozen=True, slots=True)
class ServedArray:
    """One array as it is served."""

    shape: ChunkShape
    chunks: ChunkShape
    dtype: str
    """numpy's, with byte order."""
    fill_value: float
    codec: Any
    """Zarr 2: (compressor, filters); Zarr 3: the list of codecs."""
    is_passed_on: bool
    """Chunks are the stored ones."""

    @property
    def grid(self) -> ChunkShape:
        """Chunks along each axis."""
        pairs = zip(self.shape, self.chunks, strict=True)
        return ChunkShape(*(-(-size // of) for size, of in pairs))

    def document(self, format: Format) -> dict[str, Any]:
        """The array's `.zarray` or `zarr.json`."""
        if format is Format.V2:
            compressor, filters = self.codec
            return {
                "zarr_format": 2,
                "shape": list(self.shape),
                "chunks": list(self.chunks),
                "dtype": self.dtype,
                "compressor": compressor,
                "filters": filters,
                "fill_value": self._fill(),
                "order": "C",
                "dimension_separator": "/",
            }
        return {
            "zarr_format": 3,
            "node_type": "array",
            "shape": list(self.shape),
            "data_type": _TYPES3[self.dtype[1:]],
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(self.chunks)}},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            "fill_value": self._fill(),
            "codecs": self.codec,
            "dimension_names": list(_DIMENSIONS),
            "attributes": {},
        }

    def _fill(self) -> Any:
        value, kind = self.fill_value, self.dtype[1]
        if kind in "iu":
            return int(value)
        number: Any = value
        if not math.isfinite(value):
            number = "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
        return [number, 0.0] if kind == "c" else number


def served_array(index: ImageIndex, number: int, format: Format) -> ServedArray:
    """How level `number` of an image is served."""
    level = index.levels[number]
    shape = level.sizes(index.dimensions)
    codec: Any = zarr2_codec(level) if format is Format.V2 else zarr3_codecs(level)
    if codec is not None and stored_order(level) and _is_fit(level):
        return ServedArray(shape, level.shape, level.dtype, level.fill_value, codec, True)
    dtype = little_endian(index.pixel_type.numpy_name)
    return made_array(shape, _sides(level), dtype, level.fill_value, format)


def made_array(
    shape: ChunkShape, sides: tuple[int, int], dtype: str, fill_value: float, format: Format
) -> ServedArray:
    """An array whose chunks are made: planes cut into rectangles of (rows, columns)."""
    codec: Any = (MADE2, None) if format is Format.V2 else [bytes_codec(dtype), MADE3]
    return ServedArray(shape, ChunkShape(1, 1, 1, *sides), dtype, fill_value, codec, False)


def little_endian(name: str) -> str:
    """The numpy dtype string of a native type's name, little-endian."""
    import numpy as np

    return np.dtype(name).newbyteorder("<").str


def _is_fit(level: LevelIndex) -> bool:
    shown = level.level
    is_plane = level.shape.y >= shown.height and level.shape.x >= shown.width
    return level.chunk_bytes <= GREATEST_PASSED_BYTES and (
        is_plane or level.chunk_bytes >= LEAST_PASSED_BYTES
    )


def _sides(level: LevelIndex) -> tuple[int, int]:
    """Rows and columns of a chunk that is made: as stored when that is a good tile."""
    stored = level.shape.y, level.shape.x
    if all(LEAST_SIDE <= side <= GREATEST_SIDE for side in stored):
        return stored
    return min(USUAL_SIDE, level.level.height), min(USUAL_SIDE, level.level.width)
