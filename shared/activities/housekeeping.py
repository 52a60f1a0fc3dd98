"""What workers do besides their work: abandoned uploads, expired rows, files to be erased.

Every worker does all of it; each step is safe to be done by several at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, exists, insert, select, update

from shared.clock import DAY, now
from shared.models.activities import ENDED, Activity
from shared.models.images import Upload
from shared.models.live import ActivityPulse, LoginFailure, ProcessPulse, SessionTouch
from shared.models.people import Session
from shared.models.system import FileIntent, Idempotency
from shared.storage.intents import Swept, sweep
from shared.storage.locator import upload_file

if TYPE_CHECKING:
    from shared.database import Database
    from shared.storage import Storage

IDEMPOTENCY_KEPT = DAY
PULSES_KEPT = DAY
TOUCHES_KEPT = 30 * DAY


def tidy(database: Database, storage: Storage) -> Swept:
    """Do all of it once; answers what was erased."""
    forget_uploads(database)
    close_sessions(database)
    forget_old_rows(database)
    return sweep(database, storage)


def forget_uploads(database: Database) -> int:
    """Give up uploads that expired unless an import is at work on them; answers how many."""
    at_work = exists().where(Activity.id == Upload.claimed_by, Activity.state.not_in(ENDED))
    expired = select(Upload.uuid).where(Upload.expires_at <= now(), ~at_work)
    with database.read() as connection:
        if connection.execute(expired.limit(1)).first() is None:
            return 0
    gone = delete(Upload).where(Upload.uuid.in_(expired)).returning(Upload.uuid)
    with database.write() as connection:
        uuids = list(connection.execute(gone).scalars())
        if uuids:
            connection.execute(delete(FileIntent).where(FileIntent.upload_uuid.in_(uuids)))
            erase = [
                {"action": "ERASE", "name": upload_file(uuid), "created_at": now()}
                for uuid in uuids
            ]
            connection.execute(insert(FileIntent), erase)
    return len(uuids)


def close_sessions(database: Database) -> int:
    """Mark sessions as closed that reached their end; the rows stay, for the journal names them."""
    over = (Session.closed_at.is_(None), Session.expires_at <= now())
    with database.read() as connection:
        if connection.execute(select(Session.id).where(*over).limit(1)).first() is None:
            return 0
    with database.write() as connection:
        closed = update(Session).where(*over).values(closed_at=Session.expires_at)
        return connection.execute(closed).rowcount


def forget_old_rows(database: Database) -> None:
    """Remove answers kept for repeated mutations, old pulses, touches and refused logins."""
    moment = now()
    old = Idempotency.created_at <= moment - IDEMPOTENCY_KEPT
    with database.read() as connection:
        due = connection.execute(select(Idempotency.user_id).where(old).limit(1)).first()
    if due is not None:
        with database.write() as connection:
            connection.execute(delete(Idempotency).where(old))
    with database.write_live() as connection:
        for statement in (
            delete(ActivityPulse).where(ActivityPulse.beat_at <= moment - PULSES_KEPT),
            delete(SessionTouch).where(SessionTouch.touched_at <= moment - TOUCHES_KEPT),
            delete(LoginFailure).where(LoginFailure.at <= moment - DAY),
            delete(ProcessPulse).where(ProcessPulse.beat_at <= moment - DAY),
        ):
            connection.execute(statement)
