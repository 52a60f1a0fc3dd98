"""The text of rendering settings: examples from OMERO.web's grammar, and the round trip."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Invalid
from shared.rendering.grammar import parse_override, print_override, print_settings
from shared.rendering.luts import names
from shared.rendering.override import (
    ChannelOverride,
    Projection,
    ProjectionType,
    SettingsOverride,
)
from shared.rendering.resolve import resolve
from shared.rendering.settings import ChannelSettings, Family, Model, RenderingSettings

_bounds = st.floats(allow_nan=False, allow_infinity=False)
_windows = st.tuples(_bounds, _bounds)
_colors = st.integers(0, 0xFFFFFFFF)
_tables = st.sampled_from(names())
_coefficients = st.floats(min_value=1e-300, allow_infinity=False, exclude_min=True)


@st.composite
def _channel(draw: st.DrawFn, index: int) -> ChannelOverride:
    color = draw(st.none() | _colors)
    return ChannelOverride(
        index=index,
        active=draw(st.booleans()),
        window=draw(st.none() | _windows),
        color=color,
        lookup_table=draw(st.none() | _tables) if color is None else None,
        reverse_intensity=draw(st.none() | st.booleans()),
        family=draw(st.none() | st.sampled_from(Family)),
        coefficient=draw(st.none() | _coefficients),
    )


@st.composite
def _overrides(draw: st.DrawFn) -> SettingsOverride:
    indices = draw(st.none() | st.lists(st.integers(0, 30), min_size=1, max_size=5, unique=True))
    planes = draw(st.none() | st.tuples(st.integers(0, 99), st.integers(0, 99)).map(sorted))
    kind = draw(st.none() | st.sampled_from(ProjectionType))
    start, end = planes or (None, None)
    return SettingsOverride(
        channels=None if indices is None else tuple(draw(_channel(i)) for i in indices),
        model=draw(st.none() | st.sampled_from(Model)),
        projection=None if kind is None else Projection(kind, start, end),
    )


@given(_overrides())
def test_what_is_printed_is_read_back(override: SettingsOverride) -> None:
    printed = print_override(override)
    assert parse_override(printed) == override
    assert "+" not in printed.get("c", "")


@given(st.data(), st.sampled_from(Model), st.integers(1, 5))
def test_printed_settings_say_everything(data: st.DataObject, model: Model, count: int) -> None:
    channels = tuple(
        ChannelSettings(
            active=data.draw(st.booleans()),
            window_start=data.draw(_bounds),
            window_end=data.draw(_bounds),
            color=data.draw(_colors),
            family=data.draw(st.sampled_from(Family)),
            coefficient=data.draw(_coefficients),
            reverse_intensity=data.draw(st.booleans()),
        )
        for _ in range(count)
    )
    settings = RenderingSettings(model, 3, 4, channels)
    other = RenderingSettings(
        Model.COLOR, 3, 4, tuple(ChannelSettings(True, 0, 1, 5, "fire.lut") for _ in channels)
    )
    assert resolve(parse_override(print_settings(settings)), None, None, other) == settings


def test_the_example_of_the_grammar() -> None:
    override = parse_override({"c": "1|0:255$FF0000,-2|100:600$00FF00,3|5:99$cool.lut", "m": "c"})
    assert override.channels == (
        ChannelOverride(0, True, (0.0, 255.0), 0xFF0000FF),
        ChannelOverride(1, False, (100.0, 600.0), 0x00FF00FF),
        ChannelOverride(2, True, (5.0, 99.0), None, "cool.lut"),
    )
    assert override.model is Model.COLOR


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1$F00", ChannelOverride(0, color=0xFF0000FF)),
        ("1$F008", ChannelOverride(0, color=0xFF000088)),
        ("2$01020304", ChannelOverride(1, color=0x01020304)),
        ("1|-5.5:1e3r", ChannelOverride(0, window=(-5.5, 1000.0), reverse_intensity=True)),
        ("1|0:9-r$0F0", ChannelOverride(0, True, (0.0, 9.0), 0x00FF00FF, reverse_intensity=False)),
        ("-12", ChannelOverride(11, active=False)),
        ("1$My Table.LUT", ChannelOverride(0, lookup_table="My Table.LUT")),
    ],
)
def test_channels(text: str, expected: ChannelOverride) -> None:
    for strict in (True, False):
        assert parse_override({"c": text}, strict=strict).channels == (expected,)


def test_maps_follow_the_order_of_c_and_inverted_wins() -> None:
    maps = [
        {"inverted": {"enabled": True}, "reverse": {"enabled": False}},
        None,
        {
            "quantization": {"family": "polynomial", "coefficient": 0.5},
            "reverse": {"enabled": False},
        },
    ]
    override = parse_override({"c": "3,-1,2,4", "maps": json.dumps(maps)})
    assert override.channels == (
        ChannelOverride(2, reverse_intensity=True),
        ChannelOverride(0, active=False),
        ChannelOverride(1, True, None, None, None, False, Family.POLYNOMIAL, 0.5),
        ChannelOverride(3),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("normal", None),
        ("normal|1:2", None),
        ("intmax", Projection(ProjectionType.MAXIMUM)),
        ("intsum|2:5", Projection(ProjectionType.SUM, 2, 5)),
    ],
)
def test_projections(text: str, expected: Projection | None) -> None:
    assert parse_override({"p": text}).projection == expected


@pytest.mark.parametrize(
    ("parameter", "text"),
    [
        ("c", ""), ("c", "0"), ("c", "1,,2"), ("c", "x"), ("c", "1|5"), ("c", "1|nan:3"),
        ("c", "1|1_0:3"), ("c", "1$GG0000"), ("c", "1$#FF0000"), ("c", "1$../x.lut"),
        ("c", "1$none.lut"), ("c", "1,1"), ("c", "1|0:1|2"), ("c", "9999999"), ("c", "١"),
        ("m", "x"), ("m", ""),
        ("p", "max"), ("p", "intmax|5"), ("p", "intmax|5:2"), ("p", "intmax|-1:2"),
        ("maps", "{"), ("maps", "{}"), ("maps", "[{},{}]"), ("maps", "[1]"), ("maps", "[" * 90_000),
        ("maps", '[{"inverted": 1}]'), ("maps", '[{"quantization": []}]'),
        ("maps", '[{"quantization": {"family": "cubic"}}]'),
        ("maps", '[{"quantization": {"coefficient": 0}}]'),
        ("maps", '[{"quantization": {"coefficient": NaN}}]'),
        ("maps", '[{"quantization": {"coefficient": true}}]'),
        ("maps", '[{"quantization": {"coefficient": 1' + "0" * 400 + "}}]"),
    ],
)  # fmt: skip
def test_malformed_text_is_refused_by_name_or_skipped(parameter: str, text: str) -> None:
    query = {"c": "1", parameter: text}
    with pytest.raises(Invalid) as caught:
        parse_override(query, lookup_tables=names())
    assert caught.value.path == (parameter,)
    assert caught.value.hint
    parse_override(query, strict=False, lookup_tables=names())


def test_lenient_reading_keeps_what_it_understands() -> None:
    override = parse_override(
        {"c": "x,2|broken$F00,1$nowhere.lut,4|3:5", "m": "q", "p": "intmean|x", "maps": "no"},
        strict=False,
        lookup_tables=names(),
    )
    assert override.channels == (
        ChannelOverride(1, color=0xFF0000FF),
        ChannelOverride(0),
        ChannelOverride(3, window=(3.0, 5.0)),
    )
    assert override.model is None
    assert override.projection == Projection(ProjectionType.MEAN)


@given(st.dictionaries(st.sampled_from(["c", "m", "p", "maps"]), st.text(max_size=40)))
def test_no_text_crashes(query: dict[str, str]) -> None:
    parse_override(query, strict=False)
    try:
        parse_override(query)
    except Invalid as error:
        named = error.path[0]
    else:
        return
    assert named in query


def test_maps_need_channels() -> None:
    with pytest.raises(Invalid, match="needs c="):
        parse_override({"maps": "[]"})
    assert parse_override({"maps": "[]"}, strict=False) == SettingsOverride(lenient=True)


def test_planes_of_a_projection_include_the_end() -> None:
    assert list(Projection(ProjectionType.SUM, 2, 4).planes(9)) == [2, 3, 4]
    assert list(Projection(ProjectionType.SUM).planes(3)) == [0, 1, 2]
    with pytest.raises(Invalid) as caught:
        Projection(ProjectionType.SUM, 2, 9).planes(9)
    assert caught.value.path == ("p",)
