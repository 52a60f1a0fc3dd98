"""Claims by number: one worker commits, whatever happens to the others."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete, func, select, update

from shared.activities.claims import Cancelled, Claim, LostClaim
from shared.activities.pulses import Progress, beat, progress_of, reclaim
from shared.activities.queue import (
    book,
    claim,
    end_cancelled,
    fail,
    finish,
    give_back,
    request_cancel,
    retry,
)
from shared.clock import SECOND, now
from shared.database import Database
from shared.errors import Conflict, Denied, NotFound
from shared.journal import begin_event
from shared.models.activities import Activity
from shared.models.events import Event
from shared.models.live import ActivityPulse
from tests.support.people import make_user

if TYPE_CHECKING:
    from sqlalchemy import Row

KINDS = ("import",)


def booked(database: Database, *, kind: str = "import", scopes: Any = None) -> int:
    with database.write() as connection:
        user = make_user(connection, f"user{now()}")
        return book(connection, kind=kind, user_id=user, scopes=scopes, request={"a": [1, "µ"]})


def claimed(database: Database) -> Claim:
    found = claim(database, kinds=KINDS)
    assert found is not None
    return found


def state(database: Database, activity_id: int) -> Row[Any]:
    with database.read() as connection:
        table = Activity.__table__
        return connection.execute(select(table).where(table.c.id == activity_id)).one()


def let_it_die(database: Database, activity_id: int) -> None:
    with database.write_live() as connection:
        connection.execute(
            update(ActivityPulse)
            .where(ActivityPulse.activity_id == activity_id)
            .values(beat_at=now() - 31 * SECOND)
        )


def test_the_oldest_booked_activity_is_claimed_first(database: Database) -> None:
    assert claim(database, kinds=KINDS) is None
    first, second = booked(database, scopes=["read", "write"]), booked(database)
    booked(database, kind="something else")

    taken = claimed(database)

    assert (taken.activity_id, taken.claim, taken.attempts) == (first, 1, 1)
    assert taken.request == {"a": [1, "µ"]}
    assert taken.scopes == frozenset({"read", "write"})
    assert state(database, first).state == "RUNNING"
    assert claimed(database).activity_id == second
    assert claim(database, kinds=KINDS) is None


def test_a_certain_activity_can_be_claimed(database: Database) -> None:
    first, second = booked(database), booked(database)
    found = claim(database, kinds=KINDS, activity_id=second)
    assert found is not None
    assert (found.activity_id, found.scopes) == (second, None)
    assert claim(database, kinds=KINDS, activity_id=second) is None
    assert claimed(database).activity_id == first


def test_many_workers_never_take_the_same_activity(database: Database) -> None:
    wanted = {booked(database) for _ in range(12)}
    taken: list[int] = []

    def work() -> None:
        while (found := claim(database, kinds=KINDS)) is not None:
            taken.append(found.activity_id)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # PostgreSQL may show a worker an empty queue while another holds the last row.
    while (left := claim(database, kinds=KINDS)) is not None:
        taken.append(left.activity_id)
    assert sorted(taken) == sorted(wanted)


def test_the_effect_and_the_end_commit_together(database: Database) -> None:
    activity = booked(database)
    mine = claimed(database)
    with database.write() as connection:
        begin_event(connection, user_id=mine.user_id, kind="effect")
        finish(connection, mine, report={"created": 1}, result=["Image:1"])
    row = state(database, activity)
    assert (row.state, row.report, row.result) == ("SUCCEEDED", {"created": 1}, ["Image:1"])
    assert row.finished_at >= row.started_at


def test_a_worker_that_was_taken_for_dead_cannot_commit(database: Database) -> None:
    activity = booked(database)
    slow = claimed(database)
    let_it_die(database, activity)
    assert reclaim(database) == 1
    fast = claimed(database)
    assert (fast.attempts, fast.claim) == (2, 3)

    def commit(mine: Claim) -> None:
        with database.write() as connection:
            begin_event(connection, user_id=mine.user_id, kind="effect")
            finish(connection, mine)

    with pytest.raises(LostClaim):
        beat(database, slow)
    with pytest.raises(LostClaim):
        commit(slow)
    commit(fast)
    with pytest.raises(LostClaim):
        commit(slow)
    assert not fail(database, slow, Conflict("too late"))
    assert not end_cancelled(database, slow)
    assert not give_back(database, slow, counts=True)
    with database.read() as connection:
        effects = select(func.count()).select_from(Event).where(Event.kind == "effect")
        assert connection.execute(effects).scalar_one() == 1
    assert state(database, activity).state == "SUCCEEDED"


def test_a_living_worker_is_left_alone(database: Database) -> None:
    booked(database)
    mine = claimed(database)
    assert reclaim(database) == 0
    let_it_die(database, mine.activity_id)
    beat(database, mine, Progress(3, 10, "planes"))
    assert reclaim(database) == 0
    with database.read_live() as connection:
        found = progress_of(connection, [mine.activity_id, 999])
    assert found == {mine.activity_id: Progress(3, 10, "planes")}


def test_after_the_third_dead_worker_the_activity_has_failed(database: Database) -> None:
    activity = booked(database)
    for attempt in (1, 2, 3):
        assert claimed(database).attempts == attempt
        let_it_die(database, activity)
        assert reclaim(database) == 1
    assert claim(database, kinds=KINDS) is None
    row = state(database, activity)
    assert row.state == "FAILED"
    assert row.errors[0]["code"] == "conflict"
    assert "died 3 times" in row.errors[0]["message"]


def test_a_lost_live_database_costs_a_living_worker_nothing(database: Database) -> None:
    booked(database)
    mine = claimed(database)
    with database.write_live() as connection:
        connection.execute(delete(ActivityPulse))
    beat(database, mine)
    assert reclaim(database) == 0
    request_cancel(database, mine.activity_id)
    with pytest.raises(Cancelled):
        beat(database, mine)


def test_a_queued_activity_is_cancelled_at_once(database: Database) -> None:
    activity = booked(database)
    request_cancel(database, activity)
    assert state(database, activity).state == "CANCELLED"
    assert claim(database, kinds=KINDS) is None
    with pytest.raises(Conflict, match="ended"):
        request_cancel(database, activity)
    with pytest.raises(NotFound):
        request_cancel(database, activity + 1)


def test_a_running_activity_is_cancelled_by_its_worker(database: Database) -> None:
    activity = booked(database)
    mine = claimed(database)
    request_cancel(database, activity)
    assert state(database, activity).state == "RUNNING"
    with pytest.raises(Cancelled):
        beat(database, mine, Progress(1, 2, "files"))
    assert end_cancelled(database, mine)
    assert state(database, activity).state == "CANCELLED"


def test_a_dead_worker_s_activity_that_was_to_be_cancelled_is(database: Database) -> None:
    activity = booked(database)
    claimed(database)
    request_cancel(database, activity)
    let_it_die(database, activity)
    assert reclaim(database) == 1
    assert state(database, activity).state == "CANCELLED"


def test_a_failure_keeps_what_the_person_can_do(database: Database) -> None:
    activity = booked(database)
    error = Denied(
        "You may not.", reasons=("NOT_OWNER",), hint="Ask ada.", path=("input",), target="Image:7"
    )
    assert fail(database, claimed(database), error)
    row = state(database, activity)
    assert row.state == "FAILED"
    assert row.errors == [
        {
            "code": "denied",
            "message": "You may not.",
            "hint": "Ask ada.",
            "path": ["input"],
            "target": "Image:7",
            "reasons": ["NOT_OWNER"],
        }
    ]


def test_what_failed_can_be_retried_and_what_runs_cannot(database: Database) -> None:
    activity = booked(database)
    mine = claimed(database)

    def again(activity_id: int) -> None:
        with database.write() as connection:
            retry(connection, activity_id)

    with pytest.raises(Conflict, match="running"):
        again(activity)
    with pytest.raises(NotFound):
        again(activity + 1)
    fail(database, mine, Conflict("no"))
    request_id = activity
    again(request_id)
    row = state(database, activity)
    assert (row.state, row.attempts, row.errors, row.finished_at) == ("QUEUED", 0, None, None)
    assert claimed(database).attempts == 1


def test_what_is_given_back_is_claimed_again(database: Database) -> None:
    activity = booked(database)
    assert give_back(database, claimed(database), counts=False)
    again = claimed(database)
    assert (again.activity_id, again.attempts) == (activity, 1)
    assert give_back(database, again, counts=True)
    assert claimed(database).attempts == 2
