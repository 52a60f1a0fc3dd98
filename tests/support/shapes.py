"""Shapes for laws: any that the rules allow, in their one form."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from graphql_api.rois.check import FONT_FAMILIES, FONT_STYLES, checked_shape
from graphql_api.rois.geometry import path_text
from graphql_api.rois.shape import PlaneSizes, RoiData, ShapeData, points_text

COORDINATES = st.floats(-1e6, 1e6, allow_nan=False) | st.integers(-50, 50).map(float)
LENGTHS = st.floats(2**-10, 1e6)
POINTS = st.tuples(COORDINATES, COORDINATES)
# what XML 1.0 can carry
TEXTS = st.text(
    st.characters(min_codepoint=32, codec="utf-8", exclude_characters="\ufffe\uffff\x7f")
    | st.sampled_from("\t\n\r<>&\"'"),
    max_size=12,
)
COLORS = st.integers(0, 2**32 - 1)
NAMES = TEXTS.map(str.strip).filter(bool)


def _maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


@st.composite
def transforms(draw: st.DrawFn) -> str:
    """Six numbers that do not flatten."""
    a, d = draw(st.sampled_from([0.5, 1.0, -2.0])), draw(st.sampled_from([0.25, 1.0, 3.0]))
    shear, shift = draw(st.floats(-0.5, 0.5)), draw(COORDINATES)
    return " ".join(map(repr, [a, 0.0, shear, d, shift, -shift]))


@st.composite
def shapes(draw: st.DrawFn, *classes: str) -> ShapeData:
    """A shape of one of these classes."""
    name = draw(st.sampled_from(classes))
    given: dict[str, Any] = {}
    if name in {"Rectangle", "Mask", "Point", "Label", "Ellipse"}:
        given = {"x": draw(COORDINATES), "y": draw(COORDINATES)}
    if name == "Rectangle":
        given |= {"width": draw(LENGTHS), "height": draw(LENGTHS)}
    elif name == "Ellipse":
        given |= {"radius_x": draw(LENGTHS), "radius_y": draw(LENGTHS)}
    elif name == "Line":
        given = {each: draw(COORDINATES) for each in ("x1", "y1", "x2", "y2")}
    elif name in {"Polyline", "Polygon"}:
        least = 2 if name == "Polyline" else 3
        given = {"points": points_text(draw(st.lists(POINTS, min_size=least, max_size=8)))}
    elif name == "Path":
        rings = draw(st.lists(st.lists(POINTS, min_size=3, max_size=5), min_size=1, max_size=3))
        given = {"path_data": path_text(rings), "fill_rule": "EvenOdd"}
    elif name == "Mask":
        width, height = draw(st.integers(1, 20)), draw(st.integers(1, 20))
        size = (width * height + 7) // 8
        given |= {
            "width": float(width), "height": float(height),
            "mask_bytes": draw(st.binary(min_size=size, max_size=size)),
        }  # fmt: skip
    if name in {"Line", "Polyline"}:
        given["marker_end"] = draw(_maybe(st.just("Arrow")))
    if draw(st.booleans()):
        given |= draw(_styles())
    return checked_shape(ShapeData(name, **given), PlaneSizes())


@st.composite
def _styles(draw: st.DrawFn) -> dict[str, Any]:
    width, size = draw(_maybe(LENGTHS)), draw(_maybe(LENGTHS))
    planes = {f"the_{axis}": draw(_maybe(st.integers(0, 9))) for axis in "ztc"}
    return {
        **planes,
        "is_locked": draw(_maybe(st.booleans())),
        "text_value": draw(_maybe(TEXTS)),
        "transform": draw(_maybe(transforms())),
        "fill_color": draw(_maybe(COLORS)),
        "stroke_color": draw(_maybe(COLORS)),
        "stroke_width": width,
        "stroke_width_unit": None if width is None else draw(st.sampled_from(["pixel", "µm"])),
        "stroke_dash_array": draw(_maybe(st.just("4 2"))),
        "font_family": draw(_maybe(st.sampled_from(FONT_FAMILIES))),
        "font_size": size,
        "font_size_unit": None if size is None else "pt",
        "font_style": draw(_maybe(st.sampled_from(FONT_STYLES))),
    }


def rois(*classes: str) -> st.SearchStrategy[RoiData]:
    """ROIs of one to four such shapes."""
    return st.builds(
        RoiData,
        st.lists(shapes(*classes), min_size=1, max_size=4).map(tuple),
        _maybe(NAMES),
        _maybe(TEXTS),
    )
