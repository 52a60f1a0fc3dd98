"""Compositing, by hand: colours, alpha, lookup tables, saturation, greyscale, black."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from shared.errors import Invalid, Unsupported
from shared.rendering.settings import ChannelSettings, Model, RenderingSettings
from tile_service.rendering import render, render_tables, rendered_channels


def _identity(color: int = 0xFFFFFFFF, **more: Any) -> ChannelSettings:
    return ChannelSettings(
        **{"active": True, "window_start": 0.0, "window_end": 255.0, "color": color, **more}
    )


def _pixel(*channels: ChannelSettings, values: list[int], model: Model = Model.COLOR) -> list[int]:
    planes = [np.array([[value]], np.uint8) for value in values]
    pixels = render(planes, RenderingSettings(model, 0, 0, channels), "uint8", size=(1, 1))
    assert pixels[0, 0, 3] == 255
    colors: list[int] = pixels[0, 0, :3].tolist()
    return colors


def test_8_bit_rgb_is_the_identity() -> None:
    rng = np.random.default_rng(1)
    image = rng.integers(0, 256, (3, 40, 30), dtype=np.uint8)
    channels = (_identity(0xFF0000FF), _identity(0x00FF00FF), _identity(0x0000FFFF))
    pixels = render(list(image), RenderingSettings(Model.COLOR, 0, 0, channels), "uint8")
    assert np.array_equal(pixels[..., :3], image.transpose(1, 2, 0))


def test_products_are_cut_and_alpha_is_applied_after() -> None:
    # int(200/255 * 100) = 78; 78 * 128/255 = 39.15; int(100/255*100) = 39 -> 19.6; 50 -> 19 -> 9.5
    assert _pixel(_identity(0xC8643280), values=[100]) == [39, 19, 9]


def test_sums_saturate_for_any_number_of_channels() -> None:
    dim = _identity(0xFFFFFFFF)
    assert _pixel(*[dim] * 2, values=[100, 100]) == [200] * 3
    assert _pixel(*[dim] * 3, values=[100, 100, 100]) == [255] * 3
    assert _pixel(*[dim] * 9, values=[20] * 9) == [180] * 3
    assert _pixel(*[dim] * 9, values=[255] * 9) == [255] * 3


def test_a_lookup_table_hides_colour_and_alpha_and_runs_backwards_when_reversed() -> None:
    table = np.stack([np.arange(256)] * 3, axis=1).astype(np.uint8)
    table[:, 1] = 7
    channel = _identity(0xFF000000, lookup_table="mine.lut")
    planes = [np.array([[10]], np.uint8)]
    for reverse, expected in ((False, [10, 7, 10]), (True, [245, 7, 245])):
        chosen = ChannelSettings(
            True, 0.0, 255.0, channel.color, "mine.lut", reverse_intensity=reverse
        )
        settings = RenderingSettings(Model.COLOR, 0, 0, (chosen,))
        pixels = render(planes, settings, "uint8", {"mine.lut": table}.get)
        assert pixels[0, 0, :3].tolist() == expected


def test_an_unknown_lookup_table_falls_back_to_the_colour() -> None:
    assert _pixel(_identity(0x00FF00FF, lookup_table="gone.lut"), values=[9]) == [0, 9, 0]


def test_greyscale_is_the_first_active_channel_alone() -> None:
    hidden = _identity(active=False)
    shown = _identity(0xFF000040, lookup_table="fire.lut", reverse_intensity=True)
    settings = RenderingSettings(Model.GREYSCALE, 0, 0, (hidden, shown, _identity()))
    assert rendered_channels(settings) == (1,)
    pixels = render([np.array([[55]], np.uint8)], settings, "uint8")
    assert pixels[0, 0].tolist() == [200, 200, 200, 255]


@pytest.mark.parametrize("model", list(Model))
def test_nothing_active_is_black(model: Model) -> None:
    assert _pixel(_identity(active=False), values=[], model=model) == [0, 0, 0]


def test_planes_may_be_slices_big_endian_or_boolean() -> None:
    settings = RenderingSettings(Model.COLOR, 0, 0, (_identity(),))
    plane = np.arange(64, dtype=np.uint16).reshape(8, 8)
    expected = render([plane], settings, "uint16")
    assert np.array_equal(render([plane.astype(">u2")], settings, "uint16"), expected)
    assert np.array_equal(render([plane[1:7:2, 2:5]], settings, "uint16"), expected[1:7:2, 2:5])
    frozen = plane.copy()
    frozen.setflags(write=False)
    assert np.array_equal(render([frozen], settings, "uint16"), expected)
    bits = render([np.array([[True, False]])], settings, "bit")
    assert bits[0, :, 0].tolist() == [255, 0]


def test_planes_that_do_not_fit_are_refused() -> None:
    settings = RenderingSettings(Model.COLOR, 0, 0, (_identity(), _identity()))
    plane: Any = np.zeros((2, 2), np.uint8)
    for planes in ([plane], [plane, plane[:1]], [plane, plane.astype(np.uint16)]):
        with pytest.raises(Invalid):
            render(planes, settings, "uint8")
    with pytest.raises(Unsupported):
        render_tables(settings, "complex")
    with pytest.raises(Invalid):
        render_tables(settings, "uint7")
