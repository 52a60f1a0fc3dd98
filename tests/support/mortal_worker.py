"""A worker that runs one queued Activity and is killed at a random moment meanwhile.

Its processes come from a fork server that has everything imported, so that dozens of deaths are
cheap.
"""

from __future__ import annotations

import multiprocessing
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext
    from pathlib import Path

    from shared.settings import Settings


def context() -> ForkServerContext:
    """The fork server, with what a worker needs."""
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload(["tests.support.mortal_worker", "graphql_api.activities"])
    return found


def work_once(data_dir: Path, url: str) -> None:
    """Run the oldest queued Activity to its end."""
    import threading

    from graphql_api.activities import handlers
    from shared.activities.queue import claim
    from shared.activities.running import run_claim
    from shared.database import open_database
    from shared.settings import Settings
    from shared.storage import LocalStorage

    settings = Settings(data_dir=data_dir, database_url=url)
    database = open_database(settings)
    registry = handlers()
    found = claim(database, kinds=registry.kinds)
    if found is not None:
        storage = LocalStorage(data_dir)
        run_claim(database, storage, settings, registry, found, threading.Event())
    database.dispose()


def run_and_kill(settings: Settings, after_s: float) -> bool:
    """Start a worker and kill it so many seconds later; answers whether it was still at work."""
    process = context().Process(target=work_once, args=(settings.data_dir, settings.database_url))
    process.start()
    time.sleep(after_s)
    alive = process.is_alive()
    process.kill()
    process.join()
    return alive
