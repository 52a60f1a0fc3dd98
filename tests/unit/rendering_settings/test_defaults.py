"""Computed defaults, row by row of OMERO's rules."""

from __future__ import annotations

import pytest

from shared.errors import Invalid
from shared.pixels.metadata import StoredDisplay
from shared.pixels.source import PixelType
from shared.rendering.defaults import ChannelFacts, ImageFacts, default_colors, imported_settings
from shared.rendering.override import ChannelOverride, SettingsOverride
from shared.rendering.resolve import resolve
from shared.rendering.settings import (
    ChannelSettings,
    Family,
    Model,
    RenderingSettings,
    clamp_window,
    valid_channel,
    valid_coefficient,
    value_range,
)

RED, GREEN, BLUE, WHITE = 0xFF0000FF, 0x00FF00FF, 0x0000FFFF, 0xFFFFFFFF


def _image(*channels: ChannelFacts, pixel_type: str = "uint16", **more: object) -> ImageFacts:
    return ImageFacts(pixel_type, channels, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("channel", "color"),
    [
        (ChannelFacts(color=0x12345678, emission_nm=600), 0x12345678),
        (ChannelFacts(color=0x12345600), 0x123456FF),
        (ChannelFacts(emission_nm=457), BLUE),
        (ChannelFacts(emission_nm=499.9), BLUE),
        (ChannelFacts(emission_nm=500), GREEN),
        (ChannelFacts(emission_nm=559), GREEN),
        (ChannelFacts(emission_nm=560), RED),
        (ChannelFacts(emission_filter_cut_in_nm=490), GREEN),
        (ChannelFacts(laser_nm=633, excitation_nm=405), RED),
        (ChannelFacts(excitation_nm=405, excitation_filter_nm=633), BLUE),
        (ChannelFacts(excitation_filter_nm=520), GREEN),
        (ChannelFacts(emission_nm=float("nan"), excitation_nm=520), GREEN),
        (ChannelFacts(), RED),
    ],
)
def test_the_first_rule_that_matches_colours_a_channel(channel: ChannelFacts, color: int) -> None:
    assert default_colors(_image(channel)) == (color,)


def test_channels_without_wavelength_beside_others_are_white() -> None:
    plain, green = ChannelFacts(), ChannelFacts(emission_nm=525)
    assert default_colors(_image(plain, green, plain)) == (WHITE, GREEN, WHITE)
    assert default_colors(_image(*[plain] * 4)) == (RED, GREEN, BLUE, RED)
    # an explicit colour takes no part in the question whether all have wavelengths
    explicit = ChannelFacts(color=0x00FFFFFF, emission_nm=600)
    assert default_colors(_image(explicit, plain)) == (0x00FFFFFF, GREEN)


def test_model_active_channels_and_default_plane() -> None:
    settings = imported_settings(_image(*[ChannelFacts()] * 5, size_z=9, size_t=4))
    assert settings.model is Model.COLOR
    assert [channel.active for channel in settings.channels] == [True] * 3 + [False] * 2
    assert (settings.default_z, settings.default_t) == (4, 0)
    for count in (1, 8):
        assert imported_settings(_image(*[ChannelFacts()] * count)).model is Model.GREYSCALE


@pytest.mark.parametrize(
    ("minimum", "maximum", "window"),
    [(12.0, 900.0, (12.0, 900.0)), (None, None, (0.0, 4095.0)), (5.0, 5.000001, (0.0, 4095.0))],
)
def test_windows_are_the_statistics_else_the_type(
    minimum: float | None, maximum: float | None, window: tuple[float, float]
) -> None:
    facts = _image(ChannelFacts(minimum=minimum, maximum=maximum), significant_bits=12)
    channel = imported_settings(facts).channels[0]
    assert (channel.window_start, channel.window_end) == window
    assert (channel.family, channel.coefficient) == (Family.LINEAR, 1.0)


