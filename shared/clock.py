"""The time, in integer microseconds UTC: the only form in which Tessera stores it."""

from __future__ import annotations

import time
from datetime import UTC, datetime

SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY = 24 * 60 * MINUTE


def now() -> int:
    """Microseconds since 1970-01-01 UTC."""
    return time.time_ns() // 1000


def to_datetime(micros: int) -> datetime:
    """The moment as an aware datetime in UTC."""
    return datetime.fromtimestamp(micros / SECOND, tz=UTC)


def from_datetime(moment: datetime) -> int:
    """Microseconds of an aware datetime."""
    return round(moment.timestamp() * SECOND)
