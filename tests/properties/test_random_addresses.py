"""Whatever is asked of the tile service, it answers: never a fault, never a word of its insides.

Addresses are mutated from good ones of every route; the long profile tries thousands.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from anyio.from_thread import start_blocking_portal
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from tests.support.profiles import examples
from tests.support.tile_answers import sqlite_only
from tests.support.tile_house import TileHouse, furnish, random_planes, running
from tile_service.app import ROUTES as SERVED

if TYPE_CHECKING:
    from anyio.from_thread import BlockingPortal

    from shared.database import Database
    from shared.settings import Settings
    from shared.storage import LocalStorage

GOOD = (
    "tiles/{0}/0/0/0.jpg", "tiles/Image:{0}/0/1/0.png", "iiif/3/{0}/info.json",
    "iiif/3/{0}/0,0,20,20/10,/90/gray.png", "iiif/3/{0}/pct:1,2,3,4/!9,9/!0/default.webp",
    "dzi/{0}.dzi", "dzi/{0}_files/6/0_0.jpg", "thumbnails/{0}", "zarr/{0}.zarr/.zattrs",
    "zarr/{0}.zarr/0/0/1/0/0/0", "zarr/{0}.zarr/0/.zarray", "zarr5/{0}.zarr/0/c/0/0/0/0/0",
    "zarr5/{0}.zarr/zarr.json", "image/{0}.zarr/0/.zarray", "zarr/{0}.zarr/labels/.zattrs",
    "histogram/{0}", "pixel/{0}", "download/{0}/metadata.txt", "download/{0}/region.ome.tif",
    "download/{0}/original", "webgateway/get_rois_json/{0}/", "webgateway/imgData/{0}/",
    "webgateway/render_image/{0}/0/0/", "webgateway/render_image_region/{0}/0/0/",
    "webgateway/render_split_channel/{0}/0/0/", "webgateway/render_birds_eye_view/{0}/50/",
    "webgateway/get_thumbnails/50/", "webgateway/render_thumbnail/{0}/40/30/",
    "webgateway/original_file_paths/{0}/", "webgateway/luts/",
    "webclient/render_image_region/{0}/0/0/",
)  # fmt: skip
PARAMETERS = (
    "z", "t", "c", "m", "p", "q", "w", "h", "x", "y", "flip", "maps", "rdef", "v", "size", "id",
    "tile", "region", "format", "bins", "ch", "logarithmic", "callback", "channel", "level",
    "projectionCompat", "ia", "zarr_version", "roi", "color", "rdefId",
)  # fmt: skip
NUMBERS = st.one_of(
    st.integers(-3, 300), st.integers(2**31 - 1, 2**65), st.sampled_from([-1, 0, 2**53 + 1])
).map(str)
WORDS = st.one_of(
    NUMBERS,
    st.floats().map(str),
    st.sampled_from([
        "", "NaN", "inf", "-0", "1e309", "..", "%2e%2e", "%00", "\x00", "a/b", "Image:1", "full",
        "max", "pct:200,0,1,1", "^!9999999,9999999", "1,2,3,4", "0,0,0", "0,1,2,512,512",
        "1|0:255$FF0000,-2", "1|NaN:inf$00FF00", "intmax|0:99999999", "grays.lut", "cool.lut",
        "1|0:255$cool.lut", "ı", "\ud7ff", "😀", "'; drop table image", "{", "[1]", "true",
    ]),
    st.text(max_size=12),
    st.integers(300, 2_000).map(
        lambda count: ",".join(f"{each}|0:9$FF0000" for each in range(count))
    ),
)  # fmt: skip


@st.composite
def addresses(draw: st.DrawFn, image: int) -> tuple[str, str]:
    """Path and query: a good address with some of its parts and parameters replaced."""
    parts = draw(st.sampled_from(GOOD)).format(image).split("/")
    for place in draw(st.sets(st.integers(1, len(parts)), max_size=2)):
        if place < len(parts):
            parts[place] = draw(WORDS)
        else:
            parts.append(draw(WORDS))
    if draw(st.integers(0, 9)) == 0:
        parts[0] = f"~{draw(st.text('abcdef0123456789.-_', max_size=40))}/{parts[0]}"
    pairs = draw(st.lists(st.tuples(st.sampled_from(PARAMETERS), WORDS), max_size=4))
    return "/" + "/".join(parts), "&".join(f"{name}={value}" for name, value in pairs)


async def ask(house: TileHouse, token: str, path: str, query: str) -> tuple[int, bytes]:
    """One GET with a path as servers hand it on."""
    told: list[Any] = []

    async def send(message: Any) -> None:
        told.append(message)

    async def receive() -> Any:
        await asyncio.sleep(60)

    encoded = path.encode("utf-8", "replace")
    scope = {
        "type": "http", "method": "GET", "path": unquote(path), "raw_path": encoded,
        "query_string": query.encode("utf-8", "replace"), "scheme": "http", "headers": [
            (b"host", b"localhost:8001"), (b"authorization", f"Bearer {token}".encode()),
        ],
    }  # fmt: skip
    await house.app(scope, receive, send)
    house.app.at_once(encoded + b"?" + scope["query_string"], scope["headers"])  # type: ignore[arg-type, operator]
    return told[0]["status"], b"".join(each.get("body", b"") for each in told[1:])


@sqlite_only
def test_no_address_ends_in_a_fault(
    database: Database, settings: Settings, storage: LocalStorage
) -> None:
    assert {address.partition("/")[0] for address in GOOD} == set(SERVED)
    with start_blocking_portal() as portal:
        house = furnish(database, settings, storage)
        with portal.wrap_async_context_manager(running(house)):
            _try(portal, house)


def _try(portal: BlockingPortal, house: TileHouse) -> None:
    image = house.image(random_planes((1, 2, 2, 60, 50))).id
    token = house.log_in(house.ada)

    @profile(max_examples=examples(300), deadline=None)
    @given(addresses(image))
    def check(address: tuple[str, str]) -> None:
        status, body = portal.call(ask, house, token, *address)
        assert status < 500 or status == 503, (address, body[:500])
        assert b"Traceback" not in body

    check()
