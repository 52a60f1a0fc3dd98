"""What workers tidy up: abandoned uploads, sessions at their end, rows that nobody needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from shared.activities.housekeeping import tidy
from shared.clock import DAY, MINUTE, now
from shared.models.activities import Activity
from shared.models.images import Upload
from shared.models.live import LoginFailure
from shared.models.people import Session
from shared.models.system import FileIntent, Idempotency
from shared.storage.intents import intend
from shared.storage.locator import upload_file
from tests.support.people import make_part, make_user

if TYPE_CHECKING:
    from shared.database import Database
    from shared.storage import LocalStorage

UUIDS = [f"{number:08d}-0000-4000-8000-000000000000" for number in range(4)]


def test_abandoned_uploads_are_erased_and_those_at_work_are_not(
    database: Database, storage: LocalStorage
) -> None:
    expired, fresh, importing, imported = UUIDS
    with database.write() as connection:
        user = make_user(connection, "ada")
        jobs = {
            state: make_part(
                connection,
                Activity,
                kind="import",
                state=state,
                user_id=user,
                request={},
                created_at=0,
                finished_at=now() if state == "FAILED" else None,
            )
            for state in ("RUNNING", "FAILED")
        }
        for uuid, end, job in (
            (expired, now(), None),
            (fresh, now() + MINUTE, None),
            (importing, 0, jobs["RUNNING"]),
            (imported, 0, jobs["FAILED"]),
        ):
            connection.execute(
                insert(Upload).values(
                    uuid=uuid,
                    user_id=user,
                    file_name="../a.tif",
                    length=5,
                    created_at=0,
                    expires_at=end,
                    claimed_by=job,
                )
            )
    for uuid in UUIDS:
        intend(database, upload_file(uuid), upload_uuid=uuid)
        with storage.open_new(upload_file(uuid)) as target:
            target.write(b"bytes")

    assert tidy(database, storage).erased == 2

    assert storage.files("uploads") == sorted(map(upload_file, (fresh, importing)))
    with database.read() as connection:
        kept = set(connection.execute(select(Upload.uuid)).scalars())
        intents = set(connection.execute(select(FileIntent.upload_uuid)).scalars())
    assert kept == intents == {fresh, importing}


def test_old_rows_are_forgotten_and_sessions_closed(
    database: Database, storage: LocalStorage
) -> None:
    with database.write() as connection:
        user = make_user(connection, "ada")
        for key, age in (("old", DAY), ("new", 0)):
            connection.execute(
                insert(Idempotency).values(
                    user_id=user,
                    mutation="m",
                    key=key,
                    input_hash="",
                    payload={},
                    created_at=now() - age,
                )
            )
            connection.execute(
                insert(Session).values(
                    token_hash=key,
                    user_id=user,
                    created_at=0,
                    expires_at=now() + DAY // 2 - age,
                    idle_s=60,
                )
            )
    with database.write_live() as connection:
        for key, age in (("old", DAY), ("new", 0)):
            connection.execute(insert(LoginFailure).values(key=key, at=now() - age))

    tidy(database, storage)
    tidy(database, storage)

    with database.read() as connection:
        assert connection.execute(select(Idempotency.key)).scalars().all() == ["new"]
        closed = select(Session.token_hash).where(Session.closed_at.is_not(None))
        assert connection.execute(closed).scalars().all() == ["old"]
    with database.read_live() as connection:
        assert connection.execute(select(LoginFailure.key)).scalars().all() == ["new"]
