from __future__ import annotations

import random
from urllib.parse import quote

import pytest

from tests.support.tile_house import TileHouse, random_planes

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PIECES = (
    "", "0", "1", "-1", "1e9", "NaN", "inf", "999999999", "99999999999999999999999", "full", "max",
    "^max", "!9,9", "pct:1e400,0,1,1", "pct:99.999999999999,99.99,0.01,0.01", "square", "0.jpg",
    "default.png", "gray.tif", "..", "%00", "Image:1", "Image:0", "💥", "1|1:2$zz", "1," * 50,
    "9" * 400, "[" * 3000, "intsum|0:999999999", "info.json", ".zattrs", "Image:1.zarr", "1.dzi",
    "1_files", "0_0.jpg", "original", "region.ome.tif", "metadata.ome.xml", "|", "^", ",", "hv",
    "0/0",
)  # fmt: skip
NAMES = (
    "z", "t", "c", "m", "p", "maps", "rdef", "v", "q", "flip", "w", "h", "size", "id", "x", "y",
    "bins", "channel", "overlap",
)  # fmt: skip
ROOTS = (
    "tiles", "iiif/3", "iiif", "thumbnails", "~", "~abc/tiles", "", "readyz", "zarr", "zarr5",
    "image", "dzi", "download", "histogram", "pixel",
)  # fmt: skip


async def test_no_address_is_more_than_a_clear_refusal(house: TileHouse) -> None:
    house.image(random_planes((1, 2, 2, 40, 50)))
    dice = random.Random(11)
    seen: set[int] = set()
    async with house.client(house.ada) as client:
        for _ in range(600):
            count = dice.randint(0, 5)
            parts = [dice.choice(ROOTS), "Image:1"] * (dice.random() < 0.9)
            parts += [dice.choice(PIECES) for _ in range(count)]
            names = dice.choices(NAMES, k=dice.randint(0, 3))
            query = "&".join(f"{name}={quote(dice.choice(PIECES))}" for name in names)
            path = "/" + "/".join(quote(part, safe="/:,^!|") for part in parts)
            answer = await client.get(f"{path}?{query}")
            assert answer.status_code < 500, f"{path}?{query}: {answer.text}"
            if answer.status_code in {400, 413}:
                assert answer.json()["detail"]
            seen.add(answer.status_code)
    assert seen >= {200, 400, 404}
