"""The rules of shapes, checked in one place whoever brings them: GraphQL, GeoJSON or OME-XML.

Texts of numbers come out in one form, so that the same shape is always the same row. Coordinates
are bounded because sums of huge ones overflow in SQL.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

from graphql_api.rois.shape import (
    GEOMETRIC,
    GEOMETRY,
    MARKED,
    PlaneSizes,
    ShapeData,
    number_text,
    points_text,
)
from shared.errors import Invalid

LIMIT = 1e9
"""Largest coordinate."""
MAX_POINTS = 200_000
MAX_PATH = 1_000_000
MAX_TEXT = 65_536
FONT_FAMILIES = ("serif", "sans-serif", "cursive", "fantasy", "monospace")
FONT_STYLES = ("Normal", "Bold", "Italic", "BoldItalic")
FILL_RULES = ("EvenOdd", "NonZero")
MARKERS = ("Arrow",)
UNITS = frozenset({
    "pixel", "reference frame", "Ym", "Zm", "Em", "Pm", "Tm", "Gm", "Mm", "km", "hm", "dam", "m",
    "dm", "cm", "mm", "µm", "nm", "pm", "fm", "am", "zm", "ym", "Å", "thou", "li", "in", "ft", "yd",
    "mi", "ua", "ly", "pc", "pt",
})  # fmt: skip
"""OME's units of length."""
_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?"
_POINT = re.compile(rf"({_NUMBER}),({_NUMBER})", re.ASCII)
_DASHES = re.compile(rf"{_NUMBER}(?:[ ,]+{_NUMBER})*", re.ASCII)
_PATH_PART = re.compile(rf"([MmLlHhVvCcSsQqTtAaZz])|({_NUMBER})|([ \t\r\n,]+)", re.ASCII)
_ARGUMENTS = {"m": 2, "l": 2, "h": 1, "v": 1, "c": 6, "s": 4, "q": 4, "t": 2, "a": 7, "z": 0}
Path = tuple[str, ...]


def checked_shape(shape: ShapeData, sizes: PlaneSizes, path: Path = ()) -> ShapeData:
    """The same shape in its one form; raises `Invalid` naming the field."""
    if shape.class_name not in GEOMETRY:
        raise Invalid(
            f"{shape.class_name[:40]!r} is no class of shapes.",
            hint=f"Write {', '.join(GEOMETRY)}.",
            path=(*path, "type"),
        )
    _require_geometry(shape, path)
    changes: dict[str, Any] = {
        name: _coordinate(value, (*path, printed(name)))
        for name in GEOMETRIC
        if isinstance(value := getattr(shape, name), int | float)
    }
    if shape.points is not None:
        least = 3 if shape.class_name == "Polygon" else 2
        changes["points"] = _points(shape.points, least, (*path, "points"))
    if shape.path_data is not None:
        _check_path(shape.path_data, (*path, "d"))
    changes |= _styles(shape, path)
    _check_planes(shape, sizes, path)
    found = replace(shape, **changes)
    _check_extent(found, path)
    return found


def printed(name: str) -> str:
    """A column's name as GraphQL prints it."""
    special = {"path_data": "d", "text_value": "text", "mask_bytes": "bytes"}
    if name in special:
        return special[name]
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def _require_geometry(shape: ShapeData, path: Path) -> None:
    wanted = GEOMETRY[shape.class_name]
    for name in GEOMETRIC:
        value = getattr(shape, name)
        if name in wanted and value is None:
            raise Invalid(
                f"A {shape.class_name} needs {printed(name)}.",
                hint=f"Give {', '.join(map(printed, wanted))}.",
                path=(*path, printed(name)),
            )
        if name not in wanted and value is not None:
            raise Invalid(
                f"A {shape.class_name} has no {printed(name)}.",
                hint=f"It has {', '.join(map(printed, wanted))}.",
                path=(*path, printed(name)),
            )
    for name in ("marker_start", "marker_end"):
        value = getattr(shape, name)
        if value is not None and (shape.class_name not in MARKED or value not in MARKERS):
            raise Invalid(
                f"{str(value)[:40]!r} is no marker of a {shape.class_name}.",
                hint="Lines and polylines may have Arrow.",
                path=(*path, printed(name)),
            )


def _coordinate(value: float, path: Path) -> float:
    if not math.isfinite(value):
        raise Invalid("The number is not finite.", hint="Give a number of pixels.", path=path)
    if abs(value) > LIMIT:
        raise Invalid(
            f"{value:g} is too far away.", hint="Coordinates go to ±1,000,000,000.", path=path
        )
    return float(value) + 0.0  # no negative zero


def _points(text: str, least: int, path: Path) -> str:
    found: list[tuple[float, float]] = []
    if len(text) > MAX_POINTS * 60:
        raise _too_many(path)
    for place, pair in enumerate(text.split()):
        match = _POINT.fullmatch(pair)
        if match is None:
            raise Invalid(
                f"Point {place} is {pair[:40]!r}.",
                hint="Write points as x,y x,y with blanks between them.",
                path=path,
            )
        x, y = (_coordinate(float(match[each]), path) for each in (1, 2))
        found.append((x, y))
    if len(found) < least:
        raise Invalid(f"There are {len(found)} points.", hint=f"Give {least} or more.", path=path)
    if len(found) > MAX_POINTS:
        raise _too_many(path)
    return points_text(found)


def _too_many(path: Path) -> Invalid:
    return Invalid("The shape has too many points.", hint=f"Give at most {MAX_POINTS}.", path=path)


