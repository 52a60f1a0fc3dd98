"""The chunk index: what lies where in an image's files, built once at import and kept.

A chunk is a block of the five axes T C Z Y X that is stored and decoded as one; `stored_axes` names
the order of its axes in memory (an interleaved RGB tile is "YXC", a planar one "YX", a Zarr chunk
for instance "TCZYX"; an axis left out has extent 1). Coordinates of chunks are indices into the
grid of chunks along each axis. Nothing here opens a file; `index_file.py` keeps an index on disk.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from shared.errors import Invalid

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from shared.pixels.source import Dimensions, Level, PixelType

AXES = "TCZYX"


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

    `name` is one of raw, deflate, lzw, packbits, zstd, lzma, jpeg, jpeg2000, webp, jpegxr, png,
    lerc (TIFF) or zarr2, zarr3 (then `config` is the array's own codec metadata as JSON text).
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


@dataclass(frozen=True, slots=True, eq=False)
class TableLocator:
    """Offsets and lengths by table (TIFF): arrays of shape (t, c, z, rows, cols) in chunks."""

    files: tuple[str, ...]
    file_numbers: NDArray[np.int32]
    """Same shape as `offsets`, or shape () when there is one file."""
    offsets: NDArray[np.int64]
    lengths: NDArray[np.int64]

    def locate(self, coordinate: ChunkCoordinate) -> ChunkLocation:
        """Answer file, offset and length of one chunk; raises `IndexError` outside the table."""
        numbers = self.file_numbers
        number = int(numbers if numbers.ndim == 0 else numbers[coordinate])
        return ChunkLocation(
            self.files[number], int(self.offsets[coordinate]), int(self.lengths[coordinate])
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TableLocator):
            return NotImplemented
        return self.files == other.files and all(
            mine.shape == theirs.shape and bool((mine == theirs).all())
            for mine, theirs in (
                (self.file_numbers, other.file_numbers),
                (self.offsets, other.offsets),
                (self.lengths, other.lengths),
            )
        )

    __hash__ = None  # type: ignore[assignment]


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

    def key(self, coordinate: ChunkCoordinate) -> str:
        """Answer the file's name below the image's folder."""
        numbers = [str(coordinate[AXES.index(axis)]) for axis in self.axes]
        if self.encoding == "default":
            numbers.insert(0, "c")
        name = self.separator.join(numbers)
        return f"{self.prefix}/{name}" if self.prefix else name


@dataclass(frozen=True, slots=True)
class ShardLocator:
    """Chunks inside Zarr 3 shards; a shard's own index is read once and kept by the reader."""

    keys: KeyLocator
    chunks_per_shard: ChunkShape
    index_location: str
    """`start` or `end`."""
    index_has_crc: bool

    def shard_of(self, coordinate: ChunkCoordinate) -> tuple[str, int]:
        """Answer the shard's file name and the chunk's number in the shard's own index."""
        shape = self.chunks_per_shard
        shard = ChunkCoordinate(*(at // size for at, size in zip(coordinate, shape, strict=True)))
        number = 0
        for axis in self.keys.axes:
            at = AXES.index(axis)
            number = number * shape[at] + coordinate[at] % shape[at]
        return self.keys.key(shard), number


@dataclass(frozen=True)
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
    size_z: int | None = None
    """Planes at this level when fewer than at full resolution (NGFF may halve Z too)."""

    def grid(self, dimensions: Dimensions) -> ChunkShape:
        """Count the chunks along each axis."""
        sizes = self.sizes(dimensions)
        return ChunkShape(*(-(-size // of) for size, of in zip(sizes, self.shape, strict=True)))

    def sizes(self, dimensions: Dimensions) -> ChunkShape:
        """Sizes of this level along each axis, in planes and pixels."""
        size_z = dimensions.size_z if self.size_z is None else self.size_z
        return ChunkShape(
            dimensions.size_t, dimensions.size_c, size_z, self.level.height, self.level.width
        )

    def locate(self, coordinate: ChunkCoordinate) -> ChunkLocation:
        """Say where a chunk lies, without I/O.

        Raises `Invalid` outside the grid of a table, and for chunks inside shards, whose place only
        the shard knows (`ShardLocator.shard_of`).
        """
        if isinstance(self.locator, TableLocator):
            counts = self.locator.offsets.shape
            if not all(0 <= at < count for at, count in zip(coordinate, counts, strict=True)):
                raise Invalid(
                    f"There is no chunk {tuple(coordinate)}.",
                    hint=f"Its grid of chunks is {counts}.",
                )
            return self.locator.locate(coordinate)
        if isinstance(self.locator, KeyLocator):
            return ChunkLocation(self.locator.key(coordinate), 0, -1)
        raise Invalid(
            "A chunk inside a shard has no place of its own.",
            hint="Read the shard's index first (`ShardLocator.shard_of` names shard and entry).",
        )

    def file_of(self, coordinate: ChunkCoordinate) -> str:
        """Name the file that holds the chunk, for messages."""
        if isinstance(self.locator, ShardLocator):
            return self.locator.shard_of(coordinate)[0]
        return self.locate(coordinate).file

    def stored_shape(self, coordinate: ChunkCoordinate) -> ChunkShape:
        """Extent of one chunk as stored: the last strip of a TIFF page is cropped."""
        if not self.edge_is_cropped:
            return self.shape
        rows = min(self.shape.y, self.level.height - coordinate.row * self.shape.y)
        return self.shape._replace(y=max(rows, 0))

    @cached_property
    def itemsize(self) -> int:
        """Bytes of one stored value once unpacked."""
        return int(self.dtype[2:])

    @cached_property
    def chunk_bytes(self) -> int:
        """Bytes of one full chunk once decoded."""
        total = self.itemsize
        for extent in self.shape:
            total *= extent
        return total


@dataclass(frozen=True, slots=True)
class ImageIndex:
    """Everything needed to read an image's pixels without its format's library."""

    dimensions: Dimensions
    pixel_type: PixelType
    levels: tuple[LevelIndex, ...]
