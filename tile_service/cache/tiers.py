"""A small cache before a large one: what is found further back is brought forward."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tile_service.cache.protocol import TileCache, TileKey


class TieredCache:
    """A `TileCache` over `near` (memory, never slow) and `far` (files), or over `near` alone."""

    def __init__(self, near: TileCache, far: TileCache | None) -> None:
        self.near = near
        self.far = far

    def get(self, key: TileKey) -> bytes | None:
        """What was put under the key, unless both have forgotten it."""
        tile = self.near.get(key)
        if tile is None and self.far is not None:
            tile = self.far.get(key)
            if tile is not None:
                self.near.put(key, tile)
        return tile

    def has(self, key: TileKey) -> bool:
        """Whether a tile is kept under the key in one of them."""
        return self.near.has(key) or (self.far is not None and self.far.has(key))

    def put(self, key: TileKey, tile: bytes) -> None:
        """Keep a tile in both."""
        self.near.put(key, tile)
        if self.far is not None:
            self.far.put(key, tile)

    def purge(self, image_id: int) -> None:
        """Forget all tiles of an image in both."""
        self.near.purge(image_id)
        if self.far is not None:
            self.far.purge(image_id)
