"""ROIs as GeoJSON features and back, by the conventions of QuPath.

A ROI is a Feature, its shapes the geometry: one, or a GeometryCollection. Name, colour, lock and
classification stand in `properties`; the text of a shape is the classification.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from graphql_api.rois.check import checked_shape
from graphql_api.rois.geometry import (
    agrees,
    coordinates_of,
    from_ome_member,
    ome_member,
    plain_shape,
)
from graphql_api.rois.notes import Loss, Notes
from graphql_api.rois.shape import PlaneSizes, RoiData, ShapeData
from shared.errors import Invalid

MAX_NESTED = 8
"""Geometry collections within each other."""
_MULTI = {"MultiPoint": "Point", "MultiLineString": "LineString", "MultiPolygon": "Polygon"}
_DEPTHS = {"Point": 0, "LineString": 1, "Polygon": 2}
_LEAST = {"LineString": 2, "Polygon": 3}
Path = tuple[str, ...]


def feature_of(roi_id: str, roi: RoiData, notes: Notes) -> dict[str, Any] | None:
    """A ROI as a Feature; None, and a note, when nothing of it fits."""
    held = [shape for shape in roi.shapes if _fits(shape, roi_id, notes)]
    if not held:
        if not roi.shapes:
            notes.add(roi_id, Loss.EMPTY)
        return None
    properties = _properties(roi, held)
    style = _style(properties)
    geometries: list[dict[str, Any]] = [_geometry(shape, style) for shape in held]
    geometry = (
        geometries[0]
        if len(geometries) == 1
        else {"type": "GeometryCollection", "geometries": geometries}
    )
    return {"type": "Feature", "id": roi_id, "geometry": geometry, "properties": properties}


def read_geojson(content: bytes, sizes: PlaneSizes, notes: Notes) -> list[RoiData]:
    """The ROIs of a FeatureCollection, a list of Features, one Feature or one geometry.

    Raises `Invalid` naming the place of what is wrong.
    """
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise Invalid(
            f"This is no JSON: {error.msg} at character {error.pos}.", path=("source",)
        ) from error
    reader = _Reader(sizes, notes)
    if isinstance(value, list):
        return reader.features(value, ())
    if isinstance(value, dict) and value.get("type") == "FeatureCollection":
        return reader.features(value.get("features"), ("features",))
    if isinstance(value, dict) and value.get("type") == "Feature":
        return reader.features([value], ())
    return reader.features([{"type": "Feature", "geometry": value, "properties": None}], ())


def _fits(shape: ShapeData, roi_id: str, notes: Notes) -> bool:
    if shape.class_name == "Mask":
        notes.add(roi_id, Loss.MASK)
        return False
    if coordinates_of(shape) is None:
        notes.add(roi_id, Loss.CURVES)
        return False
    return True


def _properties(roi: RoiData, shapes: list[ShapeData]) -> dict[str, Any]:
    """What all shapes share, as QuPath names it."""
    first = shapes[0]
    found: dict[str, Any] = {"objectType": "annotation"}
    if roi.name is not None:
        found["name"] = roi.name
    if roi.description is not None:
        found["description"] = roi.description
    if first.is_locked is not None:
        found["isLocked"] = first.is_locked
    color = first.stroke_color
    if color is not None and color & 0xFF == 0xFF:
        found["color"] = [color >> 24, color >> 16 & 0xFF, color >> 8 & 0xFF]
    if first.text_value:
        found["classification"] = {"name": first.text_value}
        if "color" in found:
            found["classification"]["color"] = found["color"]
    return found


def _geometry(shape: ShapeData, style: ShapeData) -> dict[str, Any]:
    geometry = coordinates_of(shape)
    assert geometry is not None
    plane = {
        axis: value for axis in "czt" if (value := getattr(shape, f"the_{axis}")) is not None
    }  # fmt: skip
    if plane:
        geometry["plane"] = {"c": -1, **plane}
    if geometry["type"] in _DEPTHS:
        plain = _styled(plain_shape(geometry), style, geometry)
        if plain == shape:
            return _rounded(geometry)
    return _rounded({**geometry, "ome": ome_member(shape)})


def _styled(shape: ShapeData, style: ShapeData, geometry: dict[str, Any]) -> ShapeData:
    """The shape as it is read without a member `ome`."""
    plane = geometry.get("plane") or {}
    planes = {
        f"the_{axis}": value
        for axis in "czt"
        if (value := plane.get(axis)) is not None and value != -1
    }
    return replace(
        shape,
        is_locked=style.is_locked,
        stroke_color=style.stroke_color,
        fill_color=style.fill_color,
        stroke_width=style.stroke_width,
        stroke_width_unit=style.stroke_width_unit,
        text_value=style.text_value,
        **planes,
    )


def _rounded(geometry: dict[str, Any]) -> dict[str, Any]:
    """The geometry with whole numbers without a point, so that files stay small."""
    return {name: _short(each) for name, each in geometry.items()}


def _short(value: Any) -> Any:
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    if isinstance(value, list):
        return [_short(each) for each in value]
    if isinstance(value, dict):
        return {name: _short(each) for name, each in value.items()}
    return value


def _style(properties: dict[str, Any]) -> ShapeData:
    """Style and text as `properties` give them, by QuPath or by the simple style."""
    classified = properties.get("classification")
    text, color = classified, properties.get("color", properties.get("colorRGB"))
    if isinstance(classified, dict):
        names = classified.get("names")
        joined = ": ".join(map(str, names)) if isinstance(names, list) else None
        text = classified.get("name", joined)
        if color is None:
            color = classified.get("color", classified.get("colorRGB"))
    if color is None:
        color = properties.get("stroke")
    width = properties.get("stroke-width")
    locked = properties.get("isLocked", properties.get("locked"))
    is_width = isinstance(width, int | float) and not isinstance(width, bool) and 0 <= width <= 1e6
    return ShapeData(
        "Point",
        is_locked=locked if isinstance(locked, bool) else None,
        text_value=text if isinstance(text, str) and text else None,
        stroke_color=_color(color, properties.get("stroke-opacity")),
        fill_color=_color(properties.get("fill"), properties.get("fill-opacity")),
        stroke_width=float(width) if is_width and width is not None else None,
        stroke_width_unit="pixel" if is_width else None,
    )


def _color(value: object, opacity: object = None) -> int | None:
    """0xRRGGBBAA of [r, g, b], a signed packed 0xAARRGGBB or #rrggbb; None for anything else."""
    alpha = 255
    if isinstance(opacity, int | float) and not isinstance(opacity, bool) and 0 <= opacity <= 1:
        alpha = round(255 * opacity)
    if isinstance(value, list) and len(value) in {3, 4}:
        if not all(type(each) is int and 0 <= each <= 255 for each in value):
            return None
        red, green, blue = value[:3]
        alpha = value[3] if len(value) == 4 else alpha
        return int(red << 24 | green << 16 | blue << 8 | alpha)
    if type(value) is int and -(2**31) <= value < 2**32:
        return (value & 0xFFFFFF) << 8 | alpha
    if isinstance(value, str) and len(value) in {4, 7} and value.startswith("#"):
        digits = value[1:] if len(value) == 7 else "".join(each * 2 for each in value[1:])
        try:
            return int(digits, 16) << 8 | alpha
        except ValueError:
            return None
    return None


