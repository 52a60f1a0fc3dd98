from __future__ import annotations

from typing import Any

import pytest

from shared.errors import Invalid, NotFound, TooLarge
from shared.rendering.override import ChannelOverride, Projection, ProjectionType
from shared.rendering.settings import Family, Model
from tile_service.encode import TileFormat
from tile_service.routes.webgateway.parameters import (
    RegionPlace,
    TilePlace,
    bare_id,
    color_of,
    gateway_flip,
    gateway_format,
    gateway_quality,
    gateway_query,
    lenient_view,
    region_place,
    strict_view,
    tile_place,
)

RED, GREEN = 0xFF0000FF, 0x00FF00FF
FULL = "1|0:255$FF0000,-2|100:600$00FF00"


@pytest.mark.parametrize(
    ("c", "expected"),
    [
        ("1|0:255$FF0000", [ChannelOverride(0, True, (0, 255), RED)]),
        ("-2|100:600$00FF00", [ChannelOverride(1, False, (100, 600), GREEN)]),
        ("3|5:99$cool.lut", [ChannelOverride(2, True, (5, 99), None, "cool.lut")]),
        ("1,2", [ChannelOverride(0), ChannelOverride(1)]),
        ("1$F00", [ChannelOverride(0, color=RED)]),
        ("1$F00A", [ChannelOverride(0, color=0xFF0000AA)]),
        ("1$FF0000AA", [ChannelOverride(0, color=0xFF0000AA)]),
        ("1|-3.5:.25", [ChannelOverride(0, window=(-3.5, 0.25))]),
        ("1|0:9r", [ChannelOverride(0, window=(0, 9), reverse_intensity=True)]),
        ("1|0:9-r$F00", [ChannelOverride(0, True, (0, 9), RED, reverse_intensity=False)]),
        # malformed items are skipped, a malformed window and an unknown colour change nothing
        ("nonsense,1", [ChannelOverride(0)]),
        ("0,1", [ChannelOverride(0)]),
        ("1|a:b", [ChannelOverride(0)]),
        ("1|a:b$F00", [ChannelOverride(0, color=RED)]),
        ("1|5$F00", [ChannelOverride(0, color=RED)]),
        ("1$nobody-has.lut", [ChannelOverride(0)]),
        ("1$12345", [ChannelOverride(0)]),
        (",,1,", [ChannelOverride(0)]),
        ("", []),
    ],
)
def test_channels_are_read_leniently(c: str, expected: list[ChannelOverride]) -> None:
    assert list(lenient_view({"c": c}).override.channels or ()) == expected


@pytest.mark.parametrize(
    ("maps", "expected"),
    [
        ('[{"inverted": {"enabled": true}}]', [(True, None, None), (None, None, None)]),
        ('[null, {"reverse": {"enabled": true}}]', [(None, None, None), (True, None, None)]),
        (
            '[{"reverse": {"enabled": true}, "inverted": {"enabled": false}}]',
            [(False, None, None), (None, None, None)],
        ),
        (
            '[{}, {"quantization": {"family": "polynomial", "coefficient": 0.5}}]',
            [(None, None, None), (None, Family.POLYNOMIAL, 0.5)],
        ),
        ("[[[", [(None, None, None)] * 2),
        ("{}", [(None, None, None)] * 2),
        ('[{"quantization": {"family": "cubic"}}]', [(None, None, None)] * 2),
    ],
)
def test_maps_belong_to_the_channels_of_c_in_order(maps: str, expected: Any) -> None:
    channels = lenient_view({"c": "2,1", "maps": maps}).override.channels or ()
    assert [each.index for each in channels] == [1, 0]
    assert [(each.reverse_intensity, each.family, each.coefficient) for each in channels] == (
        expected
    )


@pytest.mark.parametrize(
    ("query", "model", "projection"),
    [
        ({"m": "g"}, Model.GREYSCALE, None),
        ({"m": "c"}, Model.COLOR, None),
        ({"m": "x"}, None, None),
        ({"p": "normal"}, None, None),
        ({"p": "intmax"}, None, Projection(ProjectionType.MAXIMUM)),
        ({"p": "intmean|1:3"}, None, Projection(ProjectionType.MEAN, 1, 3)),
        ({"p": "intsum|a:b"}, None, Projection(ProjectionType.SUM)),
        ({"p": "split"}, None, None),
        ({"zm": "100", "x": "0", "y": "0", "unheard": "of"}, None, None),
    ],
)
def test_model_and_projection_are_read_leniently(query: Any, model: Any, projection: Any) -> None:
    override = lenient_view(query).override
    assert (override.model, override.projection) == (model, projection)


def test_ia_swaps_the_z_and_t_of_the_path() -> None:
    assert (lenient_view({}, 3, 1).z, lenient_view({}, 3, 1).t) == (3, 1)
    assert (lenient_view({"ia": "1"}, 3, 1).z, lenient_view({"ia": "1"}, 3, 1).t) == (1, 3)
    swapped = strict_view({"c": FULL, "m": "c", "ia": "1"}, 3, 1)
    assert (swapped.z, swapped.t) == (1, 3)


