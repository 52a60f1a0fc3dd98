"""The chunk index: what lies where in an image's files, built once at import and kept.

A chunk is a block of the five axes T C Z Y X that is stored and decoded as one; `stored_axes` names
the order of its axes in memory (an interleaved RGB tile is "YXC", a planar one "YX", a Zarr chunk
for instance "TCZYX"; an axis left out has extent 1). Coordinates of chunks are indices into the grid of
chunks along each axis. Nothing here opens a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from shared.pixels.source import Dimensions, Level, PixelType


class ChunkCoordinate(NamedTuple):
    """Position of a chunk in the grid of chunks, axis by axis."""

    t: int
    c: int
    z: int
    row: int
    col: int


class ChunkShape(NamedTuple):
    """Extent of a chunk along each axis, in pixels for y and x."""

    t: int
    c: int
    z: int
    y: int
    x: int


@dataclass(frozen=True, slots=True)
class ChunkLocation:
    """Where the bytes of a chunk are. `length` 0 means absent (fill value), -1 the whole file."""

    file: str
    """Relative to the folder that the index belongs to, `/`-separated."""
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Codec:
    """How bytes become pixels.

    `name` is one of raw, deflate, lzw, packbits, zstd, lzma, jpeg, jpeg2000, webp, jpegxr, png, lerc (TIFF)
    or zarr2, zarr3 (then `config` is the array's own codec metadata as JSON text).
    """

    name: str
    predictor: int = 1
    """TIFF predictor: 1 none, 2 horizontal, 3 floating point."""
    config: str = ""
    jpeg_tables: bytes = b""
    photometric: str = ""
    """For JPEG: `rgb`, `ycbcr` or `minisblack`, as the file states it."""
    bits_per_sample: int = 0
    """When fewer than the type's bits (1, 4, 12), else 0."""
    fill_order: int = 1


@dataclass(frozen=True, slots=True)
class TableLocator:
    """Offsets and lengths by table (TIFF): int64 arrays of shape (t, c, z, rows, cols) in chunks."""

    files: tuple[str, ...]
    file_numbers: NDArray[np.int32]
    """Same shape as `offsets`, or shape () when there is one file."""
    offsets: NDArray[np.int64]
    lengths: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class KeyLocator:
    """One file per chunk, named by its coordinates (Zarr without shards)."""

    prefix: str
    """Folder of the array, such as `0`."""
    separator: str
    encoding: str
    """`v2` (0/0/0) or `default` (c/0/0/0)."""
    axes: str
    """The array's axes in order, such as "CYX"."""


@dataclass(frozen=True, slots=True)
class ShardLocator:
    """Chunks inside Zarr 3 shards; a shard's own index is read once and kept by the reader."""

    keys: KeyLocator
    chunks_per_shard: ChunkShape
    index_location: str
    """`start` or `end`."""
    index_has_crc: bool


@dataclass(frozen=True, slots=True)
class LevelIndex:
    """One level: its grid of chunks and how to find and decode each."""

    level: Level
    shape: ChunkShape
    stored_axes: str
    dtype: str
    """numpy dtype string with byte order, such as `>u2`, of the stored values."""
    codec: Codec
    locator: TableLocator | KeyLocator | ShardLocator
    fill_value: float = 0.0
    edge_is_cropped: bool = False
    """TIFF strips: the last one is shorter. Tiles and Zarr chunks are always full."""


@dataclass(frozen=True, slots=True)
class ImageIndex:
    """Everything needed to read an image's pixels without its format's library."""

    dimensions: Dimensions
    pixel_type: PixelType
    levels: tuple[LevelIndex, ...]
