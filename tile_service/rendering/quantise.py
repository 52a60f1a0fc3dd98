"""From intensity to one of 256 levels: the window and the four families of curves.

Rounding is half up everywhere, so NumPy's own `round` (half to even) must not be used. Integer
types up to 16 bit go through `level_table`; the wider ones through the curve's thresholds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from shared.rendering.settings import Family, clamp_window, valid_coefficient, value_range

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.rendering.settings import ChannelSettings

GUESS_STEPS = 16
"""Entries of `Curve.guesses` per unit of windowed intensity (0 to 255)."""

LARGEST_V = float(np.nextafter(255.0, 0.0))
"""Windowed intensity stays below 255 below the window's end, whatever the division rounds to."""

_TIE = 1e-9
_LARGEST_EXPONENT = 690.0
_LOG_255 = float(np.log(255.0))


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A channel's window and curve for types without a table.

    Windowed intensity is v = 255 (x - start) / (end - start). `thresholds[n]` is the least v that
    is shown at level n + 1; `guesses[int(v * GUESS_STEPS)]` is a level to start climbing from.
    """

    start: float
    end: float
    is_linear: bool
    thresholds: NDArray[np.float64]
    guesses: NDArray[np.uint8]


def quantise(
    values: NDArray[np.generic], channel: ChannelSettings, pixel_type: str
) -> NDArray[np.uint8]:
    """The level of each value, by the continuous formula; NaN is level 0. Any shape.

    Raises `Invalid` for a coefficient that is not above 0.
    """
    start, end = clamp_window(channel.window_start, channel.window_end, value_range(pixel_type))
    coefficient = valid_coefficient(channel.family, channel.coefficient)
    x = values.astype(np.float64)
    levels = np.zeros(x.shape, np.uint8)
    is_inside = (x >= start) & (x < end)
    v = 255.0 * (x[is_inside] - start) / (end - start)
    v = np.minimum(v, LARGEST_V)
    levels[is_inside] = np.floor(_curve(v, channel.family, coefficient) + 0.5).astype(np.uint8)
    levels[x >= end] = 255
    return levels


def level_table(channel: ChannelSettings, pixel_type: str) -> NDArray[np.uint8]:
    """The level of every value of an 8 or 16 bit type, indexed by the value's bit pattern.

    A signed plane is therefore looked up through its unsigned view, without an offset.
    """
    is_byte = pixel_type in {"bit", "uint8", "int8"}
    patterns = np.arange(256, dtype=np.uint8) if is_byte else np.arange(65536, dtype=np.uint16)
    is_signed = pixel_type.startswith("int")
    values = patterns.view(f"i{patterns.itemsize}") if is_signed else patterns
    return quantise(values, channel, pixel_type)


def curve(channel: ChannelSettings, pixel_type: str) -> Curve:
    """The channel's window and thresholds; raises `Invalid` as `quantise` does."""
    start, end = clamp_window(channel.window_start, channel.window_end, value_range(pixel_type))
    coefficient = valid_coefficient(channel.family, channel.coefficient)
    thresholds = _thresholds(channel.family, coefficient)
    marks = np.arange(255 * GUESS_STEPS + 1) / GUESS_STEPS
    guesses = np.searchsorted(thresholds, marks, side="right").astype(np.uint8)
    guesses[0] = 0  # at v = 0 every curve is 0, however steep it is above
    return Curve(start, end, channel.family is Family.LINEAR, thresholds, guesses)


def quantise_by_curve(values: NDArray[np.generic], curve: Curve) -> NDArray[np.uint8]:
    """The level of each value as the compiled kernel finds it, in NumPy. Any shape."""
    x = values.astype(np.float64)
    levels = np.zeros(x.shape, np.uint8)
    is_inside = (x > curve.start) & (x < curve.end)
    v = np.minimum(255.0 * (x[is_inside] - curve.start) / (curve.end - curve.start), LARGEST_V)
    if curve.is_linear:
        levels[is_inside] = (v + 0.5).astype(np.uint8)
    else:
        levels[is_inside] = np.searchsorted(curve.thresholds, v, side="right").astype(np.uint8)
    levels[x >= curve.end] = 255
    return levels


def _curve(v: NDArray[np.float64], family: Family, k: float) -> NDArray[np.float64]:
    """255 (f(v) - f(0)) / (f(255) - f(0)) for 0 <= v < 255, in forms that do not overflow."""
    if family is Family.POLYNOMIAL:
        # true ties occur (a square root of a square), and a power falls short by its last bit
        return np.asarray(255.0 * (v / 255.0) ** k + _TIE)
    if family is Family.LOGARITHMIC:
        # below 1 the original wraps around and shows near-black as bright; here ln(1) = 0
        return np.asarray(255.0 * np.log(np.maximum(v, 1.0)) / _LOG_255)
    if family is Family.EXPONENTIAL:
        top = _exponent_of_255(k)
        exponent = top * (v / 255.0) ** k
        # (e^a - 1) / (e^b - 1), divided through by e^b
        below_top = np.exp(exponent - top)
        return np.asarray(255.0 * below_top * np.expm1(-exponent) / np.expm1(-top))
    return v


def _thresholds(family: Family, k: float) -> NDArray[np.float64]:
    """The inverse of `_curve` at 0.5, 1.5 ... 254.5: the least v of levels 1 to 255."""
    height = (np.arange(255) + 0.5) / 255.0
    if family is Family.POLYNOMIAL:
        return np.asarray(255.0 * height ** (1.0 / k))
    if family is Family.LOGARITHMIC:
        return np.asarray(np.exp(height * _LOG_255))
    if family is Family.EXPONENTIAL:
        top = _exponent_of_255(k)
        exponent = np.maximum(top + np.log(height + (1.0 - height) * np.exp(-top)), 0.0)
        return np.asarray(255.0 * (exponent / top) ** (1.0 / k))
    return np.asarray(255.0 * height, dtype=np.float64)


def _exponent_of_255(k: float) -> float:
    # 255^k itself overflows for k above 128, where every level but the top is 0 long since
    return float(np.exp(min(k * _LOG_255, _LARGEST_EXPONENT)))
