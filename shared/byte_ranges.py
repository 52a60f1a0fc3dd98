"""The `Range` of a request: one range of bytes, or the whole.

Several ranges at once are answered as the whole, which RFC 9110 allows.
"""

from __future__ import annotations

import re

_RANGE = re.compile(r"bytes=(?:([0-9]{1,18})-([0-9]{1,18})?|-([0-9]{1,18}))")


class Unsatisfiable(Exception):  # an outcome, not a mistake
    """The range lies beyond the end: 416."""


def asked_range(
    text: str | None, condition: str | None, size: int, etag: str
) -> tuple[int, int] | None:
    """First byte and the one after the last, or None for the whole.

    `text` is the header Range, `condition` If-Range: another entity tag than `etag` asks for the
    whole. Raises `Unsatisfiable`.
    """
    if not text or (condition and condition != etag):
        return None
    match = _RANGE.fullmatch(text.replace(" ", ""))
    if match is None:
        return None
    if match[3] is not None:
        start, end = max(0, size - int(match[3])), size
    else:
        start = int(match[1])
        end = size if match[2] is None else min(int(match[2]) + 1, size)
        if match[2] is not None and int(match[2]) < start:
            return None
    if start >= size or start >= end:
        raise Unsatisfiable
    return start, end


def range_headers(found: tuple[int, int], size: int) -> dict[str, str]:
    """The headers of a 206."""
    return {"content-range": f"bytes {found[0]}-{found[1] - 1}/{size}"}
