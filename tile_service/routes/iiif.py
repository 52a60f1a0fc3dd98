"""`/iiif/3`: IIIF Image API 3.0, level 2: `info.json` and image requests.

An image that is larger than one answer may be has `maxArea`, and `max` is the largest that fits.
Viewers keep the id of `info.json`, so a grant in the path stays in it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson

from shared.errors import NotFound
from shared.pixels.levels import served_tile_size
from tile_service.cache import TileKey
from tile_service.chunks.levels import Rectangle, scale_factors
from tile_service.finish import Finish
from tile_service.iiif_request import (
    Limits,
    RegionRequest,
    largest_size,
    least_area,
    parse_region_request,
    pixel_region,
    pixel_size,
)
from tile_service.plans import Picture, limit_area, limit_view, plan_region
from tile_service.query import image_id, parse_query
from tile_service.request import Tone
from tile_service.routes.exchange import REVALIDATED, Answer
from tile_service.routes.pictures import Asked, answer_picture

if TYPE_CHECKING:
    from tile_service.develop import Darkroom
    from tile_service.routes.exchange import Exchange
    from tile_service.seen import SeenImage
    from tile_service.settings import TileSettings

CONTEXT = "http://iiif.io/api/image/3/context.json"
LEVEL = "http://iiif.io/api/image/3/level2.json"
LD_JSON = f'application/ld+json;profile="{CONTEXT}"'
_IIIF_QUALITY = 0.85
_WRITTEN = re.compile(r"(?:Image(?::|%3A|%3a))?[0-9]{1,19}")


async def answer_iiif(
    exchange: Exchange, segments: list[str], darkroom: Darkroom, settings: TileSettings
) -> None:
    """Answer the address below `/iiif`; raises the errors of parsing, rights and pixels."""
    if segments[:1] != ["3"] or len(segments) < 2:
        raise NotFound("There is no such address.", hint="Write /iiif/3/{imageId}/info.json.")
    rest = segments[1:]
    if len(rest) == 1:
        await _redirect(exchange, image_id(rest[0]))
    elif rest[1:] == ["info.json"]:
        await _answer_info(exchange, image_id(rest[0]), darkroom, settings)
    else:
        await answer_picture(exchange, darkroom, _asked(exchange, rest, settings))


async def _redirect(exchange: Exchange, number: int) -> None:
    location = f"{_address(exchange, number)}/info.json"
    headers = {"location": location, "cache-control": REVALIDATED}
    await exchange.answer(Answer(303, b"", "text/plain", headers))


async def _answer_info(
    exchange: Exchange, number: int, darkroom: Darkroom, settings: TileSettings
) -> None:
    parse_query(exchange.query, ())
    seen = await darkroom.admit(exchange.credential(), number, None, None)
    body = orjson.dumps(info(seen, _address(exchange, number), settings))
    wants_ld = "application/ld+json" in exchange.header("accept")
    media_type = LD_JSON if wants_ld else "application/json"
    headers = {
        "etag": TileKey.of(number, "info", media_type, body).etag,
        "cache-control": REVALIDATED,
        "link": f'<{LEVEL}>;rel="profile"',
        "vary": "Accept",
    }
    is_held = exchange.has_current(headers["etag"])
    await exchange.answer(
        Answer(304 if is_held else 200, b"" if is_held else body, media_type, headers)
    )


def info(seen: SeenImage, address: str, settings: TileSettings) -> dict[str, Any]:
    """The body of `info.json` for an image at this address."""
    full = seen.levels[0]
    width, height = served_tile_size(full)
    return {
        "@context": CONTEXT,
        "id": address,
        "type": "ImageService3",
        "protocol": "http://iiif.io/api/image",
        "profile": "level2",
        "width": full.width,
        "height": full.height,
        "maxArea": settings.tile_max_pixels,
        "sizes": [
            {"width": level.width, "height": level.height}
            for level in reversed(seen.levels)
            if level.width * level.height <= settings.tile_max_pixels
        ],
        "tiles": [
            {
                "width": width,
                "height": height,
                "scaleFactors": list(scale_factors(seen.levels)),
            }
        ],
        "extraFormats": ["webp", "tif"],
        "extraQualities": ["color", "gray", "bitonal"],
        "extraFeatures": [
            "canonicalLinkHeader",
            "mirroring",
            "profileLinkHeader",
            "regionSquare",
            "sizeUpscaling",
        ],
    }


def ask_iiif(exchange: Exchange, segments: list[str], settings: TileSettings) -> Asked | None:
    """The region that the address asks for; None for other addresses below `/iiif`."""
    if segments[:1] != ["3"] or len(segments) < 3 or segments[2:] == ["info.json"]:
        return None
    return _asked(exchange, segments[1:], settings)


def _asked(exchange: Exchange, segments: list[str], settings: TileSettings) -> Asked:
    request = parse_region_request(segments, exchange.query)
    limit_view(request.view, settings)
    limit_area(least_area(request.size), settings)

    def plan(seen: SeenImage) -> Picture:
        return plan_iiif(request, seen, settings)

    def headers(picture: Picture) -> dict[str, str]:
        canonical = canonical_path(request, picture.seen, settings)
        address = f"{exchange.base}/iiif/3/Image:{request.image_id}"
        links = f'<{address}/{canonical}>;rel="canonical", <{LEVEL}>;rel="profile"'
        return {"link": links}

    return Asked(request.image_id, request.view, plan, headers)


def plan_iiif(request: RegionRequest, seen: SeenImage, settings: TileSettings) -> Picture:
    """The plan of an image request; raises `Invalid` or `TooLarge`."""
    region, width, height = _place(request, seen, settings)
    finish = Finish(
        width,
        height,
        mirror=request.mirror,
        rotation=request.rotation,
        tone=Tone.DEFAULT if request.tone is Tone.COLOR else request.tone,
        format=request.format,
        quality=_IIIF_QUALITY,
    )
    return plan_region(request.view, seen, region, finish, settings)


def canonical_path(request: RegionRequest, seen: SeenImage, settings: TileSettings) -> str:
    """The request in the form that IIIF calls canonical."""
    region, width, height = _place(request, seen, settings)
    full = seen.levels[0]
    is_full = (region.width, region.height) == (full.width, full.height)
    place = "full" if is_full else f"{region.x},{region.y},{region.width},{region.height}"
    limits = Limits(settings.tile_max_pixels)
    if (width, height) == largest_size(region.width, region.height, limits):
        size = "max"
    else:
        grown = "^" if width > region.width or height > region.height else ""
        size = f"{grown}{width},{height}"
    turned = f"{'!' if request.mirror else ''}{request.rotation}"
    return f"{place}/{size}/{turned}/{request.tone.value}.{request.format.value}"


def _place(
    request: RegionRequest, seen: SeenImage, settings: TileSettings
) -> tuple[Rectangle, int, int]:
    full = seen.levels[0]
    region = pixel_region(request.region, full.width, full.height)
    width, height = pixel_size(request.size, region, Limits(settings.tile_max_pixels))
    limit_area(width * height, settings)
    return region, width, height


def _address(exchange: Exchange, number: int) -> str:
    """The image's base address, its id written as the client wrote it: the API wants the `id` of
    `info.json` to be the address that was asked for.
    """
    raw: bytes = exchange.scope.get("raw_path") or b""
    parts = raw.decode("latin-1").strip("/").split("/")
    written = parts[2] if len(parts) > 2 and _WRITTEN.fullmatch(parts[2]) else f"Image:{number}"
    return f"{exchange.base}/iiif/3/{written}"
