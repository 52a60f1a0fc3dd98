"""Refusals of the planner that clients tell apart by their code."""

from __future__ import annotations

from shared.errors import Invalid, TooLarge


class PageTooLarge(TooLarge):
    """More objects were asked for at once than one page or one list of ids may hold."""

    code = "page_too_large"


class CursorMismatch(Invalid):
    """The cursor was made for another list, order or filter, or was changed."""

    code = "cursor_mismatch"
