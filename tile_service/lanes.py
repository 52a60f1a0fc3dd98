"""The fast lane of HTTP: a tile that is at hand is written while its request is still being parsed.

Uvicorn gives each request a scope, a cycle, an event and a task, and writes head and body apart:
two thirds of what a stored tile costs. `LaneProtocol` first asks the application whether it can
answer at once (`TileApp.at_once`: the same parsing, rights and plans); whatever it cannot goes
Uvicorn's way, from the same headers. Named to Uvicorn as `http="tile_service.lanes:LaneProtocol"`.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_STATUS = {
    status: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode()
    for status in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED)
}
_ORDINARY = frozenset({b"content-length", b"transfer-encoding", b"expect", b"upgrade"})
"""Headers of requests that have more to say than their head."""


class LaneProtocol(HttpToolsProtocol):
    """Uvicorn's protocol, with a short way for what is at hand."""

    _is_answered = False

    def on_headers_complete(self) -> None:
        """Answer at once, or begin the ordinary cycle."""
        self._is_answered = self._answer_at_once()
        if not self._is_answered:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Uvicorn's, unless the request was answered: then it has no body."""
        if not self._is_answered:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The end of a request: an answered one leaves the connection waiting for the next."""
        if not self._is_answered:
            super().on_message_complete()
            return
        self._is_answered = False
        self.on_response_complete()

    def _answer_at_once(self) -> bool:
        at_once: Any = getattr(self.app, "at_once", None)
        if at_once is None or not self._is_plain():
            return False
        found = at_once(self.url, self.headers)
        if found is None:
            return False
        status, headers, body = found
        parts = [_STATUS[status]]
        for name, value in self.server_state.default_headers:
            parts += (name, b": ", value, b"\r\n")
        for name, value in headers:
            parts += (name, b": ", value, b"\r\n")
        parts.append(b"\r\n")
        self.transport.writelines((b"".join(parts), body))
        return True

    def _is_plain(self) -> bool:
        """A GET of HTTP/1.1 on a connection that stays, has no other request under way, and takes
        what is written.
        """
        cycle: Any = self.cycle  # None until the first ordinary request
        return (
            (cycle is None or cycle.response_complete)
            and not self.pipeline
            and not self.flow.write_paused
            and not self.transport.is_closing()
            and self.parser.get_method() == b"GET"
            and self.parser.get_http_version() == "1.1"
            and self.parser.should_keep_alive()
            and not self.root_path
            and self.scheme == "http"
            and not any(name in _ORDINARY for name, _ in self.headers)
        )
