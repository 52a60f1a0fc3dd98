"""`/thumbnails`: small pictures of whole images, one at a time or many for a tree or grid.

In a batch an image that is unknown, invisible or unreadable is null, so that one broken file does
not empty a whole list.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
from typing import TYPE_CHECKING

import orjson

from shared.errors import Busy, Invalid, NotFound, TesseraError, TooLarge
from tile_service.encode import MEDIA_TYPES, TileFormat
from tile_service.plans import limit_thumbnail, limit_view, plan_thumbnail
from tile_service.query import VIEW_PARAMETERS, image_id, parse_query
from tile_service.request import thumbnail
from tile_service.routes.exchange import REVALIDATED, Answer
from tile_service.routes.pictures import Asked, answer_picture

if TYPE_CHECKING:
    from tile_service.develop import Darkroom
    from tile_service.request import ThumbnailRequest
    from tile_service.routes.exchange import Exchange
    from tile_service.seen import SeenImage
    from tile_service.settings import TileSettings

ONE_PARAMETERS = VIEW_PARAMETERS | {"size", "q"}
BATCH_PARAMETERS = frozenset({"id", "size", "q"})
_AT_ONCE = 4
"""Thumbnails of one batch that wait for a worker together: a batch must not fill the queue."""


async def answer_thumbnails(
    exchange: Exchange, segments: list[str], darkroom: Darkroom, settings: TileSettings
) -> None:
    """Answer `/thumbnails/{imageId}` or `/thumbnails?id=…`."""
    if not segments or segments == [""]:
        await _answer_batch(exchange, darkroom, settings)
        return
    if len(segments) != 1:
        raise NotFound("There is no such address.", hint="Write /thumbnails/{imageId}.")
    query = parse_query(exchange.query, ONE_PARAMETERS)
    request = thumbnail(image_id(segments[0]), query, _format(exchange))
    limit_thumbnail(request.size, settings)
    limit_view(request.view, settings)
    asked = Asked(
        request.image_id,
        request.view,
        lambda seen: plan_thumbnail(request, seen, settings),
        lambda _: {"vary": "Accept"},
    )
    await answer_picture(exchange, darkroom, asked)


async def _answer_batch(exchange: Exchange, darkroom: Darkroom, settings: TileSettings) -> None:
    query = parse_query(exchange.query, BATCH_PARAMETERS, repeated="id")
    asked = dict.fromkeys(query.pop("id", "").split("\n"))
    if "" in asked:
        raise Invalid("No image is named.", hint="Write ?id=Image:1&id=Image:2.", path=("id",))
    if len(asked) > settings.thumbnails_per_request:
        raise TooLarge(
            f"{len(asked)} thumbnails were asked for; the limit is "
            f"{settings.thumbnails_per_request}.",
            hint="Ask for fewer at a time.",
            path=("id",),
        )
    numbers = {text: _number(text) for text in asked}
    requests = {
        text: thumbnail(number, query, _format(exchange))
        for text, number in numbers.items()
        if number is not None
    }
    for each in requests.values():
        limit_thumbnail(each.size, settings)
    image_ids = [each.image_id for each in requests.values()]
    seen = await darkroom.admit_many(exchange.credential(), image_ids)
    found = await exchange.unless_gone(develop_all(requests, seen, darkroom, settings))
    tiles = {text: found.get(text) for text in asked}
    media_type = MEDIA_TYPES[_format(exchange)]
    if "multipart/mixed" in exchange.header("accept"):
        await exchange.answer(_multipart(tiles, media_type))
    else:
        await exchange.answer(_json(tiles, media_type))


async def develop_all(
    requests: dict[str, ThumbnailRequest],
    seen: dict[int, SeenImage],
    darkroom: Darkroom,
    settings: TileSettings,
) -> dict[str, bytes]:
    """The thumbnails that can be made, by the text that asked for them."""
    slots = asyncio.Semaphore(_AT_ONCE)
    found: dict[str, bytes] = {}

    async def develop(text: str, request: ThumbnailRequest) -> None:
        image = seen.get(request.image_id)
        if image is None:
            return
        picture = plan_thumbnail(request, image, settings)
        async with slots:
            try:
                found[text] = await darkroom.develop(picture, picture.key)
            except (Busy, Invalid):
                raise
            except TesseraError:
                return

    tasks = [asyncio.ensure_future(develop(text, each)) for text, each in requests.items()]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
    return found


def _json(tiles: dict[str, bytes | None], media_type: str) -> Answer:
    body = {
        text: None
        if tile is None
        else f"data:{media_type};base64,{base64.b64encode(tile).decode()}"
        for text, tile in tiles.items()
    }
    headers = {"cache-control": REVALIDATED, "vary": "Accept"}
    return Answer(200, orjson.dumps(body), "application/json", headers)


def _multipart(tiles: dict[str, bytes | None], media_type: str) -> Answer:
    boundary = secrets.token_hex(16)
    parts = [
        f"--{boundary}\r\nContent-Type: {media_type}\r\nContent-ID: <{text}>\r\n"
        f"Content-Length: {len(tile)}\r\n\r\n".encode()
        + tile
        + b"\r\n"
        for text, tile in tiles.items()
        if tile is not None
    ]
    body = b"".join(parts) + f"--{boundary}--\r\n".encode()
    headers = {"cache-control": REVALIDATED, "vary": "Accept"}
    return Answer(200, body, f"multipart/mixed; boundary={boundary}", headers)


def _number(text: str) -> int | None:
    try:
        return image_id(text)
    except NotFound:
        return None


def _format(exchange: Exchange) -> TileFormat:
    """JPEG, unless the client names WebP and not JPEG."""
    accept = exchange.header("accept")
    wants_webp = "image/webp" in accept and "image/jpeg" not in accept and "*/*" not in accept
    return TileFormat.WEBP if wants_webp else TileFormat.JPEG
