"""GeoJSON: what fits comes back as it was, what QuPath writes is understood, garbage is refused."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings

from graphql_api.rois.check import checked_shape
from graphql_api.rois.geojson import feature_of, read_geojson
from graphql_api.rois.notes import Loss, Notes
from graphql_api.rois.shape import PlaneSizes, RoiData, ShapeData
from shared.errors import Invalid
from tests.support.profiles import examples
from tests.support.shapes import rois

HELD = ("Rectangle", "Ellipse", "Point", "Line", "Polyline", "Polygon", "Label", "Path")
SIZES = PlaneSizes()


def read(value: Any, sizes: PlaneSizes = SIZES) -> tuple[list[RoiData], Notes]:
    notes = Notes()
    return read_geojson(orjson.dumps(value), sizes, notes), notes


def feature(geometry: Any, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def polygon(*rings: list[list[float]], **more: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings), **more}


SQUARE: list[list[float]] = [[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]
TRIANGLE: list[list[float]] = [[0, 0], [10, 0], [5, 5], [0, 0]]
HOLE: list[list[float]] = [[2, 2], [4, 2], [4, 4], [2, 2]]


@settings(max_examples=examples(30))
@given(rois(*HELD))
def test_written_and_read_again_it_is_the_same(roi: RoiData) -> None:
    notes = Notes()
    written = feature_of("Roi:1", roi, notes)
    found, told = read({"type": "FeatureCollection", "features": [written]})
    assert found == [roi]
    assert (notes.count, [each.loss for each in told.listed if each.loss is Loss.EDITED]) == (0, [])


def test_plain_shapes_need_no_words_of_ours() -> None:
    for shape in (
        ShapeData("Point", x=1.0, y=2.5),
        ShapeData("Line", x1=0.0, y1=0.0, x2=1.0, y2=1.0, the_z=3, the_c=0),
        ShapeData("Polyline", points="0,0 1,1 2,0"),
        ShapeData("Polygon", points="0,0 5,0 3,3", stroke_color=0xFF0000FF),
        ShapeData("Rectangle", x=1.0, y=2.0, width=3.0, height=4.0, text_value="Tumor"),
        ShapeData("Path", path_data="M 0 0 L 9 0 L 9 9 Z M 7 2 L 8 2 L 8 3 Z", fill_rule="EvenOdd"),
    ):
        written = feature_of("Roi:1", RoiData((shape,)), Notes())
        assert written is not None
        if shape.class_name != "Path":
            assert "ome" not in written["geometry"]
        else:
            assert len(written["geometry"]["coordinates"]) == 2
        assert read(written)[0] == [RoiData((shape,))]


def test_a_transform_moves_the_coordinates() -> None:
    shape = ShapeData("Point", x=1.0, y=2.0, transform="0 1 -1 0 10 0")
    written = feature_of("Roi:1", RoiData((shape,)), Notes())
    assert written is not None
    assert written["geometry"]["coordinates"] == [8, 1]


def test_paths_are_read_as_svg_writes_them() -> None:
    for text in ("M0 0L1-2L3.5.5Z", "M 0,0 L1,-2 3.5 .5Z", "M0 0 L1e0-2e0L3.5,5e-1 Z"):
        shape = checked_shape(ShapeData("Path", path_data=text), SIZES)
        written = feature_of("Roi:1", RoiData((shape,)), Notes())
        assert written is not None
        assert written["geometry"]["coordinates"] == [[[0, 0], [1, -2], [3.5, 0.5], [0, 0]]]
        assert read(written)[0] == [RoiData((shape,))]


def test_masks_and_curves_are_left_out_and_said() -> None:
    mask = ShapeData("Mask", x=0.0, y=0.0, width=1.0, height=1.0, mask_bytes=b"\x80")
    curve = ShapeData("Path", path_data="M0 0 C 1 1 2 2 3 3 Z")
    notes = Notes()
    assert feature_of("Roi:1", RoiData((mask,)), notes) is None
    kept = feature_of("Roi:2", RoiData((curve, ShapeData("Point", x=0.0, y=0.0))), notes)
    assert kept is not None
    assert kept["geometry"]["type"] == "Point"
    assert feature_of("Roi:3", RoiData(()), notes) is None
    assert [(each.where, each.loss) for each in notes.listed] == [
        ("Roi:1", Loss.MASK), ("Roi:2", Loss.CURVES), ("Roi:3", Loss.EMPTY)
    ]  # fmt: skip


def test_what_qupath_writes() -> None:
    cell = {
        "type": "Feature", "id": "8f6b0f4e-1111-4a3a-9d3e-000000000000",
        "geometry": polygon(TRIANGLE, plane={"c": -1, "z": 2, "t": 0}),
        "nucleusGeometry": polygon(SQUARE),
        "properties": {
            "objectType": "cell", "name": "c1", "isLocked": True,
            "classification": {"name": "Tumor: Positive", "color": [200, 0, 0]},
            "measurements": {"Area": 3},
        },
    }  # fmt: skip
    ellipse = feature(
        polygon([[0, 5], [10, 0], [20, 5], [10, 10], [0, 5]], isEllipse=True),
        color=[1, 2, 3], classification={"names": ["A", "B"], "color": [9, 9, 9]},
    )  # fmt: skip
    old = feature({"type": "MultiPoint", "coordinates": [[1, 2], [3, 4]]}, colorRGB=-65536)
    found, notes = read([cell, ellipse, old])
    assert [roi.name for roi in found] == ["c1", None, None]
    outline, nucleus = found[0].shapes
    assert (outline.class_name, outline.the_z, outline.the_t, outline.the_c) == (
        "Polygon", 2, 0, None
    )  # fmt: skip
    assert (nucleus.class_name, nucleus.is_locked, nucleus.text_value, nucleus.stroke_color) == (
        "Rectangle", True, "Tumor: Positive", 0xC80000FF
    )  # fmt: skip
    (round_one,) = found[1].shapes
    assert (round_one.class_name, round_one.x, round_one.y, round_one.radius_x) == (
        "Ellipse", 10.0, 5.0, 10.0
    )  # fmt: skip
    assert (round_one.stroke_color, round_one.text_value) == (0x010203FF, "A: B")
    assert [(shape.x, shape.stroke_color) for shape in found[2].shapes] == [
        (1.0, 0xFF0000FF), (3.0, 0xFF0000FF)
    ]  # fmt: skip
    assert [each.loss for each in notes.listed] == [Loss.MEASUREMENTS]


def test_holes_become_a_path_and_multi_polygons_several_shapes() -> None:
    both = {"type": "MultiPolygon", "coordinates": [[TRIANGLE], [SQUARE, HOLE]]}
    found, notes = read(both)
    first, second = found[0].shapes
    assert first.points == "0,0 10,0 5,5"
    assert second.path_data == (
        "M 0 0 L 10 0 L 10 10 L 0 10 Z M 2 2 L 4 2 L 4 4 Z"
    )  # fmt: skip
    assert second.fill_rule == "EvenOdd"
    assert [each.loss for each in notes.listed] == [Loss.HOLES]


def test_coordinates_that_were_edited_win_over_our_member() -> None:
    shape = ShapeData("Ellipse", x=10.0, y=10.0, radius_x=3.0, radius_y=2.0, fill_color=1)
    written = feature_of("Roi:1", RoiData((shape,)), Notes())
    assert written is not None
    for ring in written["geometry"]["coordinates"]:
        for place in ring:
            place[0] += 100
    found, notes = read(written)
    (moved,) = found[0].shapes
    assert (moved.class_name, round(moved.x or 0), round(moved.y or 0)) == ("Ellipse", 110, 10)
    assert [each.loss for each in notes.listed] == [Loss.EDITED]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (b"", ("source",)),
        (b"{", ("source",)),
        (b'{"type": "Point", "coordinates": [NaN, 0]}', ("source",)),
        (b"[" * 100_000, ("source",)),
        (b"{}", ("geometry",)),
        (b"null", ()),
        (b'"Feature"', ("geometry",)),
        (b'{"type": "FeatureCollection"}', ("features",)),
        (b'{"type": "FeatureCollection", "features": [1]}', ("features", "0")),
        (b'{"type": "Feature", "geometry": [], "properties": {}}', ("0", "geometry")),
        (b'{"type": "Feature", "geometry": null, "properties": []}', None),
        (b'{"type": "Feature", "geometry": null, "properties": [1]}', ("0", "properties")),
    ],
)
def test_garbage_names_its_place(text: bytes, path: tuple[str, ...] | None) -> None:
    if path is None or text == b"null":
        assert read_geojson(text, SIZES, Notes()) == []
        return
    with pytest.raises(Invalid) as caught:
        read_geojson(text, SIZES, Notes())
    assert caught.value.path[-len(path) :] == path


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Point", "coordinates": [1]},
        {"type": "Point", "coordinates": [1, "2"]},
        {"type": "Point", "coordinates": [1, True]},
        {"type": "Point", "coordinates": [1e308, 1]},
        {"type": "Point", "coordinates": [10**40, 1]},
        {"type": "Point", "coordinates": [[1, 2]]},
        {"type": "Point"},
        {"type": "LineString", "coordinates": [[1, 2]]},
        {"type": "LineString", "coordinates": []},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 0]]]},
        {"type": "Polygon", "coordinates": [SQUARE, []]},
        {"type": "Polygon", "coordinates": {"0": 1}},
        {"type": "Circle", "coordinates": [0, 0]},
        {"type": ["Point"], "coordinates": [0, 0]},
        {"type": "GeometryCollection", "geometries": {}},
        {"type": "Point", "coordinates": [1, 2], "plane": {"z": "x"}},
        {"type": "Point", "coordinates": [1, 2], "plane": {"z": 5}},
    ],
)
def test_what_is_no_geometry_is_refused(geometry: Any) -> None:
    if geometry.get("coordinates") == [10**40, 1]:
        text = b'{"type": "Point", "coordinates": [1' + b"0" * 400 + b", 1]}"
    else:
        text = orjson.dumps(geometry)
    with pytest.raises(Invalid):
        read_geojson(text, PlaneSizes(2, 2, 2), Notes())


def test_collections_nest_only_so_deep() -> None:
    geometry: dict[str, Any] = {"type": "Point", "coordinates": [1, 2, 99]}
    for _ in range(8):
        geometry = {"type": "GeometryCollection", "geometries": [geometry]}
    found, notes = read(geometry)
    assert len(found[0].shapes) == 1
    assert [each.loss for each in notes.listed] == [Loss.ALTITUDE]
    with pytest.raises(Invalid):
        read({"type": "GeometryCollection", "geometries": [geometry]})
