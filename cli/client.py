"""The API as the command line sees it: GraphQL over HTTP, and uploads by tus.

Errors of the answer become the same TesseraErrors that the server raised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from shared import errors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cli.session import StoredSession

UPLOAD_PART_BYTES = 8 * 2**20
_KINDS: dict[str, type[errors.TesseraError]] = {
    "NOT_FOUND": errors.NotFound,
    "DENIED": errors.Denied,
    "UNAUTHENTICATED": errors.Unauthenticated,
    "INVALID": errors.Invalid,
    "CONFLICT": errors.Conflict,
    "UNREADABLE": errors.Unreadable,
    "UNKNOWN_FORMAT": errors.UnknownFormat,
    "MISSING_READER": errors.MissingReader,
    "BROKEN_FILE": errors.BrokenFile,
    "UNSUPPORTED": errors.Unsupported,
    "BUSY": errors.Busy,
}


class Client:
    """One connection to the API with a session's token."""

    def __init__(self, server: str, token: str = "") -> None:
        self._http = httpx.Client(
            base_url=server,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=httpx.Timeout(60.0, connect=10.0),
        )
        self._server = server

    @classmethod
    def of(cls, session: StoredSession) -> Client:
        """A client with a kept login."""
        return cls(session.server, session.token)

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def query(self, document: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run a document and answer its data; raises the first top-level error."""
        answer = self._send(
            "POST", "/graphql", json={"query": document, "variables": variables or {}}
        )
        try:
            body = answer.json()
        except ValueError as error:
            raise errors.TesseraError(
                f"{self._server} did not answer as a Tessera API (status {answer.status_code})."
            ) from error
        if body.get("errors"):
            raise error_of(body["errors"][0], body["errors"][0].get("extensions", {}))
        if answer.status_code == httpx.codes.UNAUTHORIZED or "data" not in body:
            raise errors.Unauthenticated(
                body.get("detail") or "The login has ended.", hint="Run: tessera login"
            )
        data: dict[str, Any] = body["data"]
        return data

    def mutate(self, name: str, document: str, variables: dict[str, Any]) -> dict[str, Any]:
        """Run a mutation and answer its payload; raises the payload's first error."""
        payload: dict[str, Any] = self.query(document, variables)[name]
        for error in payload.get("errors", []):
            raise error_of(error, error)
        return payload

    def upload(self, path: Path) -> Iterator[tuple[int, str]]:
        """Stream a file to `/uploads`; yields (bytes sent, upload id) after each part."""
        size = path.stat().st_size
        created = self._send(
            "POST",
            "/uploads",
            headers={
                "Tus-Resumable": "1.0.0",
                "Upload-Length": str(size),
                "Upload-Metadata": f"filename {_base64(path.name)}",
            },
        )
        _require(created, httpx.codes.CREATED)
        location = created.headers["Location"]
        upload_id = location.rstrip("/").rpartition("/")[2]
        offset = 0
        with path.open("rb") as file:
            while offset < size:
                part = file.read(UPLOAD_PART_BYTES)
                if not part:
                    raise errors.Conflict(f"{path} became shorter while it was sent.")
                sent = self._send(
                    "PATCH",
                    location,
                    content=part,
                    headers={
                        "Tus-Resumable": "1.0.0",
                        "Upload-Offset": str(offset),
                        "Content-Type": "application/offset+octet-stream",
                    },
                )
                _require(sent, httpx.codes.NO_CONTENT)
                offset += len(part)
                yield offset, upload_id
        if size == 0:
            yield 0, upload_id

    def _send(self, method: str, address: str, **options: Any) -> httpx.Response:
        try:
            return self._http.request(method, address, **options)
        except httpx.HTTPError as error:
            raise errors.Busy(
                f"{self._server} does not answer ({type(error).__name__}).",
                hint="Is Tessera running there? TESSERA_SERVER or -s names another server.",
            ) from error


def error_of(error: dict[str, Any], codes: dict[str, Any]) -> errors.TesseraError:
    """The TesseraError that an error of an answer stands for."""
    kind = _KINDS.get(str(codes.get("code", "")).upper(), errors.TesseraError)
    return kind(str(error.get("message", "The server refused the request.")))


def _require(answer: httpx.Response, status: int) -> None:
    if answer.status_code == status:
        return
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    code = problem.get("code") or {401: "UNAUTHENTICATED", 404: "NOT_FOUND"}.get(
        answer.status_code, ""
    )
    message = problem.get("detail") or f"The server refused the upload ({answer.status_code})."
    raise error_of({"message": message}, {"code": code})


def _base64(text: str) -> str:
    from base64 import b64encode

    return b64encode(text.encode()).decode()
