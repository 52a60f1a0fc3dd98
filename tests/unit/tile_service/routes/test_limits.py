"""Absurd requests: refused with the reason before anything is read, and where the address alone
tells, before anything is asked of the database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shared.database import counted_statements
from tests.support.tile_answers import sqlite_only
from tests.support.tile_house import TileHouse, random_planes
from tile_service.develop import Darkroom
from tile_service.work_queue import WorkQueue

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = sqlite_only
NINES = "9" * 9
THOUSAND = ",".join(str(number) for number in range(1, 1001))
LONG = "1|0:255$FF0000," * 2000

BY_THE_ADDRESS = [
    (f"tiles/1/0/0/0.jpg?c={THOUSAND}", 413, "c"),
    (f"tiles/1/0/0/0.jpg?c={LONG}", 413, None),
    ("tiles/1/0/0/0.jpg?c=1|NaN:255$FF0000", 400, "c"),
    ("tiles/1/0/0/0.jpg?c=1|0:Infinity$FF0000", 400, "c"),
    ('tiles/1/0/0/0.jpg?c=1|0:9&maps=[{"quantization":{"coefficient":NaN}}]', 400, "maps"),
    (f"tiles/1/0/0/0.jpg?maps={'[' * 3000}", 400, "maps"),
    (f"tiles/1/{NINES}9/0/0.jpg", 400, "level"),
    (f"tiles/1/0/{NINES}9/0.jpg", 400, "x"),
    ("tiles/1/0/0/-1.jpg", 400, "y"),
    (f"tiles/1/0/0/0.jpg?w={NINES}9", 400, "w"),
    ("tiles/1/0/0/0.jpg?q=NaN", 400, "q"),
    ("tiles/1/0/0/0.jpg?p=intsum|5:1", 400, "p"),
    ("tiles/1/0/0/0.exe", 400, "format"),
    (f"iiif/3/1/full/^{NINES},{NINES}/0/default.jpg", 413, None),
    (f"iiif/3/1/full/{NINES},/0/default.jpg", 413, None),
    ("iiif/3/1/pct:NaN,0,1,1/max/0/default.jpg", 400, "region"),
    (f"iiif/3/1/full/max/0/default.jpg?c={THOUSAND}", 413, "c"),
    (f"dzi/1_files/0/0_0.jpg?c={THOUSAND}", 413, "c"),
    (f"thumbnails/1?size={NINES}", 413, "size"),
    ("thumbnails?" + "&".join(f"id={number}" for number in range(1, 300)), 413, "id"),
    (f"thumbnails?id=1&size={NINES}", 413, "size"),
    (f"histogram/1?bins={NINES}", 400, "bins"),
    ("histogram/1?channel=-1", 400, "channel"),
    ("pixel/1?x=NaN&y=0", 400, "x"),
    (f"webgateway/render_image/1/0/0/?c={THOUSAND}", 413, "c"),
    (f"webgateway/render_image_region/1/0/0/?tile=0,{NINES}9,0", 400, "tile"),
    ("webgateway/render_image_region/1/0/0/?region=0,0,NaN,1", 400, "region"),
    (f"webgateway/render_thumbnail/1/{NINES}/", 413, "size"),
    (f"webgateway/get_thumbnails/{NINES}/?id=1", 413, "size"),
    ("webgateway/get_thumbnails/?" + "&".join(f"id={n}" for n in range(1, 300)), 400, "id"),
    (f"webgateway/render_birds_eye_view/1/{NINES}/", 413, "size"),
    (f"webgateway/render_split_channel/1/0/0/?c={THOUSAND}", 413, "c"),
    (f"webgateway/histogram_json/1/channel/0/?bins={NINES}", 400, "bins"),
    ("webgateway/render_image_region_rdef/1/0/0/?tile=0,0,0&m=c&c=1|NaN:1$F00", 400, "c"),
    (f"zarr/1.zarr/.zattrs?{'x' * 20_000}=1", 413, None),
]  # fmt: skip

BY_THE_IMAGE = [
    ("tiles/1/7/0/0.jpg", 400, "level"),
    (f"tiles/1/0/{NINES}/0.jpg", 400, "x"),
    (f"tiles/1/0/0/0.jpg?z={NINES}", 400, "z"),
    (f"tiles/1/0/0/0.jpg?t={NINES}", 400, "t"),
    (f"tiles/1/0/0/0.jpg?c={NINES[:6]}", 400, "c"),
    (f"tiles/1/0/0/0.jpg?p=intmax|0:{NINES}", 400, "p"),
    (f"tiles/1/0/0/0.jpg?rdef={NINES}", 400, "rdef"),
    (f"iiif/3/1/{NINES},0,1,1/max/0/default.jpg", 400, "region"),
    ("iiif/3/1/full/pct:100000/0/default.jpg", 400, "size"),
    ("iiif/3/1/full/^pct:1000000/0/default.jpg", 413, None),
    ("iiif/3/1/full/^!99999,99999/0/default.jpg", 413, None),
    ("dzi/1_files/60/0_0.jpg", 400, "level"),
    (f"histogram/1?channel={NINES}", 400, "channel"),
    (f"pixel/1?x={NINES}&y=0", 400, "x"),
    (f"download/1/region.ome.tif?x={NINES}", 400, "x"),
    ("webgateway/render_image_region/1/0/0/?tile=5,0,0", 400, "tile"),
    (f"webgateway/render_image_region/1/0/0/?region={NINES},0,1,1", 400, "region"),
    (f"webgateway/render_image/1/{NINES}/0/", 400, "z"),
    (f"webgateway/histogram_json/1/channel/{NINES}/", 404, None),
    ("zarr/1.zarr/99999999/0/0/0/0/0", 404, None),
    ("zarr/1.zarr/0/9/9/9/9/9", 404, None),
]  # fmt: skip


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was handed to workers or painted: everything that touches pixels goes there."""
    seen: list[str] = []

    def counting(owner: type, name: str) -> None:
        original: Callable[..., Any] = getattr(owner, name)

        def counted(self: Any, *given: Any, **named: Any) -> Any:
            seen.append(name)
            return original(self, *given, **named)

        monkeypatch.setattr(owner, name, counted)

    counting(WorkQueue, "submit")
    counting(Darkroom, "paint")
    return seen


