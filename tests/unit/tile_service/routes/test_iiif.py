from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from shared.auth.grants import cut_grant
from shared.auth.sessions import authenticate
from shared.refs import ObjectRef
from tests.support.tile_house import TileHouse, furnish, pixels_of, random_planes, running

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shared.database import Database
    from shared.settings import Settings
    from shared.storage import LocalStorage

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
COLORS = (0xFF0000FF, 0x00FF00FF, 0x0000FFFF)


async def get(house: TileHouse, path: str, **query: Any) -> NDArray[np.uint8]:
    async with house.client(house.ada) as client:
        answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return pixels_of(answer.content)


def colored(house: TileHouse, height: int, width: int) -> tuple[str, NDArray[np.uint8]]:
    """An RGB image, its address, and its pixels as they are shown."""
    planes = random_planes((1, 3, 1, height, width), "uint8")
    image = house.image(planes, is_rgb=True, colors=COLORS)
    return f"/iiif/3/Image:{image.id}", np.moveaxis(planes[0, :, 0], 0, -1)


async def test_info_describes_sizes_tiles_and_what_is_offered(house: TileHouse) -> None:
    image = house.image(random_planes((1, 1, 1, 700, 900), "uint8"), level_count=3)
    async with house.client(house.ada) as client:
        answer = await client.get(f"/iiif/3/Image%3A{image.id}/info.json")
        as_ld = await client.get(
            f"/iiif/3/{image.id}/info.json", headers={"Accept": "application/ld+json"}
        )
        again = await client.get(
            f"/iiif/3/Image%3A{image.id}/info.json",
            headers={"If-None-Match": answer.headers["etag"]},
        )
    info = answer.json()
    assert info["@context"] == "http://iiif.io/api/image/3/context.json"
    assert info["id"] == f"http://localhost:8001/iiif/3/Image%3A{image.id}"
    assert as_ld.json()["id"] == f"http://localhost:8001/iiif/3/{image.id}"
    assert (info["type"], info["profile"]) == ("ImageService3", "level2")
    assert info["protocol"] == "http://iiif.io/api/image"
    assert (info["width"], info["height"]) == (900, 700)
    assert info["sizes"] == [
        {"width": 225, "height": 175}, {"width": 450, "height": 350}, {"width": 900, "height": 700}
    ]  # fmt: skip
    assert info["tiles"] == [{"width": 256, "height": 256, "scaleFactors": [1, 2, 4]}]
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert as_ld.headers["content-type"].startswith("application/ld+json")
    assert again.status_code == 304


async def test_the_base_address_leads_to_info_and_keeps_the_grant(house: TileHouse) -> None:
    image = house.image(random_planes((1, 1, 1, 64, 64), "uint8"))
    principal = authenticate(house.database, house.settings, house.log_in(house.ada))
    grant = cut_grant(
        house.keys,
        session_id=principal.session_id,
        ref=ObjectRef("Image", image.id),
        expires_at=principal.expires_at,
    )
    async with house.client() as client:
        base = f"http://localhost:8001/~{grant}/iiif/3/Image:{image.id}"
        answer = await client.get(base)
        assert answer.status_code == 303
        assert answer.headers["location"] == f"{base}/info.json"
        assert (await client.get(answer.headers["location"])).json()["id"] == base


async def test_regions_at_full_size_are_the_pixels_themselves(house: TileHouse) -> None:
    base, pixels = colored(house, 300, 400)
    np.testing.assert_array_equal(await get(house, f"{base}/full/max/0/default.png"), pixels)
    region = await get(house, f"{base}/350,250,200,200/max/0/color.png")
    np.testing.assert_array_equal(region, pixels[250:, 350:])
    square = await get(house, f"{base}/square/300,300/0/default.png")
    np.testing.assert_array_equal(square, pixels[:, 50:350])


async def test_turning_and_mirroring(house: TileHouse) -> None:
    base, pixels = colored(house, 60, 80)
    # clockwise: what was at the left edge, read upwards, becomes the top row
    turned = np.transpose(pixels, (1, 0, 2))[:, ::-1]
    np.testing.assert_array_equal(await get(house, f"{base}/full/max/90/default.png"), turned)
    np.testing.assert_array_equal(
        await get(house, f"{base}/full/max/180/default.png"), pixels[::-1, ::-1]
    )
    np.testing.assert_array_equal(
        await get(house, f"{base}/full/max/270/default.png"), turned[::-1, ::-1]
    )
    np.testing.assert_array_equal(
        await get(house, f"{base}/full/max/!0/default.png"), pixels[:, ::-1]
    )


