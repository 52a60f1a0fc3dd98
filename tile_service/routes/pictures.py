"""What every rendered answer has in common: plan, entity tag, 304, caching headers, body."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tile_service.encode import MEDIA_TYPES
from tile_service.metrics import timed
from tile_service.routes.exchange import IMMUTABLE, REVALIDATED, Answer

if TYPE_CHECKING:
    from tile_service.cache.protocol import TileKey
    from tile_service.develop import Darkroom
    from tile_service.plans import Picture
    from tile_service.query import View
    from tile_service.routes.exchange import Exchange
    from tile_service.seen import SeenImage


@dataclass(frozen=True, slots=True)
class Asked:
    """A picture that an address asks for; `plan` raises what is wrong with it in this image."""

    image_id: int
    view: View
    plan: Callable[[SeenImage], Picture]
    headers: Callable[[Picture], Mapping[str, str]] | None = None


async def answer_picture(exchange: Exchange, darkroom: Darkroom, asked: Asked) -> None:
    """Authorise, plan, and send the picture, or 304 when the client holds it.

    Raises what each step raises; a 304 needs the right too, and reads no pixels.
    """
    view = asked.view
    seen = await darkroom.admit(exchange.credential(), asked.image_id, view.rdef_id, view.version)
    with timed("resolve"):
        picture, key = _planned(asked, seen)
    answer = _without_body(exchange, asked, picture, key)
    if answer.status == 200:
        body = darkroom.at_once(picture, key)
        if body is None:
            body = await exchange.unless_gone(darkroom.develop(picture, key))
        answer.body = body
    await exchange.answer(answer)


def picture_at_once(exchange: Exchange, darkroom: Darkroom, asked: Asked) -> Answer | None:
    """The same answer when nothing has to be waited for, else None: the verdict on the viewer's
    right is known and the bytes are in memory. Raises as `answer_picture` does.
    """
    credential = exchange.credential()
    if credential is None:
        return None
    seen = darkroom.known(credential, asked.image_id, asked.view.rdef_id, asked.view.version)
    if seen is None:
        return None
    picture, key = _planned(asked, seen)
    answer = _without_body(exchange, asked, picture, key)
    if answer.status == 200:
        body = darkroom.at_once(picture, key)
        if body is None:
            return None
        answer.body = body
    return answer


def _planned(asked: Asked, seen: SeenImage) -> tuple[Picture, TileKey]:
    picture = asked.plan(seen)
    return picture, picture.key


def _without_body(exchange: Exchange, asked: Asked, picture: Picture, key: TileKey) -> Answer:
    """200, or 304 when the client holds this picture, with its headers."""
    etag = key.etag
    fixed = {
        "etag": etag,
        "cache-control": IMMUTABLE if picture.is_versioned else REVALIDATED,
        **(asked.headers(picture) if asked.headers else {}),
    }
    status = 304 if exchange.has_current(etag) else 200
    return Answer(status, b"", MEDIA_TYPES[picture.finish.format], fixed)
