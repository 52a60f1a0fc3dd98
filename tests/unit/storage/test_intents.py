"""Intents: what a crash, a rollback or a delete leaves behind is erased, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update

from shared.clock import DAY, SECOND, now
from shared.database import Database
from shared.errors import Invalid
from shared.models.activities import Activity
from shared.models.images import Upload
from shared.models.system import FileIntent
from shared.storage import LocalStorage
from shared.storage.intents import Swept, erase_later, fulfil, intend, sweep
from tests.support.people import make_part, make_user

if TYPE_CHECKING:
    from typing import Any


def put(storage: LocalStorage, name: str) -> None:
    with storage.open_new(name) as target:
        target.write(b"bytes")


def activity(database: Database, state: str, **values: Any) -> int:
    with database.write() as connection:
        user = make_user(connection, f"user{now()}")
        return make_part(
            connection,
            Activity,
            kind="import",
            state=state,
            user_id=user,
            request={},
            created_at=now(),
            **values,
        )


def names_left(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.execute(select(FileIntent.name).order_by(FileIntent.id)).scalars())


def test_leftovers_of_an_ended_activity_are_erased_and_fulfilled_files_stay(
    database: Database, storage: LocalStorage
) -> None:
    running = activity(database, "RUNNING")
    kept = intend(database, "files/ab/kept", activity_id=running)
    intend(database, "files/ab/lost", activity_id=running)
    for name in ("files/ab/kept/a", "files/ab/lost/a"):
        put(storage, name)
    with database.write() as connection:
        fulfil(connection, [kept])

    assert sweep(database, storage) == Swept(0, 0)
    assert storage.exists("files/ab/lost/a")
    with database.write() as connection:
        connection.execute(update(Activity).values(state="FAILED", finished_at=now() - 59 * SECOND))
    assert sweep(database, storage) == Swept(0, 0)
    with database.write() as connection:
        connection.execute(update(Activity).values(finished_at=now() - 61 * SECOND))
    assert sweep(database, storage) == Swept(1, 0)

    assert not storage.exists("files/ab/lost")
    assert storage.exists("files/ab/kept/a")
    assert names_left(database) == []


def test_a_worker_sweeps_its_own_activity_at_once(
    database: Database, storage: LocalStorage
) -> None:
    mine, other = activity(database, "FAILED"), activity(database, "RUNNING")
    for owner, name in ((mine, "files/mine"), (other, "files/other")):
        intend(database, name, activity_id=owner)
        put(storage, name)

    assert sweep(database, storage, activity_id=mine) == Swept(1, 0)

    assert storage.files("files") == ["files/other"]
    assert names_left(database) == ["files/other"]


def test_nothing_is_erased_by_a_transaction_that_fails(
    database: Database, storage: LocalStorage
) -> None:
    put(storage, "files/x")

    def fail_after_erasing() -> None:
        with database.write() as connection:
            erase_later(connection, "files/x")
            raise RuntimeError("something later fails")

    with pytest.raises(RuntimeError, match="later"):
        fail_after_erasing()
    assert sweep(database, storage) == Swept(0, 0)
    assert storage.exists("files/x")

    with database.write() as connection:
        erase_later(connection, "files/x")
        erase_later(connection, "files/never-was")
    assert sweep(database, storage) == Swept(2, 0)
    assert not storage.exists("files/x")


def test_a_name_that_cannot_be_erased_is_kept_and_counted(
    database: Database, storage: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stubborn(LocalStorage):
        def erase(self, name: str) -> None:
            if name == "files/stuck":
                raise PermissionError(13, "Permission denied")
            super().erase(name)

    put(storage, "files/free")
    with database.write() as connection:
        erase_later(connection, "files/stuck")
        erase_later(connection, "files/free")
    stubborn = Stubborn(storage.root)

    assert sweep(database, stubborn) == Swept(1, 1)
    assert sweep(database, stubborn) == Swept(0, 1)

    with database.read() as connection:
        row = connection.execute(select(FileIntent.attempts, FileIntent.failure)).one()
    assert row.attempts == 2
    assert "Permission denied" in row.failure
    assert sweep(database, storage) == Swept(1, 0)


def test_many_names_are_swept_in_one_call(database: Database, storage: LocalStorage) -> None:
    with database.write() as connection:
        for number in range(1100):
            erase_later(connection, f"files/{number}")
    assert sweep(database, storage) == Swept(1100, 0)
    assert names_left(database) == []


def test_an_upload_is_kept_as_long_as_its_row(database: Database, storage: LocalStorage) -> None:
    with database.write() as connection:
        user = make_user(connection, "ada")
        connection.execute(
            Upload.__table__.insert().values(  # type: ignore[attr-defined]
                uuid="u1", user_id=user, file_name="a.tif", length=5, created_at=0, expires_at=0
            )
        )
    for uuid in ("u1", "u2"):
        intend(database, f"uploads/{uuid}", upload_uuid=uuid)
        put(storage, f"uploads/{uuid}")
    assert sweep(database, storage) == Swept(0, 0)

    with database.write() as connection:
        connection.execute(update(FileIntent).values(created_at=now() - DAY - SECOND))
    assert sweep(database, storage) == Swept(1, 0)
    assert storage.files("uploads") == ["uploads/u1"]


@pytest.mark.parametrize("name", ["/etc", "../x", ""])
def test_an_intent_names_a_file_of_the_storage(database: Database, name: str) -> None:
    with pytest.raises(Invalid):
        intend(database, name)
    with pytest.raises(Invalid), database.write() as connection:
        erase_later(connection, name)
