"""JSON as `/webgateway` tells it: plain, or wrapped in the function that `callback=` names (JSONP).

A script tag needs no CORS, so a cookie from a page of another origin opens nothing here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from shared.errors import Denied, Invalid
from tile_service.access import CredentialKind
from tile_service.routes.documents import answer_bytes, json_body

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tile_service.routes.exchange import Exchange

_CALLBACK = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*(?:\.[A-Za-z_$][A-Za-z0-9_$]*){0,8}")
_ELSEWHERE = {"cross-site", "same-site"}


async def answer_gateway_json(exchange: Exchange, value: Any, query: Mapping[str, str]) -> None:
    """Send a value; raises `Invalid` or `Denied` for a callback that may not be."""
    await answer_gateway_body(exchange, json_body(value), query)


async def answer_gateway_body(exchange: Exchange, body: bytes, query: Mapping[str, str]) -> None:
    """Send JSON that is made already."""
    if "callback" not in query:
        await answer_bytes(exchange, body, "application/json")
        return
    callback = query["callback"]
    if len(callback) > 128 or not _CALLBACK.fullmatch(callback):
        raise Invalid(
            f"callback cannot be {callback[:80]!r}.",
            hint="Give the name of a function.",
            path=("callback",),
        )
    credential = exchange.credential()
    is_cookie = credential is not None and credential.kind is CredentialKind.COOKIE
    if is_cookie and exchange.header("sec-fetch-site") in _ELSEWHERE:
        raise Denied(
            "A page of another origin may not ask by cookie and callback.",
            hint="Use a grant or a bearer token, or ask without callback.",
        )
    # the comment keeps the answer from being taken for anything but a script
    script = b"/**/" + callback.encode() + b"(" + body + b");"
    headers = {"vary": "Sec-Fetch-Site"}
    await answer_bytes(exchange, script, "application/javascript", headers=headers)
