from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tests.support.tile_house import TileHouse, furnish, random_planes, running

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def ask(house: TileHouse, path: str) -> dict[str, Any]:
    async with house.client(house.rosalind) as client:
        answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_histogram_counts_the_plane_that_is_asked_for(house: TileHouse) -> None:
    planes = random_planes((2, 2, 3, 40, 50), "uint16")
    image = house.image(planes)
    found = await ask(house, f"/histogram/Image:{image.id}?channel=1&z=2&t=1&bins=16")
    plane = planes[1, 1, 2]
    expected, _ = np.histogram(plane, 16, (plane.min(), plane.max()))
    assert found == {
        "image": f"Image:{image.id}", "channel": 1, "z": 2, "t": 1, "level": 0,
        "min": int(plane.min()), "max": int(plane.max()), "counts": expected.tolist(),
    }  # fmt: skip


async def test_a_histogram_takes_the_default_plane_and_256_bins(house: TileHouse) -> None:
    planes = np.zeros((1, 1, 3, 16, 16), np.uint8)
    planes[0, 0, 2] = np.arange(256).reshape(16, 16)
    image = house.image(planes, default_z=2)
    found = await ask(house, f"/histogram/{image.id}")
    assert found["z"] == 2
    assert found["counts"] == [1] * 256


async def test_a_large_image_is_counted_on_a_lower_level_and_says_so(house: TileHouse) -> None:
    planes = random_planes((1, 1, 1, 2100, 2050), "uint8")
    image = house.image(planes, level_count=3)
    found = await ask(house, f"/histogram/{image.id}?bins=256")
    expected = np.bincount(planes[0, 0, 0, ::2, ::2].ravel(), minlength=256)
    assert found["level"] == 1
    assert found["counts"] == expected.tolist()


async def test_a_pixel_is_told_for_each_channel(house: TileHouse) -> None:
    planes = random_planes((2, 3, 2, 300, 280), "int16")
    planes[1, 0, 1, 299, 7] = -12345
    image = house.image(planes)
    found = await ask(house, f"/pixel/{image.id}?x=7&y=299&z=1&t=1")
    assert found["type"] == "int16"
    assert found["values"] == [
        {"channel": c, "name": f"channel {c}", "value": int(planes[1, c, 1, 299, 7])}
        for c in range(3)
    ]
    assert found["values"][0]["value"] == -12345


async def test_a_value_that_json_cannot_say_is_null(house: TileHouse) -> None:
    planes = np.array([math.nan, math.inf, 0.1, -2.5], np.float32).reshape(1, 1, 1, 2, 2)
    image = house.image(planes, pixels_type="float")
    told = [
        (await ask(house, f"/pixel/{image.id}?x={x}&y={y}"))["values"][0]["value"]
        for y in range(2)
        for x in range(2)
    ]
    assert told == [None, None, 0.1, -2.5]
    found = await ask(house, f"/histogram/{image.id}?bins=2")
    assert (found["counts"], found["min"]) == ([1, 1], -2.5)


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("histogram/{}?channel=2", "channel"), ("histogram/{}?bins=0", "bins"),
        ("histogram/{}?bins=65537", "bins"), ("histogram/{}?z=1", "z"),
        ("histogram/{}?c=1", "c"), ("histogram/{}?bins=NaN", "bins"), ("histogram/{}?t=9", "t"),
        ("pixel/{}?x=1", "y"), ("pixel/{}?y=1", "x"), ("pixel/{}?x=16&y=0", "x"),
        ("pixel/{}?x=0&y=16", "y"), ("pixel/{}?x=-1&y=0", "x"), ("pixel/{}?x=0&y=0&z=1", "z"),
        ("pixel/{}?x=0&y=0&q=1", "q"),
    ],
)  # fmt: skip
async def test_what_makes_no_sense_is_named(house: TileHouse, path: str, parameter: str) -> None:
    image = house.image(random_planes((1, 2, 1, 16, 16), "uint8"))
    async with house.client(house.ada) as client:
        answer = await client.get("/" + path.format(image.id))
    assert (answer.status_code, answer.json()["parameter"]) == (400, parameter)


async def test_measures_are_for_those_who_see_the_image(house: TileHouse) -> None:
    image = house.image(random_planes((1, 1, 1, 16, 16), "uint8"))
    paths = [f"/histogram/{image.id}", f"/pixel/{image.id}?x=0&y=0"]
    async with house.client(house.stranger) as client:
        assert [(await client.get(path)).status_code for path in paths] == [404, 404]
        assert (await client.get("/pixel/1/2?x=0&y=0")).status_code == 404
    async with house.client(house.rosalind) as client:
        for path in paths:
            etag = (await client.get(path)).headers["etag"]
            held = await client.get(path, headers={"If-None-Match": etag})
            assert (held.status_code, held.content) == (304, b"")


async def test_a_plane_too_large_to_count_is_refused(
    database: Any, settings: Any, storage: Any
) -> None:
    house = furnish(database, settings, storage, tile_max_read_pixels=2**16)
    image = house.image(random_planes((1, 1, 1, 300, 300), "uint8"))
    async with running(house), house.client(house.ada) as client:
        answer = await client.get(f"/histogram/{image.id}")
    assert answer.status_code == 413
    assert "65536" in answer.json()["detail"]
