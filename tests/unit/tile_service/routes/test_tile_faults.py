from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from structlog.testing import capture_logs

from tests.support.tile_answers import GREY, png, sqlite_only
from tests.support.tile_house import TileHouse, furnish, pixels_of, random_planes, running
from tile_service.develop import Darkroom

if TYPE_CHECKING:
    from shared.database import Database
    from shared.settings import Settings
    from shared.storage import LocalStorage
    from tile_service.plans import Picture


@sqlite_only
async def test_a_damaged_chunk_fails_its_own_tile_only(house: TileHouse) -> None:
    planes = random_planes((1, 1, 1, 256, 512), "uint8")
    image = house.image(planes)
    data = bytearray(image.file.read_bytes())
    with tifffile.TiffFile(image.file) as file:
        page = file.pages[0]
        offset, length = page.dataoffsets[0], page.databytecounts[0]
    data[offset : offset + length] = b"\xff" * length
    image.file.write_bytes(data)
    async with house.client(house.ada) as client:
        with capture_logs() as logs:
            broken = await client.get(f"/tiles/{image.id}/0/0/0.png")
        (line,) = [each for each in logs if each["event"] == "tile.unreadable"]
        assert line["image_id"] == image.id
        assert "cannot be decoded" in line["reason"]
        assert broken.status_code == 500
        assert broken.json()["code"] == "broken_file"
        assert "import it again" in broken.json()["hint"]
        whole = await client.get(f"/tiles/{image.id}/0/1/0.png", params={"c": GREY})
        np.testing.assert_array_equal(pixels_of(whole.content)[..., 0], planes[0, 0, 0, :, 256:])


@sqlite_only
async def test_a_vanished_file_or_index_is_told_and_the_service_lives_on(house: TileHouse) -> None:
    gone, unindexed, whole = (house.image(random_planes((1, 1, 1, 64, 64))) for _ in range(3))
    gone.file.unlink()
    unindexed.index.unlink()
    async with house.client(house.ada) as client:
        for image in (gone, unindexed):
            with capture_logs() as logs:
                answer = await client.get(f"/tiles/{image.id}/0/0/0.png")
            assert (answer.status_code, answer.json()["code"]) == (500, "broken_file")
            assert [each["image_id"] for each in logs if each["event"] == "tile.unreadable"] == [
                image.id
            ]
        assert (await client.get(f"/tiles/{whole.id}/0/0/0.png")).status_code == 200


@sqlite_only
async def test_requests_under_way_for_the_same_tile_are_rendered_once(
    house: TileHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = house.image(random_planes((1, 3, 1, 256, 256)))
    rendered = []
    render = Darkroom.render

    def counting(self: Darkroom, picture: Picture) -> bytes:
        rendered.append(picture)
        return render(self, picture)

    monkeypatch.setattr(Darkroom, "render", counting)
    async with house.client(house.ada) as client:
        address = f"/tiles/{image.id}/0/0/0.jpg"
        answers = await asyncio.gather(*(client.get(address) for _ in range(8)))
        await client.get(address)
    assert {answer.status_code for answer in answers} == {200}
    assert len(rendered) == 1


@sqlite_only
async def test_a_slide_shows_stored_tiles_as_they_are_until_its_settings_change(
    house: TileHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = random_planes((1, 3, 1, 16, 16), "uint8").repeat(32, 3).repeat(32, 4)
    image = house.image(
        picture, is_rgb=True, colors=(0xFF0000FF, 0x00FF00FF, 0x0000FFFF), jpeg=True
    )
    rendered = []
    render = Darkroom.render

    def counting(self: Darkroom, picture: Picture) -> bytes:
        rendered.append(picture)
        return render(self, picture)

    monkeypatch.setattr(Darkroom, "render", counting)
    async with house.client(house.ada) as client:
        address = f"/tiles/{image.id}/0/1/0"
        passed = await client.get(f"{address}.jpg")
        assert (passed.status_code, rendered) == (200, [])
        exact = pixels_of((await client.get(f"{address}.png")).content)
        assert len(rendered) == 1
        # two decoders of the same stream: chroma at the edges of blocks differs a little
        assert np.abs(pixels_of(passed.content).astype(int) - exact).mean() < 1
        narrowed = await client.get(f"{address}.jpg?c=1|0:200,2,3")
        assert narrowed.status_code == 200
        assert len(rendered) == 2
        assert narrowed.headers["etag"] != passed.headers["etag"]


@sqlite_only
async def test_an_image_with_a_pyramid_is_read_from_the_derived_folder(house: TileHouse) -> None:
    planes = random_planes((1, 1, 1, 64, 64), "uint8")
    image = house.image(planes, storage="pyramid")
    assert image.file.parent == image.index.parent
    shown = await png(house, f"/tiles/{image.id}/0/0/0.png", c=GREY)
    np.testing.assert_array_equal(shown[..., 0], planes[0, 0, 0])


@sqlite_only
async def test_an_index_that_does_not_fit_the_rows_is_told(house: TileHouse) -> None:
    image = house.image(random_planes((1, 1, 1, 64, 64), "uint8"))
    other = house.image(random_planes((1, 1, 1, 32, 64), "uint8"))
    image.index.write_bytes(other.index.read_bytes())
    async with house.client(house.ada) as client:
        answer = await client.get(f"/tiles/{image.id}/0/0/0.png")
    assert (answer.status_code, answer.json()["code"]) == (500, "broken_file")


@sqlite_only
async def test_a_client_that_leaves_stops_its_work(
    database: Database, settings: Settings, storage: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, release = threading.Event(), threading.Event()
    rendered = []

    def slow(self: Darkroom, picture: Picture) -> bytes:
        rendered.append(picture.shown.t)
        begun.set()
        assert release.wait(5)
        return b"tile"

    monkeypatch.setattr(Darkroom, "render", slow)
    async with running(furnish(database, settings, storage, tile_workers=1)) as house:
        image = house.image(random_planes((4, 1, 1, 16, 16), "uint8"))
        async with house.client(house.ada) as client:

            def ask(t: int) -> asyncio.Task[Any]:
                return asyncio.ensure_future(client.get(f"/tiles/{image.id}/0/0/0.jpg?t={t}"))

            first = ask(0)
            await asyncio.to_thread(begun.wait, 5)
            gone, stays = ask(1), ask(2)
            while len(house.app.darkroom._queue) < 2:  # noqa: ASYNC110  # another thread's state
                await asyncio.sleep(0.01)
            gone.cancel()
            await asyncio.gather(gone, return_exceptions=True)
            release.set()
            assert (await first).status_code == (await stays).status_code == 200
    assert rendered == [0, 2]
