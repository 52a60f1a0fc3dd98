"""Workers in processes of their own: killed, stopped, and what becomes of their work."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from shared.activities.queue import book
from shared.clock import now
from shared.models.activities import Activity
from shared.models.events import Event
from tests.support.people import make_user

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Row

    from shared.database import Database
    from shared.settings import Settings
    from shared.storage import LocalStorage

PATIENCE_S = 60


def booked(database: Database, kind: str = "job", **request: Any) -> int:
    with database.write() as connection:
        user = make_user(connection, f"user{now()}")
        return book(connection, kind=kind, user_id=user, request=request)


def state(database: Database, activity_id: int) -> Row[Any]:
    with database.read() as connection:
        table = Activity.__table__
        return connection.execute(select(table).where(table.c.id == activity_id)).one()


def effects(database: Database) -> int:
    with database.read() as connection:
        query = select(func.count()).select_from(Event).where(Event.kind == "effect")
        return int(connection.execute(query).scalar_one())


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)


@contextmanager
def worker_process(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [
            sys.executable, "-m", "tests.support.worker_process", str(settings.data_dir),
            settings.database_url,
        ],
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_killed_worker_s_work_is_done_by_another_exactly_once(
    database: Database, settings: Settings, storage: LocalStorage, tmp_path: Path
) -> None:
    activity = booked(database, "slow", marks=str(tmp_path))
    with worker_process(settings) as first:
        until((tmp_path / "attempt1").exists)
        first.send_signal(signal.SIGKILL)
        first.wait()
        assert state(database, activity).state == "RUNNING"
        with worker_process(settings) as second:
            until(lambda: state(database, activity).state == "SUCCEEDED")
            until(lambda: not storage.exists("files/attempt1"))
            second.send_signal(signal.SIGTERM)
            assert second.wait(PATIENCE_S) == 0

    row = state(database, activity)
    assert (row.attempts, row.result) == (2, ["Image:1"])
    assert (tmp_path / "attempt2").exists()
    assert effects(database) == 1


def test_a_stopped_worker_gives_its_activity_back(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    activity = booked(database, "slow", marks=str(tmp_path))
    with worker_process(settings) as process:
        until((tmp_path / "attempt1").exists)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
    row = state(database, activity)
    assert (row.state, row.attempts) == ("QUEUED", 0)
    assert effects(database) == 0
