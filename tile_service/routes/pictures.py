"""What every rendered answer has in common: plan, entity tag, 304, caching headers, body."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from tile_service.encode import MEDIA_TYPES
from tile_service.metrics import timed
from tile_service.routes.exchange import IMMUTABLE, REVALIDATED, Answer

if TYPE_CHECKING:
    from tile_service.develop import Darkroom
    from tile_service.plans import Picture
    from tile_service.query import View
    from tile_service.routes.exchange import Exchange
    from tile_service.seen import SeenImage


async def answer_picture(
    exchange: Exchange,
    darkroom: Darkroom,
    image_id: int,
    view: View,
    plan: Callable[[SeenImage], Picture],
    headers: Callable[[Picture], Mapping[str, str]] | None = None,
) -> None:
    """Authorise, plan, and send the picture, or 304 when the client holds it.

    Raises what each step raises; a 304 needs the right too, and reads no pixels.
    """
    seen = await darkroom.admit(exchange.credential(), image_id, view.rdef_id, view.version)
    with timed("resolve"):
        picture = plan(seen)
        key = picture.key
    fixed = {
        "etag": key.etag,
        "cache-control": IMMUTABLE if picture.is_versioned else REVALIDATED,
        **(headers(picture) if headers else {}),
    }
    media_type = MEDIA_TYPES[picture.finish.format]
    if exchange.has_current(key.etag):
        await exchange.answer(Answer(304, b"", media_type, fixed))
        return
    body = darkroom.at_once(picture, key)
    if body is None:
        body = await exchange.unless_gone(darkroom.develop(picture, key))
    await exchange.answer(Answer(200, body, media_type, fixed))
