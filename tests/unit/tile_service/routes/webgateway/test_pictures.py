from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.support.tile_answers import GREY, png, sqlite_only
from tests.support.tile_house import pixels_of, random_planes

if TYPE_CHECKING:
    from tests.support.tile_house import TileHouse

pytestmark = sqlite_only


def grey(plane: Any) -> Any:
    return np.stack([plane] * 3, axis=-1)


async def test_a_plane_is_shown_whole_by_the_settings_of_the_address(house: TileHouse) -> None:
    planes = random_planes((2, 2, 3, 40, 60), "uint8")
    image = house.image(planes, default_z=1, default_t=1)
    base = f"/webgateway/render_image/{image.id}"
    shown = await png(house, f"{base}/2/1/", c="-1,2|0:255$FFFFFF", format="png")
    np.testing.assert_array_equal(shown, grey(planes[1, 1, 2]))
    # without z and t: the defaults of the settings
    for path in (base, f"{base}/1", f"{base}/1/1/"):
        shown = await png(house, path, c=GREY, format="png")
        np.testing.assert_array_equal(shown, grey(planes[1, 0, 1]))
    # z and t of the query are 1-based and matter to saving only; ia=1 swaps those of the path
    shown = await png(house, f"{base}/0/1/", c=GREY, format="png", z=3, t=1)
    np.testing.assert_array_equal(shown, grey(planes[1, 0, 0]))
    shown = await png(house, f"{base}/1/2/", c=GREY, format="png", ia=1)
    np.testing.assert_array_equal(shown, grey(planes[1, 0, 2]))
    shown = await png(house, f"{base}/0/0/", c=GREY, format="png", p="intmax")
    np.testing.assert_array_equal(shown, grey(planes[0, 0].max(axis=0)))
    shown = await png(house, f"{base}/0/0/", c=GREY, format="png", flip="h")
    np.testing.assert_array_equal(shown, grey(planes[0, 0, 0, :, ::-1]))


async def test_malformed_channels_change_nothing_and_jpeg_is_usual(house: TileHouse) -> None:
    planes = np.full((1, 1, 1, 16, 16), 100, np.uint8)
    planes[0, 0, 0, 0, :2] = 0, 200
    image = house.image(planes, colors=(0xFFFFFFFF,))
    async with house.client(house.ada) as client:
        answer = await client.get(
            f"/webgateway/render_image/{image.id}/0/0/",
            params={"c": "1|a:b$nobody-has.lut,x", "m": "y", "maps": "[[[", "zm": "1"},
        )
    assert answer.headers["content-type"] == "image/jpeg"
    # the computed window 0..200 shows 100 as round(127.5) = 128; JPEG comes close
    assert abs(int(pixels_of(answer.content)[8, 8, 0]) - 128) <= 2


async def test_tiles_count_levels_from_full_resolution_and_are_cropped(house: TileHouse) -> None:
    planes = random_planes((1, 1, 1, 700, 900), "uint8")
    image = house.image(planes, level_count=2)
    base = f"/webgateway/render_image_region/{image.id}/0/0/"
    for tile, expected in (
        ("0,1,1", planes[0, 0, 0, 256:512, 256:512]),
        ("0,3,2", planes[0, 0, 0, 512:700, 768:900]),
        ("1,1,1", planes[0, 0, 0, ::2, ::2][256:350, 256:450]),
        ("0,2,1,100,50", planes[0, 0, 0, 50:100, 200:300]),
        ("0,1,0,0,-5", planes[0, 0, 0, 0:256, 256:512]),
    ):
        shown = await png(house, base, c=GREY, tile=tile, format="png")
        np.testing.assert_array_equal(shown, grey(expected), err_msg=tile)


