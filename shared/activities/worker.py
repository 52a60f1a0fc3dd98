"""The worker: claims Activities one after another until it is told to stop.

Several may run beside each other, on several machines. A thread beside the work says that the
process lives, takes Activities from dead workers and keeps house.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from shared.activities.housekeeping import tidy
from shared.activities.pulses import reclaim
from shared.activities.queue import claim
from shared.activities.running import run_claim
from shared.clock import now
from shared.database import POSTGRESQL
from shared.errors import TesseraError
from shared.models.live import ProcessPulse
from shared.telemetry import logger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.activities.handlers import HandlerRegistry
    from shared.database import Database
    from shared.settings import Settings
    from shared.storage import Storage

Chore: TypeAlias = "Callable[[Database, Storage], None]"
"""Housekeeping of a room above."""
SHORTEST_WAIT_S = 0.05
LONGEST_WAIT_S = 0.5
ROUND_S = 5.0
"""How often a worker says that it lives and looks for dead ones."""
TIDY_S = 60.0


def run_worker(
    database: Database,
    storage: Storage,
    settings: Settings,
    handlers: HandlerRegistry,
    stop: threading.Event,
    chore: Chore | None = None,
) -> None:
    """Work until `stop` is set; an Activity at hand is then given back at its next beat.

    `chore` is done once a minute, in a thread beside the work.
    """
    log = logger(__name__)
    log.info("worker.started", kinds=sorted(handlers.kinds))
    wait = SHORTEST_WAIT_S
    with _rounds(database, storage, chore):
        while not stop.is_set():
            try:
                found = claim(database, kinds=handlers.kinds)
                if found is not None:
                    run_claim(database, storage, settings, handlers, found, stop)
            except (TesseraError, SQLAlchemyError) as error:
                # A database that is away for a moment ends no worker.
                log.warning("worker.database_failed", reason=str(error))
                found = None
            wait = SHORTEST_WAIT_S if found is not None else min(2 * wait, LONGEST_WAIT_S)
            if found is None:
                stop.wait(wait)
    log.info("worker.stopped")


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set; call it in the main thread of a worker's process."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


@contextmanager
def _rounds(database: Database, storage: Storage, chore: Chore | None) -> Iterator[None]:
    """Make the rounds in a thread, the first one at once."""
    over = threading.Event()
    name = f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"

    def go_round() -> None:
        tidied_at = float("-inf")
        while True:
            try:
                _say_alive(database, name)
                taken = reclaim(database)
                if taken:
                    logger(__name__).warning("worker.took_from_dead", activities=taken)
                if time.monotonic() - tidied_at >= TIDY_S:
                    tidied_at = time.monotonic()
                    tidy(database, storage)
                    if chore is not None:
                        chore(database, storage)
            except (TesseraError, SQLAlchemyError, OSError) as error:
                logger(__name__).warning("worker.round_failed", reason=str(error))
            if over.wait(ROUND_S):
                return

    thread = threading.Thread(target=go_round, name="worker-rounds", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        _say_gone(database, name)


def _say_alive(database: Database, name: str) -> None:
    with database.write_live() as connection:
        make = postgresql.insert if connection.dialect.name == POSTGRESQL else sqlite.insert
        statement = make(ProcessPulse).values(process=name, kind="worker", beat_at=now())
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["process"], set_={"beat_at": statement.excluded.beat_at}
            )
        )


def _say_gone(database: Database, name: str) -> None:
    try:
        with database.write_live() as connection:
            connection.execute(delete(ProcessPulse).where(ProcessPulse.process == name))
    except (TesseraError, SQLAlchemyError) as error:
        logger(__name__).warning("worker.round_failed", reason=str(error))
