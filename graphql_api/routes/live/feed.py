"""Notices which activities have changed, for all connections of a process together.

Twice a second it reads the activities that are under way, the newest ones and those that somebody
watches, in two statements however many watch; with nobody there it sleeps. Only committed rows are
read, so nothing is told that could still be taken back.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import anyio.to_thread
from sqlalchemy import func, or_, select

from shared.database import ids_in
from shared.models.activities import ENDED, Activity
from shared.models.live import ActivityPulse
from shared.telemetry import logger

if TYPE_CHECKING:
    from shared.database import Database

EVERY_S = 0.5
NEWEST = 200
"""How many of the newest are looked at although they may have ended: a job can begin and end
between two looks, and a smaller id can be committed after a larger one."""
log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Change:
    """An activity that is not as it was at the last look."""

    activity_id: int
    user_id: int
    sudoer_id: int | None
    is_over: bool


class Watcher(Protocol):
    """Somebody who wants to be told."""

    watched_id: int | None
    """This activity only; None: all that concern the person."""
    since: int
    """When the watching began, in microseconds."""

    def tell(self, change: Change) -> None:
        """An activity has changed; called on the event loop, and must return at once."""


@dataclass(frozen=True, slots=True)
class _Seen:
    state: tuple[Any, ...]
    change: Change
    newest: int
    """The latest time that stands in the row."""


class ActivityFeed:
    """The activities of one database, watched from one event loop."""

    def __init__(self, database: Database, *, every_s: float = EVERY_S) -> None:
        self._database = database
        self._every_s = every_s
        self._watchers: set[Watcher] = set()
        self._known: dict[int, _Seen] | None = None
        """The last look; None while nobody watches."""
        self._lock = asyncio.Lock()
        self._running: asyncio.Task[None] | None = None

    async def join(self, watcher: Watcher) -> None:
        """Tell this watcher from now on, and what has changed since it began to watch."""
        self._watchers.add(watcher)
        async with self._lock:
            found = await anyio.to_thread.run_sync(self._look)
            self._publish(found, passed=watcher)
            for seen in found.values():
                is_meant = watcher.watched_id == seen.change.activity_id
                if is_meant or seen.newest >= watcher.since:
                    watcher.tell(seen.change)
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())

    def leave(self, watcher: Watcher) -> None:
        """Tell it nothing more."""
        self._watchers.discard(watcher)

    async def close(self) -> None:
        """End the looking, with the process."""
        self._watchers.clear()
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    async def _run(self) -> None:
        while self._watchers:
            await asyncio.sleep(self._every_s)
            try:
                async with self._lock:
                    self._publish(await anyio.to_thread.run_sync(self._look))
            except Exception as error:  # a database that is away must not end the feed for ever
                log.warning("feed.failed", exc_info=error)
        self._known = None

    def _publish(self, found: dict[int, _Seen], passed: Watcher | None = None) -> None:
        """Tell what differs from the last look, unless there was none."""
        before = self._known
        changed = [
            seen.change
            for number, seen in found.items()
            if before is not None and (number not in before or before[number].state != seen.state)
        ]
        self._known = found
        for watcher in tuple(self._watchers):
            for change in changed:
                if watcher is not passed and watcher.watched_id in {None, change.activity_id}:
                    watcher.tell(change)

    def _look(self) -> dict[int, _Seen]:
        watched = [each.watched_id for each in tuple(self._watchers) if each.watched_id]
        table: Any = Activity.__table__
        with self._database.read() as connection:
            newest = select(func.coalesce(func.max(table.c.id), 0)).scalar_subquery()
            rows = connection.execute(
                select(
                    table.c.id, table.c.user_id, table.c.sudoer_id, table.c.state, table.c.claim,
                    table.c.created_at, table.c.started_at, table.c.finished_at,
                    table.c.dismissed_at,
                ).where(
                    or_(
                        table.c.state.in_(("QUEUED", "RUNNING")),
                        table.c.id > newest - NEWEST,
                        ids_in(connection, table.c.id, watched),
                    )
                )
            ).all()  # fmt: skip
        pulses = self._pulses([row.id for row in rows if row.state == "RUNNING"])
        return {row.id: _seen(row, pulses.get(row.id)) for row in rows}

    def _pulses(self, running: list[int]) -> dict[int, tuple[Any, ...]]:
        if not running:
            return {}
        pulse: Any = ActivityPulse.__table__
        with self._database.read_live() as connection:
            query = select(pulse.c.activity_id, pulse.c.done, pulse.c.total, pulse.c.unit).where(
                ids_in(connection, pulse.c.activity_id, running)
            )
            return {row[0]: tuple(row) for row in connection.execute(query)}


def _seen(row: Any, pulse: tuple[Any, ...] | None) -> _Seen:
    times = (row.created_at, row.started_at, row.finished_at, row.dismissed_at)
    change = Change(row.id, row.user_id, row.sudoer_id, row.state in ENDED)
    return _Seen((row.state, row.claim, *times, pulse), change, max(time for time in times if time))
