from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.pixels.source import Level
from tile_service.chunks.levels import Rectangle, on_level, pick_level, scale_factors


def levels(width: int, height: int, count: int, factor: int = 2) -> tuple[Level, ...]:
    return tuple(
        Level(max(1, width // factor**n), max(1, height // factor**n), 256, 256)
        for n in range(count)
    )


def test_the_smallest_level_that_is_large_enough_is_read() -> None:
    four = levels(8000, 6000, 4)
    whole = Rectangle(0, 0, 8000, 6000)
    assert pick_level(four, whole, 8000, 6000) == 0
    assert pick_level(four, whole, 4002, 3002) == 0
    assert pick_level(four, whole, 4000, 3000) == 1
    assert pick_level(four, whole, 96, 72) == 3
    assert pick_level(four, Rectangle(100, 100, 1024, 1024), 512, 512) == 1
    assert pick_level(four, Rectangle(100, 100, 10, 10), 20, 20) == 0


def test_a_level_that_is_a_pixel_short_of_half_still_counts() -> None:
    odd = levels(801, 601, 2)
    assert pick_level(odd, Rectangle(0, 0, 801, 601), 401, 301) == 1


def test_scale_factors_are_whole_and_do_not_repeat() -> None:
    assert scale_factors(levels(20_001, 15_001, 4)) == (1, 2, 4, 8)
    assert scale_factors(levels(40_000, 30_000, 3, factor=4)) == (1, 4, 16)
    assert scale_factors(levels(5, 1, 5)) == (1, 2, 5)


sizes = st.integers(1, 5000)


@given(width=sizes, height=sizes, cut=st.floats(0, 1), count=st.integers(1, 6))
def test_neighbours_meet_and_every_region_has_a_pixel_within_the_level(
    width: int, height: int, cut: float, count: int
) -> None:
    all_levels = levels(width, height, count)
    at = int(cut * width)
    for number, level in enumerate(all_levels):
        whole = on_level(all_levels, number, Rectangle(0, 0, width, height))
        assert (whole.x, whole.y, whole.width, whole.height) == (0, 0, level.width, level.height)
        if 0 < at < width:
            left = on_level(all_levels, number, Rectangle(0, 0, at, height))
            right = on_level(all_levels, number, Rectangle(at, 0, width - at, height))
            assert left.width >= 1
            assert right.width >= 1
            assert right.x + right.width == level.width
            # where both have more than the one pixel that nobody is denied, they meet
            assert right.x <= left.width <= right.x + 1
