"""Shapes as GeoJSON geometries and back, where they fit.

The plane stands where QuPath puts it. Whatever the coordinates alone would not give back stands in
a member `ome` beside them, which counts only as long as it agrees with them.
"""

from __future__ import annotations

import math
import re
from typing import Any

from graphql_api.rois.check import checked_shape, printed
from graphql_api.rois.shape import (
    COLUMNS,
    GEOMETRY,
    PlaneSizes,
    ShapeData,
    number_text,
    points_text,
    read_matrix,
    read_points,
)
from shared.errors import Invalid

ELLIPSE_POINTS = 64
Position = tuple[float, float]
Geometry = dict[str, Any]
_STRAIGHT = re.compile(r"(?:\s*M[-+0-9.eE,\s]+(?:L[-+0-9.eE,\s]+)+Z)+\s*")
_PLACE = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)


def coordinates_of(shape: ShapeData) -> Geometry | None:
    """The GeoJSON geometry of a shape, transform applied; None for what GeoJSON cannot hold."""
    name = shape.class_name
    if name in {"Point", "Label"}:
        return {"type": "Point", "coordinates": _moved(shape, [_at(shape)])[0]}
    if name in {"Line", "Polyline"}:
        points = _line(shape)
        return {"type": "LineString", "coordinates": _moved(shape, points)}
    rings = _rings(shape)
    if rings is None:
        return None
    polygons = [[_closed(_moved(shape, ring)) for ring in rings_of] for rings_of in _nested(rings)]
    geometry: Geometry = (
        {"type": "Polygon", "coordinates": polygons[0]}
        if len(polygons) == 1
        else {"type": "MultiPolygon", "coordinates": polygons}
    )
    if name == "Ellipse" and shape.transform is None:
        geometry["isEllipse"] = True
    return geometry


def plain_shape(geometry: Geometry) -> ShapeData:
    """What a checked point, line or polygon is by its coordinates alone."""
    places = geometry["coordinates"]
    if geometry["type"] == "Point":
        return ShapeData("Point", x=float(places[0]), y=float(places[1]))
    if geometry["type"] == "LineString":
        if len(places) == 2:
            (x1, y1), (x2, y2) = (tuple(map(float, each[:2])) for each in places)
            return ShapeData("Line", x1=x1, y1=y1, x2=x2, y2=y2)
        return ShapeData("Polyline", points=points_text([_position(each) for each in places]))
    rings = [_opened([_position(each) for each in ring]) for ring in places]
    if len(rings) > 1:
        return ShapeData("Path", path_data=path_text(rings), fill_rule="EvenOdd")
    box = _box(rings[0])
    if geometry.get("isEllipse") is True:
        x, y, width, height = box
        return ShapeData(
            "Ellipse", x=x + width / 2, y=y + height / 2, radius_x=width / 2, radius_y=height / 2
        )
    if _is_rectangle(rings[0], box):
        return ShapeData("Rectangle", x=box[0], y=box[1], width=box[2], height=box[3])
    return ShapeData("Polygon", points=points_text(rings[0]))


def path_text(rings: list[list[Position]]) -> str:
    """Rings as an SVG path."""
    parts = []
    for ring in rings:
        steps = [f"{number_text(x)} {number_text(y)}" for x, y in ring]
        parts.append(f"M {steps[0]} L {' L '.join(steps[1:])} Z")
    return " ".join(parts)


def ome_member(shape: ShapeData) -> dict[str, Any]:
    """Everything about a shape, by the names of the schema."""
    found: dict[str, Any] = {"type": shape.class_name}
    for name in COLUMNS[1:]:
        value = getattr(shape, name)
        if value is None:
            continue
        found[printed(name)] = f"#{value:08X}" if name.endswith("_color") else value
    return found


def from_ome_member(member: dict[str, Any], sizes: PlaneSizes) -> ShapeData | None:
    """The shape that a member `ome` describes; None when it makes no sense."""
    values: dict[str, Any] = {}
    for name in COLUMNS[1:]:
        value = member.get(printed(name))
        if name.endswith("_color") and isinstance(value, str):
            value = int(value[1:], 16) if re.fullmatch(r"#[0-9A-Fa-f]{8}", value) else ""
        if value is not None and not _is_typed(name, value):
            return None
        values[name] = value
    kind = member.get("type")
    if not isinstance(kind, str) or kind not in GEOMETRY or kind == "Mask":
        return None
    try:
        return checked_shape(ShapeData(kind, **values), sizes)
    except Invalid:
        return None


