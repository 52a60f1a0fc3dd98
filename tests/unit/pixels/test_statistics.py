from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from shared.errors import Invalid
from shared.pixels.slabs import slab_rectangles
from shared.pixels.source import Dimensions, Level, PixelType, PlaneRegion
from shared.pixels.statistics import ChannelStatistics, histogram, image_statistics
from tests.support.profiles import examples


class ArraySource:
    """A `PixelSource` over arrays (t, c, z, y, x), one for each level."""

    def __init__(self, *levels: NDArray[Any], pixel_type: PixelType = PixelType.UINT16) -> None:
        self._arrays = levels
        t, c, z, y, x = levels[0].shape
        self.dimensions = Dimensions(x, y, z, c, t)
        self.pixel_type = pixel_type
        self.levels = tuple(Level(at.shape[4], at.shape[3], 64, 64) for at in levels)
        self.largest_read = 0

    def read(self, region: PlaneRegion) -> NDArray[Any]:
        self.largest_read = max(self.largest_read, region.width * region.height)
        rows = slice(region.y, region.y + region.height)
        cols = slice(region.x, region.x + region.width)
        return self._arrays[region.level][region.t, region.c, region.z, rows, cols].copy()

    def close(self) -> None:
        self._arrays = ()


def test_every_plane_and_time_counts() -> None:
    pixels = np.full((3, 2, 2, 10, 12), 50, np.uint16)
    pixels[2, 0, 1, 9, 11] = 4000
    pixels[0, 1, 0, 0, 0] = 3
    assert image_statistics(ArraySource(pixels)) == [
        ChannelStatistics(50.0, 4000.0, is_approximate=False),
        ChannelStatistics(3.0, 50.0, is_approximate=False),
    ]


def test_images_with_levels_are_measured_on_the_smallest_of_a_megapixel() -> None:
    full = np.zeros((1, 1, 1, 4096, 2048), np.uint8)
    half = np.full((1, 1, 1, 2048, 1024), 7, np.uint8)
    quarter = np.full((1, 1, 1, 1024, 512), 9, np.uint8)
    assert image_statistics(ArraySource(full, half, quarter)) == [
        ChannelStatistics(7.0, 7.0, is_approximate=True)
    ]
    small = np.full((1, 1, 1, 100, 100), 5, np.uint8)
    assert image_statistics(ArraySource(small, small[..., ::2, ::2] + 1)) == [
        ChannelStatistics(5.0, 5.0, is_approximate=False)
    ]


def test_nan_and_infinity_are_left_out() -> None:
    pixels = np.array([[np.nan, -np.inf, -2.5], [np.inf, 4.0, 1.0]], "f4").reshape(1, 1, 1, 2, 3)
    (found,) = image_statistics(ArraySource(pixels, pixel_type=PixelType.FLOAT))
    assert (found.minimum, found.maximum) == (-2.5, 4.0)
    nothing = np.full((1, 1, 1, 2, 3), np.nan)
    (found,) = image_statistics(ArraySource(nothing, pixel_type=PixelType.DOUBLE))
    assert (found.minimum, found.maximum) == (0.0, 0.0)


def test_complex_values_count_by_magnitude() -> None:
    pixels = np.array([3 + 4j, 1j], "c8").reshape(1, 1, 1, 1, 2)
    (found,) = image_statistics(ArraySource(pixels, pixel_type=PixelType.COMPLEX))
    assert (found.minimum, found.maximum) == (1.0, 5.0)


def test_large_planes_are_read_in_slabs() -> None:
    pixels = np.zeros((1, 1, 1, 4000, 3000), np.uint8)
    pixels[0, 0, 0, 3999, 2999] = 200
    source = ArraySource(pixels)
    assert image_statistics(source)[0].maximum == 200
    assert source.largest_read <= 4 * 2**20


def test_a_histogram_counts_each_pixel_once() -> None:
    pixels = np.arange(256, dtype=np.uint8).reshape(1, 1, 1, 16, 16)
    found = histogram(ArraySource(pixels), c=0, z=0, t=0, bins=4)
    assert (found.minimum, found.maximum, found.level) == (0.0, 255.0, 0)
    assert found.counts == (64, 64, 64, 64)
    narrow = histogram(ArraySource(pixels), c=0, z=0, t=0, bins=2, value_range=(10.0, 19.0))
    assert narrow.counts == (5, 5)
    flat = histogram(ArraySource(pixels * 0), c=0, z=0, t=0, bins=3)
    assert sum(flat.counts) == 256


def test_senseless_histograms_are_refused() -> None:
    source = ArraySource(np.zeros((1, 1, 1, 2, 2), np.uint8))
    with pytest.raises(Invalid, match="bins"):
        histogram(source, c=0, z=0, t=0, bins=0)
    with pytest.raises(Invalid, match="level"):
        histogram(source, c=0, z=0, t=0, level=1)


sizes = st.integers(1, 400)
tiles = st.integers(1, 120)


@given(sizes, sizes, tiles, tiles, st.integers(1, 20_000))
@settings(max_examples=examples(80), deadline=None)
def test_slabs_cover_a_level_once(w: int, h: int, tw: int, th: int, most: int) -> None:
    covered = np.zeros((h, w), np.uint8)
    for x, y, width, height in slab_rectangles(Level(w, h, tw, th), most):
        covered[y : y + height, x : x + width] += 1
        assert width * height <= max(most, tw * th)
    assert (covered == 1).all()
