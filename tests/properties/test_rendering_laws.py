"""Laws of rendering over random settings, measured against an independent computation."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.rendering.luts import lookup_table, names
from shared.rendering.settings import ChannelSettings, Family, Model, RenderingSettings
from tests.support.profiles import examples
from tests.support.rendering_reference import (
    RANGES,
    ReferenceChannel,
    reference_pixel,
    unrounded_level,
)
from tile_service.rendering import composite_numpy, render_tables, render_with
from tile_service.rendering.quantise import quantise

NARROW = ["bit", "uint8", "int8", "uint16", "int16"]
WIDE = ["uint32", "int32", "float", "double"]
DTYPES = {"bit": "uint8", "float": "float32", "double": "float64"}


def _windows(pixel_type: str) -> st.SearchStrategy[tuple[float, float]]:
    low, high = RANGES[pixel_type]
    bound = st.integers(low - 100, high + 100).map(float)
    # halves and quarters keep every step of the linear formula exact
    fine = st.integers(low * 4, high * 4).map(lambda n: n / 4)
    return st.tuples(bound | fine, bound | fine)


@st.composite
def channels(draw: st.DrawFn, pixel_type: str) -> ChannelSettings:
    family = draw(st.sampled_from(Family))
    start, end = draw(_windows(pixel_type))
    # above 1.1 the plain formula of the reference overflows in exp
    greatest = 1.1 if family is Family.EXPONENTIAL else 8.0
    return ChannelSettings(
        active=draw(st.booleans()),
        window_start=start,
        window_end=end,
        color=draw(st.integers(0, 0xFFFFFFFF)),
        lookup_table=draw(st.none() | st.sampled_from([*names(), "unknown.lut"])),
        family=family,
        coefficient=draw(st.floats(0.05, greatest)),
        reverse_intensity=draw(st.booleans()),
    )


@st.composite
def scenes(draw: st.DrawFn, types: list[str]) -> tuple[str, RenderingSettings, list[Any]]:
    pixel_type = draw(st.sampled_from(types))
    count = draw(st.integers(1, 7))
    chosen = RenderingSettings(
        draw(st.sampled_from(Model)), 0, 0, tuple(draw(channels(pixel_type)) for _ in range(count))
    )
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    low, high = RANGES[pixel_type]
    dtype = DTYPES.get(pixel_type, pixel_type)
    planes = []
    for channel in chosen.channels:
        near = np.clip([channel.window_start, channel.window_end], low, high)
        plane = rng.uniform(near.min(), max(near.max(), near.min() + 1), (5, 9))
        plane[0] = rng.uniform(low, high, 9)
        planes.append(np.clip(plane, low, high).astype(dtype))
    return pixel_type, chosen, planes


def _reference_channel(channel: ChannelSettings) -> ReferenceChannel:
    table = lookup_table(channel.lookup_table) if channel.lookup_table else None
    color = channel.color
    return ReferenceChannel(
        start=channel.window_start,
        end=channel.window_end,
        family=channel.family.value,
        coefficient=channel.coefficient,
        rgba=(color >> 24, color >> 16 & 255, color >> 8 & 255, color & 255),
        lut=None if table is None else table.tolist(),
        reverse=channel.reverse_intensity,
        active=channel.active,
    )


def _both(pixel_type: str, chosen: RenderingSettings, planes: list[Any]) -> tuple[Any, Any, Any]:
    tables = render_tables(chosen, pixel_type)
    rendered = [planes[index] for index in tables.channels]
    size = planes[0].shape
    compiled = render_with(tables, rendered, size=size)
    plain = composite_numpy(tables, rendered, size=size)
    reference = [_reference_channel(channel) for channel in chosen.channels]
    expected = np.empty((*size, 3), np.uint8)
    for y, x in np.ndindex(size):
        values = [plane[y, x].item() for plane in planes]
        expected[y, x] = reference_pixel(
            values, reference, pixel_type, greyscale=chosen.model is Model.GREYSCALE
        )
    return compiled, plain, expected


@settings(max_examples=examples(150), deadline=None)
@given(scenes(NARROW))
def test_up_to_16_bit_every_byte_is_the_reference_s(
    scene: tuple[str, RenderingSettings, list[Any]],
) -> None:
    compiled, plain, expected = _both(*scene)
    assert np.array_equal(compiled, plain)
    assert np.array_equal(compiled[..., :3], expected)
    assert (compiled[..., 3] == 255).all()


@settings(max_examples=examples(60), deadline=None)
@given(scenes(WIDE))
def test_wide_types_are_within_two_levels_of_the_reference(
    scene: tuple[str, RenderingSettings, list[Any]],
) -> None:
    pixel_type, chosen, planes = scene
    # through a lookup table or a sum of channels two levels may become more than two
    first = chosen.channels[0]
    grey = RenderingSettings(Model.GREYSCALE, 0, 0, (first,))
    compiled, plain, expected = _both(pixel_type, grey, planes[:1])
    assert np.array_equal(compiled, plain)
    assert np.abs(compiled[..., :3].astype(int) - expected).max() <= 2
    compiled, plain, _ = _both(pixel_type, chosen, planes)
    assert np.array_equal(compiled, plain)


@settings(max_examples=examples(100), deadline=None)
@given(st.data(), st.sampled_from(NARROW + WIDE))
def test_levels_never_fall_as_intensity_rises(data: st.DataObject, pixel_type: str) -> None:
    channel = data.draw(channels(pixel_type))
    low, high = RANGES[pixel_type]
    values = np.linspace(low, high, 4001).astype(DTYPES.get(pixel_type, pixel_type))
    levels = quantise(np.sort(values), channel, pixel_type).astype(int)
    assert (np.diff(levels) >= 0).all()
    assert levels[-1] == 255 or values[-1] < channel.window_end


@settings(max_examples=examples(100), deadline=None)
@given(st.data(), st.floats(0.01, 1e6), st.sampled_from(list(Family)))
def test_any_coefficient_gives_levels_from_0_at_the_start_to_255_at_the_end(
    data: st.DataObject, coefficient: float, family: Family
) -> None:
    start, end = data.draw(_windows("uint16").filter(lambda w: 0 <= w[0] < w[1] <= 65535))
    channel = ChannelSettings(True, start, end, family=family, coefficient=coefficient)
    values = np.array([start, (start + end) / 2, end])
    for pixel_type in ("uint16", "float"):
        first, _, last = quantise(values, channel, pixel_type)
        assert (first, last) == (0, 255)
    tables = render_tables(RenderingSettings(Model.COLOR, 0, 0, (channel,)), "double")
    pixels = render_with(tables, [values[np.newaxis]])
    assert pixels[0, 0, 0] == 0
    assert pixels[0, 2, 0] == 255


def test_the_reference_itself_knows_the_hand_computed_middle() -> None:
    assert unrounded_level(100, ReferenceChannel(0, 200), "uint8") == 127.5
