"""Give everybody another lookup table: parsed on arrival, kept for good."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from graphql_api.editing.idempotency import once
from graphql_api.editing.links import open_event
from shared.auth.epoch import bump_epoch
from shared.auth.rules_admin import AdminAction, require_administer
from shared.errors import Invalid, TooLarge
from shared.journal import record
from shared.refs import ObjectRef
from shared.rendering.lut_files import MAX_LUT_BYTES
from shared.rendering.uploaded_luts import save_table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.auth.principal import Principal
    from shared.database import Database


def require_table_uploader(principal: Principal) -> None:
    """Raise `Denied` unless this principal may upload lookup tables."""
    require_administer(principal, AdminAction.UPLOAD_LOOKUP_TABLE)


def upload_table(
    database: Database,
    principal: Principal,
    name: str,
    content: bytes,
    key: str | None = None,
    first: Callable[[Connection], None] | None = None,
) -> ObjectRef:
    """Keep the file as a lookup table of that name; `first` is done in the same transaction.

    Raises `Denied`, `TooLarge`, `Invalid` for a name or a file that is none, or `Conflict` for a
    name that is taken.
    """
    require_table_uploader(principal)
    given = {"name": name, "sha256": hashlib.sha256(content).hexdigest()}
    with database.write() as connection:

        def work() -> list[ObjectRef]:
            if first is not None:
                first(connection)
            event_id = open_event(connection, principal, "uploadLookupTable")
            number = save_table(connection, principal.user_id, event_id, name, content)
            record(connection, event_id, "LookupTable", "INSERT", [number])
            return [ObjectRef("LookupTable", number)]

        (made,) = once(connection, principal, "uploadLookupTable", key, given, work)
        # tile services look for new tables when the epoch changes
        bump_epoch(connection)
        return made


def decoded(text: str) -> bytes:
    """The bytes of base64 text; raises `TooLarge` before it decodes, or `Invalid`."""
    if len(text) > MAX_LUT_BYTES * 4 // 3 + 1024:
        raise TooLarge(
            f"A lookup table has at most {MAX_LUT_BYTES} bytes.",
            hint="Save the table with ImageJ or as 256 rows of red, green and blue.",
            path=("content", "base64"),
        )
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Invalid(
            "The file is not base64.",
            hint="Give its bytes in base64, or a text table as text.",
            path=("content", "base64"),
        ) from None
