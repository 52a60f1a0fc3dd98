"""Uploads that are read once and then gone: tables, ROIs, attachments.

The bytes are read before the transaction opens; the transaction that uses them takes the upload's
row away, so that two requests never use the same one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete

from graphql_api.importing.uploads import KnownUpload, find_upload, let_go
from shared.errors import Conflict, NotFound, TooLarge
from shared.models.images import Upload
from shared.storage.locator import upload_file

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.auth.principal import Principal
    from shared.database import Database
    from shared.storage import Storage


def finished_upload(
    database: Database,
    storage: Storage,
    principal: Principal,
    uuid: str,
    path: tuple[str, ...] = ("upload",),
) -> KnownUpload:
    """The caller's upload, whole and not in use; raises `NotFound` or `Conflict`."""
    shown = uuid[:80]
    try:
        found = find_upload(database, storage, principal, uuid if _is_plain(uuid) else "")
    except NotFound as error:
        raise NotFound(
            f"There is no upload {shown}.",
            hint="Send the file to /uploads first, or again when its time was over.",
            path=path,
            target=shown,
        ) from error
    if found.is_claimed:
        raise Conflict("This upload is in use already.", path=path, target=shown)
    if found.offset != found.length:
        raise Conflict(
            f"Only {found.offset} of {found.length} bytes have arrived.",
            hint="Send the rest first.",
            path=path,
            target=shown,
        )
    return found


def read_upload(
    database: Database,
    storage: Storage,
    principal: Principal,
    uuid: str,
    limit: int,
    path: tuple[str, ...] = ("upload",),
) -> bytes:
    """All bytes of an upload; raises `TooLarge` beyond `limit`, and as `finished_upload`."""
    found = finished_upload(database, storage, principal, uuid, path)
    if found.length > limit:
        raise TooLarge(
            f"The file has {found.length} bytes.",
            hint=f"At most {limit} are read at once: divide it.",
            path=path,
            target=uuid[:80],
        )
    with storage.open_to_read(upload_file(found.uuid)) as file:
        return file.read()


def consume(connection: Connection, principal: Principal, uuid: str) -> None:
    """Take the upload away, as part of the transaction that used it; raises `Conflict`."""
    gone = connection.execute(
        delete(Upload).where(
            Upload.uuid == uuid, Upload.user_id == principal.user_id, Upload.claimed_by.is_(None)
        )
    )
    if not gone.rowcount:
        raise Conflict("This upload is in use already.", path=("upload",), target=uuid[:80])
    let_go(connection, [uuid])


def _is_plain(text: str) -> bool:
    return len(text) <= 64 and text.isascii() and text.isprintable()
