"""Keyset cursors: order values, id, and a digest of them together with list, order and filter.

A cursor is good only for the very list that made it; anything else is `CURSOR_MISMATCH`.
"""

from __future__ import annotations

import base64
import binascii
import json
from hashlib import blake2b
from typing import Any

from sqlalchemy import BigInteger, Integer

from graphql_api.compiler.errors import CursorMismatch

_MAX_LENGTH = 16_384
_INT64 = 2**63


def make_cursor(fingerprint: str, values: tuple[Any, ...]) -> str:
    """The cursor of a row with these order values, the last of which is its id."""
    body = [_digest(fingerprint, values), *values]
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def read_cursor(text: str, fingerprint: str, columns: list[Any]) -> tuple[Any, ...]:
    """The values of a cursor; raises `CursorMismatch` unless it was made for this list."""
    if len(text) > _MAX_LENGTH or not text.isascii():
        raise _mismatch()
    try:
        padded = text.encode() + b"=" * (-len(text) % 4)
        digest, *values = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, TypeError, RecursionError, binascii.Error):
        raise _mismatch() from None
    if len(values) != len(columns) or digest != _digest(fingerprint, tuple(values)):
        raise _mismatch()
    if not all(_fits(value, column) for value, column in zip(values, columns, strict=True)):
        raise _mismatch()
    return tuple(values)


def _digest(fingerprint: str, values: tuple[Any, ...]) -> str:
    text = json.dumps([fingerprint, *values], ensure_ascii=False, separators=(",", ":"))
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=9).hexdigest()


def _fits(value: object, column: Any) -> bool:
    if value is None:
        return bool(column.nullable)
    if isinstance(column.type, BigInteger | Integer):
        return type(value) is int and -_INT64 <= value < _INT64
    return isinstance(value, str) and "\0" not in value


def _mismatch() -> CursorMismatch:
    return CursorMismatch(
        "The cursor does not belong to this list.",
        hint="Use a cursor of the same field with the same order and filter, or start anew.",
    )
