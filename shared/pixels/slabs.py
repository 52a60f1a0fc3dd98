"""Cut planes into slabs: pieces small enough to be read one after another in bounded memory.

A slab spans whole tiles, so that no tile is decoded twice for two neighbouring slabs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.pixels.source import Level, PlaneRegion

if TYPE_CHECKING:
    from collections.abc import Iterator


def slab_rectangles(level: Level, max_px: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield (x, y, width, height) covering a level once, of at most `max_px` where tiles allow."""
    tile_w, tile_h = max(level.tile_width, 1), max(level.tile_height, 1)
    cols = max(1, max_px // tile_h // tile_w) * tile_w
    width = min(level.width, cols)
    height = max(1, max_px // (width * tile_h)) * tile_h
    for y in range(0, level.height, height):
        for x in range(0, level.width, width):
            yield x, y, min(width, level.width - x), min(height, level.height - y)


def plane_slabs(
    level: Level, number: int, plane: tuple[int, int, int], max_px: int
) -> Iterator[PlaneRegion]:
    """Yield the slabs of the plane (t, c, z) of level `number`."""
    t, c, z = plane
    for x, y, width, height in slab_rectangles(level, max_px):
        yield PlaneRegion(number, z, c, t, x, y, width, height)