@dataclass(slots=True)
class _Reader:
    sizes: PlaneSizes
    notes: Notes
    found: list[RoiData] = field(default_factory=list)

    def features(self, values: object, path: Path) -> list[RoiData]:
        """The ROIs of all features."""
        if not isinstance(values, list):
            raise Invalid("A FeatureCollection has a list of features.", path=path)
        for place, each in enumerate(values):
            self._feature(each, (*path, str(place)))
        return self.found

    def _feature(self, value: object, path: Path) -> None:
        if not isinstance(value, dict) or value.get("type") != "Feature":
            raise Invalid("This is no Feature.", hint="Its type must be Feature.", path=path)
        properties = value.get("properties") or {}
        if not isinstance(properties, dict):
            raise Invalid("Properties are an object or null.", path=(*path, "properties"))
        where = ".".join(path) or "0"
        if properties.get("measurements"):
            self.notes.add(where, Loss.MEASUREMENTS)
        style = _style(properties)
        shapes = [
            *self._shapes(value.get("geometry"), style, (*path, "geometry"), 0),
            *self._shapes(value.get("nucleusGeometry"), style, (*path, "nucleusGeometry"), 0),
        ]
        if not shapes:
            self.notes.add(where, Loss.EMPTY)
            return
        name, description = properties.get("name"), properties.get("description")
        self.found.append(
            RoiData(
                tuple(shapes),
                name if isinstance(name, str) else None,
                description if isinstance(description, str) else None,
            )
        )

    def _shapes(
        self, geometry: object, style: ShapeData, path: Path, depth: int
    ) -> list[ShapeData]:
        if geometry is None:
            return []
        if not isinstance(geometry, dict) or depth > MAX_NESTED:
            raise _no_geometry(path)
        kind = geometry.get("type")
        if kind == "GeometryCollection":
            members = geometry.get("geometries")
            if not isinstance(members, list):
                raise _no_geometry((*path, "geometries"))
            return [
                shape
                for place, each in enumerate(members)
                for shape in self._shapes(each, style, (*path, "geometries", str(place)), depth + 1)
            ]
        at = (*path, "coordinates")
        if isinstance(kind, str) and kind in _MULTI:
            self._check(geometry.get("coordinates"), _DEPTHS[_MULTI[kind]] + 1, _MULTI[kind], at)
            described = self._described(geometry, path)
            if described is not None:
                return [described]
            return [
                self._shape({**geometry, "type": _MULTI[kind], "coordinates": each}, style, path)
                for each in geometry["coordinates"]
            ]
        if not isinstance(kind, str) or kind not in _DEPTHS:
            raise _no_geometry(path)
        self._check(geometry.get("coordinates"), _DEPTHS[kind], kind, at)
        return [self._described(geometry, path) or self._shape(geometry, style, path)]

    def _described(self, geometry: dict[str, Any], path: Path) -> ShapeData | None:
        """The shape of the member `ome`, where it agrees with the coordinates."""
        member = geometry.get("ome")
        if not isinstance(member, dict):
            return None
        shape = from_ome_member(member, self.sizes)
        if shape is None or not agrees(shape, geometry):
            self.notes.add(".".join(path), Loss.EDITED)
            return None
        return shape

    def _shape(self, geometry: dict[str, Any], style: ShapeData, path: Path) -> ShapeData:
        plane = geometry.get("plane")
        if plane is not None and not (
            isinstance(plane, dict)
            and all(type(plane.get(axis)) in {int, type(None)} for axis in "czt")
        ):
            raise Invalid("A plane has whole numbers c, z and t.", path=(*path, "plane"))
        shape = _styled(plain_shape(geometry), style, geometry)
        if shape.class_name == "Path":
            self.notes.add(".".join(path), Loss.HOLES)
        return checked_shape(shape, self.sizes, path)

    def _check(self, value: object, depth: int, kind: str, path: Path) -> None:
        """Raise `Invalid` unless these are positions, `depth` lists deep."""
        if depth:
            if not isinstance(value, list) or not value:
                raise _no_positions(path)
            for place, each in enumerate(value):
                self._check(each, depth - 1, kind, (*path, str(place)))
            if depth == 1 and kind in _LEAST and len(value) < _LEAST[kind]:
                raise Invalid(
                    f"There are {len(value)} positions.", hint=f"Give {_LEAST[kind]} or more.",
                    path=path,
                )  # fmt: skip
            return
        if not isinstance(value, list) or len(value) < 2 or not all(
            isinstance(each, int | float) and not isinstance(each, bool) for each in value
        ):  # fmt: skip
            raise _no_positions(path)
        if len(value) > 2:
            self.notes.add(".".join(path[:-1]), Loss.ALTITUDE)


def _no_geometry(path: Path) -> Invalid:
    return Invalid(
        "This is no geometry.",
        hint="Write Point, LineString, Polygon, one of their Multi forms or a GeometryCollection.",
        path=path,
    )


def _no_positions(path: Path) -> Invalid:
    return Invalid("These are no positions.", hint="A position is [x, y] in pixels.", path=path)
