"""The API as the command line sees it: GraphQL over HTTP.

Errors of the answer become the same TesseraErrors that the server raised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from shared import errors

if TYPE_CHECKING:
    from cli.session import StoredSession

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
    "LOCKED": errors.Busy,
    "TOO_LARGE": errors.TooLarge,
    "NO_SPACE": errors.TooLarge,
}
_BY_STATUS = {401: "UNAUTHENTICATED", 403: "DENIED", 404: "NOT_FOUND", 503: "BUSY"}


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
        answer = self.send(
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

    def send(self, method: str, address: str, **options: Any) -> httpx.Response:
        """Send a request; raises `Busy` when the server cannot be reached."""
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


def require(answer: httpx.Response, status: int) -> None:
    """Raise the TesseraError that an answer with another status stands for."""
    if answer.status_code == status:
        return
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    code = problem.get("code") or _BY_STATUS.get(answer.status_code, "")
    sentence = " ".join(str(problem[key]) for key in ("detail", "hint") if problem.get(key))
    message = sentence or f"The server refused the upload (status {answer.status_code})."
    raise error_of({"message": message}, {"code": code})
