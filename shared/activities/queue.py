"""The queue of Activities: book, claim, finish, fail, cancel, retry.

A claim is a short transaction that raises the row's number; it holds no lock while work is done.
`finish` belongs into the transaction of the effect: when it raises `LostClaim`, all rolls back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, null, select, update

from shared.activities.claims import Claim, LostClaim, error_value
from shared.activities.pulses import ask_to_cancel, start_pulse
from shared.clock import now
from shared.errors import Conflict, NotFound
from shared.models.activities import ENDED, Activity

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from sqlalchemy import Connection, Update

    from shared.database import Database
    from shared.errors import TesseraError


def book(
    connection: Connection,
    *,
    kind: str,
    user_id: int,
    sudoer_id: int | None = None,
    session_id: int | None = None,
    scopes: Iterable[str] | None = None,
    request: dict[str, Any],
) -> int:
    """Put an Activity into the queue, in the transaction of its cause; answer its id.

    Whoever asks through an access token passes its `scopes`: rights are taken again from the
    tables when the Activity runs, and the token's limits would be forgotten otherwise.
    """
    statement = (
        insert(Activity)
        .values(
            kind=kind,
            state="QUEUED",
            user_id=user_id,
            sudoer_id=sudoer_id,
            session_id=session_id,
            scopes=None if scopes is None else " ".join(sorted(scopes)),
            request=request,
            created_at=now(),
        )
        .returning(Activity.id)
    )
    return int(connection.execute(statement).scalar_one())


def claim(
    database: Database, *, kinds: Collection[str], activity_id: int | None = None
) -> Claim | None:
    """Take the oldest queued Activity of these kinds, or that one; None when there is none."""
    wanted = select(Activity.id).where(Activity.state == "QUEUED", Activity.kind.in_(sorted(kinds)))
    if activity_id is not None:
        wanted = wanted.where(Activity.id == activity_id)
    wanted = wanted.order_by(Activity.id).limit(1)
    with database.read() as connection:  # an idle worker asks for no write lock
        if connection.execute(wanted).first() is None:
            return None
    taken = (
        update(Activity)
        .where(
            Activity.id == wanted.with_for_update(skip_locked=True).scalar_subquery(),
            Activity.state == "QUEUED",
        )
        .values(
            state="RUNNING",
            claim=Activity.claim + 1,
            attempts=Activity.attempts + 1,
            started_at=now(),
        )
        .returning(*_CLAIMED)
    )
    with database.write() as connection:
        row = connection.execute(taken).first()
        if row is None:
            return None
        # Before the commit, so that nobody ever sees the claim without a heartbeat.
        start_pulse(database, row.id, row.claim)
    scopes = None if row.scopes is None else frozenset(row.scopes.split())
    return Claim(
        row.id,
        row.kind,
        row.claim,
        row.attempts,
        row.user_id,
        row.sudoer_id,
        row.session_id,
        scopes,
        row.request,
    )


_CLAIMED = (
    Activity.id,
    Activity.kind,
    Activity.claim,
    Activity.attempts,
    Activity.user_id,
    Activity.sudoer_id,
    Activity.session_id,
    Activity.scopes,
    Activity.request,
)


def finish(
    connection: Connection,
    claim: Claim,
    *,
    report: dict[str, Any] | None = None,
    result: list[str] | None = None,
) -> None:
    """Say, in the transaction of the effect, that the Activity succeeded.

    `result` names what it made or changed, such as `["Image:42"]`. Raises `LostClaim` when the
    claim is no longer good: let it pass, so that the transaction is rolled back.
    """
    done = _mine(claim).values(
        state="SUCCEEDED", finished_at=now(), report=report, result=result, errors=null()
    )
    if connection.execute(done).rowcount == 0:
        raise LostClaim(claim.activity_id)


def fail(database: Database, claim: Claim, error: TesseraError) -> bool:
    """End the Activity with an error; False when the claim is no longer good."""
    return _end(database, claim, "FAILED", errors=[error_value(error)])


def end_cancelled(database: Database, claim: Claim) -> bool:
    """End the Activity as cancelled; False when the claim is no longer good."""
    return _end(database, claim, "CANCELLED")


def give_back(database: Database, claim: Claim, *, counts: bool) -> bool:
    """Put the Activity back into the queue; the attempt counts unless the worker was stopped."""
    values: dict[str, Any] = {"state": "QUEUED", "claim": Activity.claim + 1, "started_at": null()}
    if not counts:
        values["attempts"] = Activity.attempts - 1
    with database.write() as connection:
        return connection.execute(_mine(claim).values(**values)).rowcount > 0


def request_cancel(database: Database, activity_id: int) -> None:
    """Cancel a queued Activity at once; ask the worker of a running one to stop.

    Raises `NotFound`, and `Conflict` when it has ended.
    """
    with database.read() as connection:
        state = _state(connection, activity_id)
    if state == "QUEUED" and _cancel_queued(database, activity_id):
        return
    if state in ENDED:
        raise Conflict(
            f"Activity:{activity_id} has ended already.",
            hint="What it did can be undone instead.",
            target=f"Activity:{activity_id}",
        )
    # The operation itself may hold the only lock for writing, so a running one is told elsewhere.
    ask_to_cancel(database, activity_id)


def _cancel_queued(database: Database, activity_id: int) -> bool:
    queued = (
        update(Activity)
        .where(Activity.id == activity_id, Activity.state == "QUEUED")
        .values(state="CANCELLED", finished_at=now())
    )
    with database.write() as connection:
        return connection.execute(queued).rowcount > 0


def retry(
    connection: Connection,
    activity_id: int,
    *,
    sudoer_id: int | None = None,
    session_id: int | None = None,
    scopes: Iterable[str] | None = None,
) -> None:
    """Put a failed or cancelled Activity into the queue again, with the credential of whoever asks
    now: what it may do is not more than he may.

    Raises `NotFound`, and `Conflict` when it neither failed nor was cancelled.
    """
    again = (
        update(Activity)
        .where(Activity.id == activity_id, Activity.state.in_(("FAILED", "CANCELLED")))
        .values(
            state="QUEUED",
            claim=Activity.claim + 1,
            attempts=0,
            errors=null(),
            report=null(),
            started_at=null(),
            finished_at=null(),
            dismissed_at=null(),
            sudoer_id=sudoer_id,
            session_id=session_id,
            scopes=None if scopes is None else " ".join(sorted(scopes)),
        )
    )
    if connection.execute(again).rowcount == 0:
        raise Conflict(
            f"Activity:{activity_id} is {_state(connection, activity_id).lower()}.",
            hint="Only what failed or was cancelled can be retried.",
            target=f"Activity:{activity_id}",
        )


def _mine(claim: Claim) -> Update:
    return update(Activity).where(
        Activity.id == claim.activity_id,
        Activity.claim == claim.claim,
        Activity.state == "RUNNING",
    )


def _end(database: Database, claim: Claim, state: str, **values: Any) -> bool:
    ended = _mine(claim).values(state=state, finished_at=now(), **values)
    with database.write() as connection:
        return connection.execute(ended).rowcount > 0


def _state(connection: Connection, activity_id: int) -> str:
    query = select(Activity.state).where(Activity.id == activity_id)
    found: str | None = connection.execute(query).scalar()
    if found is None:
        raise NotFound(
            f"There is no Activity:{activity_id}.", hint="Ask for the list of your activities."
        )
    return found
