"""Uploads as rows and growing files: made, continued, found and ended.

The offset is the file's size, never a column, so a crash cannot make the two differ. Bytes are
written under the file's lock and never while a transaction is open.
"""

from __future__ import annotations

import fcntl
import io
import os
import shutil
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from sqlalchemy import delete, func, insert, select, update

from graphql_api.importing.request import checked_name
from shared.activities.housekeeping import forget_uploads
from shared.auth.rules import Scope
from shared.clock import DAY, now
from shared.errors import Busy, Conflict, Denied, Invalid, NotFound, TooLarge
from shared.models.images import Upload
from shared.models.people import User
from shared.models.system import FileIntent
from shared.storage.intents import erase_later, intend
from shared.storage.locator import upload_file

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sqlalchemy import Connection

    from shared.auth.principal import Principal
    from shared.database import Database
    from shared.settings import Settings
    from shared.storage import Storage

LIFE = DAY
"""How long an upload is kept after its last bytes, in microseconds."""
MAX_UPLOAD_NAME_BYTES = 2000
RESERVE_BYTES = 256 * 2**20
"""Free space that uploads leave to the database and to what is made from them."""


class NoSpace(TooLarge):
    """The disk has no room for what was announced."""

    code = "no_space"


class Locked(Busy):
    """Another request is writing to the upload."""

    code = "locked"


@dataclass(frozen=True, slots=True)
class KnownUpload:
    """An upload of the caller: `offset` bytes of `length` have arrived."""

    uuid: str
    name: str
    length: int
    offset: int
    expires_at: int
    is_claimed: bool


def require_uploader(principal: Principal) -> None:
    """Raise `Denied` for guests and for tokens that are not good for imports."""
    if principal.is_guest or not principal.has_scope({Scope.WRITE, Scope.IMPORT}):
        raise Denied(
            "You may not upload files.",
            hint="Guests cannot; a token needs the scope `import` or `write`.",
        )


def create_upload(
    database: Database,
    storage: Storage,
    settings: Settings,
    principal: Principal,
    *,
    name: str,
    length: int,
) -> KnownUpload:
    """Announce a file of `length` bytes; raises `Invalid`, `TooLarge`, `NoSpace` or `Denied`."""
    require_uploader(principal)
    _check_name(name)
    _check_length(length, settings)
    forget_uploads(database)
    new = str(uuid.uuid4())
    moment = now()
    with database.write() as connection:
        _require_quota(connection, principal.user_id, length, settings.upload_quota_bytes)
        connection.execute(
            insert(Upload).values(
                uuid=new,
                user_id=principal.user_id,
                session_id=principal.session_id,
                file_name=name,
                length=length,
                created_at=moment,
                expires_at=moment + LIFE,
            )
        )
    intend(database, upload_file(new), upload_uuid=new)
    storage.open_new(upload_file(new)).close()
    return KnownUpload(new, name, length, 0, moment + LIFE, is_claimed=False)


def find_upload(
    database: Database, storage: Storage, principal: Principal, upload_uuid: str
) -> KnownUpload:
    """The caller's upload; unknown, another's and expired ones are the same `NotFound`."""
    with database.read() as connection:
        row = connection.execute(
            select(Upload).where(Upload.uuid == upload_uuid, Upload.user_id == principal.user_id)
        ).one_or_none()
    if row is None or row.expires_at <= now():
        raise _missing()
    is_claimed = row.claimed_by is not None
    try:
        offset = storage.size(upload_file(row.uuid))
    except NotFound as error:
        if not is_claimed:
            raise _missing() from error
        offset = row.length
    return KnownUpload(row.uuid, row.file_name, row.length, offset, row.expires_at, is_claimed)


def end_upload(
    database: Database, storage: Storage, principal: Principal, upload_uuid: str
) -> None:
    """Forget an upload and its bytes; raises `NotFound`, and `Conflict` when an import has it."""
    found = find_upload(database, storage, principal, upload_uuid)
    with database.write() as connection:
        ended = connection.execute(
            delete(Upload).where(Upload.uuid == found.uuid, Upload.claimed_by.is_(None))
        )
        if not ended.rowcount:
            raise Conflict("This upload belongs to an import already.", hint="Cancel that.")
        let_go(connection, [found.uuid])
    storage.erase(upload_file(found.uuid))


