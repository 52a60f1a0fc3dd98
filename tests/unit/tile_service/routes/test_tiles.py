from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.support.rendering_reference import ReferenceChannel
from tests.support.tile_answers import GREY, png, reference, sqlite_only
from tests.support.tile_house import TileHouse, furnish, pixels_of, random_planes, running

if TYPE_CHECKING:
    from shared.database import Database
    from shared.settings import Settings
    from shared.storage import LocalStorage


async def test_a_tile_shows_the_active_channels_with_the_windows_and_colours_of_the_address(
    house: TileHouse,
) -> None:
    planes = random_planes((2, 3, 2, 300, 280))
    image = house.image(planes)
    async with house.client(house.rosalind) as client:
        answer = await client.get(
            f"/tiles/Image:{image.id}/0/1/1.png",
            params={"z": 1, "t": 1, "c": "1|1000:50000$FF8000,3|0:65535$00FFFF"},
        )
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/png"
    part = planes[1, :, 1, 256:300, 256:280]
    expected = reference(
        [part[0], part[2]],
        [
            ReferenceChannel(1000, 50000, rgba=(255, 128, 0, 255)),
            ReferenceChannel(0, 65535, rgba=(0, 255, 255, 255)),
        ],
        "uint16",
    )
    np.testing.assert_array_equal(pixels_of(answer.content), expected)


@sqlite_only
async def test_tiles_of_a_level_are_cropped_at_the_edge_and_cut_the_level_without_gaps(
    house: TileHouse,
) -> None:
    planes = random_planes((1, 1, 1, 700, 900), "uint8")
    image = house.image(planes, level_count=2)
    level = planes[0, 0, 0, ::2, ::2]
    columns = [
        np.vstack([await png(house, f"/tiles/{image.id}/1/{x}/{y}.png", c=GREY) for y in (0, 1)])
        for x in (0, 1)
    ]
    shown = np.hstack(columns)
    assert shown.shape == (350, 450, 3)
    np.testing.assert_array_equal(shown, np.stack([level] * 3, axis=-1))


@sqlite_only
async def test_w_and_h_choose_another_tile_size_and_flip_mirrors_the_tile(house: TileHouse) -> None:
    planes = random_planes((1, 1, 1, 400, 400), "uint8")
    image = house.image(planes)
    part = planes[0, 0, 0, 200:300, 100:200]
    plain = await png(house, f"/tiles/{image.id}/0/1/2.png", c=GREY, w=100, h=100)
    np.testing.assert_array_equal(plain[..., 0], part)
    both = await png(house, f"/tiles/{image.id}/0/1/2.png", c=GREY, w=100, h=100, flip="hv")
    np.testing.assert_array_equal(both[..., 0], part[::-1, ::-1])


