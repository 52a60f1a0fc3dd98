"""Shapes as outlines: lists of points in pixels of full resolution, transforms applied."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

Point = tuple[float, float]
_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?")
_CORNERS = 64
_FAR = 1e9


@dataclass(frozen=True, slots=True)
class Outline:
    """A line through points; a closed one returns to the first."""

    points: tuple[Point, ...]
    is_closed: bool

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom."""
        xs, ys = zip(*self.points, strict=True)
        return min(xs), min(ys), max(xs), max(ys)


def outline_of(row: Any) -> Outline | None:
    """The outline of a shape's row; None for one whose geometry says nothing."""
    points = _points(row)
    matrix = _matrix(row.transform) if row.transform else (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
    if not points or matrix is None:
        return None
    a00, a10, a01, a11, a02, a12 = matrix
    moved = tuple((a00 * x + a01 * y + a02, a10 * x + a11 * y + a12) for x, y in points)
    if not all(math.isfinite(at) and abs(at) < _FAR for point in moved for at in point):
        return None
    return Outline(moved, row.class_name not in {"Line", "Polyline", "Path"})


def points_of(text: str) -> list[Point]:
    """`x,y x,y …` as pairs; a last number without its pair is left out."""
    numbers = [float(number) for number in _NUMBER.findall(text)]
    pairs = zip(numbers[::2], numbers[1::2], strict=False)
    return [(x, y) for x, y in pairs if math.isfinite(x) and math.isfinite(y)]


def _points(row: Any) -> list[Point]:
    match row.class_name:
        case "Polygon" | "Polyline":
            return points_of(row.points or "")
        case "Path":
            return points_of(row.path_data or "")
        case "Line":
            return _whole((row.x1, row.y1), (row.x2, row.y2))
        case "Rectangle" | "Mask":
            return _rectangle(row.x, row.y, row.width, row.height)
        case "Ellipse":
            return _ellipse(row.x, row.y, row.radius_x, row.radius_y)
        case _:
            return _ellipse(row.x, row.y, 3.0, 3.0)


def _whole(*points: tuple[float | None, float | None]) -> list[Point]:
    found = [(x, y) for x, y in points if x is not None and y is not None]
    return found if len(found) == len(points) else []


def _rectangle(
    x: float | None, y: float | None, width: float | None, height: float | None
) -> list[Point]:
    if x is None or y is None or width is None or height is None:
        return []
    return [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]


def _ellipse(
    x: float | None, y: float | None, radius_x: float | None, radius_y: float | None
) -> list[Point]:
    if x is None or y is None or radius_x is None or radius_y is None:
        return []
    turns = (2 * math.pi * step / _CORNERS for step in range(_CORNERS))
    return [(x + radius_x * math.cos(turn), y + radius_y * math.sin(turn)) for turn in turns]


def _matrix(text: str) -> tuple[float, ...] | None:
    try:
        numbers = tuple(float(part) for part in text.split())
    except ValueError:
        return None
    return numbers if len(numbers) == 6 and all(map(math.isfinite, numbers)) else None
