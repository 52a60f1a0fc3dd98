from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from shared.auth.grants import cut_grant
from shared.auth.sessions import authenticate
from shared.refs import ObjectRef
from tests.support.tile_house import TileHouse, pixels_of, random_planes

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
COLORS = (0xFF0000FF, 0x00FF00FF, 0x0000FFFF)
NAMESPACE = "{http://schemas.microsoft.com/deepzoom/2008}"


async def test_the_descriptor_tells_size_tiles_and_overlap(house: TileHouse) -> None:
    image = house.image(random_planes((1, 1, 1, 700, 900), "uint8"))
    async with house.client(house.rosalind) as client:
        answer = await client.get(f"/dzi/Image:{image.id}.dzi")
        lapped = await client.get(f"/dzi/{image.id}.dzi?overlap=1&z=0")
        held = await client.get(
            f"/dzi/{image.id}.dzi", headers={"If-None-Match": answer.headers["etag"]}
        )
    root = ET.fromstring(answer.content)
    assert answer.headers["content-type"] == "application/xml"
    assert root.tag == f"{NAMESPACE}Image"
    assert root.attrib == {"Format": "jpg", "Overlap": "0", "TileSize": "256"}
    assert root[0].attrib == {"Width": "900", "Height": "700"}
    assert ET.fromstring(lapped.content).attrib["Overlap"] == "1"
    assert held.status_code == 304


@pytest.mark.parametrize("overlap", [0, 1])
async def test_the_tiles_of_the_last_level_make_up_the_image(
    house: TileHouse, overlap: int
) -> None:
    planes = random_planes((1, 3, 1, 300, 517), "uint8")
    image = house.image(planes, is_rgb=True, colors=COLORS)
    shown = np.moveaxis(planes[0, :, 0], 0, -1)
    async with house.client(house.rosalind) as client:
        for row in range(2):
            for column in range(3):
                answer = await client.get(
                    f"/dzi/{image.id}_files/10/{column}_{row}.png?overlap={overlap}"
                )
                top, left = max(0, row * 256 - overlap), max(0, column * 256 - overlap)
                expected = shown[
                    top : (row + 1) * 256 + overlap, left : (column + 1) * 256 + overlap
                ]
                np.testing.assert_array_equal(pixels_of(answer.content), expected)


async def test_each_level_halves_the_next_down_to_one_pixel(house: TileHouse) -> None:
    planes = np.full((1, 3, 1, 333, 1000), 77, np.uint8)
    image = house.image(planes, is_rgb=True, colors=COLORS, level_count=3)
    sides = {}
    async with house.client(house.ada) as client:
        for level in range(11):
            answer = await client.get(f"/dzi/{image.id}_files/{level}/0_0.png")
            assert answer.status_code == 200, answer.text
            found = pixels_of(answer.content)
            sides[level] = found.shape[:2]
            assert (found == 77).all()
        beyond = await client.get(f"/dzi/{image.id}_files/11/0_0.png")
    widths = [1, 2, 4, 8, 16, 32, 63, 125, 250, 256, 256]
    heights = [1, 1, 2, 3, 6, 11, 21, 42, 84, 167, 256]
    assert sides == dict(enumerate(zip(heights, widths, strict=True)))
    assert (beyond.status_code, beyond.json()["parameter"]) == (400, "level")


async def test_a_tile_is_read_from_the_level_that_fits(house: TileHouse) -> None:
    planes = random_planes((1, 3, 1, 1024, 1024), "uint8")
    image = house.image(planes, is_rgb=True, colors=COLORS, level_count=2)
    async with house.client(house.ada) as client:
        answer = await client.get(f"/dzi/{image.id}_files/9/1_0.png")
        shown = await client.get(f"/tiles/{image.id}/1/1/0.png")
    expected = np.moveaxis(planes[0, :, 0, ::2, ::2], 0, -1)[:256, 256:512]
    np.testing.assert_array_equal(pixels_of(answer.content), expected)
    np.testing.assert_array_equal(pixels_of(shown.content), expected)


@pytest.mark.parametrize(
    ("path", "status", "parameter"),
    [
        ("{}_files/10/3_0.jpg", 400, "x"), ("{}_files/10/0_2.jpg", 400, "y"),
        ("{}_files/-1/0_0.jpg", 400, "level"), ("{}_files/10/0,0.jpg", 400, "x"),
        ("{}_files/10/0_0.gif", 400, "format"), ("{}_files/10/0_0.jpg?overlap=2", 400, "overlap"),
        ("{}.dzi?w=5", 400, "w"), ("{}_files/10/0_0.jpg?z=1", 400, "z"),
        ("{}", 404, None), ("{}_files", 404, None), ("{}.dzi/1", 404, None),
    ],
)  # fmt: skip
async def test_what_is_not_there_is_refused(
    house: TileHouse, path: str, status: int, parameter: str | None
) -> None:
    image = house.image(random_planes((1, 1, 1, 300, 600), "uint8"))
    async with house.client(house.ada) as client:
        answer = await client.get(f"/dzi/{path.format(image.id)}")
    assert (answer.status_code, answer.json().get("parameter")) == (status, parameter)


async def test_deep_zoom_stands_below_a_grant_and_for_nobody_else(house: TileHouse) -> None:
    image = house.image(random_planes((1, 1, 1, 64, 64), "uint8"))
    principal = authenticate(house.database, house.settings, house.log_in(house.rosalind))
    grant = cut_grant(
        house.keys, session_id=principal.session_id, ref=ObjectRef("Image", image.id),
        expires_at=principal.expires_at,
    )  # fmt: skip
    paths = [f"/dzi/Image:{image.id}.dzi", f"/dzi/Image:{image.id}_files/6/0_0.jpg"]
    async with house.client() as client:
        for path in paths:
            assert (await client.get(path)).status_code == 401
            assert (await client.get(f"/~{grant}{path}")).status_code == 200
    async with house.client(house.stranger) as client:
        assert [(await client.get(path)).status_code for path in paths] == [404, 404]