def test_rdef_is_a_bare_number_by_either_name() -> None:
    assert lenient_view({"rdefId": "7"}).rdef_id == 7
    assert lenient_view({"rdef": "7"}).rdef_id == 7
    assert lenient_view({"rdef": "RenderingSettings:7"}).rdef_id == 7
    for text in ("x", "0", "-1", "9" * 30):
        with pytest.raises(Invalid) as refused:
            lenient_view({"rdefId": text})
        assert refused.value.path == ("rdefId",)


def test_strict_settings_leave_nothing_to_what_is_saved() -> None:
    maps = '[{"inverted": {"enabled": true}}, null]'
    view = strict_view({"c": FULL, "m": "g", "maps": maps}, 0, 0)
    assert view.override.model is Model.GREYSCALE
    assert [each.reverse_intensity for each in view.override.channels or ()] == [True, None]
    assert view.rdef_id is None


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({"m": "c"}, "c"),
        ({"c": "", "m": "c"}, "c"),
        ({"c": FULL}, "m"),
        ({"c": FULL, "m": "x"}, "m"),
        ({"c": "1|0:255", "m": "c"}, "c"),
        ({"c": "1$FF0000", "m": "c"}, "c"),
        ({"c": "1", "m": "c"}, "c"),
        ({"c": "nonsense", "m": "c"}, "c"),
        ({"c": "1|a:b$FF0000", "m": "c"}, "c"),
        ({"c": "1|0:9$nobody-has.lut", "m": "c"}, "c"),
        ({"c": f"{FULL},1|0:9$F00", "m": "c"}, "c"),
        ({"c": FULL, "m": "c", "maps": "[[["}, "maps"),
        ({"c": FULL, "m": "c", "maps": "[]"}, "maps"),
        ({"c": FULL, "m": "c", "maps": "[null]"}, "maps"),
        ({"c": FULL, "m": "c", "maps": "[null, null, null]"}, "maps"),
        ({"c": FULL, "m": "c", "maps": "[null, {\"inverted\": {\"enabled\": 3}}]"}, "maps"),
        ({"c": FULL, "m": "c", "p": "split"}, "p"),
    ],
)  # fmt: skip
def test_strict_settings_refuse_what_is_missing_or_malformed(query: Any, parameter: str) -> None:
    with pytest.raises(Invalid) as refused:
        strict_view(query, 0, 0)
    assert refused.value.path == (parameter,)
    assert refused.value.hint


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0,0,0", TilePlace(0, 0, 0)),
        ("2,3,4,256,128", TilePlace(2, 3, 4, 256, 128)),
        (" 0, 1 ,2", TilePlace(0, 1, 2)),
        ("0,0,0,0,-1", TilePlace(0, 0, 0)),
        ("0,0,0,4096,10", TilePlace(0, 0, 0, 1024, 10)),
    ],
)
def test_tiles_are_level_column_row_and_sides_that_are_cut(text: str, expected: TilePlace) -> None:
    assert tile_place(text, 1024) == expected


@pytest.mark.parametrize(
    "text",
    ["malformed", "", "0", "0,0", "0,0,0,10", "0,0,0,1,2,3", "-1,0,0", "0,-1,0", "0,0,1.5",
     "a,b,c", "0,0,", "1e3,0,0", "9999999999,0,0"],
)  # fmt: skip
def test_malformed_tiles_are_refused_by_name(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        tile_place(text, 1024)
    assert refused.value.path == ("tile",)


@pytest.mark.parametrize(
    "text", ["malformed", "", "0,0,1", "0,0,0,1", "0,0,1,-1", "-1,0,9,9", "0,0,1,1,1", "0,0,1,NaN"]
)
def test_malformed_regions_are_refused_by_name(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        region_place(text)
    assert refused.value.path == ("region",)


def test_other_parameters() -> None:
    assert region_place("1,2,3,4") == RegionPlace(1, 2, 3, 4)
    assert bare_id("42") == 42
    for text in ("Image:42", "Image%3A42", "0", "-1", "4.2", "", "9" * 30):
        with pytest.raises(NotFound):
            bare_id(text)
    assert [gateway_quality({}), gateway_quality({"q": "0.25"})] == [0.9, 0.25]
    assert [gateway_format({}), gateway_format({"format": "png"})] == ["jpg", "png"]
    assert gateway_format({"format": "jpeg"}) is TileFormat.JPEG
    assert [gateway_flip({}), gateway_flip({"flip": "Hv"})] == [(False, False), (True, True)]
    assert gateway_flip({"flip": "horizontal"}) == (True, False)
    assert [color_of({}, 9), color_of({"color": "#f00"}, 9)] == [9, RED]
    assert color_of({"color": "00FF0080"}, 9) == 0x00FF0080
    for name, call in (
        ("q", lambda: gateway_quality({"q": "2"})),
        ("format", lambda: gateway_format({"format": "bmp"})),
        ("flip", lambda: gateway_flip({"flip": "x"})),
        ("color", lambda: color_of({"color": "reddish"}, 9)),
    ):
        with pytest.raises(Invalid) as refused:
            call()
        assert refused.value.path == (name,)


def test_of_repeated_parameters_the_last_counts_and_absurd_queries_are_refused() -> None:
    assert gateway_query(b"c=1&c=2&callback=&x=%ff") == {"c": "2", "callback": "", "x": "\ufffd"}
    with pytest.raises(TooLarge):
        gateway_query(b"c=" + b"1," * 10_000)
    with pytest.raises(TooLarge):
        gateway_query(b"a&" * 3000)