@sqlite_only
@pytest.mark.parametrize(
    ("p", "expected"),
    [
        ("intmax", lambda stack: stack.max(axis=0)),
        ("intmean", lambda stack: stack.astype(int).sum(axis=0) // len(stack)),
        ("intsum", lambda stack: np.minimum(stack.astype(int).sum(axis=0), 255)),
        ("intmax|1:2", lambda stack: stack[1:3].max(axis=0)),
        ("normal", lambda stack: stack[2]),
    ],
)
async def test_a_projection_runs_along_z_tile_by_tile(
    house: TileHouse, p: str, expected: Any
) -> None:
    planes = random_planes((1, 1, 5, 64, 64), "uint8") // 3
    image = house.image(planes)
    shown = await png(house, f"/tiles/{image.id}/0/0/0.png", c=GREY, p=p)
    np.testing.assert_array_equal(shown[..., 1], expected(planes[0, 0]))


@sqlite_only
@pytest.mark.parametrize("by_address", [True, False])
@pytest.mark.parametrize(
    ("p", "expected"),
    [
        ("intmax", lambda stack: np.maximum(stack.astype(int).max(axis=0), 0)),
        ("intmean", lambda stack: np.trunc(stack[:4].astype(int).sum(axis=0) / 4)),
        ("intsum|1:3", lambda stack: np.clip(stack[1:3].astype(int).sum(axis=0), -128, 127)),
        ("intsum|2:2", lambda stack: 0 * stack[0].astype(int)),
        ("intmean|2:2", lambda stack: 0 * stack[0].astype(int)),
    ],
)
async def test_a_projection_as_in_omero_leaves_out_the_end_and_starts_maxima_from_zero(
    database: Database, settings: Settings, storage: LocalStorage, p: str, expected: Any,
    by_address: bool,
) -> None:  # fmt: skip
    house = furnish(database, settings, storage, tile_projection_compat=not by_address)
    planes = np.random.default_rng(3).integers(-90, 40, (1, 1, 5, 32, 32)).astype(np.int8)
    async with running(house):
        image = house.image(planes)
        given = {"projectionCompat": "true"} if by_address else {}
        address = f"/tiles/{image.id}/0/0/0.png"
        window = "1|-128:127$FFFFFF"
        shown = await png(house, address, c=window, p=p, **given)
        # the window is the type's range, so a level is the value plus 128
        np.testing.assert_array_equal(shown[..., 0], expected(planes[0, 0]) + 128)
        ours = await png(house, address, c=window, p="intmax", projectionCompat="false")
        np.testing.assert_array_equal(ours[..., 0], planes[0, 0].max(axis=0).astype(int) + 128)
        async with house.client(house.ada) as client:
            refused = await client.get(address, params={"p": p, "projectionCompat": "maybe"})
    assert refused.status_code == 400
    assert "projectionCompat" in refused.text


@sqlite_only
async def test_greyscale_shows_the_first_active_channel_and_maps_reverse_it(
    house: TileHouse,
) -> None:
    planes = random_planes((1, 2, 1, 32, 32), "uint8")
    image = house.image(planes)
    maps = '[{"inverted": {"enabled": true}}]'
    shown = await png(house, f"/tiles/{image.id}/0/0/0.png", c="2|0:255$FF0000", m="g", maps=maps)
    # by the rule q(x) = 255 * (x - 0) / (255 - 0), and reversed 255 - q
    np.testing.assert_array_equal(shown, np.stack([255 - planes[0, 1, 0]] * 3, axis=-1))


@sqlite_only
async def test_without_settings_an_image_shows_its_middle_plane_with_computed_windows(
    house: TileHouse,
) -> None:
    planes = np.zeros((1, 2, 3, 16, 16), np.uint16)
    planes[0, 0], planes[0, 1] = 100, 300
    planes[0, 0, 0, 0, 0], planes[0, 1, 0, 0, 0] = 0, 200
    planes[0, :, 1, 5, 5] = 50, 250
    image = house.image(planes, colors=(0xFF0000FF, 0x00FF00FF))
    shown = await png(house, f"/tiles/{image.id}/0/0/0.png")
    # windows are 0..100 and 200..300, z = 3 // 2: halfway is round(127.5) = 128 in both
    assert shown[5, 5].tolist() == [128, 128, 0]
    assert shown[0, 0].tolist() == [255, 255, 0]


@sqlite_only
async def test_jpeg_and_webp_come_close_and_tiff_is_exact(house: TileHouse) -> None:
    y, x = np.mgrid[0:128, 0:128]
    planes = ((x + y) // 2).astype(np.uint8)[np.newaxis, np.newaxis, np.newaxis]
    image = house.image(planes)
    for suffix, tolerance in (("jpg", 6), ("jpeg", 6), ("webp", 8), ("tif", 0)):
        shown = await png(house, f"/tiles/{image.id}/0/0/0.{suffix}", c=GREY, q=0.9)
        difference = np.abs(shown[..., 0].astype(int) - planes[0, 0, 0])
        assert difference.max() <= tolerance, suffix


@sqlite_only
async def test_the_same_address_has_a_strong_tag_and_is_not_sent_twice(house: TileHouse) -> None:
    image = house.image(random_planes((1, 1, 1, 64, 64)))
    address = f"/tiles/Image%3A{image.id}/0/0/0.jpg"
    async with house.client(house.ada) as ada, house.client(house.rosalind) as rosalind:
        first = await ada.get(address)
        tag = first.headers["etag"]
        assert tag.startswith('"')
        assert first.headers["cache-control"] == "private, no-cache"
        assert {"Authorization", "Cookie"} <= set(first.headers["vary"].split(", "))
        image.file.unlink()
        # the other member gets the same tag, and nothing is read for a 304
        again = await rosalind.get(address, headers={"If-None-Match": f'"other", {tag}'})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
        assert (await ada.get(address, params={"q": 0.5})).headers.get("etag") != tag


@sqlite_only
async def test_a_304_needs_the_right_too(house: TileHouse) -> None:
    image = house.image(random_planes((1, 1, 1, 64, 64)))
    address = f"/tiles/{image.id}/0/0/0.jpg"
    async with house.client(house.ada) as ada, house.client(house.stranger) as stranger:
        tag = (await ada.get(address)).headers["etag"]
        answer = await stranger.get(address, headers={"If-None-Match": tag})
        assert answer.status_code == 404
        assert "etag" not in answer.headers


@sqlite_only
@pytest.mark.parametrize(
    ("path", "parameter", "expected"),
    [
        ("0/0/0.png?z=-1", "z", "whole number"),
        ("0/0/0.png?z=NaN", "z", "whole number"),
        ("0/0/0.png?z=99999999999999999999", "z", "whole number"),
        ("0/0/0.png?z=1", "z", "0 to 0"),
        ("0/0/0.png?t=1", "t", "0 to 0"),
        ("2/0/0.png", "level", "0 (full resolution) to 1"),
        ("9999999999999/0/0.png", "level", "whole number"),
        ("0/2/0.png", "x", "0 to 1"),
        ("0/0/2.png", "y", "0 to 1"),
        ("0/0/0.bmp", "format", "jpg, png"),
        ("0/0/0", "format", ".jpg"),
        ("0/0/0.png?q=2", "q", "0 to 1"),
        ("0/0/0.png?q=nan", "q", "0 to 1"),
        ("0/0/0.png?flip=x", "flip", "h, v or hv"),
        ("0/0/0.png?w=0", "w", "from 1"),
        ("0/0/0.png?c=1|a:b", "c", "1|0:255$FF0000"),
        ("0/0/0.png?c=3", "c", "1 to 2"),
        ("0/0/0.png?c=1$unheard-of.lut", "c", "1|0:255$FF0000"),
        ("0/0/0.png?m=x", "m", "greyscale"),
        ("0/0/0.png?p=intmax|0:7", "p", "0 <= start"),
        ("0/0/0.png?c=1&maps=[[[", "maps", "JSON"),
        ("0/0/0.png?rdef=Image:1", "rdef", "RenderingSettings:7"),
        ("0/0/0.png?rdef=999999", "rdef", "renderingSettings"),
        ("0/0/0.png?zoom=1", "zoom", "Known here"),
        ("0/0/0.png?z=0&z=0", "z", "once"),
    ],
)
async def test_a_wrong_parameter_is_named_with_what_was_expected(
    house: TileHouse, path: str, parameter: str, expected: str
) -> None:
    image = house.image(random_planes((1, 2, 1, 300, 300), "uint8"), level_count=2)
    async with house.client(house.ada) as client:
        answer = await client.get(f"/tiles/{image.id}/{path}")
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["parameter"] == parameter
    assert expected in problem["hint"]
    assert problem["status"] == 400


@sqlite_only
async def test_what_exceeds_a_limit_is_413_and_tells_the_limit(
    database: Database, settings: Settings, storage: LocalStorage
) -> None:
    small = furnish(
        database, settings, storage,
        tile_max_pixels=65536, tile_max_channels=2, tile_max_planes=3,
    )  # fmt: skip
    async with running(small) as house:
        image = house.image(random_planes((1, 3, 4, 300, 300), "uint8"))
        address = f"/tiles/{image.id}/0/0/0.png"
        async with house.client(house.ada) as client:
            for query, limit in (
                ("w=300&h=300", "65536"),
                ("c=1,2,3", "2"),
                ("c=1&p=intmax", "3"),
                ("c=" + ",".join("1" for _ in range(10_000)), "16384"),
            ):
                answer = await client.get(f"{address}?{query}")
                assert answer.status_code == 413, answer.text
                assert limit in answer.json()["detail"]


@sqlite_only
async def test_head_answers_headers_only_and_other_methods_are_refused(house: TileHouse) -> None:
    image = house.image(random_planes((1, 1, 1, 64, 64)))
    address = f"/tiles/{image.id}/0/0/0.jpg"
    async with house.client(house.ada) as client:
        whole, head = await client.get(address), await client.head(address)
        assert head.content == b""
        assert head.headers["content-length"] == str(len(whole.content))
        refused = await client.post(address)
        assert refused.status_code == 405
        assert refused.headers["allow"] == "GET, HEAD, OPTIONS"
        assert (await client.get("/tiles/1/0")).status_code == 400
        assert (await client.get("/nothing/here")).status_code == 404


@sqlite_only
async def test_other_origins_read_without_credentials_and_our_own_with_them(
    house: TileHouse,
) -> None:
    async with house.client() as client:
        foreign = await client.options("/tiles/1/0/0/0.jpg", headers={"Origin": "https://else.org"})
        assert foreign.status_code == 204
        assert foreign.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in foreign.headers
        assert "Authorization" in foreign.headers["access-control-allow-headers"]
        ours = await client.get("/tiles/1/0/0/0.jpg", headers={"Origin": "http://127.0.0.1:8000"})
        assert ours.headers["access-control-allow-origin"] == "http://127.0.0.1:8000"
        assert ours.headers["access-control-allow-credentials"] == "true"


@sqlite_only
async def test_a_foreign_host_is_refused(house: TileHouse) -> None:
    async with house.client() as client:
        answer = await client.get("/healthz", headers={"Host": "evil.example"})
        assert answer.status_code == 400
        assert answer.json()["parameter"] == "Host"
        assert (await client.get("/healthz")).status_code == 200
