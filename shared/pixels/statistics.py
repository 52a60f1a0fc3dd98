"""Least and greatest values of each channel, and histograms, in bounded memory.

Images with levels are measured on the smallest level of at least 1 Mpx and the answer says that it
is approximate; all others are measured over every plane. NaN and infinite values are left out;
complex values count by their magnitude.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.errors import Invalid
from shared.pixels.slabs import plane_slabs, slab_rectangles
from shared.pixels.source import PlaneRegion

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from shared.pixels.source import PixelSource

ENOUGH_PX = 2**20
SLAB_PX = 4 * 2**20
MAX_BINS = 65_536


@dataclass(frozen=True, slots=True)
class ChannelStatistics:
    """Least and greatest finite value of a channel (0 and 0 when it has none)."""

    minimum: float
    maximum: float
    is_approximate: bool


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts of values in `len(counts)` equal bins from `minimum` to `maximum`, both included."""

    minimum: float
    maximum: float
    counts: tuple[int, ...]
    level: int


def statistics_level(source: PixelSource) -> int:
    """The level that statistics are taken from: the smallest of at least 1 Mpx, else 0."""
    chosen = 0
    for number, level in enumerate(source.levels):
        if level.width * level.height >= ENOUGH_PX:
            chosen = number
    return chosen


def image_statistics(source: PixelSource) -> list[ChannelStatistics]:
    """Measure each channel over all its planes and times; raises `BrokenFile` as reading does."""
    number = statistics_level(source)
    level = source.levels[number]
    sizes = source.dimensions
    ranges: list[tuple[float, float] | None] = [None] * sizes.size_c
    for t in range(sizes.size_t):
        for z in range(sizes.size_z):
            for x, y, width, height in slab_rectangles(level, SLAB_PX):
                # Channels innermost: samples of one RGB tile are decoded together.
                for c in range(sizes.size_c):
                    region = PlaneRegion(number, z, c, t, x, y, width, height)
                    ranges[c] = _joined(ranges[c], _range(source.read(region)))
    return [
        ChannelStatistics(*(found or (0.0, 0.0)), is_approximate=number != 0) for found in ranges
    ]


def histogram(
    source: PixelSource,
    *,
    c: int,
    z: int,
    t: int,
    bins: int = 256,
    level: int | None = None,
    value_range: tuple[float, float] | None = None,
) -> Histogram:
    """Count the values of one plane, at the level that statistics use unless one is given.

    The range is the plane's own unless given; values outside it are not counted. Raises `Invalid`.
    """
    import numpy as np

    if not 1 <= bins <= MAX_BINS:
        raise Invalid(f"A histogram of {bins} bins.", hint=f"1 to {MAX_BINS}.", path=("bins",))
    number = statistics_level(source) if level is None else level
    if not 0 <= number < len(source.levels):
        raise Invalid(f"There is no level {number}.", hint="Levels start at 0.", path=("level",))
    slabs = list(plane_slabs(source.levels[number], number, (t, c, z), SLAB_PX))
    found = value_range
    if found is None:
        for slab in slabs:
            found = _joined(found, _range(source.read(slab)))
    minimum, maximum = found or (0.0, 0.0)
    counts = np.zeros(bins, np.int64)
    for slab in slabs:
        values = _measured(source.read(slab))
        counts += np.histogram(values, bins=bins, range=(minimum, maximum))[0]
    return Histogram(minimum, maximum, tuple(int(count) for count in counts), number)


def _measured(values: NDArray[np.generic]) -> NDArray[Any]:
    """The finite values that count: complex ones by magnitude."""
    import numpy as np

    if values.dtype.kind == "c":
        values = np.abs(values)
    if values.dtype.kind == "f":
        return np.asarray(values[np.isfinite(values)])
    return values


def _range(values: NDArray[np.generic]) -> tuple[float, float] | None:
    measured = _measured(values)
    if not measured.size:
        return None
    return float(measured.min()), float(measured.max())


def _joined(
    one: tuple[float, float] | None, other: tuple[float, float] | None
) -> tuple[float, float] | None:
    if one is None or other is None:
        return one or other
    return min(one[0], other[0]), max(one[1], other[1])
