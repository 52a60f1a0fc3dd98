"""Heartbeat, progress and cancel flag of running Activities, in the live database.

All of it may be lost at any time: a missing pulse only makes the Activity be taken again, and the
claim's number keeps two workers from both committing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from shared.activities.claims import Cancelled, Claim, LostClaim, error_value
from shared.clock import SECOND, now
from shared.database import POSTGRESQL
from shared.errors import Conflict
from shared.models.activities import Activity
from shared.models.live import ActivityPulse

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.database import Database

DEAD_AFTER_S = 30
"""A claim without a heartbeat for so long is dead."""
MAX_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an Activity is, in its own unit."""

    done: int
    total: int
    unit: str


def start_pulse(database: Database, activity_id: int, number: int) -> None:
    """Begin the heartbeat of a new claim; forgets an older claim's progress and cancel flag."""
    with database.write_live() as connection:
        _put(connection, activity_id, **_fresh(number))


def beat(database: Database, claim: Claim, progress: Progress | None = None) -> None:
    """Say that the worker lives, and how far it is.

    Raises `Cancelled` when that was asked for, `LostClaim` when another worker has the Activity.
    """
    values = {} if progress is None else {
        "done": progress.done, "total": progress.total, "unit": progress.unit
    }  # fmt: skip
    statement = (
        update(ActivityPulse)
        .where(ActivityPulse.activity_id == claim.activity_id, ActivityPulse.claim == claim.claim)
        .values(beat_at=now(), **values)
        .returning(ActivityPulse.cancel_requested)
    )
    with database.write_live() as connection:
        row = connection.execute(statement).first()
    if row is None:
        _revive(database, claim)
    elif row.cancel_requested:
        raise Cancelled(claim.activity_id)


def progress_of(connection: Connection, activity_ids: list[int]) -> dict[int, Progress]:
    """The progress of Activities, read on a connection to the live database."""
    query = select(ActivityPulse).where(ActivityPulse.activity_id.in_(activity_ids))
    return {
        row.activity_id: Progress(row.done, row.total, row.unit)
        for row in connection.execute(query)
    }


def wants_cancel(database: Database, claim: Claim) -> bool:
    """Whether somebody asked to cancel; only reads."""
    query = select(ActivityPulse.cancel_requested).where(
        ActivityPulse.activity_id == claim.activity_id, ActivityPulse.claim == claim.claim
    )
    with database.read_live() as connection:
        return bool(connection.execute(query).scalar())


def ask_to_cancel(database: Database, activity_id: int) -> None:
    """Raise the flag that the worker sees at its next beat."""
    with database.write_live() as connection:
        _put(connection, activity_id, cancel_requested=True)


def reclaim(database: Database) -> int:
    """Take Activities from workers that died; answers how many.

    They go back into the queue, or end: as cancelled when that was asked for, as failed after the
    third attempt.
    """
    running = select(Activity.id, Activity.claim, Activity.attempts).where(
        Activity.state == "RUNNING"
    )
    with database.read() as connection:
        candidates = connection.execute(running).all()
    if not candidates:
        return 0
    pulses = _pulses(database, [row.id for row in candidates])
    taken = 0
    for row in candidates:
        pulse = pulses.get(row.id)
        alive = (
            pulse is not None
            and pulse.claim >= row.claim
            and pulse.beat_at > now() - DEAD_AFTER_S * SECOND
        )
        if not alive:
            cancelled = pulse is not None and pulse.cancel_requested
            taken += _take(database, row.id, row.claim, row.attempts, cancelled=cancelled)
    return taken


@dataclass(frozen=True, slots=True)
class _Pulse:
    claim: int
    beat_at: int
    cancel_requested: bool


def _pulses(database: Database, activity_ids: list[int]) -> dict[int, _Pulse]:
    query = select(ActivityPulse).where(ActivityPulse.activity_id.in_(activity_ids))
    with database.read_live() as connection:
        return {
            row.activity_id: _Pulse(row.claim, row.beat_at, row.cancel_requested)
            for row in connection.execute(query)
        }


def _take(
    database: Database, activity_id: int, number: int, attempts: int, *, cancelled: bool
) -> int:
    values: dict[str, object] = {"state": "QUEUED", "claim": number + 1}
    if cancelled:
        values |= {"state": "CANCELLED", "finished_at": now()}
    elif attempts >= MAX_ATTEMPTS:
        died = Conflict(
            f"The worker died {attempts} times while it was at this.",
            hint="See the worker's log; retry when the cause is gone.",
            target=f"Activity:{activity_id}",
        )
        values |= {"state": "FAILED", "finished_at": now(), "errors": [error_value(died)]}
    statement = (
        update(Activity)
        .where(Activity.id == activity_id, Activity.claim == number, Activity.state == "RUNNING")
        .values(**values)
    )
    with database.write() as connection:
        return connection.execute(statement).rowcount


def _revive(database: Database, claim: Claim) -> None:
    """Make a lost pulse again, unless the claim itself is lost."""
    query = select(Activity.id).where(
        Activity.id == claim.activity_id,
        Activity.claim == claim.claim,
        Activity.state == "RUNNING",
    )
    with database.read() as connection:
        if connection.execute(query).first() is None:
            raise LostClaim(claim.activity_id)
    with database.write_live() as connection:
        row = connection.execute(
            select(ActivityPulse.claim, ActivityPulse.cancel_requested).where(
                ActivityPulse.activity_id == claim.activity_id
            )
        ).first()
        if row is not None and row.claim > claim.claim:
            raise LostClaim(claim.activity_id)
        _put(connection, claim.activity_id, **_fresh(claim.claim))
    if row is not None and row.cancel_requested:
        raise Cancelled(claim.activity_id)


def _put(connection: Connection, activity_id: int, **values: object) -> None:
    """Insert or change a pulse in one statement, so that two writers never collide."""
    make = postgresql.insert if connection.dialect.name == POSTGRESQL else sqlite.insert
    statement = make(ActivityPulse).values(activity_id=activity_id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["activity_id"], set_=values))


def _fresh(number: int) -> dict[str, object]:
    return {
        "claim": number,
        "beat_at": now(),
        "done": 0,
        "total": 0,
        "unit": "",
        "cancel_requested": False,
    }
