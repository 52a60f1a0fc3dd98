"""Rendering worked out a second time, value by value, from the written rules alone.

It must never import `shared.rendering` or `tile_service`: it is what they are measured against.
Nothing here is fast, and arithmetic is Python's own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RANGES = {
    "bit": (0, 1),
    "uint8": (0, 255),
    "int8": (-128, 127),
    "uint16": (0, 65535),
    "int16": (-32768, 32767),
    "uint32": (0, 4294967295),
    "int32": (-2147483648, 2147483647),
    "float": (-2147483648, 2147483647),
    "double": (-2147483648, 2147483647),
}


@dataclass
class ReferenceChannel:
    start: float
    end: float
    family: str = "linear"
    coefficient: float = 1.0
    rgba: tuple[int, int, int, int] = (255, 255, 255, 255)
    lut: Sequence[Sequence[int]] | None = None
    reverse: bool = False
    active: bool = True
    _levels: dict[float, int] = field(default_factory=dict)


def reference_level(x: float, channel: ReferenceChannel, pixel_type: str) -> int:
    # powers come out a last bit below a true tie, which is rounded up
    tie = 1e-9 if channel.family == "polynomial" else 0.0
    return math.floor(unrounded_level(x, channel, pixel_type) + tie + 0.5)


def unrounded_level(x: float, channel: ReferenceChannel, pixel_type: str) -> float:
    low, high = RANGES[pixel_type]
    start = min(max(channel.start, low), high)
    end = min(max(channel.end, low), high)
    if not start < end:
        start, end = float(low), float(high)
    if math.isnan(x) or x < start:
        return 0.0
    if x >= end:
        return 255.0
    v = 255 * (x - start) / (end - start)
    f, k = _CURVES[channel.family], channel.coefficient
    return 255 * (f(v, k) - f(0, k)) / (f(255, k) - f(0, k))


_CURVES: dict[str, Callable[[float, float], float]] = {
    "linear": lambda v, _: v,
    "polynomial": lambda v, k: v**k,
    "exponential": lambda v, k: math.exp(v**k),
    "logarithmic": lambda v, _: math.log(max(v, 1)),
}


def reference_pixel(
    values: Sequence[float],
    channels: Sequence[ReferenceChannel],
    pixel_type: str,
    *,
    greyscale: bool = False,
) -> tuple[int, int, int]:
    red = green = blue = 0
    for x, channel in zip(values, channels, strict=True):
        if not channel.active:
            continue
        q = channel._levels.get(x)
        if q is None:
            q = channel._levels[x] = reference_level(x, channel, pixel_type)
        if channel.reverse:
            q = 255 - q
        if greyscale:
            return q, q, q
        if channel.lut is not None:
            added = [int(part) for part in channel.lut[q]]
        else:
            *components, alpha = channel.rgba
            added = [int(int(part / 255 * q) * (alpha / 255)) for part in components]
        red, green, blue = (
            min(255, before + more) for before, more in zip((red, green, blue), added, strict=True)
        )
    return red, green, blue


def reference_picture(
    planes: Sequence[NDArray[Any]], channels: Sequence[ReferenceChannel], pixel_type: str
) -> NDArray[np.uint8]:
    """Planes (y, x), one for each channel, as a colour picture (y, x, 3).

    Each distinct value of a plane is worked out once; the channels' shares are added up to 255.
    """
    total = np.zeros((*planes[0].shape, 3), np.int64)
    for plane, channel in zip(planes, channels, strict=True):
        values, where = np.unique(plane, return_inverse=True)
        shares = [reference_pixel([float(value)], [channel], pixel_type) for value in values]
        total += np.array(shares, np.int64)[where.reshape(plane.shape)]
    return np.minimum(total, 255).astype(np.uint8)
