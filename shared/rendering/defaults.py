"""The settings an image has before anybody saves any ("imported" settings), computed on demand.

They are not a stored snapshot. What the file itself says about display comes first, channel by
channel and field by field; the rules here fill the rest.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from shared.rendering.settings import (
    ChannelSettings,
    Family,
    Model,
    RenderingSettings,
    clamp_window,
    value_range,
)

RED, GREEN, BLUE, WHITE = 0xFF0000FF, 0x00FF00FF, 0x0000FFFF, 0xFFFFFFFF

_EQUAL_WITHIN = 1e-5
_EMISSION_AFTER_CUT_IN_NM = 15.0


class DisplayHints(Protocol):
    """How a file asks a channel to be shown; None means that it does not say."""

    @property
    def active(self) -> bool | None: ...  # noqa: D102
    @property
    def window_start(self) -> float | None: ...  # noqa: D102
    @property
    def window_end(self) -> float | None: ...  # noqa: D102
    @property
    def lookup_table(self) -> str | None: ...  # noqa: D102
    @property
    def family(self) -> str | None: ...  # noqa: D102
    @property
    def coefficient(self) -> float | None: ...  # noqa: D102
    @property
    def reverse_intensity(self) -> bool | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """What is known of one channel. `color` is 0xRRGGBBAA; wavelengths are in nm."""

    name: str | None = None
    color: int | None = None
    emission_nm: float | None = None
    emission_filter_cut_in_nm: float | None = None
    laser_nm: float | None = None
    excitation_nm: float | None = None
    excitation_filter_nm: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    """Least and greatest value of all planes (OME `StatsInfo`), or None when not computed."""
    lookup_table: str | None = None
    display: DisplayHints | None = None


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What the defaults depend on; one `ChannelFacts` for each channel of the image."""

    pixel_type: str
    channels: tuple[ChannelFacts, ...]
    significant_bits: int | None = None
    is_rgb: bool = False
    size_z: int = 1
    size_t: int = 1
    default_z: int | None = None
    default_t: int | None = None
    model: str | None = None
    """`color` or `greyscale` when the file says so."""


def imported_settings(facts: ImageFacts) -> RenderingSettings:
    """The computed settings of an image; raises `Invalid` for an unknown pixel type.

    Source: semantics of OMERO's rendering engine, defaults. What a file says wrongly (an unknown
    curve, a plane outside the stack) is as if it had not said it.
    """
    limits = value_range(facts.pixel_type, facts.significant_bits)
    colors = default_colors(facts)
    channels = tuple(
        _channel(facts, index, colors[index], limits) for index in range(len(facts.channels))
    )
    return RenderingSettings(
        model=_model(facts),
        default_z=_index(facts.default_z, facts.size_z, facts.size_z // 2),
        default_t=_index(facts.default_t, facts.size_t, 0),
        channels=channels,
    )


def default_colors(facts: ImageFacts) -> tuple[int, ...]:
    """A colour for each channel: its own, else by wavelength, else red, green, blue in turn.

    Where some channels have a wavelength and others have not, the others are white: transmitted
    light beside fluorescence.
    """
    by_wavelength = [None if facts.is_rgb else _wavelength(channel) for channel in facts.channels]
    uncolored = [
        nm
        for channel, nm in zip(facts.channels, by_wavelength, strict=True)
        if channel.color is None
    ]
    is_mixed = None in uncolored and any(nm is not None for nm in uncolored)
    colors = []
    for index, (channel, nm) in enumerate(zip(facts.channels, by_wavelength, strict=True)):
        if channel.color is not None:
            colors.append(_visible(channel.color))
        elif nm is not None:
            colors.append(_wavelength_color(nm))
        else:
            colors.append(WHITE if is_mixed else (RED, GREEN, BLUE)[index % 3])
    return tuple(colors)


def _visible(color: int) -> int:
    # many writers leave the alpha byte 0 and mean opaque; a hidden channel says `active: false`
    color &= 0xFFFFFFFF
    return color if color & 0xFF else color | 0xFF


def _wavelength(channel: ChannelFacts) -> float | None:
    cut_in = _positive(channel.emission_filter_cut_in_nm)
    candidates = (
        _positive(channel.emission_nm),
        None if cut_in is None else cut_in + _EMISSION_AFTER_CUT_IN_NM,
        _positive(channel.laser_nm),
        _positive(channel.excitation_nm),
        _positive(channel.excitation_filter_nm),
    )
    return next((nm for nm in candidates if nm is not None), None)


def _positive(nm: float | None) -> float | None:
    return nm if nm is not None and math.isfinite(nm) and nm > 0 else None


def _wavelength_color(nm: float) -> int:
    if nm < 500:
        return BLUE
    return GREEN if nm < 560 else RED


def _model(facts: ImageFacts) -> Model:
    if facts.model in {Model.COLOR.value, Model.GREYSCALE.value}:
        return Model(facts.model)
    return Model.COLOR if 1 < len(facts.channels) < 8 else Model.GREYSCALE


def _index(asked: int | None, size: int, otherwise: int) -> int:
    return asked if asked is not None and 0 <= asked < size else otherwise


def _channel(
    facts: ImageFacts, index: int, color: int, limits: tuple[float, float]
) -> ChannelSettings:
    channel = facts.channels[index]
    hints = channel.display
    active = None if hints is None else hints.active
    reverse = None if hints is None else hints.reverse_intensity
    start, end = _window(facts, channel, limits)
    family, coefficient = _curve(hints)
    return ChannelSettings(
        active=index < 3 if active is None else active,
        window_start=start,
        window_end=end,
        color=color,
        lookup_table=(hints.lookup_table if hints else None) or channel.lookup_table,
        family=family,
        coefficient=coefficient,
        reverse_intensity=bool(reverse),
    )


def _window(
    facts: ImageFacts, channel: ChannelFacts, limits: tuple[float, float]
) -> tuple[float, float]:
    start, end = _computed_window(facts, channel, limits)
    if channel.display is not None:
        stored_start, stored_end = channel.display.window_start, channel.display.window_end
        start = start if stored_start is None else stored_start
        end = end if stored_end is None else stored_end
    return clamp_window(start, end, limits)


def _computed_window(
    facts: ImageFacts, channel: ChannelFacts, limits: tuple[float, float]
) -> tuple[float, float]:
    if facts.is_rgb and facts.pixel_type == "uint8":
        # the identity: stretching each sample to its own range would re-balance stain colours
        return 0.0, 255.0
    return statistics_window(channel, limits)


def statistics_window(channel: ChannelFacts, limits: tuple[float, float]) -> tuple[float, float]:
    """From the least to the greatest value found; the type's range without or with equal ones."""
    low, high = channel.minimum, channel.maximum
    if low is None or high is None or abs(high - low) <= _EQUAL_WITHIN:
        return limits
    return low, high


def _curve(hints: DisplayHints | None) -> tuple[Family, float]:
    if hints is None or hints.family not in {family.value for family in Family}:
        return Family.LINEAR, 1.0
    family, coefficient = Family(hints.family), hints.coefficient
    is_usable = coefficient is not None and math.isfinite(coefficient) and coefficient > 0
    if family is Family.LINEAR or coefficient is None or not is_usable:
        return family, 1.0
    return family, float(coefficient)
