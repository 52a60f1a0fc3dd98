"""Errors as answers: one table from classes to HTTP status, bodies as `application/problem+json`.

An unreadable file is 500 with its own code: the request was right, what we keep is not. Anything
unforeseen is 500 with an incident id that stands in the log, and nothing else.
"""

from __future__ import annotations

import secrets
from http import HTTPStatus

import orjson

from shared import errors
from shared.telemetry import logger
from tile_service.routes.exchange import Answer

STATUS: tuple[tuple[type[errors.TesseraError], int], ...] = (
    (errors.NotFound, 404),
    (errors.Unauthenticated, 401),
    (errors.Denied, 403),
    (errors.TooLarge, 413),
    (errors.Invalid, 400),
    (errors.Conflict, 409),
    (errors.Unreadable, 500),
    (errors.Busy, 503),
    (errors.TesseraError, 500),
)
"""The first class that fits decides."""

MEDIA_TYPE = "application/problem+json"
log = logger("tile_service.routes")


def problem(error: errors.TesseraError) -> Answer:
    """The answer for an error of ours."""
    status = next(status for kind, status in STATUS if isinstance(error, kind))
    body: dict[str, object] = {
        "type": f"urn:tessera:error:{error.code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": error.code,
        "detail": error.message,
    }
    if error.hint:
        body["hint"] = error.hint
    if error.path:
        body["parameter"] = error.path[0]
    headers = {"cache-control": "no-store"}
    if isinstance(error, errors.Unauthenticated):
        headers["www-authenticate"] = 'Bearer realm="tessera"'
    if isinstance(error, errors.Busy):
        headers["retry-after"] = str(error.retry_after_s)
    return Answer(status, orjson.dumps(body), MEDIA_TYPE, headers)


def incident(error: Exception, path: str) -> Answer:
    """The answer for what nobody foresaw; the log has the rest."""
    incident_id = secrets.token_hex(8)
    log.error("request.failed", incident_id=incident_id, path=path, exc_info=error)
    body = {
        "type": "urn:tessera:error:internal",
        "title": "Internal Server Error",
        "status": 500,
        "code": "internal",
        "detail": "Something went wrong on our side.",
        "hint": "Tell your administrator the incident id.",
        "incident": incident_id,
    }
    return Answer(500, orjson.dumps(body), MEDIA_TYPE, {"cache-control": "no-store"})