def agrees(shape: ShapeData, geometry: Geometry) -> bool:
    """Whether a shape has just these coordinates."""
    made = coordinates_of(shape)
    if made is None or made["type"] != geometry["type"]:
        return False
    return _near(made["coordinates"], geometry["coordinates"])


def _is_typed(name: str, value: object) -> bool:
    if name.startswith("the_") or name.endswith("_color"):
        return isinstance(value, int) and not isinstance(value, bool)
    if name == "is_locked":
        return isinstance(value, bool)
    if name == "mask_bytes":
        return False
    if name in {"x", "y", "width", "height", "radius_x", "radius_y", "x1", "y1", "x2", "y2",
                "stroke_width", "font_size"}:  # fmt: skip
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, str)


def _near(one: Any, other: Any) -> bool:
    if isinstance(one, list | tuple):
        return (
            isinstance(other, list | tuple)
            and len(one) == len(other)
            and all(_near(a, b) for a, b in zip(one, other, strict=True))
        )
    return isinstance(other, int | float) and math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-6)


def _at(shape: ShapeData) -> Position:
    assert shape.x is not None
    assert shape.y is not None
    return shape.x, shape.y


def _line(shape: ShapeData) -> list[Position]:
    if shape.points is not None:
        return read_points(shape.points)
    ends = [(shape.x1, shape.y1), (shape.x2, shape.y2)]
    return [(x or 0.0, y or 0.0) for x, y in ends]


def _rings(shape: ShapeData) -> list[list[Position]] | None:
    """The outlines of an area, not closed; None for masks and curves."""
    if shape.class_name == "Polygon":
        return [read_points(shape.points or "")]
    if shape.class_name == "Path":
        return _straight_rings(shape.path_data or "")
    if shape.class_name == "Mask":
        return None
    x, y = _at(shape)
    if shape.class_name == "Rectangle":
        right, below = x + (shape.width or 0.0), y + (shape.height or 0.0)
        return [[(x, y), (right, y), (right, below), (x, below)]]
    radius_x, radius_y = shape.radius_x or 0.0, shape.radius_y or 0.0
    turn = 2 * math.pi / ELLIPSE_POINTS
    return [
        [
            (x + radius_x * math.cos(turn * step), y + radius_y * math.sin(turn * step))
            for step in range(ELLIPSE_POINTS)
        ]
    ]


def _straight_rings(text: str) -> list[list[Position]] | None:
    """The rings of a path that has only M, L and Z in capitals, each ring of 3 points or more."""
    if not _STRAIGHT.fullmatch(text):
        return None
    rings = []
    for part in text.split("M")[1:]:
        numbers = [float(each) for each in _PLACE.findall(part)]
        pairs = list(zip(numbers[::2], numbers[1::2], strict=False))
        if len(pairs) < 3 or len(numbers) % 2:
            return None
        rings.append(pairs)
    return rings


def _nested(rings: list[list[Position]]) -> list[list[list[Position]]]:
    """Rings as polygons: one that begins within the last outer ring is a hole of that."""
    found: list[list[list[Position]]] = []
    for ring in rings:
        if found and _inside(ring[0], found[-1][0]):
            found[-1].append(ring)
        else:
            found.append([ring])
    return found


def _inside(point: Position, ring: list[Position]) -> bool:
    x, y = point
    inside = False
    for (x1, y1), (x2, y2) in zip(ring, [*ring[1:], ring[0]], strict=True):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside


def _moved(shape: ShapeData, points: list[Position]) -> list[list[float]]:
    matrix = read_matrix(shape.transform)
    if matrix is None:
        return [[x, y] for x, y in points]
    a00, a10, a01, a11, a02, a12 = matrix
    return [[a00 * x + a01 * y + a02, a10 * x + a11 * y + a12] for x, y in points]


def _closed(ring: list[list[float]]) -> list[list[float]]:
    return [*ring, ring[0]]


def _opened(ring: list[Position]) -> list[Position]:
    return ring[:-1] if len(ring) > 1 and ring[0] == ring[-1] else ring


def _position(place: Any) -> Position:
    return float(place[0]) + 0.0, float(place[1]) + 0.0


def _box(ring: list[Position]) -> tuple[float, float, float, float]:
    xs, ys = [x for x, _ in ring], [y for _, y in ring]
    return min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)


def _is_rectangle(ring: list[Position], box: tuple[float, float, float, float]) -> bool:
    """Whether these are the corners of an upright rectangle, clockwise from the top left one."""
    x, y, width, height = box
    if len(ring) != 4 or width <= 0 or height <= 0:
        return False
    return ring == [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
