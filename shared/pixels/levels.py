"""In which tiles a level is served: the one rule that addresses and GraphQL both tell.

What is served may differ from what is stored: strips and whole-plane chunks are no tiles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.pixels.source import Level

LEAST_SIDE, GREATEST_SIDE, USUAL_SIDE = 256, 1024, 512


def served_tile_size(level: Level) -> tuple[int, int]:
    """Width and height of the tiles in which a level is served, in pixels.

    The stored size where both sides are 256 to 1024, else 512 x 512. Tiles at the right and lower
    edge are smaller.
    """
    sides = level.tile_width, level.tile_height
    if all(LEAST_SIDE <= side <= GREATEST_SIDE for side in sides):
        return sides
    return USUAL_SIDE, USUAL_SIDE
