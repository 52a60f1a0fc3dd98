"""`IndexedSource`: read pixels through the chunk index with `pread`, without the format's library.

Only the chunks under a region are read. It also hands out chunks, decoded or as stored, so that a
tile server can keep the first and pass on the second. Reading is thread-safe.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

from shared.errors import BrokenFile, Invalid
from shared.pixels.beneath import Folder
from shared.pixels.chunk_index import (
    ChunkCoordinate,
    ImageIndex,
    LevelIndex,
    ShardLocator,
    TableLocator,
)
from shared.pixels.chunks import decode_chunk, fill_chunk
from shared.pixels.shards import Shards

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from shared.pixels.source import Dimensions, Level, PixelType, PlaneRegion

KEPT_BYTES = 64 * 2**20


class IndexedSource:
    """A `PixelSource` over `root` (the folder that the index belongs to) and its chunk index."""

    def __init__(
        self, root: Path, index: ImageIndex, *, keep_open: int = 64, kept_bytes: int = KEPT_BYTES
    ) -> None:
        """Raise `BrokenFile` when the folder is gone. Files are opened when they are needed.

        `kept_bytes` bounds the decoded chunks that hold more than was asked for (several planes,
        samples or a whole picture) and are kept for the next read; 0 keeps none.
        """
        self.index = index
        self._folder = Folder(root, keep_open=keep_open)
        self._shards = Shards(self._folder)
        self._kept = _KeptChunks(kept_bytes)

    @property
    def dimensions(self) -> Dimensions:
        """Sizes at full resolution."""
        return self.index.dimensions

    @property
    def pixel_type(self) -> PixelType:
        """OME pixel type of what `read` answers."""
        return self.index.pixel_type

    @property
    def levels(self) -> tuple[Level, ...]:
        """Resolutions from the largest to the smallest."""
        return tuple(level.level for level in self.index.levels)

    def read(self, region: PlaneRegion) -> NDArray[np.generic]:
        """Answer the region as a fresh array (height, width).

        Raises `Invalid` for a region outside the image, `BrokenFile` for bytes that cannot be read.
        """
        import numpy as np

        level, z = self._checked(region)
        shape = level.shape
        inside = (region.t % shape.t, region.c % shape.c, z % shape.z)
        out = np.empty((region.height, region.width), self.pixel_type.numpy_name)
        for coordinate in self.chunks_under(region):
            top, left = coordinate.row * shape.y, coordinate.col * shape.x
            y0, y1 = max(region.y, top), min(region.y + region.height, top + shape.y)
            x0, x1 = max(region.x, left), min(region.x + region.width, left + shape.x)
            chunk = self._chunk(region, coordinate, whole=(y1 - y0, x1 - x0) == shape[3:])
            target = out[y0 - region.y : y1 - region.y, x0 - region.x : x1 - region.x]
            if chunk is None:
                target[...] = level.fill_value
            else:
                target[...] = chunk[inside][y0 - top : y1 - top, x0 - left : x1 - left]
        return out

    def chunks_under(self, region: PlaneRegion) -> Iterator[ChunkCoordinate]:
        """Name the chunks that a region touches, row by row; raises `Invalid` as `read` does."""
        level, z = self._checked(region)
        shape = level.shape
        first = ChunkCoordinate(
            region.t // shape.t,
            region.c // shape.c,
            z // shape.z,
            region.y // shape.y,
            region.x // shape.x,
        )
        for row in range(first.row, (region.y + region.height - 1) // shape.y + 1):
            for col in range(first.col, (region.x + region.width - 1) // shape.x + 1):
                yield first._replace(row=row, col=col)

    def read_chunk(self, level: int, coordinate: ChunkCoordinate) -> NDArray[np.generic]:
        """Answer a chunk as an array (t, c, z, y, x) of its full stored extent.

        What lies beyond the image's edge is padding. The array may be read-only.
        """
        data = self.raw_chunk(level, coordinate)
        described = self.index.levels[level]
        if data is None:
            return fill_chunk(described, coordinate)
        return decode_chunk(data, described, coordinate)

    def raw_chunk(self, level: int, coordinate: ChunkCoordinate) -> bytes | None:
        """Answer a chunk's stored bytes, or None when it is absent (fill value)."""
        described = self._level(level)
        grid = described.grid(self.dimensions)
        if any(not 0 <= at < count for at, count in zip(coordinate, grid, strict=True)):
            raise Invalid(
                f"Level {level} has no chunk {tuple(coordinate)}.",
                hint=f"Its grid of chunks is {tuple(grid)}.",
            )
        # What is stored may exceed what it decodes to by little; more is not worth reading.
        max_bytes = 2 * described.chunk_bytes + 2**20
        locator = described.locator
        if isinstance(locator, ShardLocator):
            return self._shards.read(locator, coordinate, max_bytes)
        return self._stored(described, coordinate, max_bytes)

    def chunk_at_once(self, level: int, coordinate: ChunkCoordinate) -> bytearray | None:
        """The same for a chunk inside the image, but None when its bytes are not in memory, its
        file is not open, or it is absent or outside: never waits for a disk.
        """
        described = self.index.levels[level]
        if not isinstance(described.locator, TableLocator):
            return None
        try:
            location = described.locator.locate(coordinate)
        except IndexError:
            return None
        file = self._folder.kept(location.file)
        if file is None or not 0 < location.length <= 2 * described.chunk_bytes + 2**20:
            return None
        return file.read_at_once(location.offset, location.length)

    def close(self) -> None:
        """Free files and kept chunks."""
        self._folder.close()
        self._kept.clear()

    def _stored(
        self, level: LevelIndex, coordinate: ChunkCoordinate, max_bytes: int
    ) -> bytes | None:
        location = level.locate(coordinate)
        if location.length == 0:
            return None
        is_table = isinstance(level.locator, TableLocator)
        file = self._folder.open(location.file, keep=is_table)
        if file is None:
            if is_table:
                raise _broken(location.file, "is missing")
            return None
        length = file.size if location.length < 0 else location.length
        if location.offset < 0 or location.offset + length > file.size or length > max_bytes:
            raise _broken(location.file, f"does not hold its chunk {tuple(coordinate)}")
        data = file.read(location.offset, length)
        if len(data) != length:
            raise _broken(location.file, "is cut off")
        return data

    def _chunk(
        self, region: PlaneRegion, coordinate: ChunkCoordinate, *, whole: bool
    ) -> NDArray[np.generic] | None:
        """Answer a decoded chunk, kept when it holds more than is read of it; None when absent."""
        key = (region.level, coordinate)
        kept = self._kept.get(key)
        if kept is not None:
            return kept
        data = self.raw_chunk(region.level, coordinate)
        if data is None:
            return None
        level = self.index.levels[region.level]
        chunk = decode_chunk(data, level, coordinate)
        if not whole or level.shape.t * level.shape.c * level.shape.z > 1:
            self._kept.put(key, chunk)
        return chunk

    def _level(self, number: int) -> LevelIndex:
        if not 0 <= number < len(self.index.levels):
            raise Invalid(
                f"There is no level {number}.",
                hint=f"Levels are 0 (full resolution) to {len(self.index.levels) - 1}.",
            )
        return self.index.levels[number]

    def _checked(self, region: PlaneRegion) -> tuple[LevelIndex, int]:
        """Answer the region's level and the plane of that level that shows its z."""
        level = self._level(region.level)
        sizes = self.dimensions
        fits = (
            0 <= region.t < sizes.size_t
            and 0 <= region.c < sizes.size_c
            and 0 <= region.z < sizes.size_z
            and 0 <= region.x < region.x + region.width <= level.level.width
            and 0 <= region.y < region.y + region.height <= level.level.height
        )
        if not fits:
            raise Invalid(
                f"The region {region} lies outside the image.",
                hint=f"The level is {level.level.width} x {level.level.height}, the image {sizes}.",
            )
        if level.size_z is None:
            return level, region.z
        return level, min(region.z * level.size_z // sizes.size_z, level.size_z - 1)


class _KeptChunks:
    """The chunks decoded last, within a number of bytes, but always the very last one."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._used = 0
        self._chunks: OrderedDict[tuple[int, ChunkCoordinate], NDArray[np.generic]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: tuple[int, ChunkCoordinate]) -> NDArray[np.generic] | None:
        with self._lock:
            found = self._chunks.get(key)
            if found is not None:
                self._chunks.move_to_end(key)
            return found

    def put(self, key: tuple[int, ChunkCoordinate], chunk: NDArray[np.generic]) -> None:
        if not self._limit:
            return
        with self._lock:
            replaced = self._chunks.pop(key, None)
            self._used += chunk.nbytes - (0 if replaced is None else replaced.nbytes)
            self._chunks[key] = chunk
            while self._used > self._limit and len(self._chunks) > 1:
                _, dropped = self._chunks.popitem(last=False)
                self._used -= dropped.nbytes

    def clear(self) -> None:
        with self._lock:
            self._chunks.clear()
            self._used = 0


def _broken(file: str, reason: str) -> BrokenFile:
    return BrokenFile(
        f"The file {file!r} {reason}.",
        hint="The file is damaged or gone; compare it with its source and import it again.",
    )
