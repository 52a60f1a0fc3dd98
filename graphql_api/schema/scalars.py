"""The scalars beside GraphQL's own: DateTime, BigInt, Color and JSON.

Inside, a DateTime is integer microseconds UTC and a Color is 0xRRGGBBAA; only here do they become
text. Numbers that are not finite become null in JSON.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from typing import Any, NewType

import strawberry
from graphql import GraphQLError

DateTime = NewType("DateTime", int)
BigInt = NewType("BigInt", int)
Color = NewType("Color", int)
JSON = NewType("JSON", object)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_COLOR = re.compile(r"#[0-9A-Fa-f]{6}([0-9A-Fa-f]{2})?")
_INT64 = 2**63


def print_moment(micros: int) -> str:
    """RFC 3339 in UTC, with microseconds only where there are any."""
    return (_EPOCH + timedelta(microseconds=micros)).isoformat().replace("+00:00", "Z")


def read_moment(value: object) -> int:
    """Microseconds UTC of an RFC 3339 text; raises GraphQLError."""
    wrong = GraphQLError(f"{str(value)[:80]!r} is no DateTime. Write it as 2026-01-31T12:00:00Z.")
    if not isinstance(value, str):
        raise wrong
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is not None:
            return (moment - _EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError):
        raise wrong from None
    raise wrong


def read_big_int(value: object) -> int:
    """A 64-bit integer from a number or its digits; raises GraphQLError."""
    number: object = value
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,19}", value, re.ASCII):
        number = int(value)
    if isinstance(number, bool) or not isinstance(number, int) or not -_INT64 <= number < _INT64:
        raise GraphQLError(f"{str(value)[:80]!r} is no 64-bit integer.")
    return number


def print_color(color: int) -> str:
    """`#RRGGBBAA`."""
    return f"#{color & 0xFFFFFFFF:08X}"


def read_color(value: object) -> int:
    """0xRRGGBBAA of `#RRGGBBAA` or `#RRGGBB` (opaque); raises GraphQLError."""
    if not isinstance(value, str) or _COLOR.fullmatch(value) is None:
        raise GraphQLError(f"{str(value)[:80]!r} is no Color. Write it as #RRGGBBAA.")
    return int(value[1:].ljust(8, "F"), 16)


def finite(value: Any) -> Any:
    """The value as JSON can carry it: numbers that are not finite become None."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value


SCALARS: dict[object, Any] = {
    DateTime: strawberry.scalar(
        name="DateTime",
        description="A moment in UTC, as RFC 3339 text such as 2026-01-31T12:00:00.5Z.",
        specified_by_url="https://scalars.graphql.org/andimarek/date-time",
        serialize=print_moment,
        parse_value=read_moment,
    ),
    BigInt: strawberry.scalar(
        name="BigInt",
        description="A 64-bit integer, as text of digits; plain numbers are understood on input.",
        serialize=str,
        parse_value=read_big_int,
    ),
    Color: strawberry.scalar(
        name="Color",
        description="A colour as #RRGGBBAA; #RRGGBB is understood as opaque on input.",
        serialize=print_color,
        parse_value=read_color,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value: metadata that files bring along.",
        serialize=finite,
        parse_value=finite,
    ),
}
