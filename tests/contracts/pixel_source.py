"""What every `PixelSource` must do; a test class inherits `PixelSourceTests` and brings its source.

Subclasses define the fixtures `source` (open) and `expected` (level 0 as t, c, z, y, x).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from shared.errors import Invalid
from shared.pixels.source import PlaneRegion

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.pixels.source import PixelSource


def whole(source: PixelSource, level: int = 0, z: int = 0, c: int = 0, t: int = 0) -> PlaneRegion:
    """Answer the region that is one whole plane of a level."""
    size = source.levels[level]
    return PlaneRegion(level, z, c, t, 0, 0, size.width, size.height)


class PixelSourceTests:
    """The suite."""

    def test_sizes_and_type_are_those_of_the_pixels(
        self, source: PixelSource, expected: NDArray[Any]
    ) -> None:
        sizes = source.dimensions
        stated = (sizes.size_t, sizes.size_c, sizes.size_z, sizes.size_y, sizes.size_x)
        assert stated == expected.shape
        assert (source.levels[0].width, source.levels[0].height) == (sizes.size_x, sizes.size_y)
        assert source.read(whole(source)).dtype == np.dtype(source.pixel_type.numpy_name)

    def test_every_plane_reads_as_expected(
        self, source: PixelSource, expected: NDArray[Any]
    ) -> None:
        for t, c, z in np.ndindex(expected.shape[:3]):
            plane = source.read(whole(source, z=z, c=c, t=t))
            np.testing.assert_array_equal(plane, expected[t, c, z])

    def test_a_region_equals_the_slice_of_its_plane(
        self, source: PixelSource, expected: NDArray[Any]
    ) -> None:
        randomness = np.random.default_rng(7)
        times, channels, planes, height, width = expected.shape
        for _ in range(20):
            y0, y1 = sorted(randomness.integers(0, height + 1, 2))
            x0, x1 = sorted(randomness.integers(0, width + 1, 2))
            y1, x1 = max(y1, y0 + 1), max(x1, x0 + 1)
            y0, x0 = min(y0, height - 1), min(x0, width - 1)
            y1, x1 = min(y1, height), min(x1, width)
            t, c, z = (int(randomness.integers(size)) for size in (times, channels, planes))
            region = PlaneRegion(0, z, c, t, int(x0), int(y0), int(x1 - x0), int(y1 - y0))
            np.testing.assert_array_equal(source.read(region), expected[t, c, z, y0:y1, x0:x1])

    def test_levels_shrink_and_are_readable(self, source: PixelSource) -> None:
        widths = [level.width for level in source.levels]
        assert widths == sorted(widths, reverse=True)
        for number, level in enumerate(source.levels):
            plane = source.read(whole(source, level=number))
            assert plane.shape == (level.height, level.width)

    def test_regions_outside_are_refused(self, source: PixelSource) -> None:
        good = whole(source)
        sizes = source.dimensions
        bad = (
            PlaneRegion(0, 0, 0, 0, 1, 0, good.width, good.height),
            PlaneRegion(0, 0, 0, 0, 0, -1, 1, 1),
            PlaneRegion(0, 0, 0, 0, 0, 0, 0, 1),
            PlaneRegion(0, sizes.size_z, 0, 0, 0, 0, 1, 1),
            PlaneRegion(0, 0, sizes.size_c, 0, 0, 0, 1, 1),
            PlaneRegion(0, 0, 0, sizes.size_t, 0, 0, 1, 1),
            PlaneRegion(len(source.levels), 0, 0, 0, 0, 0, 1, 1),
            PlaneRegion(-1, 0, 0, 0, 0, 0, 1, 1),
        )
        for region in bad:
            with pytest.raises(Invalid):
                source.read(region)

    def test_threads_read_alike(self, source: PixelSource, expected: NDArray[Any]) -> None:
        planes = [*np.ndindex(expected.shape[:3])][:8] * 4
        with ThreadPoolExecutor(4) as threads:
            read = threads.map(
                lambda at: source.read(whole(source, z=at[2], c=at[1], t=at[0])), planes
            )
            for at, plane in zip(planes, read, strict=True):
                np.testing.assert_array_equal(plane, expected[at])

    def test_what_is_answered_belongs_to_the_caller(self, source: PixelSource) -> None:
        first = source.read(whole(source))
        before = first.copy()
        first[...] = 0
        np.testing.assert_array_equal(source.read(whole(source)), before)