async def test_gray_is_luma_and_bitonal_black_and_white(house: TileHouse) -> None:
    base, pixels = colored(house, 40, 50)
    luma = np.floor(pixels @ np.array([0.299, 0.587, 0.114]) + 0.5)
    gray = await get(house, f"{base}/full/max/0/gray.png")
    assert np.abs(gray[..., 0] - luma).max() <= 1
    bitonal = await get(house, f"{base}/full/max/0/bitonal.png")
    assert set(np.unique(bitonal)) == {0, 255}
    np.testing.assert_array_equal(bitonal[..., 1] == 255, gray[..., 1] >= 128)


async def test_smaller_sizes_average_and_larger_ones_need_a_caret(house: TileHouse) -> None:
    planes = np.zeros((1, 1, 1, 64, 64), np.uint8)
    planes[..., ::2] = 200
    image = house.image(planes)
    base = f"/iiif/3/{image.id}"
    small = await get(house, f"{base}/full/16,/0/default.png", c="1|0:255$FFFFFF")
    assert small.shape == (16, 16, 3)
    assert np.abs(small[2:-2, 2:-2].astype(int) - 100).max() <= 2
    large = await get(house, f"{base}/full/^128,/0/default.png")
    assert large.shape == (128, 128, 3)
    async with house.client(house.ada) as client:
        refused = await client.get(f"{base}/full/128,/0/default.png")
    assert (refused.status_code, refused.json()["parameter"]) == (400, "size")


async def test_tiles_of_scale_factors_are_the_levels_own_pixels(house: TileHouse) -> None:
    planes = random_planes((1, 1, 1, 601, 801), "uint8")
    image = house.image(planes, level_count=2)
    level = planes[0, 0, 0, ::2, ::2]
    # as a viewer asks: tile (1, 0) at scale factor 2 of a 801 x 601 image
    shown = await get(
        house, f"/iiif/3/{image.id}/512,0,289,512/145,256/0/default.png", c="1|0:255$FFFFFF"
    )
    np.testing.assert_array_equal(shown[..., 0], level[0:256, 256:401])


async def test_max_is_the_largest_answer_and_more_is_refused_with_the_limit(
    database: Database, settings: Settings, storage: LocalStorage
) -> None:
    async with running(furnish(database, settings, storage, tile_max_pixels=65536)) as house:
        image = house.image(random_planes((1, 1, 1, 400, 600), "uint8"), level_count=2)
        base = f"/iiif/3/{image.id}"
        shown = await get(house, f"{base}/full/max/0/default.png")
        assert shown.shape[0] * shown.shape[1] <= 65536
        assert abs(shown.shape[1] / shown.shape[0] - 1.5) < 0.02
        async with house.client(house.ada) as client:
            refused = await client.get(f"{base}/full/600,/0/default.png")
            info = (await client.get(f"{base}/info.json")).json()
    assert refused.status_code == 413
    assert "65536" in refused.json()["detail"]
    assert info["maxArea"] == 65536
    assert info["sizes"] == [{"width": 300, "height": 200}]


async def test_links_name_the_profile_and_the_canonical_address(house: TileHouse) -> None:
    image = house.image(random_planes((1, 1, 1, 100, 200), "uint8"))
    base = f"/iiif/3/{image.id}"
    outside = f"http://localhost:8001/iiif/3/Image:{image.id}"
    async with house.client(house.ada) as client:
        for asked, canonical in (
            ("full/max/0/default.jpg", "full/max/0/default.jpg"),
            ("0,0,200,100/200,/0/default.jpg", "full/max/0/default.jpg"),
            ("pct:0,0,50,50/50,/360/default.png", "0,0,100,50/50,25/0/default.png"),
            ("full/^400,/!90/gray.jpg", "full/^400,200/!90/gray.jpg"),
        ):
            link = (await client.get(f"{base}/{asked}")).headers["link"]
            assert f'<{outside}/{canonical}>;rel="canonical"' in link
            assert 'level2.json>;rel="profile"' in link


async def test_strangers_see_neither_info_nor_regions(house: TileHouse) -> None:
    image = house.image(random_planes((1, 1, 1, 64, 64), "uint8"))
    async with house.client(house.stranger) as client:
        paths = [f"/iiif/3/{image.id}/info.json", f"/iiif/3/{image.id}/full/max/0/default.jpg"]
        paths += ["/iiif/3/999999/info.json", "/iiif/2/1/info.json"]
        answers = await asyncio.gather(*(client.get(path) for path in paths))
    assert [answer.status_code for answer in answers] == [404] * 4
