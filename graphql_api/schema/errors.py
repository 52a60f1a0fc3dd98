"""How errors leave the API: always with `extensions.code`, never with an exception's text.

Outcomes on purpose (`TesseraError`) and faults of the document keep their sentence; everything else
becomes `INTERNAL` with an incident id, which the log holds together with the traceback.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError
from graphql.error import GraphQLSyntaxError

from shared.errors import Busy, Denied, TesseraError
from shared.telemetry import logger

if TYPE_CHECKING:
    from collections.abc import Iterable

log = logger(__name__)

PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
BAD_USER_INPUT = "BAD_USER_INPUT"
BAD_REQUEST = "BAD_REQUEST"
INTERNAL = "INTERNAL"
TIMEOUT = "TIMEOUT"


class LimitExceeded(GraphQLError):
    """A limit of the schema was passed; `extensions` names it, what was asked and the limit."""

    def __init__(
        self, code: str, message: str, *, requested: int | None = None, limit: int | None = None
    ) -> None:
        numbers = {"requested": requested, "limit": limit}
        found = {name: number for name, number in numbers.items() if number is not None}
        super().__init__(message, extensions={"code": code, **found})


def coded(error: TesseraError) -> str:
    """The code as GraphQL prints it, such as `NOT_FOUND`."""
    return error.code.upper()


def formatted(
    errors: Iterable[GraphQLError], *, code: str = BAD_USER_INPUT
) -> list[dict[str, Any]]:
    """The `errors` list of an answer; `code` stands where an error of the document has none."""
    return [_formatted(error, code) for error in errors]


def _formatted(error: GraphQLError, code: str) -> dict[str, Any]:
    original = _root_of(error)
    if isinstance(original, TesseraError):
        return _answer(error, str(original), _extensions_of(original))
    extensions = dict(error.extensions or {})
    if isinstance(error, GraphQLSyntaxError):
        return _answer(error, error.message, {"code": PARSE_FAILED, **extensions})
    about_document = original is None or (
        isinstance(original, GraphQLError)
        # without a path nothing has run yet: a variable could not be coerced
        and ("code" in extensions or original.nodes or error.path is None)
    )
    if about_document:
        return _answer(error, error.message, {"code": code, **extensions})
    return _answer(error, *masked(original, error.path))


def masked(
    fault: BaseException | None, path: list[str | int] | None = None
) -> tuple[str, dict[str, Any]]:
    """Log an unexpected exception; answers the sentence and extensions that may be shown."""
    incident = uuid.uuid4().hex[:12]
    log.error("operation.failed", incident_id=incident, path=path, exc_info=fault)
    message = f"Something went wrong on the server. The incident is logged as {incident}."
    return message, {"code": INTERNAL, "incidentId": incident}


def _root_of(error: GraphQLError) -> BaseException | None:
    original: BaseException | None = error.original_error
    while isinstance(original, GraphQLError) and original.original_error is not None:
        original = original.original_error
    return original


def _extensions_of(error: TesseraError) -> dict[str, Any]:
    found: dict[str, Any] = {"code": coded(error)}
    if error.target is not None:
        found["target"] = error.target
    if isinstance(error, Busy):
        found["retryAfterSeconds"] = error.retry_after_s
    if isinstance(error, Denied):
        found["reasons"] = [str(reason) for reason in error.reasons]
    return found


def _answer(error: GraphQLError, message: str, extensions: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = {"message": message}
    if error.locations:
        answer["locations"] = [location.formatted for location in error.locations]
    if error.path:
        answer["path"] = error.path
    answer["extensions"] = extensions
    return answer
