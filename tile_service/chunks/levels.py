"""Which level a picture is read from, and which part of it.

A rectangle is given in pixels of full resolution; levels of odd images are not exact halves, so
edges are rounded, which keeps neighbours seamless.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.pixels.source import Level


@dataclass(frozen=True, slots=True)
class Rectangle:
    """Part of a plane, in pixels."""

    x: int
    y: int
    width: int
    height: int

    @property
    def pixels(self) -> int:
        """Its area."""
        return self.width * self.height


def pick_level(levels: Sequence[Level], region: Rectangle, width: int, height: int) -> int:
    """The smallest level on which the region still has `width` x `height` pixels, else level 0.

    A pixel less counts as enough: a level of an odd image is not exactly half of it.
    """
    full = levels[0]
    for number in range(len(levels) - 1, 0, -1):
        level = levels[number]
        has_width = region.width * level.width >= (width - 1) * full.width
        has_height = region.height * level.height >= (height - 1) * full.height
        if has_width and has_height:
            return number
    return 0


def on_level(levels: Sequence[Level], number: int, region: Rectangle) -> Rectangle:
    """The rectangle of the level that shows a region of full resolution; at least one pixel."""
    full, level = levels[0], levels[number]
    left, right = _span(region.x, region.width, level.width, full.width)
    top, bottom = _span(region.y, region.height, level.height, full.height)
    return Rectangle(left, top, right - left, bottom - top)


def scale_factors(levels: Sequence[Level]) -> tuple[int, ...]:
    """How many times smaller each level is than the first, in whole numbers, without repeats."""
    full = levels[0]
    longest = max(full.width, full.height)
    factors = (round(longest / max(level.width, level.height)) for level in levels)
    return tuple(dict.fromkeys(factors))


def _span(start: int, extent: int, small: int, full: int) -> tuple[int, int]:
    first = min(round(start * small / full), small - 1)
    last = min(round((start + extent) * small / full), small)
    return first, max(last, first + 1)
