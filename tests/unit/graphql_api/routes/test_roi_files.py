"""ROIs go out as files to whoever sees them, and come in all or none."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from sqlalchemy import func, select

from shared.database import Database
from shared.models.people import GroupPermissions
from shared.models.rois import Roi, Shape
from shared.settings import Settings
from tests.support.browsing import World
from tests.support.graphql_client import URL, GraphQLClient
from tests.support.people import make_part, make_row
from tests.support.sender import BYTES

IMPORT = """
mutation($input: ImportRoisInput!) { importRois(input: $input) {
  activity { kind state result { id } } roiCount shapeCount noteCount notes { where loss message }
  errors { __typename path target } } }
"""
CREATE = """
mutation($input: CreateRoiInput!) { createRoi(input: $input) { roi { id } errors { path } } }
"""
URLS = """
query($id: ID!) { node(id: $id) { ... on Image {
  json: roiExportUrl xml: roiExportUrl(format: OME_XML) } } }
"""
SHAPES: list[dict[str, Any]] = [
    {"type": "RECTANGLE", "x": 1, "y": 2, "width": 3.5, "height": 4, "strokeColor": "#FF0000FF"},
    {"type": "POLYGON", "points": "0,0 10,0 10,10", "theZ": 1, "text": "Tumor"},
    {"type": "LABEL", "x": 3, "y": 3, "text": "ß", "fontSize": {"value": 12}},
]
MASK = {
    "type": "MASK", "x": 0, "y": 0, "width": 3, "height": 3,
    "bytes": base64.b64encode(b"\xaa\x80").decode(),
}  # fmt: skip


@pytest.fixture
def world(database: Database, settings: Settings) -> World:
    found = World(database, settings)
    for login in ("ada", "bob", "eve"):
        found.person(login)
    for level in GroupPermissions:
        found.group(str(level.value), level, ("ada", "bob"))
    return found


def image(world: World, level: str = "rwra--", owner: str = "ada") -> str:
    number = world.row("Image", owner, level, name="slide <1>")
    world.row("Pixels", owner, level, image_id=number, size_z=2)
    return f"Image:{number}"


def stored(database: Database) -> list[dict[str, Any]]:
    """Every shape without its ids, in order."""
    table = Shape.__table__
    with database.read() as connection:
        rows = connection.execute(select(table).order_by(table.c.id)).mappings()
        return [{k: v for k, v in row.items() if k not in {"id", "roi_id"}} for row in rows]


def count(database: Database) -> int:
    with database.read() as connection:
        return int(connection.scalar(select(func.count()).select_from(Roi)) or 0)


async def bring(api: GraphQLClient, user: int, text: str | None = None, **given: Any) -> Any:
    given.setdefault("source", {"text": text})
    return await api.data(IMPORT, {"input": given}, user=user)


@pytest.mark.parametrize("which", ["json", "xml"])
async def test_out_and_in_again_by_signed_addresses(
    api: GraphQLClient, database: Database, world: World, which: str
) -> None:
    ada, bob = world.people["ada"], world.people["bob"]
    source, target = image(world), image(world)
    for shapes in (SHAPES, [*SHAPES[:1], MASK], SHAPES[2:]):
        given = {"image": source, "shapes": shapes, "name": "cell"}
        assert (await api.data(CREATE, {"input": given}, user=ada))["errors"] == []
    before = [row for row in stored(database) if which == "xml" or row["class_name"] != "Mask"]
    urls = await api.data(URLS, {"id": source}, user=bob)
    sent = await api.http.get(urls[which].removeprefix(URL))
    assert sent.status_code == 200
    assert sent.headers["content-type"].startswith(
        "application/geo+json" if which == "json" else "application/xml"
    )
    assert sent.headers["content-disposition"].startswith("attachment; filename=")
    assert sent.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert sent.headers["x-content-type-options"] == "nosniff"
    if which == "json":
        document = sent.json()
        assert document["leftOutCount"] == 1
        assert document["leftOut"][0]["reason"] == "MASK"
        assert len(document["features"]) == 3
    headers = {
        **api.bearer(bob), **BYTES, "Upload-Length": str(len(sent.content)),
        "Upload-Metadata": "filename cm9pcw==",
    }  # fmt: skip
    made = await api.http.post("/uploads", headers=headers, content=sent.content)
    upload = made.headers["Location"].rpartition("/")[2]
    asked: dict[str, Any] = {"source": {"upload": upload}, "image": target, "idempotencyKey": "k"}
    answer = await bring(api, bob, **asked)
    assert answer["errors"] == []
    assert (answer["roiCount"], answer["shapeCount"], answer["noteCount"]) == (3, len(before), 0)
    assert answer["activity"]["kind"] == "import_rois"
    assert len(answer["activity"]["result"]) == 3
    assert stored(database)[-len(before) :] == before
    assert await bring(api, bob, **asked) == answer
    assert count(database) == 6
    spent = await bring(api, bob, **{**asked, "idempotencyKey": "l"})
    assert [each["__typename"] for each in spent["errors"]] == ["NotFound"]


async def test_only_what_one_sees_goes_out(
    api: GraphQLClient, database: Database, world: World
) -> None:
    ada, bob, eve = (world.people[each] for each in ("ada", "bob", "eve"))
    secret = image(world, "rw----")
    await api.data(CREATE, {"input": {"image": secret, "shapes": SHAPES}}, user=ada)
    unknown = await api.http.get("/rois/Image:999.geojson", headers=api.bearer(bob))
    told = {**unknown.json(), "target": None}
    for who in (bob, eve):
        for name in (f"{secret}.geojson", f"{secret}.ome.xml", "Roi:1.geojson", "x.geojson",
                     "Dataset:1.geojson", "Image:0.ome.xml"):  # fmt: skip
            sent = await api.http.get(f"/rois/{name}", headers=api.bearer(who))
            assert sent.status_code == 404, name
            assert {**sent.json(), "target": None} == told
    assert (await api.http.get(f"/rois/{secret}.geojson")).status_code == 401
    assert (await api.http.get(f"/rois/{secret}", headers=api.bearer(ada))).status_code == 404
    urls = await api.data(URLS, {"id": secret}, user=ada)
    grant = urls["json"].removeprefix(URL).split("/")[1]
    assert (await api.http.get(f"/{grant}/rois/{secret}.geojson")).status_code == 200
    assert (await api.http.get(f"/{grant}/rois/Image:999.geojson")).status_code == 404
    head = await api.http.head(f"/{grant}/rois/{secret}.ome.xml")
    assert (head.status_code, head.content) == (200, b"")


async def test_a_folder_without_images_and_thousands_of_rois(
    api: GraphQLClient, database: Database, world: World
) -> None:
    ada = world.people["ada"]
    folder = world.row("Folder", "ada", "rwra--")
    features = [
        {"type": "Feature", "properties": {"name": f"n{n}"},
         "geometry": {"type": "Point", "coordinates": [n, 0]}}
        for n in range(1_200)
    ]  # fmt: skip
    answer = await bring(api, ada, json.dumps(features), folders=[f"Folder:{folder}"])
    assert (answer["errors"], answer["roiCount"]) == ([], 1_200)
    with database.write() as connection:
        make_row(connection, Roi, owner=ada, group=world.groups["rwra--"])
    sent = await api.http.get(f"/rois/Folder:{folder}.geojson", headers=api.bearer(ada))
    found = sent.json()["features"]
    assert [each["properties"]["name"] for each in found] == [f"n{n}" for n in range(1_200)]
    one = await api.http.get(f"/rois/{found[7]['id']}.geojson", headers=api.bearer(ada))
    assert one.json()["features"] == [found[7]]


@pytest.mark.parametrize("level", ["rw----", "rwr---", "rwra--", "rwrw--"])
async def test_who_may_bring_rois_is_who_may_annotate(
    api: GraphQLClient, database: Database, world: World, level: str
) -> None:
    target = image(world, level)
    for who in ("ada", "bob", "eve"):
        before = count(database)
        answer = await bring(
            api, world.people[who], '{"type": "Point", "coordinates": [1, 2]}', image=target
        )
        kind = {"rw----": "NotFound", "rwr---": "Denied"}.get(level)
        expected = None if who == "ada" else "NotFound" if who == "eve" else kind
        assert [(each["__typename"], each["target"]) for each in answer["errors"]] == (
            [(expected, target)] if expected else []
        )
        assert count(database) == before + (not expected)


async def test_one_bad_shape_and_nothing_comes_in(
    api: GraphQLClient, database: Database, world: World
) -> None:
    target, ada = image(world), world.people["ada"]
    good = {"type": "Point", "coordinates": [1, 2]}
    features = [
        {"type": "Feature", "properties": None, "geometry": each}
        for each in (good, {**good, "plane": {"z": 2}})
    ]
    for text, path in (
        (json.dumps(features), ["1", "geometry", "theZ"]),
        ("<OME/>", ["source"]),
        ("[]", ["source"]),
        ("", ["source"]),
        ('<!DOCTYPE a [<!ENTITY b "c">]><OME/>', ["source"]),
        ('{"type":"Point","coordinates":[1,2]}\ud800', ["source"]),
    ):
        answer = await bring(api, ada, text.encode("utf-8", "replace").decode(), image=target)
        assert [(each["__typename"], each["path"]) for each in answer["errors"]] == [
            ("Invalid", path)
        ], text
    wrong = await bring(api, ada, json.dumps(good), image=target, format="OME_XML")
    assert [each["path"] for each in wrong["errors"]] == [["source"]]
    assert count(database) == 0


async def test_rows_that_make_no_sense_are_left_out_and_said(
    api: GraphQLClient, database: Database, world: World
) -> None:
    target = image(world)
    ada, group = world.people["ada"], world.groups["rwra--"]
    with database.write() as connection:
        roi = make_row(
            connection, Roi, owner=ada, group=group, image_id=int(target.partition(":")[2])
        )
        for values in (
            {"class_name": "Polygon", "points": "points[1,2"},
            {"class_name": "Rectangle", "x": 1.0},
            {"class_name": "Point", "x": 1.0, "y": 2.0, "font_family": "Arial"},
        ):
            make_part(connection, Shape, roi_id=roi, **values)
    sent = await api.http.get(f"/rois/{target}.geojson", headers=api.bearer(ada))
    document = sent.json()
    assert document["features"][0]["geometry"] == {"type": "Point", "coordinates": [1, 2]}
    assert [each["reason"] for each in document["leftOut"]] == ["BROKEN", "STYLE"]
    xml = await api.http.get(f"/rois/{target}.ome.xml", headers=api.bearer(ada))
    assert b"<Point " in xml.content
    assert b"BROKEN" in xml.content
