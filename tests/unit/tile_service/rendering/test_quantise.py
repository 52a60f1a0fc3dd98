"""Levels worked out by hand from the four formulas."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from shared.errors import Invalid
from shared.rendering.settings import ChannelSettings, Family
from tile_service.rendering.quantise import level_table, quantise


def _levels(values: list[float], pixel_type: str = "uint16", **channel: Any) -> list[int]:
    settings = ChannelSettings(active=True, **channel)
    dtype = {"float": "float64"}.get(pixel_type, pixel_type)
    levels: list[int] = quantise(np.array(values, dtype), settings, pixel_type).tolist()
    return levels


def test_linear_rounds_half_up_and_ends_before_the_end() -> None:
    # 255 x / 510 = x / 2: odd values are ties
    levels = _levels([0, 1, 2, 3, 5, 508, 509, 510, 511], window_start=0.0, window_end=510.0)
    assert levels == [0, 1, 1, 2, 3, 254, 255, 255, 255]


def test_below_the_start_is_black() -> None:
    assert _levels([0, 99, 100, 150, 200], window_start=100.0, window_end=200.0) == [
        0, 0, 0, 128, 255,
    ]  # fmt: skip


def test_polynomial_is_a_gamma() -> None:
    # 255 (v/255)^2: 127 -> 63.25, 128 -> 64.25, 200 -> 156.86
    window: dict[str, Any] = {"window_start": 0.0, "window_end": 255.0}
    levels = _levels([127, 128, 200], family=Family.POLYNOMIAL, coefficient=2.0, **window)
    assert levels == [63, 64, 157]
    # 255 sqrt(v/255): 1 -> 15.97, 64 -> 127.75
    levels = _levels([1, 64], family=Family.POLYNOMIAL, coefficient=0.5, **window)
    assert levels == [16, 128]


def test_logarithmic_below_one_stays_black() -> None:
    # v = x/257; ln 1 = 0 for every x up to 257; x = 4112 -> v = 16 -> 255 ln 16 / ln 255 = 127.59
    levels = _levels(
        [0, 1, 100, 257, 4112], window_start=0.0, window_end=65535.0, family=Family.LOGARITHMIC
    )
    assert levels == [0, 0, 0, 0, 128]


def test_exponential_rises_only_at_the_top() -> None:
    # 255 e^(v-255): 254 -> 93.81, 253 -> 34.51, 252 -> 12.70, 240 -> 0.00008
    levels = _levels(
        [0, 240, 252, 253, 254, 255],
        window_start=0.0, window_end=255.0, family=Family.EXPONENTIAL,
    )  # fmt: skip
    assert levels == [0, 0, 13, 35, 94, 255]


@pytest.mark.parametrize("coefficient", [1.2, 3.0, 200.0])
def test_exponential_does_not_overflow_but_is_0_below_the_top(coefficient: float) -> None:
    levels = _levels(
        [0, 250, 255],
        window_start=0.0, window_end=255.0, family=Family.EXPONENTIAL, coefficient=coefficient,
    )  # fmt: skip
    assert levels == [0, 0, 255]


def test_nan_is_black_and_infinities_are_the_ends() -> None:
    values = [math.nan, -math.inf, math.inf, 0.5]
    assert _levels(values, "float", window_start=0.0, window_end=1.0) == [0, 0, 255, 128]


@pytest.mark.parametrize(
    ("start", "end"), [(5.0, 5.0), (9.0, 3.0), (math.nan, 1.0), (300.0, 400.0)]
)
def test_an_empty_window_is_the_whole_type(start: float, end: float) -> None:
    assert _levels([0, 77, 255], "uint8", window_start=start, window_end=end) == [0, 77, 255]


def test_the_8_bit_window_0_to_255_is_the_identity() -> None:
    table = level_table(ChannelSettings(True, 0.0, 255.0), "uint8")
    assert table.tolist() == list(range(256))


def test_signed_tables_stand_by_bit_pattern() -> None:
    table = level_table(ChannelSettings(True, -128.0, 127.0), "int8")
    assert table[np.array([-128, -1, 0, 127], np.int8).view(np.uint8)].tolist() == [
        0,
        127,
        128,
        255,
    ]


@pytest.mark.parametrize("coefficient", [0.0, -1.0, math.nan, math.inf])
def test_a_coefficient_must_be_above_0(coefficient: float) -> None:
    channel = ChannelSettings(True, 0, 1, family=Family.POLYNOMIAL, coefficient=coefficient)
    with pytest.raises(Invalid, match="coefficient"):
        level_table(channel, "uint8")
