from __future__ import annotations

import random
from importlib.metadata import version
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from shared.auth.cookies import cookie_name
from shared.auth.grants import cut_grant
from shared.auth.sessions import authenticate
from shared.models.rois import Roi, Shape
from shared.models.screening import Plate, Well, WellSample
from shared.models.system import Instance
from shared.refs import ObjectRef
from tests.support.people import make_part, make_row
from tests.support.tile_answers import sqlite_only
from tests.support.tile_house import random_planes
from tile_service.routes.webgateway import READING

if TYPE_CHECKING:
    from tests.support.tile_house import TileHouse


@pytest.fixture
def ids(house: TileHouse) -> dict[str, int]:
    image = house.image(random_planes((1, 2, 2, 40, 50), "uint8"))
    details = {"owner": house.ada, "group": house.group}
    with house.database.write() as connection:
        plate = make_row(connection, Plate, name="P", **details)
        well = make_row(connection, Well, plate_id=plate, row=0, column=0, **details)
        make_row(connection, WellSample, well_id=well, image_id=image.id, **details)
        roi = make_row(connection, Roi, image_id=image.id, **details)
        shape = make_part(
            connection, Shape, roi_id=roi, class_name="Mask", x=1.0, y=2.0, width=8.0, height=2.0,
            mask_bytes=b"\xf0\x0f",
        )  # fmt: skip
    return {"image": image.id, "plate": plate, "well": well, "roi": roi, "shape": shape}


def addresses(ids: dict[str, int]) -> dict[str, str]:
    image, roi, shape = ids["image"], ids["roi"], ids["shape"]
    strict = "c=1|0:9$F00&m=c"
    return {
        "render_image": f"render_image/{image}/0/0/",
        "render_image_download": f"render_image_download/{image}/",
        "render_image_rdef": f"render_image_rdef/{image}/0/0/?{strict}",
        "render_image_region": f"render_image_region/{image}/0/0/?tile=0,0,0",
        "render_image_region_rdef": f"render_image_region_rdef/{image}/0/0/?tile=0,0,0&{strict}",
        "render_thumbnail": f"render_thumbnail/{image}/",
        "get_thumbnail": f"get_thumbnail/{image}/",
        "render_birds_eye_view": f"render_birds_eye_view/{image}/",
        "render_split_channel": f"render_split_channel/{image}/0/0/",
        "imgData": f"imgData/{image}/",
        "histogram_json": f"histogram_json/{image}/channel/0/",
        "get_image_rdefs_json": f"get_image_rdefs_json/{image}/",
        "get_rois_json": f"get_rois_json/{image}/",
        "get_shape_json": f"get_shape_json/{roi}/{shape}/",
        "render_shape_mask": f"render_shape_mask/{shape}/",
        "render_roi_thumbnail": f"render_roi_thumbnail/{roi}/",
        "render_shape_thumbnail": f"render_shape_thumbnail/{shape}/",
        "original_file_paths": f"original_file_paths/{image}/",
        "wellData": f"wellData/{ids['well']}/",
    }


def grant_for(house: TileHouse, ref: ObjectRef) -> str:
    principal = authenticate(house.database, house.settings, house.log_in(house.ada))
    return cut_grant(
        house.keys, session_id=principal.session_id, ref=ref, expires_at=principal.expires_at
    )