async def test_regions_are_of_full_resolution_and_cropped_at_the_edge(house: TileHouse) -> None:
    planes = random_planes((1, 1, 1, 300, 400), "uint8")
    image = house.image(planes)
    base = f"/webgateway/render_image_region/{image.id}/0/0/"
    shown = await png(house, base, c=GREY, region="10,20,30,40", format="png")
    np.testing.assert_array_equal(shown, grey(planes[0, 0, 0, 20:60, 10:40]))
    shown = await png(house, base, c=GREY, region="390,290,999999999,50", format="png")
    np.testing.assert_array_equal(shown, grey(planes[0, 0, 0, 290:300, 390:400]))
    # a tile wins over a region
    shown = await png(house, base, c=GREY, region="0,0,1,1", tile="0,0,0,7,5", format="png")
    assert shown.shape == (5, 7, 3)


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("render_image_region/{}/0/0/", "tile"),
        ("render_image_region/{}/0/0/?tile=malformed", "tile"),
        ("render_image_region/{}/0/0/?region=malformed", "region"),
        ("render_image_region/{}/0/0/?tile=-1,0,0", "tile"),
        ("render_image_region/{}/0/0/?tile=2,0,0", "tile"),
        ("render_image_region/{}/0/0/?tile=0,2,0", "tile"),
        ("render_image_region/{}/0/0/?tile=0,0,2", "tile"),
        ("render_image_region/{}/0/0/?region=300,0,1,1", "region"),
        ("render_image_region/{}/x/0/?tile=0,0,0", "z"),
        ("render_image_region/{}/1/0/?tile=0,0,0", "z"),
        ("render_image_region/{}/0/1/?tile=0,0,0", "t"),
        ("render_image_region/{}/0/0/?tile=0,0,0&q=9", "q"),
        ("render_image_region/{}/0/0/?tile=0,0,0&p=intmax|0:4", "p"),
        ("render_image_region/{}/0/0/?tile=0,0,0&rdef=999", "rdef"),
        ("render_image_region_rdef/{}/0/0/?tile=0,0,0&m=c", "c"),
        ("render_image_region_rdef/{}/0/0/?tile=0,0,0&c=1|0:9$F00", "m"),
        ("render_image_region_rdef/{}/0/0/?tile=0,0,0&c=1|0:9$F00&m=c&maps=[]", "maps"),
        ("render_image_rdef/{}/0/0/?c=1$F00&m=c", "c"),
        ("render_image_rdef/{}/0/0/?c=9|0:9$F00&m=c", "c"),
        ("render_thumbnail/{}/0/", "w"),
        ("render_thumbnail/{}/9/x/", "h"),
        ("render_thumbnail/{}/9/?z=x", "z"),
        ("render_birds_eye_view/{}/-9/", "size"),
    ],
)
async def test_what_is_wrong_is_400_and_named(house: TileHouse, path: str, parameter: str) -> None:
    image = house.image(random_planes((1, 2, 1, 300, 300), "uint8"), level_count=2)
    async with house.client(house.ada) as client:
        answer = await client.get("/webgateway/" + path.format(image.id))
    assert answer.status_code == 400, answer.text
    assert answer.json()["parameter"] == parameter
    assert answer.json()["hint"]


async def test_a_flat_image_has_level_0_only(house: TileHouse) -> None:
    image = house.image(random_planes((1, 1, 1, 64, 64), "uint8"))
    async with house.client(house.ada) as client:
        base = f"/webgateway/render_image_region/{image.id}/0/0/"
        assert (await client.get(base, params={"tile": "0,0,0"})).status_code == 200
        assert (await client.get(base, params={"tile": "1,0,0"})).status_code == 400


async def test_strict_routes_show_the_address_whatever_is_saved(house: TileHouse) -> None:
    planes = random_planes((1, 2, 1, 300, 300), "uint8")
    image = house.image(planes, colors=(0xFF0000FF, 0x00FF00FF))
    query = {
        "c": "-1|0:255$FF0000,2|0:255$FFFFFF",
        "m": "c",
        "maps": '[null, {"inverted": {"enabled": true}}]',
        "format": "png",
    }
    shown = await png(house, f"/webgateway/render_image_rdef/{image.id}/0/0/", **query)
    np.testing.assert_array_equal(shown, grey(255 - planes[0, 1, 0]))
    shown = await png(
        house, f"/webgateway/render_image_region_rdef/{image.id}/0/0/", tile="0,1,1", **query
    )
    np.testing.assert_array_equal(shown, grey(255 - planes[0, 1, 0, 256:, 256:]))


async def test_thumbnails_keep_proportions_inside_what_was_asked(house: TileHouse) -> None:
    image = house.image(random_planes((1, 1, 1, 100, 300), "uint8"))
    wanted = {
        f"render_thumbnail/{image.id}/": (32, 96),
        f"render_thumbnail/{image.id}/60/": (20, 60),
        f"render_thumbnail/{image.id}/60/10/": (10, 30),
        f"render_thumbnail/{image.id}/30/60": (10, 30),
        f"render_birds_eye_view/{image.id}/": (32, 96),
        f"render_birds_eye_view/{image.id}/150/": (50, 150),
    }
    async with house.client(house.ada) as client:
        for path, size in wanted.items():
            answer = await client.get(f"/webgateway/{path}")
            assert answer.headers["content-type"] == "image/jpeg"
            assert pixels_of(answer.content).shape[:2] == size, path


async def test_a_thumbnail_shows_the_plane_of_the_query(house: TileHouse) -> None:
    planes = np.zeros((2, 1, 2, 32, 32), np.uint8)
    planes[1, 0, 1] = 255
    image = house.image(planes, default_z=0, colors=(0xFFFFFFFF,))
    base = f"/webgateway/render_thumbnail/{image.id}/32/"
    assert (await png(house, base)).max() < 5
    assert (await png(house, base, z=1, t=1)).min() > 250


async def test_an_answer_that_is_too_large_is_413(house: TileHouse) -> None:
    image = house.image(random_planes((1, 1, 1, 64, 64), "uint8"))
    async with house.client(house.ada) as client:
        answer = await client.get(f"/webgateway/render_thumbnail/{image.id}/99999/")
        assert answer.status_code == 413
