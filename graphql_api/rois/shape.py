"""A ROI and its shapes as values; their fields are the columns of the table `shape`.

Coordinates are pixels of the full image from the outer corner of the first pixel; planes count from
0, None meaning all; colours are 0xRRGGBBAA.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from shared.models.rois import SHAPE_CLASSES

GEOMETRY: dict[str, tuple[str, ...]] = {
    "Rectangle": ("x", "y", "width", "height"),
    "Ellipse": ("x", "y", "radius_x", "radius_y"),
    "Point": ("x", "y"),
    "Line": ("x1", "y1", "x2", "y2"),
    "Polyline": ("points",),
    "Polygon": ("points",),
    "Label": ("x", "y"),
    "Mask": ("x", "y", "width", "height", "mask_bytes"),
    "Path": ("path_data",),
}
"""What each class must have, and what others must not have."""
assert set(GEOMETRY) == set(SHAPE_CLASSES)
MARKED = frozenset({"Line", "Polyline"})
"""Classes whose ends may carry markers."""
GEOMETRIC = tuple(dict.fromkeys(name for names in GEOMETRY.values() for name in names))
Matrix = tuple[float, float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class ShapeData:
    """One shape."""

    class_name: str
    the_z: int | None = None
    the_t: int | None = None
    the_c: int | None = None
    is_locked: bool | None = None
    text_value: str | None = None
    transform: str | None = None
    """Six numbers a00 a10 a01 a11 a02 a12: x' = a00 x + a01 y + a02, y' = a10 x + a11 y + a12."""
    fill_color: int | None = None
    fill_rule: str | None = None
    stroke_color: int | None = None
    stroke_dash_array: str | None = None
    stroke_width: float | None = None
    stroke_width_unit: str | None = None
    font_family: str | None = None
    font_size: float | None = None
    font_size_unit: str | None = None
    font_style: str | None = None
    x: float | None = None
    y: float | None = None
    width: float | None = None
    height: float | None = None
    radius_x: float | None = None
    radius_y: float | None = None
    x1: float | None = None
    y1: float | None = None
    x2: float | None = None
    y2: float | None = None
    marker_start: str | None = None
    marker_end: str | None = None
    points: str | None = None
    """`x,y x,y …`."""
    path_data: str | None = None
    mask_bytes: bytes | None = None
    """One bit per pixel, row by row without padding, most significant first."""


COLUMNS = tuple(each.name for each in fields(ShapeData))
"""Names of a shape's columns, the class first."""


@dataclass(frozen=True, slots=True)
class RoiData:
    """A ROI with its shapes, in order."""

    shapes: tuple[ShapeData, ...]
    name: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class PlaneSizes:
    """How many sections, timepoints and channels there are; None where there is no image."""

    z: int | None = None
    t: int | None = None
    c: int | None = None


def columns_of(shape: ShapeData) -> dict[str, Any]:
    """A shape as the values of its row."""
    return {name: getattr(shape, name) for name in COLUMNS}


def number_text(value: float) -> str:
    """The shortest text that reads back as just this number; whole ones without a point."""
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)


def points_text(points: list[tuple[float, float]]) -> str:
    """`x,y x,y …`."""
    return " ".join(f"{number_text(x)},{number_text(y)}" for x, y in points)


def read_points(text: str) -> list[tuple[float, float]]:
    """The points of a checked text."""
    found = []
    for pair in text.split(" "):
        x, _, y = pair.partition(",")
        found.append((float(x), float(y)))
    return found


def read_matrix(text: str | None) -> Matrix | None:
    """The transform of a checked text."""
    if text is None:
        return None
    a00, a10, a01, a11, a02, a12 = (float(each) for each in text.split())
    return a00, a10, a01, a11, a02, a12
