"""One request and its answer, as bare ASGI: credentials, headers, conditional answers, CORS.

Every answer goes through here, so that caching and CORS are decided in one place. A grant is cut
out of the path before anybody logs it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from shared.errors import Busy, TesseraError, Unauthenticated
from shared.telemetry import logger
from tile_service.access import Credential, CredentialKind

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

IMMUTABLE = "private, max-age=86400, immutable"
REVALIDATED = "private, no-cache"
_ALWAYS = (
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)
_EXPOSED = (
    b"Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag, Link, Location, "
    b"Retry-After"
)
_ASKED = (
    b"Authorization, Cache-Control, Content-Type, If-None-Match, If-Range, Pragma, Range, "
    b"X-Requested-With"
)
_FOR_ANYBODY = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", _EXPOSED),
    (b"vary", b"Authorization, Cookie, Origin"),
)
PREFLIGHT = (
    (b"access-control-allow-methods", b"GET, HEAD, OPTIONS"),
    (b"access-control-allow-headers", _ASKED),
    (b"access-control-max-age", b"86400"),
)
Result = TypeVar("Result")
log = logger("tile_service.routes")


class ClientGone(Exception):  # an outcome, not a mistake
    """Nobody waits for the answer any more."""


@dataclass(slots=True)
class Answer:
    """Status, media type, body and headers of an answer."""

    status: int
    body: bytes
    media_type: str
    headers: Mapping[str, str] = field(default_factory=dict)


class Exchange:
    """A request of HTTP and the way to answer it once."""

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        *,
        cookie_name: str,
        origins: frozenset[str],
        outside: str = "",
    ) -> None:
        self.scope = scope
        self._receive = receive
        self._send = send
        self._cookie_name = cookie_name
        self._origins = origins
        self._outside = outside
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.method: str = scope["method"]
        self.grant = _cut_grant(scope)
        self.path: str = scope["path"]
        self.query: bytes = scope["query_string"]
        self.route = "other"
        """What the answer is counted under."""

    def header(self, name: str) -> str:
        """A header of the request, empty when it is not there."""
        return self.headers.get(name.encode(), b"").decode("latin-1")

    def credential(self) -> Credential | None:
        """What the request shows of itself: the grant of its path, else bearer, else cookie.

        Raises `Unauthenticated` for an Authorization header of another kind.
        """
        if self.grant is not None:
            return Credential(CredentialKind.GRANT, self.grant)
        authorization = self.header("authorization")
        if authorization:
            kind, _, text = authorization.partition(" ")
            if kind.lower() != "bearer" or not text.strip():
                raise Unauthenticated(
                    "The Authorization header is not understood.",
                    hint="Send Authorization: Bearer and a session or access token.",
                )
            return Credential(CredentialKind.BEARER, text.strip())
        for part in self.header("cookie").split(";"):
            name, _, text = part.strip().partition("=")
            if name == self._cookie_name and text:
                return Credential(CredentialKind.COOKIE, text.strip('"'))
        return None

    @property
    def base(self) -> str:
        """What stands before the path of an address that we tell: the outside address of the
        service when it has one, else scheme and host as the client wrote them; then the grant.
        """
        prefix = f"/~{self.grant}" if self.grant is not None else ""
        if self._outside:
            return f"{self._outside}{prefix}"
        return f"{self.scope.get('scheme', 'http')}://{self.header('host')}{prefix}"

    def has_current(self, etag: str) -> bool:
        """Whether the client holds this entity already (`If-None-Match`)."""
        asked = self.header("if-none-match")
        if not asked:
            return False
        tags = (tag.strip().removeprefix("W/") for tag in asked.split(","))
        return any(tag in {etag, "*"} for tag in tags)

    async def unless_gone(self, work: Coroutine[Any, Any, Result]) -> Result:
        """The result of `work`; when the client leaves, it is cancelled and `ClientGone` raised."""
        task = asyncio.ensure_future(work)
        watch = asyncio.ensure_future(self._disconnected())
        try:
            await asyncio.wait({task, watch}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise ClientGone
            if task.cancelled():
                raise Busy("The tile service is stopping.", hint="Ask again in a second.")
            return task.result()
        finally:
            watch.cancel()
            if not task.done():
                task.cancel()

    async def answer(self, answer: Answer) -> None:
        """Send it, with the headers that every answer has."""
        headers = self.headers_of(answer)
        await self._send(
            {"type": "http.response.start", "status": answer.status, "headers": headers}
        )
        body = b"" if self.method == "HEAD" else answer.body
        await self._send({"type": "http.response.body", "body": body})

    async def answer_stream(
        self, answer: Answer, length: int | None, parts: AsyncIterator[bytes]
    ) -> None:
        """Send a long body part by part; `answer.body` is not used. Raises `ClientGone`."""
        headers = self._headers(answer, length)
        await self._send(
            {"type": "http.response.start", "status": answer.status, "headers": headers}
        )
        watch = asyncio.ensure_future(self._disconnected())
        try:
            async for part in _unless_head(self.method, parts):
                if watch.done():
                    raise ClientGone
                await self._send({"type": "http.response.body", "body": part, "more_body": True})
        except (OSError, TesseraError) as error:
            # it is too late for another status: only a body that is cut off tells the client
            log.warning("download.broken", path=self.path, reason=str(error))
            raise ClientGone from error
        finally:
            watch.cancel()
        await self._send({"type": "http.response.body", "body": b""})

    async def answer_preflight(self) -> None:
        """Tell a browser from another origin what it may ask."""
        await self._send(
            {
                "type": "http.response.start",
                "status": 204,
                "headers": [*_ALWAYS, *self._cors(), *PREFLIGHT],
            }
        )
        await self._send({"type": "http.response.body", "body": b""})

    def headers_of(self, answer: Answer) -> list[tuple[bytes, bytes]]:
        """All headers with which a whole answer is sent."""
        headers = self._headers(answer, len(answer.body))
        return headers[2:] if answer.status == 304 else headers

    def _headers(self, answer: Answer, length: int | None) -> list[tuple[bytes, bytes]]:
        headers = [(b"content-type", answer.media_type.encode())]
        if length is not None:
            headers.append((b"content-length", b"%d" % length))
        headers += _ALWAYS
        headers += self._cors()
        for name, value in answer.headers.items():
            headers.append((name.encode(), value.encode("latin-1")))
        return headers

    def _cors(self) -> Sequence[tuple[bytes, bytes]]:
        origin = self.header("origin")
        if origin in self._origins:
            return [
                (b"access-control-allow-origin", origin.encode("latin-1")),
                (b"access-control-allow-credentials", b"true"),
                (b"access-control-expose-headers", _EXPOSED),
                (b"vary", b"Authorization, Cookie, Origin"),
            ]
        return _FOR_ANYBODY

    async def _disconnected(self) -> None:
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                return


async def _unless_head(method: str, parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if method != "HEAD":
        async for part in parts:
            yield part


def _cut_grant(scope: Scope) -> str | None:
    """Take `/~{grant}` off the path in place: whoever logs the request logs it without."""
    path: str = scope["path"]
    if not path.startswith("/~"):
        return None
    grant, slash, rest = path[2:].partition("/")
    scope["path"] = slash + rest or "/"
    raw = scope.get("raw_path")
    if raw:
        _, slash_bytes, rest_bytes = raw[2:].partition(b"/")
        scope["raw_path"] = slash_bytes + rest_bytes or b"/"
    return grant
