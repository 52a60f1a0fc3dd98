"""`/webgateway` pictures of one image: planes, tiles, regions, thumbnails, bird's eye.

Level 0 of `tile=` is full resolution. A side of a thumbnail is a box that the picture fits in: its
proportions stay.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from shared.download_names import attachment
from shared.errors import Invalid, NotFound, TooLarge
from tile_service.chunks.levels import Rectangle
from tile_service.encode import TileFormat
from tile_service.finish import Finish
from tile_service.plans import (
    Picture,
    limit_thumbnail,
    limit_view,
    plan_region,
    plan_thumbnail,
    plan_tile,
)
from tile_service.query import index, optional_index, size
from tile_service.request import THUMBNAIL_QUALITY, THUMBNAIL_SIZE, ThumbnailRequest, TileRequest
from tile_service.routes.pictures import Asked, answer_picture
from tile_service.routes.webgateway.parameters import (
    RegionPlace,
    TilePlace,
    bare_id,
    gateway_flip,
    gateway_format,
    gateway_quality,
    gateway_query,
    lenient_view,
    plane_of,
    region_place,
    strict_view,
    tile_place,
)

if TYPE_CHECKING:
    from tile_service.develop import Darkroom
    from tile_service.query import View
    from tile_service.routes.exchange import Exchange
    from tile_service.seen import SeenImage
    from tile_service.settings import TileSettings

ViewOf = Callable[[Mapping[str, str], int | None, int | None], "View"]


async def render_image(
    exchange: Exchange, segments: list[str], darkroom: Darkroom, settings: TileSettings
) -> None:
    """`render_image/{iid}[/{z}[/{t}]]`: a whole plane."""
    await _plane(exchange, segments, darkroom, settings, lenient_view)


async def render_image_download(
    exchange: Exchange, segments: list[str], darkroom: Darkroom, settings: TileSettings
) -> None:
    """`render_image_download/{iid}[/{z}[/{t}]]?format=jpeg|png|tif|webp`: as a file to save."""
    await _plane(exchange, segments, darkroom, settings, lenient_view, is_download=True)


async def render_image_rdef(
    exchange: Exchange, segments: list[str], darkroom: Darkroom, settings: TileSettings
) -> None:
    """`render_image_rdef/…`: as `render_image`, by the settings of the address alone."""
    await _plane(exchange, segments, darkroom, settings, strict_view)


async def render_image_region(
    exchange: Exchange, segments: list[str], darkroom: Darkroom, settings: TileSettings
) -> None:
    """`render_image_region/{iid}/{z}/{t}?tile=…|region=…`."""
    await _part(exchange, segments, darkroom, settings, lenient_view)


async def render_image_region_rdef(
    exchange: Exchange, segments: list[str], darkroom: Darkroom, settings: TileSettings
) -> None:
    """`render_image_region_rdef/…`: as `render_image_region`, by the settings of the address."""
    await _part(exchange, segments, darkroom, settings, strict_view)


async def render_birds_eye_view(
    exchange: Exchange, segments: list[str], darkroom: Darkroom, settings: TileSettings
) -> None:
    """`render_birds_eye_view/{iid}[/{size}]`: the whole image, small."""
    numbered(segments, 1, 2, "render_birds_eye_view/{id}/{size}")
    number, query = bare_id(segments[0]), gateway_query(exchange.query)
    request = ThumbnailRequest(
        number,
        size(segments[1], "size") if len(segments) > 1 else THUMBNAIL_SIZE,
        TileFormat.JPEG,
        lenient_view(query),
        gateway_quality(query),
    )
    limit_thumbnail(request.size, settings)
    limit_view(request.view, settings)
    asked = Asked(number, request.view, lambda seen: plan_thumbnail(request, seen, settings))
    await answer_picture(exchange, darkroom, asked)


async def render_thumbnail(
    exchange: Exchange, segments: list[str], darkroom: Darkroom, settings: TileSettings
) -> None:
    """`render_thumbnail/{iid}[/{w}[/{h}]]?z=&t=&rdefId=`."""
    number, view, plan = thumbnail_plan(exchange, segments, settings, "render_thumbnail")
    await answer_picture(exchange, darkroom, Asked(number, view, plan))


def thumbnail_plan(
    exchange: Exchange, segments: list[str], settings: TileSettings, route: str
) -> tuple[int, View, Callable[[SeenImage], Picture]]:
    """Image, view and plan of `{iid}[/{w}[/{h}]]`; `z` and `t` of the query are 0-based."""
    numbered(segments, 1, 3, f"{route}/{{id}}/{{w}}/{{h}}")
    number, query = bare_id(segments[0]), gateway_query(exchange.query)
    width, height = box_of(segments[1:])
    limit_thumbnail(min(width, height or width), settings)
    view = limit_view(lenient_view(query), settings)
    view = replace(view, z=optional_index(query, "z"), t=optional_index(query, "t"))
    chosen = gateway_quality(query, THUMBNAIL_QUALITY)

    def plan(seen: SeenImage) -> Picture:
        longest = _longest(seen, width, height)
        request = ThumbnailRequest(number, longest, TileFormat.JPEG, view, chosen)
        return plan_thumbnail(request, seen, settings)

    return number, view, plan


def box_of(segments: list[str]) -> tuple[int, int | None]:
    """`[{w}[/{h}]]`: the longest side, or the box when both are given; raises `Invalid`."""
    width = size(segments[0], "w") if segments else THUMBNAIL_SIZE
    return width, size(segments[1], "h") if len(segments) > 1 else None


def numbered(segments: list[str], least: int, most: int, pattern: str) -> None:
    """Raise `NotFound` for a path with another number of parts."""
    if not least <= len(segments) <= most or "" in segments:
        raise NotFound("There is no such address.", hint=f"Write /webgateway/{pattern}.")


async def _plane(
    exchange: Exchange,
    segments: list[str],
    darkroom: Darkroom,
    settings: TileSettings,
    view_of: ViewOf,
    *,
    is_download: bool = False,
) -> None:
    numbered(segments, 1, 3, "render_image/{id}/{z}/{t}")
    number, query = bare_id(segments[0]), gateway_query(exchange.query)
    view = limit_view(view_of(query, *plane_of(segments[1:])), settings)
    finish = _finish(query)

    def plan(seen: SeenImage) -> Picture:
        full = seen.levels[0]
        whole = Rectangle(0, 0, full.width, full.height)
        sized = replace(finish, width=full.width, height=full.height)
        return plan_region(view, seen, whole, sized, settings)

    def to_save(_: Picture) -> Mapping[str, str]:
        return attachment(f"Image_{number}.{finish.format.value}") if is_download else {}

    await answer_picture(exchange, darkroom, Asked(number, view, plan, to_save))


async def _part(
    exchange: Exchange,
    segments: list[str],
    darkroom: Darkroom,
    settings: TileSettings,
    view_of: ViewOf,
) -> None:
    numbered(segments, 3, 3, "render_image_region/{id}/{z}/{t}")
    number, query = bare_id(segments[0]), gateway_query(exchange.query)
    place = _place(query, settings)
    view = limit_view(view_of(query, index(segments[1], "z"), index(segments[2], "t")), settings)
    finish = _finish(query)

    def plan(seen: SeenImage) -> Picture:
        if isinstance(place, TilePlace):
            return _tile(place, seen, view, finish, settings)
        return _region(place, seen, view, finish, settings)

    await answer_picture(exchange, darkroom, Asked(number, view, plan))


def _place(query: Mapping[str, str], settings: TileSettings) -> TilePlace | RegionPlace:
    if query.get("tile"):
        return tile_place(query["tile"], settings.gateway_max_tile_length)
    if query.get("region"):
        return region_place(query["region"])
    raise Invalid(
        "Neither tile nor region is given.",
        hint="Write tile=level,col,row,w,h or region=x,y,w,h.",
        path=("tile",),
    )


def _tile(
    place: TilePlace, seen: SeenImage, view: View, finish: Finish, settings: TileSettings
) -> Picture:
    request = TileRequest(
        seen.id,
        place.level,
        place.column,
        place.row,
        finish.format,
        view,
        finish.quality,
        (finish.mirror, finish.upside_down),
        place.width,
        place.height,
    )
    try:
        return plan_tile(request, seen, settings)
    except TooLarge:
        raise
    except Invalid as fault:
        if fault.path in {("level",), ("x",), ("y",)}:
            raise Invalid(fault.message, hint=fault.hint, path=("tile",)) from fault
        raise


def _region(
    place: RegionPlace, seen: SeenImage, view: View, finish: Finish, settings: TileSettings
) -> Picture:
    full = seen.levels[0]
    if place.x >= full.width or place.y >= full.height:
        raise Invalid(
            "The region starts outside the image.",
            hint=f"The image has {full.width} x {full.height} pixels.",
            path=("region",),
        )
    width, height = min(place.width, full.width - place.x), min(place.height, full.height - place.y)
    sized = replace(finish, width=width, height=height)
    return plan_region(view, seen, Rectangle(place.x, place.y, width, height), sized, settings)


def _finish(query: Mapping[str, str]) -> Finish:
    """All but the size, which depends on the image."""
    mirror, upside_down = gateway_flip(query)
    return Finish(
        1,
        1,
        mirror=mirror,
        upside_down=upside_down,
        format=gateway_format(query),
        quality=gateway_quality(query),
    )


def _longest(seen: SeenImage, width: int, height: int | None) -> int:
    """The longest side of a picture that fits the box."""
    if height is None:
        return width
    full = seen.levels[0]
    ratio = min(width / full.width, height / full.height)
    return max(1, int(max(full.width, full.height) * ratio + 1e-9))
