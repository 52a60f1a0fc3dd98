"""What all routes have in common: HEAD is GET without its body, and who may keep the answer."""

from __future__ import annotations

from tests.support.tile_answers import sqlite_only
from tests.support.tile_house import TileHouse, random_planes

ROUTES = (
    "tiles/Image:{0}/0/0/0.jpg", "iiif/3/Image:{0}/info.json", "iiif/3/{0}/full/max/0/default.jpg",
    "dzi/{0}.dzi", "dzi/{0}_files/6/0_0.jpg", "thumbnails/{0}", "zarr/{0}.zarr/.zattrs",
    "zarr/{0}.zarr/.zgroup", "zarr/{0}.zarr/0/.zarray", "zarr/{0}.zarr/0/0/0/0/0/0",
    "zarr5/{0}.zarr/zarr.json", "zarr5/{0}.zarr/0/zarr.json", "zarr5/{0}.zarr/0/c/0/0/0/0/0",
    "image/{0}.zarr/0/.zarray", "histogram/{0}", "pixel/{0}?x=1&y=1", "download/{0}/metadata.txt",
    "download/{0}/region.ome.tif?w=9&h=9", "webgateway/get_rois_json/{0}/",
    "webgateway/imgData/{0}/", "webgateway/render_image/{0}/0/0/",
    "webgateway/render_image_region/{0}/0/0/?tile=0,0,0", "webgateway/get_thumbnail/{0}/",
    "webgateway/original_file_paths/{0}/",
)  # fmt: skip
pytestmark = sqlite_only


def image_of(house: TileHouse) -> int:
    return house.image(random_planes((1, 2, 1, 60, 50))).id


async def test_head_answers_as_get_does_without_the_body(house: TileHouse) -> None:
    image = image_of(house)
    async with house.client(house.rosalind) as client:
        for route in ROUTES:
            path = f"/{route.format(image)}"
            whole, head = await client.get(path), await client.head(path)
            assert whole.status_code == 200, (route, whole.text)
            assert whole.content, route
            assert (head.status_code, head.content) == (200, b""), route
            assert dict(head.headers) == dict(whole.headers), route


async def test_every_answer_says_who_may_keep_it_and_depends_on_who_asks(
    house: TileHouse,
) -> None:
    image, tagged = image_of(house), 0
    async with house.client(house.rosalind) as client:
        for route in ROUTES:
            path = f"/{route.format(image)}"
            found = await client.get(path, headers={"Origin": "https://viewer.example"})
            kept = found.headers["cache-control"]
            assert "private" in kept or "no-store" in kept, (route, kept)
            vary = ", ".join(found.headers.get_list("vary")).replace(" ", "").split(",")
            assert {"Authorization", "Cookie", "Origin"} <= set(vary), route
            assert found.headers["access-control-allow-origin"] == "*", route
            assert "access-control-allow-credentials" not in found.headers, route
            assert found.headers["x-content-type-options"] == "nosniff", route
            etag = found.headers.get("etag")
            if etag is not None:
                tagged += 1
                held = await client.get(path, headers={"If-None-Match": etag})
                assert (held.status_code, held.content) == (304, b""), route
                assert held.headers["etag"] == etag, route
    assert tagged > len(ROUTES) / 2


async def test_nobody_and_strangers_are_told_alike_on_every_route(house: TileHouse) -> None:
    image, unknown_image = image_of(house), 987_654
    async with house.client(house.stranger) as client:
        for route in ROUTES:
            hidden, unknown = [
                await client.get(f"/{route.format(number)}", headers={"If-None-Match": "*"})
                for number in (image, unknown_image)
            ]
            nobody = await client.get(f"/{route.format(image)}", headers={"Authorization": ""})
            assert hidden.status_code == unknown.status_code, route
            assert hidden.status_code in {403, 404}, route
            told = hidden.text.replace(str(image), "N")
            assert told == unknown.text.replace(str(unknown_image), "N"), route
            assert nobody.status_code in {401, 403}, route
