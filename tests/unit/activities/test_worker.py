"""One run of an Activity, and all the ways in which it ends."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete, select, update

from shared.activities import running
from shared.activities.claims import Stopping
from shared.activities.handlers import Handler, HandlerRegistry, Work
from shared.activities.queue import book, claim, request_cancel
from shared.activities.running import run_claim, run_now
from shared.activities.worker import run_worker
from shared.clock import now
from shared.errors import Busy, Invalid, Unsupported
from shared.models.activities import Activity
from shared.models.people import Membership
from shared.models.system import FileIntent
from shared.storage.intents import intend
from tests.support.people import make_user

if TYPE_CHECKING:
    from collections.abc import Callable

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


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)


class Runner:
    """Runs one handler in this process."""

    def __init__(self, database: Database, storage: LocalStorage, settings: Settings) -> None:
        self.database, self.storage, self.settings = database, storage, settings

    def __call__(self, handler: Handler) -> Row[Any]:
        activity = booked(self.database)
        handlers = HandlerRegistry({"job": handler})
        assert run_now(self.database, self.storage, self.settings, handlers, activity)
        return state(self.database, activity)


@pytest.fixture
def run(database: Database, storage: LocalStorage, settings: Settings) -> Runner:
    return Runner(database, storage, settings)


def test_a_handler_without_an_effect_is_finished_for_it(run: Runner) -> None:
    seen: list[Work] = []
    assert run(seen.append).state == "SUCCEEDED"
    assert seen[0].principal.user_id == seen[0].claim.user_id


def test_an_error_ends_the_activity_and_its_files_are_erased_at_once(run: Runner) -> None:
    def handler(work: Work) -> None:
        intend(work.database, "files/half", activity_id=work.claim.activity_id)
        with work.storage.open_new("files/half") as target:
            target.write(b"half")
        raise Invalid("The file has no pixels.", hint="Choose another.")

    row = run(handler)

    assert row.state == "FAILED"
    assert (row.errors[0]["code"], row.errors[0]["hint"]) == ("invalid", "Choose another.")
    assert not run.storage.exists("files/half")
    with run.database.read() as connection:
        assert connection.execute(select(FileIntent.id)).all() == []


def test_an_unexpected_error_is_masked_and_has_an_incident(
    run: Runner, capsys: pytest.CaptureFixture[str]
) -> None:
    def handler(_work: Work) -> None:
        raise ZeroDivisionError("secret detail")

    row = run(handler)

    assert row.state == "FAILED"
    assert "secret" not in str(row.errors)
    incident = row.errors[0]["hint"].split("number ")[1][:12]
    printed = "".join(capsys.readouterr())
    assert incident in printed
    assert "secret detail" in printed


def test_busy_is_tried_again_and_fails_after_the_third_time(run: Runner) -> None:
    def handler(_work: Work) -> None:
        raise Busy("Somebody else is writing.")

    row = run(handler)
    assert (row.state, row.attempts) == ("QUEUED", 1)
    handlers = HandlerRegistry({"job": handler})
    for _ in range(2):
        run_now(run.database, run.storage, run.settings, handlers, row.id)
    row = state(run.database, row.id)
    assert (row.state, row.attempts) == ("FAILED", 3)
    assert row.errors[0]["retry_after_s"] == 1


def test_a_cancelled_activity_stops_at_its_next_beat(run: Runner) -> None:
    def handler(work: Work) -> None:
        request_cancel(work.database, work.claim.activity_id)
        for step in range(1000):
            work.beat(step, 1000, "steps")
            time.sleep(0.01)

    assert run(handler).state == "CANCELLED"


def test_who_may_no_longer_log_in_gets_no_work_done(run: Runner) -> None:
    activity = booked(run.database)
    user_id = state(run.database, activity).user_id
    with run.database.write() as connection:
        connection.execute(delete(Membership).where(Membership.user_id == user_id))
    called: list[Work] = []
    handlers = HandlerRegistry({"job": called.append})
    assert run_now(run.database, run.storage, run.settings, handlers, activity)
    row = state(run.database, activity)
    assert (row.state, row.errors[0]["code"]) == ("FAILED", "unauthenticated")
    assert called == []


def test_the_heart_beats_while_a_step_takes_long(
    run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "HEARTBEAT_S", 0.05)

    def handler(work: Work) -> None:
        with work.database.write() as connection:  # another worker took it for dead
            connection.execute(update(Activity).values(claim=99))
        with work.database.write_live() as connection:
            connection.exec_driver_sql("DELETE FROM activity_pulse")
        until(work.lost.is_set)
        work.check()
        raise AssertionError("it went on without its claim")

    assert run(handler).state == "RUNNING"


def test_a_worker_stops_when_it_is_told(
    database: Database, storage: LocalStorage, settings: Settings
) -> None:
    stop = threading.Event()
    handlers = HandlerRegistry({"job": lambda _work: None})
    thread = threading.Thread(target=run_worker, args=(database, storage, settings, handlers, stop))
    thread.start()
    activities = [booked(database) for _ in range(3)]
    until(lambda: {state(database, one).state for one in activities} == {"SUCCEEDED"})
    stop.set()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


def test_stopping_gives_back_without_counting_the_attempt(run: Runner) -> None:
    activity = booked(run.database)
    stop = threading.Event()
    stop.set()
    mine = claim(run.database, kinds=["job"])
    assert mine is not None

    def handler(work: Work) -> None:
        with pytest.raises(Stopping):
            work.check()
        work.beat(0, 1, "steps")

    run_claim(
        run.database, run.storage, run.settings, HandlerRegistry({"job": handler}), mine, stop
    )
    row = state(run.database, activity)
    assert (row.state, row.attempts) == ("QUEUED", 0)


def test_an_unknown_kind_is_nobody_s_work(run: Runner) -> None:
    handlers = HandlerRegistry.load({"job": lambda _work: None})
    assert "job" in handlers.kinds
    with pytest.raises(Unsupported, match="nonsense"):
        handlers.handler("nonsense")
