from __future__ import annotations

import base64
import email
import email.policy
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.support.tile_house import TileHouse, furnish, pixels_of, random_planes, running

if TYPE_CHECKING:
    from shared.database import Database
    from shared.settings import Settings
    from shared.storage import LocalStorage

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.mark.parametrize(
    ("shape", "query", "expected"),
    [
        ((300, 400), "", (72, 96)),
        ((400, 300), "?size=64", (64, 48)),
        ((100, 299), "?size=64", (21, 64)),
        ((2, 400), "", (1, 96)),
        ((16, 16), "", (96, 96)),
    ],
)
async def test_the_longest_side_is_as_asked_and_the_other_truncated(
    house: TileHouse, shape: tuple[int, int], query: str, expected: tuple[int, int]
) -> None:
    image = house.image(random_planes((1, 1, 1, *shape), "uint8"))
    async with house.client(house.rosalind) as client:
        answer = await client.get(f"/thumbnails/Image:{image.id}{query}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/jpeg"
    assert pixels_of(answer.content).shape[:2] == expected


async def test_a_thumbnail_shows_the_default_plane_of_the_settings(house: TileHouse) -> None:
    planes = np.zeros((2, 1, 3, 64, 64), np.uint8)
    planes[1, 0, 2] = 200
    planes[0, 0, 0, 0, 0] = 255
    image = house.image(planes, default_z=2, default_t=1)
    async with house.client(house.rosalind) as client:
        shown = pixels_of((await client.get(f"/thumbnails/{image.id}?c=1$FFFFFF")).content)
        other = pixels_of((await client.get(f"/thumbnails/{image.id}?z=1&t=0")).content)
    assert abs(int(shown[48, 48, 0]) - 200) <= 3
    assert other.max() <= 3


async def test_a_batch_answers_data_urls_and_null_for_what_cannot_be_shown(
    house: TileHouse,
) -> None:
    images = [house.image(random_planes((1, 1, 1, 64, 64), "uint8")) for _ in range(4)]
    images[3].file.unlink()
    ids = [f"Image:{image.id}" for image in images] + ["Image:99999", "Dataset:1"]
    async with house.client(house.rosalind) as client:
        answer = await client.get("/thumbnails", params=[("id", each) for each in [*ids, ids[0]]])
        one = await client.get(f"/thumbnails/{images[0].id}")
    assert answer.status_code == 200
    found = answer.json()
    assert list(found) == ids
    assert [found[each] is None for each in ids] == [False, False, False, True, True, True]
    head, _, data = found[ids[0]].partition(",")
    assert head == "data:image/jpeg;base64"
    assert base64.b64decode(data) == one.content


async def test_a_batch_comes_in_parts_when_asked(house: TileHouse) -> None:
    images = [house.image(random_planes((1, 1, 1, 64, 64), "uint8")) for _ in range(2)]
    query = "&".join(f"id={image.id}" for image in images)
    async with house.client(house.ada, Accept="multipart/mixed") as client:
        answer = await client.get(f"/thumbnails?{query}&size=32")
    kind = answer.headers["content-type"]
    text = f"Content-Type: {kind}\r\n\r\n".encode() + answer.content
    parts = list(email.message_from_bytes(text, policy=email.policy.default).iter_parts())
    assert [part["Content-ID"] for part in parts] == [f"<{image.id}>" for image in images]
    assert all(part.get_content_type() == "image/jpeg" for part in parts)


async def test_strangers_get_null_and_a_missing_credential_401(house: TileHouse) -> None:
    image = house.image(random_planes((1, 1, 1, 64, 64), "uint8"))
    async with house.client(house.stranger) as stranger, house.client() as nobody:
        assert (await stranger.get(f"/thumbnails?id={image.id}")).json() == {str(image.id): None}
        assert (await stranger.get(f"/thumbnails/{image.id}")).status_code == 404
        assert (await nobody.get(f"/thumbnails?id={image.id}")).status_code == 401


async def test_limits_and_wrong_parameters_of_thumbnails(
    database: Database, settings: Settings, storage: LocalStorage
) -> None:
    async with running(furnish(database, settings, storage, thumbnails_per_request=3)) as house:
        image = house.image(random_planes((1, 1, 1, 64, 64), "uint8"))
        async with house.client(house.ada) as client:
            many = await client.get("/thumbnails?id=1&id=2&id=3&id=4")
            assert (many.status_code, many.json()["parameter"]) == (413, "id")
            assert "limit is 3" in many.json()["detail"]
            large = await client.get(f"/thumbnails/{image.id}?size=5000")
            assert (large.status_code, large.json()["parameter"]) == (413, "size")
            assert (await client.get("/thumbnails")).status_code == 400
            assert (await client.get(f"/thumbnails/{image.id}?size=0")).status_code == 400
            assert (await client.get(f"/thumbnails?id={image.id}&size=x")).status_code == 400


async def test_webp_is_sent_to_whoever_wants_only_that(house: TileHouse) -> None:
    image = house.image(random_planes((1, 1, 1, 64, 64), "uint8"))
    async with house.client(house.ada, Accept="image/webp") as client:
        answer = await client.get(f"/thumbnails/{image.id}")
    assert answer.headers["content-type"] == "image/webp"
    assert "Accept" in answer.headers.get_list("vary", split_commas=True)
