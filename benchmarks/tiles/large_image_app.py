"""The other side: large_image behind Starlette, run in an environment of its own.

It uses large_image as its documentation does and opens each file once per style. What it keeps of
tiles is dropped before each round (`/forget`). Nothing of ours is imported here.
"""

from __future__ import annotations

import functools
import json
import os
from typing import TYPE_CHECKING, Any

import large_image
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request

FILES = json.loads(os.environ.get("BENCHMARK_FILES", "{}"))
COLORS = ("#0000ff", "#00ff00", "#ff0000", "#ffffff")

large_image.config.setConfig("icc_correction", os.environ.get("BENCHMARK_ICC") == "1")


@functools.lru_cache(maxsize=8)
def _source(name: str, start: int, quality: int) -> Any:
    style = None
    if start >= 0:
        style = {
            "bands": [
                {"framedelta": number, "palette": ["#000000", color], "min": start, "max": 3000}
                for number, color in enumerate(COLORS)
            ]
        }
    return large_image.open(
        FILES[name], style=style, encoding="JPEG", jpegQuality=quality, jpegSubsampling=2,
        noCache=True,
    )  # fmt: skip


def _tile(name: str, level: int, x: int, y: int, start: int, quality: int) -> bytes:
    source = _source(name, start, quality)
    found: bytes = source.getTile(x, y, source.levels - 1 - level)
    return bytes(found)


def _encoded_again(name: str, level: int, x: int, y: int, quality: int) -> bytes:
    from large_image.tilesource.utilities import _encodeImage

    source = _source(name, -1, quality)
    pixels = source.getTile(x, y, source.levels - 1 - level, numpyAllowed="always")
    found = _encodeImage(pixels, encoding="JPEG", jpegQuality=quality, jpegSubsampling=2)
    return bytes(found[0])


def _region(name: str, x: int, y: int, size: int, start: int, quality: int) -> bytes:
    source = _source(name, start, quality)
    region = {"left": x * size, "top": y * size, "width": size, "height": size}
    found, _ = source.getRegion(region=region, encoding="JPEG", jpegQuality=quality)
    return bytes(found)


@functools.lru_cache(maxsize=2)
def _deep_zoom(name: str) -> Any:
    from openslide import OpenSlide
    from openslide.deepzoom import DeepZoomGenerator

    return DeepZoomGenerator(OpenSlide(FILES[name]), SIZE, 0)


SIZE = 256


def _deep_zoom_tile(name: str, level: int, x: int, y: int, quality: int) -> bytes:
    import io

    generator = _deep_zoom(name)
    out = io.BytesIO()
    picture = generator.get_tile(generator.level_count - 1 - level, (x, y))
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()


async def _forget(_request: Request) -> Response:
    """Drop the tiles that large_image keeps in memory by itself, so that the next are cold."""
    from large_image.cache_util import getTileCache

    cache, lock = getTileCache()
    if lock is not None:
        with lock:
            cache.clear()
    else:
        cache.clear()
    return Response("forgotten")


async def _answer(request: Request) -> Response:
    at = request.path_params
    query = request.query_params
    quality, start = int(query.get("q", "80")), int(query.get("min", "-1"))
    place = (at["name"], at["level"], at["x"], at["y"])
    if "region" in query:
        size = int(query["region"])
        body = await run_in_threadpool(_region, at["name"], at["x"], at["y"], size, start, quality)
    elif "reencode" in query:
        body = await run_in_threadpool(_encoded_again, *place, quality)
    elif "deepzoom" in query:
        body = await run_in_threadpool(_deep_zoom_tile, *place, quality)
    else:
        body = await run_in_threadpool(_tile, *place, start, quality)
    return Response(body, media_type="image/jpeg")


app = Starlette(
    routes=[
        Route("/tile/{name}/{level:int}/{x:int}/{y:int}", _answer),
        Route("/forget", _forget),
        Route("/readyz", lambda _: Response("ready")),
    ]
)
