"""Viewers of others in a real browser: OpenSeadragon on IIIF and Deep Zoom, zarrita on Zarr.

The slide's colours tell where each of its pixels lies, so a tile out of its place is seen.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest
import tifffile

from tests.support.browser import browser_page, shot
from tests.support.viewer_pages import viewer_pages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from playwright.sync_api import Page

    from tests.support.browser import Watched
    from tests.support.house import House

pytestmark = pytest.mark.parametrize("house", ["sqlite"], indirect=True)
WIDTH, HEIGHT = 3000, 2100
ADDRESSES = """query Addresses($id: ID!) { node(id: $id) { ... on Image { tiles {
  iiifInfoUrl deepZoomUrl zarrUrl } } } }"""
IIIF_TILE = re.compile(r"/(\d+),(\d+),(\d+),(\d+)/(\d+),(\d+)/0/default\.jpg$")
DEEP_ZOOM_TILE = re.compile(r"_files/(\d+)/(\d+)_(\d+)\.jpg$")


def slide_pixels() -> NDArray[np.uint8]:
    """Red grows to the right, green downwards, blue tells odd and even squares of 250 pixels."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    blue = ((x // 250 + y // 250) % 2) * 160
    return np.stack([x * 255 // WIDTH, y * 255 // HEIGHT, blue], axis=-1).astype(np.uint8)


def write_slide(path: Path) -> None:
    """Three levels of 256 x 256 tiles."""
    pixels = slide_pixels()
    options: dict[str, Any] = {"tile": (256, 256), "photometric": "rgb", "compression": "zlib"}
    with tifffile.TiffWriter(path, ome=True) as file:
        file.write(pixels, subifds=2, metadata={"axes": "YXS"}, **options)
        for step in (2, 4):
            file.write(pixels[::step, ::step], subfiletype=1, **options)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with viewer_pages(tmp_path_factory.mktemp("pages")) as address:
        yield address


@pytest.fixture(scope="module")
def slide(house: House, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    path = tmp_path_factory.mktemp("slide") / "slide.ome.tif"
    write_slide(path)
    ada = house.person("ada")
    (number,) = house.import_by_cli(ada, path, "-g", "Lab")
    tiles: dict[str, str] = ada.data(ADDRESSES, id=f"Image:{number}")["tiles"]
    return tiles


def settle(page: Page) -> None:
    page.wait_for_function("isSettled()")
    assert page.evaluate("failures") == []


def assert_in_place(page: Page, name: str) -> None:
    """What the page shows at many points is the slide's colour there."""
    picture = shot(page.locator("#slide"))
    keep(name, page)
    height, width = picture.shape[:2]
    checked = 0
    for screen_y in range(20, height - 20, 57):
        for screen_x in range(20, width - 20, 61):
            x, y = page.evaluate("([x, y]) => imagePoint(x, y)", [screen_x, screen_y])
            if not (8 <= x < WIDTH - 8 and 8 <= y < HEIGHT - 8):
                continue
            if min(x % 250, 250 - x % 250, y % 250, 250 - y % 250) < 12:
                continue
            expected = slide_color(x, y)
            shown = picture[screen_y, screen_x].astype(int)
            assert np.abs(shown - expected).max() <= 14, (name, screen_x, screen_y, shown, expected)
            checked += 1
    assert checked > 40, name


def slide_color(x: float, y: float) -> NDArray[np.int64]:
    blue = (int(x) // 250 + int(y) // 250) % 2 * 160
    return np.array([int(x) * 255 // WIDTH, int(y) * 255 // HEIGHT, blue])


def keep(name: str, page: Page) -> None:
    """A screenshot for people to look at, when TESSERA_SCREENSHOTS names a folder."""
    folder = os.environ.get("TESSERA_SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png")


def browse(watched: Watched, address: str, name: str) -> list[str]:
    """Look at the whole, zoom to full size, pan; answers the tiles that were asked for."""
    page = watched.page
    asked: list[str] = []
    statuses: dict[str, int] = {}
    page.on("response", lambda answer: statuses.update({answer.url: answer.status}))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    settle(page)
    assert_in_place(page, f"{name}-whole")
    page.mouse.move(700, 500)
    for _ in range(8):
        page.mouse.wheel(0, -300)
        page.wait_for_timeout(30)
    page.evaluate("viewer.viewport.zoomTo(viewer.viewport.imageToViewportZoom(1), null, true)")
    settle(page)
    assert_in_place(page, f"{name}-full-size")
    page.mouse.down()
    page.mouse.move(250, 180, steps=4)
    page.mouse.up()
    page.wait_for_timeout(100)
    settle(page)
    assert_in_place(page, f"{name}-panned")
    assert watched.complaints == []
    tiles = [url for url in asked if url.endswith(".jpg")]
    assert {statuses[url] for url in tiles} == {200}
    return tiles


def test_openseadragon_pans_and_zooms_by_iiif(pages: str, slide: dict[str, str]) -> None:
    with browser_page() as watched:
        tiles = browse(watched, f"{pages}/slide.html?source={slide['iiifInfoUrl']}", "iiif")
    places = [tuple(map(int, found.groups())) for url in tiles if (found := IIIF_TILE.search(url))]
    assert len(places) >= len(tiles) - 1  # the smallest level may be asked for as a whole
    scales = set()
    for x, y, width, height, shown_width, shown_height in places:
        scale = round(width / shown_width)
        scales.add(scale)
        assert (x % (256 * scale), y % (256 * scale)) == (0, 0)
        assert (width, height) == (min(256 * scale, WIDTH - x), min(256 * scale, HEIGHT - y))
        assert (shown_width, shown_height) == (-(-width // scale), -(-height // scale))
    assert {1, 2} <= scales <= {1, 2, 4}


def test_openseadragon_pans_and_zooms_by_deep_zoom(pages: str, slide: dict[str, str]) -> None:
    with browser_page() as watched:
        tiles = browse(watched, f"{pages}/slide.html?source={slide['deepZoomUrl']}", "dzi")
    places = [
        tuple(map(int, found.groups())) for url in tiles if (found := DEEP_ZOOM_TILE.search(url))
    ]
    assert len(places) == len(tiles)
    last = (WIDTH - 1).bit_length()
    for level, column, row in places:
        factor = 2 ** (last - level)
        assert column * 256 * factor < WIDTH
        assert row * 256 * factor < HEIGHT
    assert max(level for level, _, _ in places) == last


@pytest.mark.parametrize("version", [2, 3])
def test_zarrita_reads_every_level_in_a_browser(
    house: House, pages: str, version: int, tmp_path: Path
) -> None:
    ada = house.person("ada")
    planes = np.random.default_rng(9).integers(0, 65535, (2, 3, 700, 900), np.uint16)
    path = tmp_path / "stack.ome.tif"
    with tifffile.TiffWriter(path, ome=True) as file:
        options: dict[str, Any] = {"tile": (256, 256), "compression": "zlib"}
        file.write(planes, subifds=1, metadata={"axes": "CZYX"}, **options)
        file.write(planes[..., ::2, ::2], subfiletype=1, **options)
    (number,) = house.import_by_cli(ada, path, "-g", "Lab")
    address = ada.data(ADDRESSES, id=f"Image:{number}")["tiles"]["zarrUrl"]
    if version == 3:
        address = address.replace("/zarr/", "/zarr5/")
    with browser_page() as watched:
        page = watched.page
        page.goto(f"{pages}/zarr.html")
        page.wait_for_function("window.isReady")
        described = page.evaluate("([url, version]) => describe(url, version)", [address, version])
        assert [level["shape"] for level in described["levels"]] == [
            [1, 2, 3, 700, 900], [1, 2, 3, 350, 450]
        ]  # fmt: skip
        assert {level["dtype"] for level in described["levels"]} == {"uint16"}
        assert len(described["attributes"]["omero"]["channels"]) == 2
        for path_, plane, step in (("0", (0, 1, 2), 1), ("1", (0, 0, 1), 2)):
            rows, columns = (10, 300), (200, 430)
            read = page.evaluate(
                "(given) => readPlane(...given)",
                [address, version, path_, list(plane), list(rows), list(columns)],
            )
            level = planes[plane[1], plane[2], ::step, ::step]
            expected = level[rows[0] : rows[1], columns[0] : columns[1]]
            assert read["shape"] == list(expected.shape)
            np.testing.assert_array_equal(np.array(read["values"]), expected.ravel())
        keep(f"zarrita-{version}", page)
        assert watched.complaints == []


def test_a_page_of_another_origin_reads_nothing_without_a_grant(
    house: House, pages: str, slide: dict[str, str]
) -> None:
    bare = re.sub(r"/~[^/]+", "", slide["iiifInfoUrl"])
    assert httpx.get(bare, trust_env=False).status_code == 401
    with browser_page() as watched:
        watched.page.goto(f"{pages}/slide.html?source={bare}")
        watched.page.wait_for_function("failures.length > 0")