def prolong(database: Database, upload: KnownUpload) -> None:
    """Count the life of an upload from now on; written at most once an hour."""
    expires_at = now() + LIFE
    if expires_at - upload.expires_at < DAY // 24:
        return
    with database.write() as connection:
        connection.execute(
            update(Upload)
            .where(Upload.uuid == upload.uuid, Upload.claimed_by.is_(None))
            .values(expires_at=expires_at)
        )


def let_go(connection: Connection, uuids: Iterable[str]) -> None:
    """Have uploads' files erased once this transaction commits; their rows are not touched."""
    chosen = list(uuids)
    if not chosen:
        return
    connection.execute(
        delete(FileIntent).where(FileIntent.upload_uuid.in_(chosen), FileIntent.action == "CREATE")
    )
    for each in chosen:
        erase_later(connection, upload_file(each))


class Appender:
    """Writes on at an upload's end, alone; every method blocks, so call it in a thread."""

    def __init__(self, storage: Storage, upload: KnownUpload) -> None:
        """Take the upload's lock; raises `Locked` when somebody is writing, or `NotFound`."""
        self._length = upload.length
        self._file: BinaryIO = storage.open_to_continue(upload_file(upload.uuid))
        try:
            fcntl.flock(self._file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._file.close()
            raise Locked(
                "This upload is being written to.", hint="Ask for its offset in a moment."
            ) from error
        self.start = self.offset = self._file.seek(0, io.SEEK_END)

    def append(self, data: bytes) -> None:
        """Write bytes; raises `TooLarge` and forgets this request's when they are too many."""
        if self.offset + len(data) > self._length:
            self._file.flush()
            os.ftruncate(self._file.fileno(), self.start)
            self._file.seek(self.start)
            self.offset = self.start
            raise TooLarge(
                f"More than the {self._length} bytes that were announced arrived.",
                hint="Nothing of this request was kept.",
            )
        self._file.write(data)
        self.offset += len(data)

    def close(self) -> None:
        """Bring everything to disk and give the lock back."""
        self._file.close()


def require_space(folder: Path, length: int) -> None:
    """Raise `NoSpace` when the disk below `folder` cannot take `length` bytes more."""
    free = shutil.disk_usage(folder).free
    if length > max(0, free - RESERVE_BYTES):
        raise NoSpace(
            f"There is no room for {length} bytes on the server.",
            hint="Ask its operator for space.",
        )


def _check_name(name: str) -> None:
    checked_name(name)
    if len(name.encode()) > MAX_UPLOAD_NAME_BYTES:
        raise Invalid(
            "The file's name is too long.",
            hint=f"With its folders it has at most {MAX_UPLOAD_NAME_BYTES} bytes.",
        )


def _check_length(length: int, settings: Settings) -> None:
    if length > settings.upload_max_bytes:
        raise TooLarge(
            f"A file of {length} bytes is too large.",
            hint=f"A single upload has at most {settings.upload_max_bytes} bytes.",
        )
    require_space(settings.data_dir, length)


def _require_quota(connection: Connection, user_id: int, length: int, quota: int) -> None:
    """One creation of a user at a time: PostgreSQL would let two pass side by side."""
    connection.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))
    total: Any = connection.scalar(
        select(func.coalesce(func.sum(Upload.length), 0)).where(
            Upload.user_id == user_id, Upload.claimed_by.is_(None)
        )
    )
    if int(total) + length > quota:
        raise TooLarge(
            f"Your uploads that are not imported yet would exceed {quota} bytes.",
            hint="Import or end some of them; they are forgotten a day after their last bytes.",
        )


def _missing() -> NotFound:
    return NotFound(
        "There is no such upload.", hint="It may be another's, or its time was over: start again."
    )
