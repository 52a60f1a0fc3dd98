"""The messages of graphql-transport-ws and the codes with which a connection is closed.

Source: PROTOCOL.md of the project graphql-ws, version 5 and later.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

from graphql_api.schema.transport_request import GraphQLRequest, Malformed, checked_request

SUBPROTOCOL = "graphql-transport-ws"
MAX_MESSAGE_BYTES = 2**20
MAX_OPERATIONS = 50
INIT_WITHIN_S = 5.0
MAX_ID = 200
"""Longest id of an operation, in characters."""

BAD_REQUEST = 4400
UNAUTHORIZED = 4401
FORBIDDEN = 4403
SUBPROTOCOL_NOT_ACCEPTABLE = 4406
INIT_TIMEOUT = 4408
SUBSCRIBER_EXISTS = 4409
TOO_MANY_INIT = 4429
INTERNAL = 4500
TOO_LARGE = 1009
MAX_REASON_BYTES = 123
"""What a close frame can hold."""


class Closing(Exception):  # an outcome of the connection, not an error
    """The connection has to be closed with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode()[:MAX_REASON_BYTES].decode(errors="ignore")


@dataclass(frozen=True, slots=True)
class Message:
    """What a client sent."""

    type: str
    id: str = ""
    payload: dict[str, Any] = field(default_factory=dict)


def read_message(text: str) -> Message:
    """A message of the protocol; raises `Closing` for anything else."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_MESSAGE_BYTES:
        raise Closing(TOO_LARGE, f"A message has at most {MAX_MESSAGE_BYTES} bytes")
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Closing(BAD_REQUEST, "The message is not JSON") from None
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        raise Closing(BAD_REQUEST, "The message has no type")
    kind = value["type"]
    if kind not in {"connection_init", "ping", "pong", "subscribe", "complete"}:
        raise Closing(BAD_REQUEST, "The message has an unknown type")
    payload = value.get("payload")
    if not isinstance(payload, dict | None):
        raise Closing(BAD_REQUEST, "The payload is not a map")
    number = value.get("id", "")
    needs_id = kind in {"subscribe", "complete"}
    if needs_id and not (isinstance(number, str) and 0 < len(number) <= MAX_ID):
        raise Closing(BAD_REQUEST, f"An id is a text of 1 to {MAX_ID} characters")
    return Message(kind, number if needs_id else "", payload or {})


def asked_operation(message: Message) -> GraphQLRequest:
    """The operation of a subscribe message; raises `Closing`."""
    try:
        return checked_request(message.payload, may_write=True)
    except Malformed as error:
        raise Closing(BAD_REQUEST, error.message) from error


def token_of(payload: dict[str, Any]) -> str | None:
    """The token in the payload of connection_init: `authorization: "Bearer ..."` or `token`."""
    for name, value in payload.items():
        if not isinstance(value, str):
            continue
        if name.lower() == "token":
            return value.strip()
        if name.lower() == "authorization":
            scheme, _, token = value.partition(" ")
            return token.strip() if scheme.lower() == "bearer" else ""
    return None
