"""Answers that are made whole: JSON and other documents, chunks; with entity tag, 304 and Range."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import orjson

from shared.byte_ranges import Unsatisfiable, asked_range, range_headers
from tile_service.routes.exchange import REVALIDATED, Answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tile_service.routes.exchange import Exchange

OCTETS = "application/octet-stream"
_NOTHING: Mapping[str, str] = {}


def etag_of(body: bytes) -> str:
    """The strong entity tag of a document by its own bytes."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def json_body(value: Any) -> bytes:
    """JSON whose equal values are equal bytes; what is not finite is null."""
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)


async def answer_bytes(
    exchange: Exchange,
    body: bytes,
    media_type: str,
    *,
    etag: str | None = None,
    headers: Mapping[str, str] = _NOTHING,
) -> None:
    """Send a document, the part of it that was asked for, or 304 when the client holds it."""
    tag = etag or etag_of(body)
    fixed = {
        "etag": tag,
        "cache-control": REVALIDATED,
        "accept-ranges": "bytes",
        **headers,
    }
    if exchange.has_current(tag):
        await exchange.answer(Answer(304, b"", media_type, fixed))
        return
    try:
        found = asked_range(exchange.header("range"), exchange.header("if-range"), len(body), tag)
    except Unsatisfiable:
        fixed["content-range"] = f"bytes */{len(body)}"
        await exchange.answer(Answer(416, b"", media_type, fixed))
        return
    if found is None:
        await exchange.answer(Answer(200, body, media_type, fixed))
        return
    part = body[found[0] : found[1]]
    await exchange.answer(Answer(206, part, media_type, fixed | range_headers(found, len(body))))


async def answer_json(exchange: Exchange, value: Any) -> None:
    """Send a value as JSON."""
    await answer_bytes(exchange, json_body(value), "application/json")
