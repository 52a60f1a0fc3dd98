"""Thumbnails as data URLs in JSON: `get_thumbnail` for one image, `get_thumbnails` for many."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from shared.errors import Invalid
from shared.refs import MAX_ID
from tile_service.encode import TileFormat
from tile_service.plans import limit_thumbnail
from tile_service.query import View, size
from tile_service.request import THUMBNAIL_QUALITY, THUMBNAIL_SIZE, ThumbnailRequest
from tile_service.routes.thumbnails import develop_all
from tile_service.routes.webgateway.json_answers import answer_gateway_json
from tile_service.routes.webgateway.parameters import gateway_pairs, gateway_query
from tile_service.routes.webgateway.pictures import numbered, thumbnail_plan

if TYPE_CHECKING:
    from tile_service.develop import Darkroom
    from tile_service.routes.exchange import Exchange
    from tile_service.settings import TileSettings


async def get_thumbnail(
    exchange: Exchange, segments: list[str], darkroom: Darkroom, settings: TileSettings
) -> None:
    """`get_thumbnail/{iid}[/{w}[/{h}]]?z=&t=&rdefId=`: one as a JSON string."""
    number, view, plan = thumbnail_plan(exchange, segments, settings, "get_thumbnail")
    seen = await darkroom.admit(exchange.credential(), number, view.rdef_id, view.version)
    picture = plan(seen)
    body = await exchange.unless_gone(darkroom.develop(picture, picture.key))
    await answer_gateway_json(exchange, data_url(body), gateway_query(exchange.query))


async def get_thumbnails(
    exchange: Exchange, segments: list[str], darkroom: Darkroom, settings: TileSettings
) -> None:
    """`get_thumbnails[/{w}]?id=1&id=2`: by id; null where there is none for the viewer."""
    numbered(segments, 0, 1, "get_thumbnails/{w}?id=1&id=2")
    side = size(segments[0], "w") if segments else THUMBNAIL_SIZE
    limit_thumbnail(side, settings)
    pairs = gateway_pairs(exchange.query)
    ids = dict.fromkeys(
        int(value)
        for name, value in pairs
        if name == "id" and value.isascii() and value.isdecimal() and len(value) < 20
    )
    if len(ids) > settings.thumbnails_per_request:
        raise Invalid(
            f"{len(ids)} thumbnails were asked for; the limit is "
            f"{settings.thumbnails_per_request}.",
            hint="Ask for fewer at a time.",
            path=("id",),
        )
    requests = {
        str(each): ThumbnailRequest(each, side, TileFormat.JPEG, View(), THUMBNAIL_QUALITY)
        for each in ids
        if 0 < each <= MAX_ID
    }
    image_ids = [each.image_id for each in requests.values()]
    seen = await darkroom.admit_many(exchange.credential(), image_ids)
    found = await exchange.unless_gone(develop_all(requests, seen, darkroom, settings))
    urls = {str(each): data_url(found[str(each)]) if str(each) in found else None for each in ids}
    await answer_gateway_json(exchange, urls, dict(pairs))


def data_url(jpeg: bytes) -> str:
    """A JPEG as a `data:` address."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
