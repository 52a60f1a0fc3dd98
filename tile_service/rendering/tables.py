"""What each value of each rendered channel adds to red, green and blue, worked out beforehand.

Contributions are packed in fields of 10 bits (red lowest), so four channels add up without carry.
Building costs milliseconds: keep the tables per settings and pixel type, never build per tile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from shared.errors import Unsupported
from shared.rendering.luts import LookupTableSource, lookup_table
from shared.rendering.settings import Model, value_range
from tile_service.rendering.codomain import shown_levels
from tile_service.rendering.quantise import Curve, curve, level_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.rendering.settings import ChannelSettings, RenderingSettings

_DTYPES = {
    "bit": "uint8",
    "uint8": "uint8",
    "int8": "int8",
    "uint16": "uint16",
    "int16": "int16",
    "uint32": "uint32",
    "int32": "int32",
    "float": "float32",
    "double": "float64",
}


@dataclass(frozen=True, slots=True, eq=False)
class RenderTables:
    """Everything that rendering needs beside the planes."""

    pixel_type: str
    dtype: np.dtype[np.generic]
    """Native type that the planes must have."""
    channels: tuple[int, ...]
    """Channels whose planes are read, in the order in which planes are given."""
    packed: NDArray[np.uint32]
    """Shape (channels, 256 or 65536) by the value's bit pattern, or (channels, 256) by level."""
    curves: tuple[Curve, ...]
    """One for each channel of a type wider than 16 bit or of floats; else empty."""

    @property
    def nbytes(self) -> int:
        """Bytes of memory, for a cache that counts them."""
        curves = sum(each.thresholds.nbytes + each.guesses.nbytes for each in self.curves)
        return self.packed.nbytes + curves


def rendered_channels(settings: RenderingSettings) -> tuple[int, ...]:
    """Indices of the channels whose pixels matter: all active ones, or the first in greyscale."""
    active = [index for index, channel in enumerate(settings.channels) if channel.active]
    return tuple(active[:1] if settings.model is Model.GREYSCALE else active)


def render_tables(
    settings: RenderingSettings, pixel_type: str, luts: LookupTableSource = lookup_table
) -> RenderTables:
    """The tables for images of one OME pixel type.

    An unknown lookup table falls back to the channel's colour. Raises `Unsupported` for complex
    types and `Invalid` for an unknown type or a coefficient that is not above 0.
    """
    value_range(pixel_type)  # raises for a type that OME does not know
    if pixel_type not in _DTYPES:
        raise Unsupported(
            f"Pixels of type {pixel_type} cannot be rendered.",
            hint="Convert them to real numbers, such as their magnitude, and import the result.",
        )
    dtype = np.dtype(_DTYPES[pixel_type])
    indices = rendered_channels(settings)
    channels = [settings.channels[index] for index in indices]
    curves: tuple[Curve, ...] = ()
    by_level = [pack(contributions(each, settings.model, luts)) for each in channels]
    if dtype.kind in "iu" and dtype.itemsize <= 2:
        size = 256**dtype.itemsize
        tables = [
            table[level_table(each, pixel_type)]
            for each, table in zip(channels, by_level, strict=True)
        ]
    else:
        size, tables = 256, by_level
        curves = tuple(curve(each, pixel_type) for each in channels)
    packed = np.stack(tables) if tables else np.zeros((0, size), np.uint32)
    return RenderTables(pixel_type, dtype, indices, packed, curves)


def contributions(
    channel: ChannelSettings, model: Model, luts: LookupTableSource
) -> NDArray[np.uint8]:
    """Red, green and blue that each quantised level adds, shape (256, 3).

    A lookup table hides colour and alpha; greyscale hides both. Products are cut, not rounded.
    """
    levels = shown_levels(channel)
    if model is Model.GREYSCALE:
        return np.repeat(levels[:, np.newaxis], 3, axis=1)
    table = luts(channel.lookup_table) if channel.lookup_table else None
    if table is not None:
        return np.asarray(table[levels], dtype=np.uint8)
    color = channel.color
    components = np.array([color >> 24 & 255, color >> 16 & 255, color >> 8 & 255])
    alpha = (color & 255) / 255.0
    # the order of these operations decides which products fall just short of a whole number
    colored = np.floor(components / 255.0 * levels[:, np.newaxis].astype(np.float64))
    return np.floor(colored * alpha).astype(np.uint8)


def pack(colors: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Colours of shape (n, 3) in fields of 10 bits: red, green from bit 10, blue from bit 20."""
    wide = colors.astype(np.uint32)
    packed = wide[:, 0] | wide[:, 1] << np.uint32(10) | wide[:, 2] << np.uint32(20)
    return np.ascontiguousarray(packed)