async def test_what_the_address_tells_is_refused_without_a_statement(
    house: TileHouse, reads: list[str]
) -> None:
    image = house.image(random_planes((1, 2, 1, 64, 64), "uint8"))
    assert image.id == 1
    async with house.client(house.ada) as client:
        # the look at the epoch, once a second, belongs to no request
        await client.get("/tiles/1/0/0/0.exe")
        for path, status, parameter in BY_THE_ADDRESS:
            with counted_statements() as counted:
                answer = await client.get(f"/{path}")
            told = answer.json()
            assert (answer.status_code, told.get("parameter")) == (status, parameter), path[:90]
            assert told["detail"], path[:90]
            assert counted.statements == [], path[:90]
    assert reads == []


async def test_what_the_image_tells_is_refused_before_anything_is_read(
    house: TileHouse, reads: list[str]
) -> None:
    house.image(random_planes((1, 2, 1, 64, 64), "uint8"), level_count=2)
    async with house.client(house.ada) as client:
        # the index is opened by the first look, which is no pixel
        await client.get("/zarr/1.zarr/.zattrs")
        reads.clear()
        for path, status, parameter in BY_THE_IMAGE:
            answer = await client.get(f"/{path}")
            told = answer.json()
            assert (answer.status_code, told.get("parameter")) == (status, parameter), path
            assert told["detail"], path
    assert reads == []


async def test_limits_are_told_in_the_body(house: TileHouse) -> None:
    house.image(random_planes((1, 2, 1, 64, 64), "uint8"))
    async with house.client(house.ada) as client:
        for path, limit in (
            (f"tiles/1/0/0/0.jpg?c={THOUSAND}", "32"),
            (f"iiif/3/1/full/^{NINES},{NINES}/0/default.jpg", str(16 * 2**20)),
            (f"thumbnails/1?size={NINES}", "1024"),
            ("thumbnails?" + "&".join(f"id={number}" for number in range(1, 300)), "200"),
        ):
            assert limit in (await client.get(f"/{path}")).json()["detail"]