async def test_what_belongs_to_an_image_is_for_those_who_see_it_and_below_its_grants(
    house: TileHouse, ids: dict[str, int]
) -> None:
    other = house.image(random_planes((1, 1, 1, 16, 16), "uint8"))
    by_image, by_plate, by_other = (
        f"/~{grant_for(house, ref)}/webgateway"
        for ref in (
            ObjectRef("Image", ids["image"]),
            ObjectRef("Plate", ids["plate"]),
            ObjectRef("Image", other.id),
        )
    )
    paths = addresses(ids)
    assert set(paths) >= set(READING) - {
        "get_thumbnails", "luts", "luts_png", "plate", "archived_files",
    }  # fmt: skip
    async with (
        house.client(house.rosalind) as member,
        house.client(house.stranger) as stranger,
        house.client() as nobody,
    ):
        for path in paths.values():
            seen = await member.get(f"/webgateway/{path}")
            assert seen.status_code == 200, f"{path}: {seen.text}"
            for granted in (by_image, by_plate):
                assert (await nobody.get(f"{granted}/{path}")).status_code == 200, path
            assert (await nobody.get(f"{by_other}/{path}")).status_code == 404, path
            hidden = await stranger.get(f"/webgateway/{path}")
            assert hidden.status_code == 404, path
            assert (await nobody.get(f"/webgateway/{path}")).status_code == 401, path
        listed = f"get_thumbnails/?id={ids['image']}"
        assert (await nobody.get(f"{by_image}/{listed}")).json()[str(ids["image"])]
        assert (await nobody.get(f"{by_other}/{listed}")).json() == {str(ids["image"]): None}
        assert (await nobody.get(f"{by_other}/luts/")).status_code == 200
        assert (await nobody.get("/webgateway/luts/")).status_code == 401
        assert (await nobody.get("/webgateway/luts_png/")).status_code == 401
        plate = f"plate/{ids['plate']}/"
        assert (await nobody.get(f"{by_plate}/{plate}")).status_code == 200
        assert (await nobody.get(f"{by_image}/{plate}")).status_code == 404
        assert (await stranger.get(f"/webgateway/{plate}")).status_code == 404


@sqlite_only
async def test_ids_are_bare_numbers_only(house: TileHouse, ids: dict[str, int]) -> None:
    async with house.client(house.ada) as client:
        for name in ("render_image/Image:{}/0/0", "imgData/Image%3A{}", "get_rois_json/Image:{}"):
            answer = await client.get(f"/webgateway/{name.format(ids['image'])}/")
            assert answer.status_code == 404, name
        assert (await client.get("/webgateway/nothing/")).status_code == 404
        assert (await client.get("/webgateway/")).status_code == 404
        assert (await client.get("/webgateway/render_image/")).status_code == 404


@sqlite_only
@pytest.mark.parametrize(
    ("path", "mutation"),
    [
        ("saveImgRDef/1/?c=1|0:9$F00&m=c", "saveRenderingSettings"),
        ("copyImgRDef/?fromid=1", "applyRenderingSettings"),
        ("resetRDef/", "resetRenderingSettings"),
        ("applyOwnersRDef/", "resetRenderingSettings"),
    ],
)
async def test_what_writes_is_405_and_names_the_mutation(
    house: TileHouse, path: str, mutation: str
) -> None:
    async with house.client(house.ada) as client:
        for method in ("GET", "POST"):
            answer = await client.request(method, f"/webgateway/{path}")
            assert answer.status_code == 405
            assert mutation in answer.json()["hint"]
        assert (await client.post("/webgateway/imgData/1/")).status_code == 405


@sqlite_only
async def test_jsonp_wraps_json_for_bearers_but_opens_no_cookie_to_other_pages(
    house: TileHouse, ids: dict[str, int]
) -> None:
    path = f"/webgateway/imgData/{ids['image']}/size/"
    async with house.client(house.ada) as client:
        plain = await client.get(path)
        wrapped = await client.get(path, params={"callback": "jQuery1.done"})
        assert wrapped.headers["content-type"] == "application/javascript"
        assert wrapped.content == b"/**/jQuery1.done(" + plain.content + b");"
        for callback in ("alert(1)", "", "a;b", "x" * 200, "<script>"):
            refused = await client.get(path, params={"callback": callback})
            assert refused.status_code == 400
            assert refused.json()["parameter"] == "callback"
    with house.database.read() as connection:
        name = cookie_name(connection.execute(Instance.__table__.select()).one().uuid)
    cookie = {"Cookie": f"{name}={house.log_in(house.ada)}"}
    async with house.client(None, **cookie) as browser:
        for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 200)):
            answer = await browser.get(
                path, params={"callback": "f"}, headers={"Sec-Fetch-Site": site}
            )
            assert answer.status_code == status


