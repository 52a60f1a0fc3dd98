"""What stands before every route: the Host allow-list, CORS, and headers on every answer.

CORS answers `*` without credentials, for bearer tokens; credentials only for listed origins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response

from graphql_api.routes.problems import problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from graphql_api.settings import ApiSettings

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}
NOTHING = "default-src 'none'; frame-ancestors 'none'"
"""The content policy of whatever is not a page."""
ALLOWED_METHODS = "GET, HEAD, POST, PATCH, DELETE, OPTIONS"
ALLOWED_HEADERS = (
    "Authorization, Content-Type, Accept, Tus-Resumable, Upload-Length, Upload-Offset, "
    "Upload-Metadata, Upload-Defer-Length, Range, If-Range, If-None-Match"
)
EXPOSED_HEADERS = (
    "Location, Retry-After, Tus-Resumable, Tus-Version, Tus-Extension, Tus-Max-Size, "
    "Upload-Offset, Upload-Length, Upload-Expires, Content-Disposition, Content-Range, "
    "Accept-Ranges, ETag, X-Checksum-SHA1"
)


class Guard:
    """The outermost middleware."""

    def __init__(self, app: ASGIApp, settings: ApiSettings) -> None:
        self._app = app
        self._hosts = frozenset(settings.allowed_hosts)
        self._origins = settings.origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse unknown hosts, answer preflights, and add headers to what goes out."""
        headers = Headers(scope=scope) if scope["type"] in {"http", "websocket"} else Headers()
        if scope["type"] == "websocket" and not self._is_known(headers.get("host", "")):
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        origin = headers.get("origin")

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._dress(MutableHeaders(scope=message), origin)
            await send(message)

        if not self._is_known(headers.get("host", "")):
            refusal = problem(
                400,
                "This host name is not served here.",
                code="unknown_host",
                hint="Name it in TESSERA_ALLOWED_HOSTS.",
            )
            await refusal(scope, receive, sending)
        elif scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            await Response(status_code=204)(scope, receive, sending)
        else:
            await self._app(scope, receive, sending)

    def _is_known(self, host: str) -> bool:
        if "*" in self._hosts:
            return True
        name, colon, port = host.rpartition(":")
        if not (colon and port.isdigit()):
            name = host
        return name.lower() in self._hosts

    def _dress(self, headers: MutableHeaders, origin: str | None) -> None:
        for name, value in ALWAYS.items():
            headers.setdefault(name, value)
        headers.setdefault("Content-Security-Policy", NOTHING)
        if origin is None:
            return
        listed = origin in self._origins
        headers["Access-Control-Allow-Origin"] = origin if listed else "*"
        if listed:
            headers["Access-Control-Allow-Credentials"] = "true"
        headers["Access-Control-Allow-Methods"] = ALLOWED_METHODS
        headers["Access-Control-Allow-Headers"] = ALLOWED_HEADERS
        headers["Access-Control-Expose-Headers"] = EXPOSED_HEADERS
        headers["Access-Control-Max-Age"] = "600"
        headers.add_vary_header("Origin")