def test_8_bit_rgb_keeps_the_identity_and_its_primaries() -> None:
    sample = ChannelFacts(minimum=30, maximum=240)
    settings = imported_settings(_image(*[sample] * 3, pixel_type="uint8", is_rgb=True))
    assert [c.color for c in settings.channels] == [RED, GREEN, BLUE]
    assert {(c.window_start, c.window_end) for c in settings.channels} == {(0.0, 255.0)}


def test_what_the_file_says_comes_first() -> None:
    display = StoredDisplay(False, 100.0, None, "fire.lut", "polynomial", 0.5, True)
    facts = _image(
        ChannelFacts(minimum=1, maximum=500, display=display),
        ChannelFacts(display=StoredDisplay(family="cubic", coefficient=-1.0)),
        model="greyscale", size_z=5, default_z=0, size_t=2, default_t=7,
    )  # fmt: skip
    settings = imported_settings(facts)
    assert settings.model is Model.GREYSCALE
    assert (settings.default_z, settings.default_t) == (0, 0)
    assert settings.channels[0] == ChannelSettings(
        False, 100.0, 500.0, RED, "fire.lut", Family.POLYNOMIAL, 0.5, True
    )
    assert settings.channels[1].family is Family.LINEAR


@pytest.mark.parametrize("pixel_type", list(PixelType))
@pytest.mark.parametrize("bits", [None, 0, 5, 12, 99])
def test_value_ranges_are_those_of_pixel_types(pixel_type: PixelType, bits: int | None) -> None:
    assert value_range(pixel_type, bits) == pixel_type.value_range(bits)


def test_windows_coefficients_and_colours_are_made_valid_or_refused() -> None:
    assert clamp_window(-5, 300, (0, 255)) == (0, 255)
    assert clamp_window(10, 20, (0, 255)) == (10, 20)
    for start, end in ((20, 10), (7, 7), (float("nan"), 9), (300, 400)):
        assert clamp_window(start, end, (0, 255)) == (0, 255)
    assert valid_coefficient(Family.LINEAR, 4.0) == 1.0
    assert valid_coefficient(Family.LOGARITHMIC, 4.0) == 4.0
    for wrong in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(Invalid):
            valid_coefficient(Family.POLYNOMIAL, wrong)
    with pytest.raises(Invalid):
        valid_channel(ChannelSettings(True, 0, 1, color=-1), (0, 255))
    with pytest.raises(Invalid):
        value_range("uint7")


def _settings(start: float, count: int = 2) -> RenderingSettings:
    channels = tuple(ChannelSettings(True, start, 9000.0, RED, "ice.lut") for _ in range(count))
    return RenderingSettings(Model.COLOR, 0, 0, channels)


def test_the_address_over_mine_over_the_owner_s_over_the_computed() -> None:
    mine, owners, computed = _settings(1), _settings(2), _settings(3)
    assert resolve(None, mine, owners, computed) == mine
    assert resolve(None, None, owners, computed) == owners
    assert resolve(None, None, None, computed) == computed
    # saved for another number of channels: passed over
    assert resolve(None, _settings(1, 3), owners, computed) == owners
    override = SettingsOverride((ChannelOverride(1, window=(5, 6), color=GREEN),), Model.GREYSCALE)
    settings = resolve(override, None, owners, computed)
    assert settings.model is Model.GREYSCALE
    assert settings.channels[0] == ChannelSettings(False, 2, 9000.0, RED, "ice.lut")
    assert settings.channels[1] == ChannelSettings(True, 5, 6, GREEN, None)
    assert resolve(None, mine, None, computed, limits=(0, 255)).channels[0].window_end == 255


def test_a_channel_that_the_image_lacks_is_refused_or_skipped() -> None:
    channels = (ChannelOverride(0), ChannelOverride(5))
    with pytest.raises(Invalid) as caught:
        resolve(SettingsOverride(channels), None, None, _settings(0))
    assert caught.value.path == ("c",)
    settings = resolve(SettingsOverride(channels, lenient=True), None, None, _settings(0))
    assert [channel.active for channel in settings.channels] == [True, False]
