"""Regions of planes out of decoded chunks, which are kept for the next tile.

Four tiles of 256 share one chunk of 512, and a change of contrast reads nothing. A chunk that two
threads want at once is read and decoded by one of them.
"""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import Future
from threading import Lock
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    import numpy as np
    from numpy.typing import NDArray

    from shared.pixels.indexed import IndexedSource
    from shared.pixels.source import PlaneRegion

    Chunk = NDArray[np.generic]


class HasKey(Protocol):
    """An open image: `key` names its bytes for ever (pixels and generation)."""

    @property
    def key(self) -> Hashable: ...  # noqa: D102
    @property
    def source(self) -> IndexedSource: ...  # noqa: D102


class ChunkCache:
    """Decoded chunks within `limit` bytes; the least recently used go first. Thread-safe."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._used = 0
        self._chunks: OrderedDict[Hashable, Chunk] = OrderedDict()
        self._decoding: dict[Hashable, Future[Chunk]] = {}
        self._lock = Lock()

    def get(self, key: Hashable, decode: Callable[[], Chunk]) -> Chunk:
        """The chunk under the key; `decode` makes it, in one thread only. Never write into it.

        What `decode` raises is raised to everybody who waits for it, and not kept.
        """
        with self._lock:
            chunk = self._chunks.get(key)
            if chunk is not None:
                self._chunks.move_to_end(key)
                return chunk
            waiting = self._decoding.get(key)
            if waiting is None:
                mine: Future[Chunk] = Future()
                self._decoding[key] = mine
        if waiting is not None:
            return waiting.result()
        try:
            chunk = decode()
        except BaseException as error:
            with self._lock:
                del self._decoding[key]
            mine.set_exception(error)
            raise
        with self._lock:
            del self._decoding[key]
            self._keep(key, chunk)
        mine.set_result(chunk)
        return chunk

    @property
    def used(self) -> int:
        """Bytes that are taken."""
        return self._used

    def _keep(self, key: Hashable, chunk: Chunk) -> None:
        # The very last one is kept whatever its size: a plane stored as one chunk is read for
        # each sample of a colour image.
        self._chunks[key] = chunk
        self._used += chunk.nbytes
        while self._used > self._limit and len(self._chunks) > 1:
            _, dropped = self._chunks.popitem(last=False)
            self._used -= dropped.nbytes


class RawPixels:
    """An open image and the kept chunks: what work on raw pixels is given, in a worker thread."""

    __slots__ = ("_chunks", "image")

    def __init__(self, image: HasKey, chunks: ChunkCache) -> None:
        self.image = image
        self._chunks = chunks

    @property
    def source(self) -> IndexedSource:
        """The image's chunks, stored and decoded."""
        return self.image.source

    def read(self, region: PlaneRegion) -> NDArray[np.generic]:
        """`read_region` of this image: do not write into it."""
        return read_region(self.image, region, self._chunks)


def read_region(image: HasKey, region: PlaneRegion, cache: ChunkCache) -> NDArray[np.generic]:
    """The region as an array (height, width); it may be a view of a kept chunk: do not write.

    Raises `BrokenFile` for bytes that cannot be read, `Invalid` for a region outside the image.
    """
    import numpy as np

    source = image.source
    level = source.index.levels[region.level]
    shape = level.shape
    out: NDArray[np.generic] | None = None
    for coordinate in source.chunks_under(region):

        def decode(at: object = coordinate) -> NDArray[np.generic]:
            return source.read_chunk(region.level, at)  # type: ignore[arg-type]

        chunk = cache.get((image.key, region.level, coordinate), decode)
        z = _plane_of(level.size_z, source.dimensions.size_z, region.z)
        plane = chunk[region.t % shape.t, region.c % shape.c, z % shape.z]
        top, left = coordinate.row * shape.y, coordinate.col * shape.x
        y0, y1 = max(region.y, top), min(region.y + region.height, top + shape.y)
        x0, x1 = max(region.x, left), min(region.x + region.width, left + shape.x)
        part: NDArray[np.generic] = plane[y0 - top : y1 - top, x0 - left : x1 - left]
        if part.shape == (region.height, region.width):
            return part
        if out is None:
            out = np.empty((region.height, region.width), source.pixel_type.numpy_name)
        out[y0 - region.y : y1 - region.y, x0 - region.x : x1 - region.x] = part
    assert out is not None  # a region touches at least one chunk
    return out


def _plane_of(level_size_z: int | None, size_z: int, z: int) -> int:
    # NGFF may halve Z along the levels; the same rule as `IndexedSource`
    if level_size_z is None:
        return z
    return min(z * level_size_z // size_z, level_size_z - 1)
