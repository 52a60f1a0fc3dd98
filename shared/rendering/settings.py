"""Rendering settings as values: what is shown of each channel and how.

Colours are 0xRRGGBBAA. Channel order is the image's; indices are 0-based. The codomain is fixed at
0..255 (OME `QuantumDef`: cdStart 0, cdEnd 255, bitResolution 255).
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from enum import StrEnum

from shared.errors import Invalid

_INTEGER_BITS = {
    "bit": 1,
    "uint8": 8,
    "int8": 8,
    "uint16": 16,
    "int16": 16,
    "uint32": 32,
    "int32": 32,
}
_OTHER_TYPES = frozenset({"float", "double", "complex", "double-complex"})


class Family(StrEnum):
    """Curve from intensity to display value (OME `Family`)."""

    LINEAR = "linear"
    POLYNOMIAL = "polynomial"
    EXPONENTIAL = "exponential"
    LOGARITHMIC = "logarithmic"


class Model(StrEnum):
    """OME `RenderingModel`; OME calls the colour model `rgb`."""

    COLOR = "color"
    GREYSCALE = "greyscale"


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """How one channel is shown. `window_start` may exceed neither type range nor `window_end`."""

    active: bool
    window_start: float
    window_end: float
    color: int = 0xFFFFFFFF
    lookup_table: str | None = None
    family: Family = Family.LINEAR
    coefficient: float = 1.0
    reverse_intensity: bool = False


@dataclass(frozen=True, slots=True)
class RenderingSettings:
    """How an image is shown; one `ChannelSettings` per channel of the image."""

    model: Model
    default_z: int
    default_t: int
    channels: tuple[ChannelSettings, ...]

    def digest(self) -> str:
        """A short hash of everything that changes pixels (not the default z and t)."""
        text = repr((self.model.value, [_row(channel) for channel in self.channels]))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def _row(channel: ChannelSettings) -> tuple[object, ...]:
    if not channel.active:
        return ()
    return (
        float(channel.window_start),
        float(channel.window_end),
        channel.color,
        channel.lookup_table,
        channel.family.value,
        float(channel.coefficient),
        channel.reverse_intensity,
    )


def value_range(pixel_type: str, significant_bits: int | None = None) -> tuple[float, float]:
    """Least and greatest value of an OME pixel type; floats answer the signed 32-bit range.

    The rooms for pixels and for rendering stand side by side, so this repeats
    `PixelType.value_range`; a test holds the two equal. Raises `Invalid` for an unknown type.
    """
    if pixel_type in _OTHER_TYPES:
        return -(2.0**31), 2.0**31 - 1
    bits = _INTEGER_BITS.get(pixel_type)
    if bits is None:
        raise Invalid(
            f"{pixel_type!r} is not an OME pixel type.",
            hint=f"Use one of {', '.join([*_INTEGER_BITS, *sorted(_OTHER_TYPES)])}.",
        )
    if significant_bits and 0 < significant_bits <= bits:
        bits = significant_bits
    if pixel_type.startswith("int"):
        return -(2.0 ** (bits - 1)), 2.0 ** (bits - 1) - 1
    return 0.0, 2.0**bits - 1


def clamp_window(start: float, end: float, limits: tuple[float, float]) -> tuple[float, float]:
    """The window within the type range; a window that is empty, reversed or NaN is all of it."""
    low, high = limits
    if math.isnan(start) or math.isnan(end):
        return limits
    start, end = min(max(start, low), high), min(max(end, low), high)
    return limits if start >= end else (float(start), float(end))


def valid_coefficient(family: Family, coefficient: float) -> float:
    """The coefficient to store for a family: 1 for linear, whatever was asked.

    Raises `Invalid` unless it is a finite number above 0.
    """
    if not (math.isfinite(coefficient) and coefficient > 0):
        raise Invalid(
            f"The coefficient of a {family.value} curve cannot be {coefficient}.",
            hint="Give a number above 0.",
            path=("coefficient",),
        )
    return 1.0 if family is Family.LINEAR else float(coefficient)


def valid_channel(channel: ChannelSettings, limits: tuple[float, float]) -> ChannelSettings:
    """The channel with its window inside `limits` and its coefficient fit for its family.

    Raises `Invalid` for a coefficient that is not above 0 or a colour outside 32 bits.
    """
    if not 0 <= channel.color <= 0xFFFFFFFF:
        raise Invalid(f"{channel.color} is not a colour.", hint="Give 0xRRGGBBAA.", path=("color",))
    start, end = clamp_window(channel.window_start, channel.window_end, limits)
    coefficient = valid_coefficient(channel.family, channel.coefficient)
    return replace(channel, window_start=start, window_end=end, coefficient=coefficient)


def valid_settings(settings: RenderingSettings, limits: tuple[float, float]) -> RenderingSettings:
    """`valid_channel` for every channel; `limits` is the image's `value_range`."""
    channels = tuple(valid_channel(channel, limits) for channel in settings.channels)
    return replace(settings, channels=channels)
