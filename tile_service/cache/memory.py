"""Encoded tiles in this process: the least recently used go first, counted in bytes."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tile_service.cache.protocol import TileKey

ENTRY_BYTES = 400
"""What key and bookkeeping of one entry take, so that a million empty tiles are not free."""


class MemoryCache:
    """A `TileCache` within `limit` bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._used = 0
        self._tiles: OrderedDict[TileKey, bytes] = OrderedDict()
        self._lock = Lock()

    def get(self, key: TileKey) -> bytes | None:
        """What was put under the key, unless it was forgotten."""
        with self._lock:
            tile = self._tiles.get(key)
            if tile is not None:
                self._tiles.move_to_end(key)
            return tile

    def has(self, key: TileKey) -> bool:
        """Whether a tile is kept under the key."""
        return key in self._tiles

    def put(self, key: TileKey, tile: bytes) -> None:
        """Keep a tile; what is larger than the whole cache is not kept."""
        size = len(tile) + ENTRY_BYTES
        with self._lock:
            self._forget(key)
            if size > self._limit:
                return
            self._tiles[key] = tile
            self._used += size
            while self._used > self._limit:
                _, dropped = self._tiles.popitem(last=False)
                self._used -= len(dropped) + ENTRY_BYTES

    def purge(self, image_id: int) -> None:
        """Forget all tiles of an image."""
        with self._lock:
            for key in [key for key in self._tiles if key.image_id == image_id]:
                self._forget(key)

    @property
    def used(self) -> int:
        """Bytes that are taken."""
        return self._used

    def _forget(self, key: TileKey) -> None:
        dropped = self._tiles.pop(key, None)
        if dropped is not None:
            self._used -= len(dropped) + ENTRY_BYTES
