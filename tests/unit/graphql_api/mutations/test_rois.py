"""createRoi, updateRoi and deleteRoi: who may draw where, and what becomes of shapes."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from sqlalchemy import func, select

from shared.database import Database
from shared.journal import history
from shared.models.links import LINKS
from shared.models.people import GroupPermissions
from shared.models.rois import Roi, Shape
from shared.settings import Settings
from tests.support.browsing import World
from tests.support.graphql_client import GraphQLClient
from tests.support.people import make_link, make_part, make_row
from tests.support.sender import BYTES

ERRORS = "errors { __typename message path target ... on Denied { reasons } }"
CREATE = (
    f"mutation($input: CreateRoiInput!) {{ createRoi(input: $input) {{ roi {{ id }} {ERRORS} }} }}"
)
UPDATE = (
    f"mutation($input: UpdateRoiInput!) {{ updateRoi(input: $input) {{ roi {{ id }} {ERRORS} }} }}"
)
DELETE = f"""
mutation($input: DeleteRoiInput!) {{ deleteRoi(input: $input) {{
  activity {{ id kind state }} deleted {ERRORS} }} }}
"""
EVERY: list[dict[str, Any]] = [
    {"type": "RECTANGLE", "x": 1, "y": 2, "width": 3.5, "height": 4, "strokeColor": "#FF000080"},
    {"type": "ELLIPSE", "x": 1, "y": 2, "radiusX": 3, "radiusY": 4, "text": "cell"},
    {"type": "POINT", "x": 0, "y": -1.5, "theZ": 1, "theT": 0, "theC": 1},
    {"type": "LINE", "x1": 0, "y1": 0, "x2": 5, "y2": 6, "markerEnd": "Arrow"},
    {"type": "POLYLINE", "points": " 0,0   1.50,2e0 ", "strokeWidth": {"value": 2}},
    {"type": "POLYGON", "points": "0,0 10,0 10,10", "fillColor": "#00FF00", "isLocked": True},
    {"type": "LABEL", "x": 3, "y": 3, "text": "ß", "fontSize": {"value": 12, "unit": "pt"},
     "fontStyle": "Bold", "transform": [1, 0, 0, 1, 5.5, 0]},
    {"type": "MASK", "x": 0, "y": 0, "width": 3, "height": 3,
     "bytes": base64.b64encode(b"\xaa\x80").decode()},
    {"type": "PATH", "d": "M0 0 L10 0 10 10 Z m2,2 h1 v1z", "fillRule": "EvenOdd"},
]  # fmt: skip


@pytest.fixture
def world(database: Database, settings: Settings) -> World:
    found = World(database, settings)
    for login in ("ada", "bob", "leader", "eve"):
        found.person(login)
    found.person("chief", is_admin=True)
    for level in GroupPermissions:
        found.group(str(level.value), level, ("ada", "bob"), "leader")
    return found


def image(world: World, level: str = "rwra--", owner: str = "ada") -> str:
    number = world.row("Image", owner, level)
    world.row("Pixels", owner, level, image_id=number, size_z=2, size_c=2)
    return f"Image:{number}"


def do(world: World, who: str, document: str, **given: Any) -> dict[str, Any]:
    (found,) = world.data(who, document, input=given).values()
    answer: dict[str, Any] = found
    return answer


def kinds(answer: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(each["__typename"], each["target"]) for each in answer["errors"]]


def shapes(world: World, roi: str) -> list[Any]:
    with world.database.read() as connection:
        found = connection.execute(
            select(Shape.__table__)
            .where(Shape.roi_id == int(roi.partition(":")[2]))
            .order_by(Shape.position, Shape.id)
        )
        return list(found.mappings())


def live(world: World) -> int:
    with world.database.read() as connection:
        return int(
            connection.scalar(select(func.count()).where(Roi.trash_id.is_(None)).select_from(Roi))
            or 0
        )


def test_every_class_of_shape_is_stored_in_its_one_form(world: World) -> None:
    answer = do(
        world, "ada", CREATE, image=image(world), name=" nuclei ", description="d", shapes=EVERY
    )
    assert answer["errors"] == []
    rows = shapes(world, answer["roi"]["id"])
    assert [row["class_name"] for row in rows] == [
        "Rectangle", "Ellipse", "Point", "Line", "Polyline", "Polygon", "Label", "Mask", "Path",
    ]  # fmt: skip
    rectangle, _, point, line, polyline, polygon, label, mask, path = rows
    assert (rectangle["width"], rectangle["stroke_color"]) == (3.5, 0xFF000080)
    assert (point["the_z"], point["the_t"], point["the_c"], point["y"]) == (1, 0, 1, -1.5)
    assert (line["marker_start"], line["marker_end"]) == (None, "Arrow")
    assert (polyline["points"], polyline["stroke_width_unit"]) == ("0,0 1.5,2", "pixel")
    assert (polygon["fill_color"], polygon["is_locked"]) == (0x00FF00FF, True)
    assert (label["transform"], label["font_size"]) == ("1 0 0 1 5.5 0", 12.0)
    assert mask["mask_bytes"] == b"\xaa\x80"
    assert path["path_data"].startswith("M0 0")
    with world.database.read() as connection:
        (row,) = connection.execute(select(Roi.name, Roi.description, Roi.image_id)).all()
        (entry,) = history(connection, "Roi", int(answer["roi"]["id"].partition(":")[2]))
    assert (row.name, row.description) == ("nuclei", "d")
    assert (entry.action, entry.kind) == ("INSERT", "createRoi")


@pytest.mark.parametrize("level", ["rw----", "rwr---", "rwra--", "rwrw--"])
def test_drawing_is_annotating_and_others_rois_are_changed_by_level(
    world: World, level: str
) -> None:
    target = image(world, level)
    made = do(world, "ada", CREATE, image=target, shapes=EVERY[:2])["roi"]["id"]
    seen = "query($id: ID!) { node(id: $id) { ... on Image { viewerCan { annotate update } } } }"
    for who in ("ada", "bob", "leader", "chief", "eve"):
        node = world.data(who, seen, id=target)["node"]
        before = live(world)
        answer = do(world, who, CREATE, image=target, shapes=EVERY[:1])
        changed = do(world, who, UPDATE, id=made, name=f"by {who}")
        if node is None:
            assert kinds(answer) == [("NotFound", target)]
            assert kinds(changed) == [("NotFound", made)]
        else:
            may = node["viewerCan"]
            assert kinds(answer) == ([] if may["annotate"] else [("Denied", target)])
            # the ROI is ada's like its image, so the same people may change it
            assert kinds(changed) == ([] if may["update"] else [("Denied", made)])
        assert live(world) == before + (not answer["errors"])


def test_a_roi_lies_in_several_folders_without_an_image(world: World) -> None:
    folders = [f"Folder:{world.row('Folder', 'bob', 'rwrw--')}" for _ in range(2)]
    answer = do(world, "ada", CREATE, folders=folders, shapes=EVERY)
    assert answer["errors"] == []
    link: Any = LINKS["FolderRoiLink"].model
    with world.database.read() as connection:
        rows = connection.execute(select(link.parent_id, link.owner_id)).all()
        assert connection.scalar(select(Roi.image_id)) is None
    assert {f"Folder:{row.parent_id}" for row in rows} == set(folders)
    assert {row.owner_id for row in rows} == {world.people["ada"]}
    other = f"Folder:{world.row('Folder', 'bob', 'rwra--')}"
    assert kinds(do(world, "ada", CREATE, folders=[other])) == [("Denied", other)]
    mixed = do(world, "ada", CREATE, folders=folders, image=image(world))
    assert [each["__typename"] for each in mixed["errors"]] == ["Invalid"]
    nowhere = do(world, "ada", CREATE, shapes=EVERY)
    assert nowhere["errors"][0]["path"] == ["image"]
    assert live(world) == 1


def test_what_a_shape_cannot_be_names_its_field_and_makes_nothing(world: World) -> None:
    target = image(world)
    mask = {"type": "MASK", "x": 0, "y": 0, "width": 3, "height": 3}
    for shape, field in (
        ({"type": "POINT", "x": 1}, "y"),
        ({"type": "POINT", "x": 1, "y": 1e308}, "y"),
        ({"type": "POINT", "x": 1, "y": 1, "width": 3}, "width"),
        ({"type": "ELLIPSE", "x": 1, "y": 1, "radiusX": -1, "radiusY": 1}, "radiusX"),
        ({"type": "RECTANGLE", "x": 1, "y": 1, "width": 0, "height": 1}, "width"),
        ({"type": "POLYGON", "points": "0,0 1,1"}, "points"),
        ({"type": "POLYGON", "points": "0,0 1,1 NaN,2"}, "points"),
        ({"type": "POLYGON", "points": "0,0,1,1,2,2"}, "points"),
        ({"type": "POLYLINE", "points": "9" * 100_000}, "points"),
        ({"type": "PATH", "d": "M0 0 L1"}, "d"),
        ({"type": "PATH", "d": "<script>"}, "d"),
        ({"type": "POINT", "x": 1, "y": 1, "theZ": 2}, "theZ"),
        ({"type": "POINT", "x": 1, "y": 1, "theT": -1}, "theT"),
        ({"type": "POINT", "x": 1, "y": 1, "transform": [1, 2, 3]}, "transform"),
        ({"type": "POINT", "x": 1, "y": 1, "transform": [1, 1, 1, 1, 0, 0]}, "transform"),
        ({"type": "POINT", "x": 1, "y": 1, "text": "nul\0"}, "text"),
        ({"type": "POINT", "x": 1, "y": 1, "markerEnd": "Arrow"}, "markerEnd"),
        ({"type": "POINT", "x": 1, "y": 1, "fontStyle": "Comic"}, "fontStyle"),
        ({"type": "POINT", "x": 1, "y": 1, "strokeWidth": {"value": -1}}, "strokeWidth"),
        ({**mask, "bytes": "!!"}, "bytes"),
        ({**mask, "upload": ""}, None),
        ({**mask, "bytes": "qg=="}, "bytes"),
        ({**mask, "width": 2.5, "bytes": "qoA="}, "width"),
        (mask, "bytes"),
    ):
        answer = do(world, "ada", CREATE, image=target, shapes=[EVERY[0], shape])
        wanted = ("Invalid", ["shapes", "1", field]) if field else ("NotFound", ["upload"])
        assert [(each["__typename"], each["path"]) for each in answer["errors"]] == [wanted], shape
    assert live(world) == 0


def test_shapes_are_added_changed_and_removed_and_the_journal_knows_them(world: World) -> None:
    roi = do(world, "ada", CREATE, image=image(world), shapes=EVERY[:3])["roi"]["id"]
    first, second, third = (f"Shape:{row['id']}" for row in shapes(world, roi))
    answer = do(
        world, "ada", UPDATE, id=roi, expectedVersion=1, addShapes=[EVERY[5]],
        changeShapes=[{"id": first, "x": 7, "strokeColor": None},
                      {"id": second.replace("Shape", "Ellipse"), "text": "big"}],
        removeShapes=[third],
    )  # fmt: skip
    assert answer["errors"] == []
    rows = shapes(world, roi)
    assert [(row["class_name"], row["x"], row["position"]) for row in rows] == [
        ("Rectangle", 7.0, 0), ("Ellipse", 1.0, 1), ("Polygon", None, 3)
    ]  # fmt: skip
    with world.database.read() as connection:
        (changed,) = history(connection, "Shape", int(first.partition(":")[2]))
        (gone,) = history(connection, "Shape", int(third.partition(":")[2]))
        version = connection.scalar(select(Roi.version))
    assert changed.before == {"x": 1.0, "stroke_color": 0xFF000080}
    assert gone.action == "DELETE"
    assert gone.before is not None
    assert gone.before["y"] == -1.5
    assert version == 2
    stale = do(world, "ada", UPDATE, id=roi, expectedVersion=1, name="late")
    assert [each["__typename"] for each in stale["errors"]] == ["Conflict"]
    for given, path in (
        ({"removeShapes": [third]}, ["removeShapes", "0"]),
        ({"changeShapes": [{"id": first, "width": None}]}, ["changeShapes", "0", "width"]),
        ({"changeShapes": [{"id": first, "radiusX": 2}]}, ["changeShapes", "0", "radiusX"]),
        ({"changeShapes": [{"id": first, "x": 8}, {"id": first, "y": 8}]}, ["changeShapes", "1"]),
        ({"shapes": [], "removeShapes": [first]}, ["shapes"]),
    ):
        refused = do(world, "ada", UPDATE, id=roi, **given)
        assert [each["path"] for each in refused["errors"]] == [path]
    assert [dict(row) for row in shapes(world, roi)] == [dict(row) for row in rows]
    same = do(world, "ada", UPDATE, id=roi, name=None, shapes=None)
    assert same["errors"] == []
    replaced = do(world, "ada", UPDATE, id=roi, shapes=[EVERY[2]])
    assert replaced["errors"] == []
    assert [row["class_name"] for row in shapes(world, roi)] == ["Point"]


def test_an_annotated_shape_can_be_removed(world: World) -> None:
    roi = do(world, "ada", CREATE, image=image(world), shapes=EVERY[:2])["roi"]["id"]
    shape = shapes(world, roi)[0]["id"]
    note = world.row("Annotation", "bob", "rwra--", class_name="CommentAnnotation", text_value="c")
    with world.database.write() as connection:
        make_link(
            connection, "ShapeAnnotationLink", shape, note,
            owner=world.people["bob"], group=world.groups["rwra--"],
        )  # fmt: skip
    answer = do(world, "ada", UPDATE, id=roi, removeShapes=[f"Shape:{shape}"])
    assert answer["errors"] == []
    assert len(shapes(world, roi)) == 1


@pytest.mark.parametrize("level", ["rw----", "rwr---", "rwra--", "rwrw--"])
def test_deleted_rois_leave_their_folders_and_take_their_comments(world: World, level: str) -> None:
    folder = world.row("Folder", "ada", level)
    made = do(
        world, "ada", CREATE, image=image(world, level), folders=[f"Folder:{folder}"],
        shapes=EVERY[:1],
    )["roi"]["id"]  # fmt: skip
    mine = do(world, "ada", CREATE, image=image(world, level))["roi"]["id"]
    note = world.row("Annotation", "ada", level, class_name="CommentAnnotation", text_value="c")
    number = int(made.partition(":")[2])
    world.link("RoiAnnotationLink", number, note, "ada", level)
    for who in ("eve", "bob"):
        answer = do(world, who, DELETE, targets=[mine, made])
        if level == "rwrw--" and who == "bob":
            assert answer["errors"] == []
        else:
            kind = "NotFound" if who == "eve" or level == "rw----" else "Denied"
            assert kinds(answer) == [(kind, mine), (kind, made)]
            assert live(world) == 2
    if level != "rwrw--":
        answer = do(world, "ada", DELETE, targets=[made, mine])
    assert answer["errors"] == []
    assert sorted(answer["deleted"]) == sorted([made, mine])
    assert live(world) == 0
    trash = int(answer["activity"]["id"].partition(":")[2])
    link: Any = LINKS["FolderRoiLink"].model
    with world.database.read() as connection:
        assert connection.scalar(select(link.trash_id)) == trash
    again = do(world, "ada", DELETE, targets=[made])
    assert kinds(again) == [("NotFound", made)]


def test_a_request_sent_twice_makes_one_and_deletes_once(world: World) -> None:
    given: dict[str, Any] = {
        "image": image(world), "shapes": EVERY, "idempotencyKey": "k", "name": "one"
    }  # fmt: skip
    first, again = do(world, "ada", CREATE, **given), do(world, "ada", CREATE, **given)
    assert first == again
    assert live(world) == 1
    strange = do(world, "ada", CREATE, **{**given, "name": "\ud800", "idempotencyKey": "s"})
    assert [each["path"] for each in strange["errors"]] == [["name"]]
    for key in ("", "\ud800", "nul\0", "k" * 201):
        refused = do(world, "ada", CREATE, **{**given, "idempotencyKey": key})
        assert [each["__typename"] for each in refused["errors"]] == ["Invalid"]
    other = do(world, "ada", CREATE, **{**given, "shapes": EVERY[:1]})
    assert [each["__typename"] for each in other["errors"]] == ["Conflict"]
    gone = [
        do(world, "ada", DELETE, targets=[first["roi"]["id"]], idempotencyKey="d") for _ in range(2)
    ]
    assert gone[0] == gone[1]


def test_statements_do_not_depend_on_the_number_of_shapes(world: World) -> None:
    target = image(world)
    counts = []
    for number in (2, 500):
        made = world.ask("ada", CREATE, input={"image": target, "shapes": [EVERY[2]] * number})
        roi = made.data["createRoi"]["roi"]["id"]
        assert len(shapes(world, roi)) == number
        first, *rest = (f"Shape:{row['id']}" for row in shapes(world, roi))
        changes = [{"id": each, "x": 9} for each in rest]
        changed = world.ask(
            "ada", UPDATE, input={"id": roi, "changeShapes": changes, "removeShapes": [first]}
        )
        assert changed.data["updateRoi"]["errors"] == []
        counts.append((len(made.statements), len(changed.statements)))
    assert counts[0] == counts[1]
    with world.database.write() as connection:
        rois = [
            make_row(connection, Roi, owner=world.people["ada"], group=world.groups["rwra--"])
            for _ in range(300)
        ]
        for number in rois:
            make_part(connection, Shape, roi_id=number, class_name="Point", x=1.0, y=1.0)
    deleted = [
        world.ask("ada", DELETE, input={"targets": [f"Roi:{each}" for each in part]})
        for part in (rois[:2], rois[2:])
    ]
    assert len(deleted[0].statements) == len(deleted[1].statements)


async def test_a_mask_by_upload(api: GraphQLClient, world: World) -> None:
    bits = bytes(range(256)) * 4
    ada = world.people["ada"]
    headers = {
        **api.bearer(ada), **BYTES, "Upload-Length": str(len(bits)),
        "Upload-Metadata": "filename bWFzaw==",
    }  # fmt: skip
    made = await api.http.post("/uploads", headers=headers, content=bits)
    uuid = made.headers["Location"].rpartition("/")[2]
    shape = {"type": "MASK", "x": 0, "y": 0, "width": 91, "height": 91, "upload": uuid}
    given = {"image": image(world), "shapes": [shape]}
    short = await api.data(CREATE, {"input": given}, user=ada)
    assert [each["path"] for each in short["errors"]] == [["shapes", "0", "bytes"]]
    shape |= {"width": 64, "height": 128}
    answer = await api.data(CREATE, {"input": {**given, "shapes": [shape]}}, user=ada)
    assert answer["errors"] == []
    assert shapes(world, answer["roi"]["id"])[0]["mask_bytes"] == bits
    spent = await api.data(CREATE, {"input": {**given, "shapes": [shape]}}, user=ada)
    assert [each["__typename"] for each in spent["errors"]] == ["NotFound"]
