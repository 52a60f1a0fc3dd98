"""A GraphQL request as it came over HTTP: checked for form, before anything is parsed as GraphQL.

Whatever is wrong here is a malformed request, answered 4xx in both media types. Batches are lists
and therefore malformed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from graphql_api.schema.errors import BAD_REQUEST
from graphql_api.schema.limits import MAX_BODY_BYTES
from graphql_api.schema.transport_media import is_json_body

if TYPE_CHECKING:
    from starlette.requests import Request

MAX_JSON_DEPTH = 64
"""Levels of lists and maps in variables; inputs of the schema need fewer than ten."""


class Malformed(Exception):  # an outcome, answered by the endpoint alone
    """The request is not a GraphQL request; `status` and `code` say in which way."""

    def __init__(self, status: int, message: str, code: str = BAD_REQUEST) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """One operation to run."""

    query: str
    variables: dict[str, Any] = field(default_factory=dict)
    operation_name: str | None = None
    may_write: bool = True
    """False for GET, which runs queries only."""


async def read_request(request: Request) -> GraphQLRequest:
    """Read a GET or POST; raises `Malformed`."""
    if request.method == "GET":
        return checked_request(_query_string(request), may_write=False)
    if not is_json_body(request.headers.get("content-type")):
        raise Malformed(415, "Send application/json in UTF-8.", "UNSUPPORTED_MEDIA_TYPE")
    try:
        payload = orjson.loads(await _body(request))
    except orjson.JSONDecodeError as error:
        raise Malformed(400, "The body is not JSON.") from error
    return checked_request(payload, may_write=True)


async def _body(request: Request) -> bytes:
    too_large = Malformed(413, f"A body has at most {MAX_BODY_BYTES} bytes.", "BODY_TOO_LARGE")
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared[:12]) > MAX_BODY_BYTES:
        raise too_large
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            raise too_large
        chunks.append(chunk)
    return b"".join(chunks)


def _query_string(request: Request) -> dict[str, Any]:
    parameters = request.query_params
    payload: dict[str, Any] = {
        name: parameters[name] for name in ("query", "operationName") if name in parameters
    }
    for name in ("variables", "extensions"):
        if parameters.get(name):
            try:
                payload[name] = orjson.loads(parameters[name])
            except orjson.JSONDecodeError as error:
                raise Malformed(400, f"The parameter {name} is not JSON.") from error
    return payload


def checked_request(payload: object, *, may_write: bool) -> GraphQLRequest:
    """The request that a decoded JSON value is; raises `Malformed`."""
    if isinstance(payload, list):
        raise Malformed(400, "Batches are not answered: send one operation per request.")
    if not isinstance(payload, dict):
        raise Malformed(400, "The body is not a JSON object.")
    query = payload.get("query")
    if not isinstance(query, str) or not query:
        raise Malformed(400, "The parameter query is missing or is not a text.")
    name = payload.get("operationName")
    if not isinstance(name, str | None):
        raise Malformed(400, "The parameter operationName is not a text.")
    for key in ("variables", "extensions"):
        if not isinstance(payload.get(key), dict | None):
            raise Malformed(400, f"The parameter {key} is not a map.")
    variables = payload.get("variables") or {}
    if _is_deeper_than(variables, MAX_JSON_DEPTH):
        raise Malformed(400, f"The variables nest deeper than {MAX_JSON_DEPTH} levels.")
    return GraphQLRequest(query, variables, name or None, may_write)


def _is_deeper_than(value: object, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)  # type: ignore[attr-defined]
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True
