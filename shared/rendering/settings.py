"""Rendering settings as values: what is shown of each channel and how.

Colours are 0xRRGGBBAA. Channel order is the image's; indices are 0-based. The codomain is fixed at
0..255 (OME `QuantumDef`: cdStart 0, cdEnd 255, bitResolution 255).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum


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