@sqlite_only
async def test_options_on_the_root_tell_features_and_limits_to_everybody(house: TileHouse) -> None:
    async with house.client() as nobody:
        answer = await nobody.options("/", headers={"Origin": "https://viewer.example"})
        below_a_grant = await nobody.options("/~abc/")
        preflight = await nobody.options("/webgateway/imgData/1/")
    told = answer.json()
    assert answer.status_code == 200
    assert (told["provider"], told["version"]) == ("Tessera", version("tessera"))
    assert {"flip", "mask-color", "png-tiles", "quantization"} <= set(told["features"])
    assert told["options"] == {
        "maxTileLength": 1024, "maxPlaneWidth": 4096, "maxPlaneHeight": 4096,
        "maxActiveChannels": 32, "cacheControl": "private, no-cache",
    }  # fmt: skip
    assert below_a_grant.json() == told
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "Authorization" in answer.headers["access-control-allow-headers"]
    assert preflight.status_code == 204


@sqlite_only
async def test_webclient_is_the_same_and_an_image_may_be_saved(
    house: TileHouse, ids: dict[str, int]
) -> None:
    async with house.client(house.ada) as client:
        one, other = [
            await client.get(f"/{root}/imgData/{ids['image']}/size/")
            for root in ("webgateway", "webclient")
        ]
        assert one.content == other.content
        refused = await client.post("/webclient/saveImgRDef/1/")
        assert refused.status_code == 405
        for suffix, media_type in (("png", "image/png"), ("tif", "image/tiff"), ("", "image/jpeg")):
            answer = await client.get(
                f"/webclient/render_image_download/{ids['image']}/", params={"format": suffix}
            )
            assert answer.headers["content-type"] == media_type
            assert answer.headers["content-disposition"].startswith("attachment")


PIECES = (
    "", "0", "1", "-1", "1e9", "NaN", "999999999", "9" * 24, "channel", "download", "Image:1",
    "💥", "%00", "0,0,0", "0,0,0,-1,99999999", "1|0:9$F00,-2|1:2$cool.lut", "1|1:2$zz", "1," * 50,
    "[null,{}]", "[" * 3000, "intsum|0:999", "c", "g", "true", "size.width", "expand", "1,1,9,9",
)  # fmt: skip
NAMES = (
    "c", "m", "p", "maps", "q", "tile", "region", "z", "t", "rdefId", "id", "bins", "theZ", "theT",
    "format", "flip", "color", "layout", "size", "callback", "getDefaults", "ia", "rgb",
)  # fmt: skip


@sqlite_only
async def test_no_address_is_more_than_a_clear_refusal(
    house: TileHouse, ids: dict[str, int]
) -> None:
    dice = random.Random(5)
    statuses: set[int] = set()

    def piece() -> str:
        return str(dice.choice(list(ids.values()))) if dice.random() < 0.5 else dice.choice(PIECES)

    async with house.client(house.ada) as client:
        for _ in range(900):
            parts = [dice.choice(list(READING)), *(piece() for _ in range(dice.randint(0, 4)))]
            names: list[Any] = dice.choices(NAMES, k=dice.randint(0, 4))
            query = "&".join(f"{name}={quote(dice.choice(PIECES))}" for name in names)
            path = "/webgateway/" + "/".join(quote(part, safe=":,|") for part in parts)
            answer = await client.get(f"{path}?{query}")
            assert answer.status_code < 500, f"{path}?{query}: {answer.text}"
            statuses.add(answer.status_code)
    assert statuses >= {200, 400, 404}
