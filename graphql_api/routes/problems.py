"""Errors outside GraphQL: `application/problem+json`, with the code of `shared.errors`.

The one table that maps classes to HTTP status for this service.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson
from starlette.exceptions import HTTPException
from starlette.responses import Response

from graphql_api.schema.errors import masked
from shared.errors import (
    Busy,
    Conflict,
    Denied,
    Invalid,
    NotFound,
    TesseraError,
    TooLarge,
    Unauthenticated,
    Unreadable,
)

if TYPE_CHECKING:
    from starlette.requests import Request

STATUS: dict[type[TesseraError], int] = {
    NotFound: 404,
    Denied: 403,
    Unauthenticated: 401,
    TooLarge: 413,
    Invalid: 400,
    Conflict: 409,
    Unreadable: 422,
    Busy: 503,
}


def problem(status: int, detail: str, *, code: str, **extra: Any) -> Response:
    """A problem document, of the same form as the tile service's: what is wrong is its `detail`."""
    body: dict[str, Any] = {
        "type": f"urn:tessera:error:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    found = {**body, **{name: value for name, value in extra.items() if value is not None}}
    return Response(orjson.dumps(found), status, media_type="application/problem+json")


def status_of(error: TesseraError) -> int:
    """The HTTP status of an error of the family."""
    return next((status for kind, status in STATUS.items() if isinstance(error, kind)), 500)


async def tessera_problem(_request: Request, error: Exception) -> Response:
    """Answer an error of the family."""
    assert isinstance(error, TesseraError)
    response = problem(
        status_of(error), error.message, code=error.code, hint=error.hint, target=error.target
    )
    if isinstance(error, Busy):
        response.headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, Unauthenticated):
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


async def http_problem(_request: Request, error: Exception) -> Response:
    """Answer Starlette's own refusals: an unknown path or method."""
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http")
    response = problem(error.status_code, error.detail, code=code)
    response.headers.update(error.headers or {})
    return response


async def internal_problem(_request: Request, error: Exception) -> Response:
    """Answer a fault of ours: an incident id, and nothing else."""
    message, extensions = masked(error)
    return problem(500, message, code="internal", incidentId=extensions["incidentId"])
