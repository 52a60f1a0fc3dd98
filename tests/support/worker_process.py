"""A worker in a process of its own, for tests that kill it: `data folder, address, marks folder`.

Its one handler, `slow`, leaves a mark for each attempt. The first attempt works until it is killed
or stopped; later ones commit their effect, an event of kind `effect`, together with their end.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from shared.activities import pulses, running, worker
from shared.activities.handlers import HandlerRegistry, Work
from shared.database import open_database
from shared.journal import begin_event
from shared.settings import Settings
from shared.storage import LocalStorage
from shared.storage.intents import intend


def hurry() -> None:
    """Shorten the waits: a test cannot watch half a minute of silence."""
    pulses.DEAD_AFTER_S = 2
    running.HEARTBEAT_S = 0.3
    worker.ROUND_S = 0.2


def slow(work: Work) -> None:
    """Work for ever the first time, at once the second time."""
    marks = Path(work.request["marks"])
    name = f"files/attempt{work.claim.attempts}"
    intend(work.database, name, activity_id=work.claim.activity_id)
    with work.storage.open_new(name) as target:
        target.write(b"half")
    (marks / f"attempt{work.claim.attempts}").touch()
    if work.claim.attempts == 1 and not (marks / "go-on").exists():
        while True:
            work.beat(1, 2, "steps")
            time.sleep(0.05)
    with work.database.write() as connection:
        begin_event(
            connection, user_id=work.principal.user_id, activity_id=work.claim.activity_id,
            kind="effect",
        )  # fmt: skip
        work.finish(connection, result=["Image:1"])


def main(data: str, url: str) -> None:
    """Work until told to stop."""
    hurry()
    settings = Settings(data_dir=Path(data), database_url=url)
    database = open_database(settings)
    stop = worker.stop_on_signals()
    worker.run_worker(
        database, LocalStorage(settings.data_dir), settings, HandlerRegistry({"slow": slow}), stop
    )
    database.dispose()


if __name__ == "__main__":
    main(*sys.argv[1:])
