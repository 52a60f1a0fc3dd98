from __future__ import annotations

import pytest

from shared.pixels.levels import served_tile_size
from shared.pixels.source import Level


@pytest.mark.parametrize(
    ("stored", "served"),
    [
        ((256, 256), (256, 256)),
        ((1024, 1024), (1024, 1024)),
        ((512, 256), (512, 256)),
        ((255, 256), (512, 512)),
        ((240, 240), (512, 512)),
        ((2048, 1), (512, 512)),
        ((4096, 4096), (512, 512)),
        ((256, 1025), (512, 512)),
    ],
)
def test_stored_tiles_are_served_when_both_sides_are_256_to_1024(
    stored: tuple[int, int], served: tuple[int, int]
) -> None:
    assert served_tile_size(Level(5000, 4000, *stored)) == served
