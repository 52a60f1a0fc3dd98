"""Run one claimed Activity: load its principal, keep its heart beating, end it well or ill.

This is the edge of a worker: whatever a handler raises ends here as the Activity's state.
"""

from __future__ import annotations

import threading
import time
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from shared.activities.claims import Cancelled, LostClaim, Stopping
from shared.activities.handlers import Work
from shared.activities.pulses import MAX_ATTEMPTS, beat, wants_cancel
from shared.activities.queue import claim as take
from shared.activities.queue import end_cancelled, fail, finish, give_back
from shared.errors import Busy, TesseraError
from shared.storage.intents import sweep
from shared.telemetry import logger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.activities.claims import Claim
    from shared.activities.handlers import HandlerRegistry
    from shared.auth.principal import Principal
    from shared.database import Database
    from shared.settings import Settings
    from shared.storage import Storage

HEARTBEAT_S = 5.0
SHORTEST_S = 0.05
CANCEL_S = 1.0
"""How soon a running statement hears that it is to be cancelled."""


def run_now(
    database: Database,
    storage: Storage,
    settings: Settings,
    handlers: HandlerRegistry,
    activity_id: int,
    *,
    ends_at: float | None = None,
) -> bool:
    """Run an Activity in this process and wait for it; False when somebody else has it.

    At `ends_at` (monotonic seconds) whatever runs is interrupted, and the Activity goes back into
    the queue as if it had not begun: a worker does it.
    """
    if ends_at is not None and time.monotonic() >= ends_at:
        return False
    claimed = take(database, kinds=handlers.kinds, activity_id=activity_id)
    if claimed is None:
        return False
    run_claim(database, storage, settings, handlers, claimed, threading.Event(), ends_at=ends_at)
    return True


def run_claim(
    database: Database,
    storage: Storage,
    settings: Settings,
    handlers: HandlerRegistry,
    claim: Claim,
    stop: threading.Event,
    *,
    ends_at: float | None = None,
) -> None:
    """Run a claimed Activity to its end, or until it is to be handed over; raises nothing that the
    handler raised.
    """
    log = logger(__name__).bind(activity_id=claim.activity_id, kind=claim.kind, claim=claim.claim)
    lost = threading.Event()
    try:
        principal = _principal(database, claim)
        work = Work(database, storage, settings, claim, principal, stop, lost)
        with _heart(work, ends_at):
            _handle(handlers, work)
            ended = _finish_if_running(database, claim)
    except LostClaim:
        log.warning("activity.claim_lost")
        return
    except Stopping:
        give_back(database, claim, counts=False)
        log.info("activity.given_back")
        return
    except Cancelled:
        ended = end_cancelled(database, claim)
        log.info("activity.cancelled")
    except Busy as error:
        if claim.attempts < MAX_ATTEMPTS and give_back(database, claim, counts=True):
            log.info("activity.busy", attempts=claim.attempts)
            return
        ended = fail(database, claim, error)
    except TesseraError as error:
        ended = fail(database, claim, error)
        log.info("activity.failed", code=error.code, reason=error.message)
    except Exception as error:
        ended = fail(database, claim, _masked(error, claim))
    if ended:
        sweep(database, storage, activity_id=claim.activity_id)


def _handle(handlers: HandlerRegistry, work: Work) -> None:
    """Run the handler; whatever an interrupted statement makes of it, it was cancelled, or the
    process is to do no more of it.
    """
    try:
        handlers.handler(work.claim.kind)(work)
    except (LostClaim, Stopping):
        raise
    except Exception as error:
        if work.cancelled.is_set():
            raise Cancelled(work.claim.activity_id) from error
        if work.stop.is_set():
            raise Stopping(work.claim.activity_id) from error
        raise


def _principal(database: Database, claim: Claim) -> Principal:
    from shared.auth.principal import load_principal

    with database.read() as connection:
        return load_principal(
            connection,
            claim.user_id,
            session_id=claim.session_id,
            sudoer_id=claim.sudoer_id,
            scopes=claim.scopes,
        )


def _pause(ends_at: float | None) -> float:
    left = CANCEL_S if ends_at is None else ends_at - time.monotonic()
    return max(SHORTEST_S, min(left, CANCEL_S))


def _finish_if_running(database: Database, claim: Claim) -> bool:
    """End what the handler did not end itself, having had no effect to commit with it."""
    try:
        with database.write() as connection:
            finish(connection, claim)
    except LostClaim:
        logger(__name__).debug("activity.finished_already", activity_id=claim.activity_id)
    return True


def _masked(error: Exception, claim: Claim) -> TesseraError:
    incident = uuid.uuid4().hex[:12]
    logger(__name__).error(
        "activity.broken", incident=incident, activity_id=claim.activity_id, exc_info=error
    )
    return TesseraError(
        "Something went wrong inside the server.",
        hint=f"Tell your administrator the number {incident}; the log has the details.",
    )


@contextmanager
def _heart(work: Work, ends_at: float | None) -> Iterator[None]:
    """Beat every few seconds in a thread, so that a long step does not look like death, and end
    the running statement when somebody wishes to cancel, or at `ends_at`.
    """
    still = threading.Event()
    claim, database = work.claim, work.database

    def go_on() -> None:
        beaten_at = time.monotonic()
        while not still.wait(_pause(ends_at)):
            try:
                if ends_at is not None and time.monotonic() >= ends_at:
                    work.hand_over()  # again and again: it may have been between two statements
                elif time.monotonic() - beaten_at >= HEARTBEAT_S:
                    beaten_at = time.monotonic()
                    beat(database, claim)
                elif wants_cancel(database, claim):
                    work.cancel()
            except LostClaim:
                work.lost.set()
                return
            except Cancelled:
                work.cancel()
            except (TesseraError, SQLAlchemyError) as error:
                logger(__name__).warning("activity.heartbeat_missed", reason=str(error))

    thread = threading.Thread(target=go_on, name=f"heart-{claim.activity_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        still.set()
        thread.join()