def _check_path(text: str, path: Path) -> None:
    """SVG's path grammar, as far as commands and their numbers of arguments go."""
    wrong = Invalid("This is no SVG path.", hint="Write M 0 0 L 10 0 L 10 10 Z.", path=path)
    if not text.strip() or len(text) > MAX_PATH:
        raise wrong
    command, count, place = "", 0, 0
    while place < len(text):
        match = _PATH_PART.match(text, place)
        if match is None:
            raise wrong
        place = match.end()
        if match[2]:
            _coordinate(float(match[2]), path)
            count += 1
        elif match[1]:
            if not _fits(command, count) or (not command and match[1] not in "Mm"):
                raise wrong
            command, count = match[1].lower(), 0
    if not command or not _fits(command, count):
        raise wrong


def _fits(command: str, count: int) -> bool:
    if not command:
        return count == 0
    wanted = _ARGUMENTS[command]
    return count == 0 if wanted == 0 else count > 0 and count % wanted == 0


def _styles(shape: ShapeData, path: Path) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for name, words in (
        ("font_family", FONT_FAMILIES), ("font_style", FONT_STYLES), ("fill_rule", FILL_RULES)
    ):  # fmt: skip
        value = getattr(shape, name)
        if value is not None and value not in words:
            raise Invalid(
                f"{value[:40]!r} is no {printed(name)}.",
                hint=f"Write {', '.join(words)}.",
                path=(*path, printed(name)),
            )
    for name in ("fill_color", "stroke_color"):
        value = getattr(shape, name)
        if value is not None and not 0 <= value < 2**32:
            raise Invalid("This is no colour.", path=(*path, printed(name)))
    for name in ("stroke_width", "font_size"):
        changes |= _measure(shape, name, path)
    dashes = shape.stroke_dash_array
    if dashes is not None and (len(dashes) > 1_000 or not _DASHES.fullmatch(dashes)):
        raise Invalid(
            "This is no pattern of dashes.",
            hint="Write numbers, such as 4 2.",
            path=(*path, "strokeDashArray"),
        )
    if shape.transform is not None:
        changes["transform"] = _matrix(shape.transform, (*path, "transform"))
    if shape.text_value is not None:
        _check_text(shape.text_value, (*path, "text"))
    return changes


def _measure(shape: ShapeData, name: str, path: Path) -> dict[str, Any]:
    """A length with its unit: pixels where none is named."""
    value, unit = getattr(shape, name), getattr(shape, f"{name}_unit")
    where = (*path, printed(name))
    if value is None:
        return {f"{name}_unit": None}
    if not (math.isfinite(value) and 0 <= value <= LIMIT):
        raise Invalid("This is no length.", hint="Give 0 or more.", path=where)
    unit = unit or ("pt" if name == "font_size" else "pixel")
    if unit not in UNITS:
        raise Invalid(
            f"{unit[:40]!r} is no unit of length.", hint="Write pixel, pt or µm.", path=where
        )
    return {name: float(value), f"{name}_unit": unit}


def _matrix(text: str, path: Path) -> str:
    parts = text.split()
    numbers: list[float] = []
    if len(parts) == 6 and all(re.fullmatch(_NUMBER, each, re.ASCII) for each in parts):
        numbers = [_coordinate(float(each), path) for each in parts]
    if not numbers or not numbers[0] * numbers[3] - numbers[1] * numbers[2]:
        raise Invalid(
            "This is no transform.",
            hint="Give six numbers a00 a10 a01 a11 a02 a12 that do not flatten the shape.",
            path=path,
        )
    return " ".join(map(number_text, numbers))


def _check_text(text: str, path: Path) -> None:
    if len(text) > MAX_TEXT or any(
        letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in text
    ):
        raise Invalid(
            "The text cannot be stored.",
            hint=f"Give at most {MAX_TEXT} characters, without NUL and lone surrogates.",
            path=path,
        )


def _check_planes(shape: ShapeData, sizes: PlaneSizes, path: Path) -> None:
    for axis in "ztc":
        name = f"the_{axis}"
        value, size = getattr(shape, name), getattr(sizes, axis)
        if value is None:
            continue
        if not 0 <= value < 2**31 or (size is not None and value >= size):
            last = "" if size is None else f" to {size - 1}"
            raise Invalid(
                f"There is no plane {axis}={value}.",
                hint=f"Planes count from 0{last}; null means all.",
                path=(*path, printed(name)),
            )


def _check_extent(shape: ShapeData, path: Path) -> None:
    for name in ("width", "height", "radius_x", "radius_y"):
        value = getattr(shape, name)
        if value is not None and value <= 0:
            raise Invalid(
                f"The {printed(name)} is {value:g}.", hint="Give more than 0.",
                path=(*path, printed(name)),
            )  # fmt: skip
    if shape.mask_bytes is None or shape.width is None or shape.height is None:
        return
    if not (shape.width.is_integer() and shape.height.is_integer()):
        raise Invalid("A mask is whole pixels wide and high.", path=(*path, "width"))
    wanted = (int(shape.width) * int(shape.height) + 7) // 8
    if len(shape.mask_bytes) != wanted:
        raise Invalid(
            f"The mask has {len(shape.mask_bytes)} bytes.",
            hint=f"{int(shape.width)} x {int(shape.height)} pixels take {wanted}: one bit each, "
            "row by row without padding, most significant bit first.",
            path=(*path, "bytes"),
        )
