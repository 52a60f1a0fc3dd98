"""What the command line says and with which code it ends.

Codes: 0 ok, 1 failed, 2 usage, 3 not found, 4 denied, 5 conflict, 6 unreadable file, 7 busy.
"""

from __future__ import annotations

from shared.errors import (
    Busy,
    Conflict,
    Denied,
    Invalid,
    NotFound,
    TesseraError,
    Unauthenticated,
    Unreadable,
)

EXIT_CODES: tuple[tuple[type[TesseraError], int], ...] = (
    (Invalid, 2),
    (NotFound, 3),
    (Denied, 4),
    (Unauthenticated, 4),
    (Conflict, 5),
    (Unreadable, 6),
    (Busy, 7),
)
_BY_CODE = {
    "invalid": 2,
    "not_found": 3,
    "denied": 4,
    "unauthenticated": 4,
    "conflict": 5,
    "unreadable": 6,
    "unknown_format": 6,
    "missing_reader": 6,
    "broken_file": 6,
    "unsupported": 6,
    "busy": 7,
}


def exit_code(error: TesseraError) -> int:
    """The code with which a command that met this error ends."""
    return next((code for kind, code in EXIT_CODES if isinstance(error, kind)), 1)


def exit_code_of(error_code: str) -> int:
    """The same for an error that came over the wire by its code, such as `NOT_FOUND`."""
    return _BY_CODE.get(error_code.lower(), 1)
