"""Files against transactions: no file without a row that knows of it, none lost by a crash.

Commit an intent before a file is made, remove it in the transaction that refers to the file; what
is left when its Activity has ended is swept. Erasing is an intent of the deleting transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, and_, delete, exists, insert, or_, select, update

from shared.clock import DAY, SECOND, now
from shared.database import ids_in
from shared.errors import TesseraError
from shared.models.activities import ENDED, Activity
from shared.models.images import Upload
from shared.models.system import FileIntent
from shared.storage.protocol import parts_of
from shared.telemetry import logger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement

    from shared.database import Database
    from shared.storage.protocol import Storage

BATCH = 500
GRACE_S = 60
"""How long after an Activity's end its leftovers are kept: a worker that lost its claim may still
be writing."""


@dataclass(frozen=True, slots=True)
class Swept:
    """How many names were erased, and how many could not be and are kept for the next time."""

    erased: int
    failed: int


def intend(
    database: Database,
    name: str,
    *,
    activity_id: int | None = None,
    upload_uuid: str | None = None,
) -> int:
    """Say, in a transaction of its own, that a file or folder is about to be made."""
    parts_of(name)
    with database.write() as connection:
        return _insert(connection, "CREATE", name, activity_id, upload_uuid)


def fulfil(connection: Connection, intent_ids: Sequence[int]) -> None:
    """Forget intents, in the transaction whose rows refer to the files."""
    connection.execute(
        delete(FileIntent).where(
            ids_in(connection, FileIntent.__table__.c.id, intent_ids),
            FileIntent.action == "CREATE",
        )
    )


def erase_later(connection: Connection, name: str) -> int:
    """Have a file or folder erased once this transaction is committed."""
    parts_of(name)
    return _insert(connection, "ERASE", name, None, None)


def sweep(
    database: Database,
    storage: Storage,
    *,
    activity_id: int | None = None,
    grace_s: float = GRACE_S,
) -> Swept:
    """Erase what is to be erased, and what ended Activities and vanished uploads left behind.

    With `activity_id` only that Activity's leftovers, at once: call it so only when nobody can be
    writing for it any more. Failures stay in their row and are counted.
    """
    erased = failed = last = 0
    due = _left_by(activity_id) if activity_id is not None else _due(grace_s)
    while rows := _batch(database, due, last):
        done = []
        for intent_id, name in rows:
            last = intent_id
            reason = _erase(storage, name)
            if reason is None:
                done.append(intent_id)
            else:
                failed += 1
                _keep(database, intent_id, name, reason)
        erased += len(done)
        if done:
            with database.write() as connection:
                column = FileIntent.__table__.c.id
                connection.execute(delete(FileIntent).where(ids_in(connection, column, done)))
    return Swept(erased, failed)


def _insert(
    connection: Connection, action: str, name: str, activity_id: int | None, upload: str | None
) -> int:
    statement = (
        insert(FileIntent)
        .values(
            action=action,
            name=name,
            activity_id=activity_id,
            upload_uuid=upload,
            created_at=now(),
        )
        .returning(FileIntent.id)
    )
    return int(connection.execute(statement).scalar_one())


def _left_by(activity_id: int) -> ColumnElement[bool]:
    return and_(FileIntent.action == "CREATE", FileIntent.activity_id == activity_id)


def _due(grace_s: float) -> ColumnElement[bool]:
    ended = exists().where(
        Activity.id == FileIntent.activity_id,
        Activity.state.in_(ENDED),
        Activity.finished_at <= now() - int(grace_s * SECOND),
    )
    uploading = exists().where(Upload.uuid == FileIntent.upload_uuid)
    nobodys = and_(
        FileIntent.activity_id.is_(None), ~uploading, FileIntent.created_at <= now() - DAY
    )
    return or_(FileIntent.action == "ERASE", and_(FileIntent.action == "CREATE", ended), nobodys)


def _batch(database: Database, due: ColumnElement[bool], after: int) -> Sequence[tuple[int, str]]:
    statement = (
        select(FileIntent.id, FileIntent.name)
        .where(due, FileIntent.id > after)
        .order_by(FileIntent.id)
        .limit(BATCH)
    )
    with database.read() as connection:
        return [(row.id, row.name) for row in connection.execute(statement)]


def _erase(storage: Storage, name: str) -> str | None:
    """Erase and answer None, or why it could not be done."""
    try:
        storage.erase(name)
    except (OSError, TesseraError) as error:
        return str(error)
    return None


def _keep(database: Database, intent_id: int, name: str, reason: str) -> None:
    logger(__name__).warning("storage.erase_failed", name=name, reason=reason)
    with database.write() as connection:
        connection.execute(
            update(FileIntent)
            .where(FileIntent.id == intent_id)
            .values(attempts=FileIntent.attempts + 1, failure=reason[:1000])
        )
