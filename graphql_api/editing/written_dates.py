"""Dates as files and people write them, and the moment by which images are ordered."""

from __future__ import annotations

from datetime import UTC, datetime

from shared.clock import from_datetime


def acquired_at(written: str | None) -> int | None:
    """A guess of when it was taken, in microseconds UTC; a date without a zone counts as UTC."""
    if not written:
        return None
    text = written.strip().replace("Z", "+00:00")
    for form in (None, "%Y:%m:%d %H:%M:%S", "%m/%d/%y %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%m/%d/%y"):
        try:
            moment = (
                datetime.fromisoformat(text)
                if form is None
                else datetime.strptime(text, form).replace(tzinfo=UTC)
            )
        except ValueError:
            continue
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        try:
            return from_datetime(aware)
        except (OverflowError, OSError):
            return None
    return None
