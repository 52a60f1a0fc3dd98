"""A wish to cancel ends the statement that runs, and everything before it is undone."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from sqlalchemy import func, select, text

from shared.activities import running
from shared.activities.handlers import HandlerRegistry, Work
from shared.activities.queue import book, request_cancel
from shared.activities.running import run_now
from shared.journal import begin_event
from shared.models.activities import Activity
from shared.models.events import Event
from tests.support.people import make_user

if TYPE_CHECKING:
    import pytest

    from shared.database import Database
    from shared.settings import Settings
    from shared.storage import LocalStorage

LONG = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 2000000000) "
    "SELECT sum(i) FROM n",
    "postgresql": "SELECT pg_sleep(300)",
}


def test_cancelling_interrupts_the_running_statement(
    database: Database,
    settings: Settings,
    storage: LocalStorage,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(running, "CANCEL_S", 0.05)
    begun = threading.Event()

    def endless(work: Work) -> None:
        with work.database.write() as connection, work.interruptible(connection):
            begin_event(connection, user_id=work.principal.user_id, kind="effect")
            begun.set()
            connection.execute(text(LONG[connection.dialect.name]))
            work.finish(connection)

    with database.write() as connection:
        user = make_user(connection, "ada")
        activity = book(connection, kind="endless", user_id=user, request={})

    def cancel() -> None:
        begun.wait()
        time.sleep(0.2)
        request_cancel(database, activity)

    canceller = threading.Thread(target=cancel)
    canceller.start()
    run_now(database, storage, settings, HandlerRegistry({"endless": endless}), activity)
    canceller.join()

    with database.read() as connection:
        state = connection.scalar(select(Activity.state).where(Activity.id == activity))
        effects = connection.scalar(select(func.count()).where(Event.kind == "effect"))
    assert state == "CANCELLED"
    assert effects == 0
