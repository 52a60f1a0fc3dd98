"""The rights epoch: one row that every change of rights raises, and caches that trust it.

Revocation reaches every process within five seconds: a watch reads the row at most once a second,
a verdict lives three. Raise it as the *last* statement before commit, for its row is contended.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from shared.models.system import RightsEpoch

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.database import Database


def read_epoch(connection: Connection) -> int:
    """The current rights epoch; 0 before the first change."""
    found = connection.scalar(select(RightsEpoch.value).where(RightsEpoch.id == 1))
    return 0 if found is None else int(found)


def bump_epoch(connection: Connection) -> None:
    """Tell every process that rights, sessions, owners, groups or existence have changed."""
    raised = connection.execute(
        update(RightsEpoch).where(RightsEpoch.id == 1).values(value=RightsEpoch.value + 1)
    )
    if raised.rowcount == 0:
        connection.execute(insert(RightsEpoch).values(id=1, value=1))


class EpochWatch:
    """The epoch as this process knows it; reads the row at most once a second, from any thread."""

    def __init__(
        self,
        database: Database,
        *,
        seconds: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._value = 0
        self._read_at: float | None = None

    def current(self) -> int:
        """The epoch, at most a second old."""
        with self._lock:
            started = self._clock()
            if self._read_at is None or started - self._read_at >= self._seconds:
                with self._database.read() as connection:
                    self._value = read_epoch(connection)
                # Counted from before the read, so that its duration does not age the value.
                self._read_at = started
            return self._value

    def wake(self) -> None:
        """Read anew at the next question: somebody said that the epoch has risen."""
        with self._lock:
            self._read_at = None


class VerdictCache:
    """Principals and verdicts by any key, for a few seconds and one epoch; safe in threads."""

    def __init__(
        self,
        watch: EpochWatch,
        seconds: float = 3.0,
        limit: int = 50_000,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._watch = watch
        self._seconds = seconds
        self._limit = limit
        self._clock = clock
        self._lock = threading.Lock()
        self._epoch = -1
        self._entries: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()

    def get(self, key: Hashable) -> Any | None:
        """What was put under `key`, or None when that is too old or rights have changed since."""
        epoch = self._watch.current()
        with self._lock:
            self._renew(epoch)
            found = self._entries.get(key)
            if found is None:
                return None
            if self._clock() >= found[0]:
                del self._entries[key]
                return None
            return found[1]

    def put(self, key: Hashable, value: Any, *, epoch: int | None = None) -> None:
        """Keep `value`. With `epoch`, read before the value was worked out, a value that a newer
        epoch has overtaken is dropped.
        """
        current = self._watch.current()
        with self._lock:
            self._renew(current)
            if epoch is not None and epoch != current:
                return
            self._entries.pop(key, None)
            self._entries[key] = (self._clock() + self._seconds, value)
            while len(self._entries) > self._limit:
                self._entries.popitem(last=False)

    def epoch(self) -> int:
        """The epoch to hand to `put`."""
        return self._watch.current()

    @property
    def size(self) -> int:
        """How many entries are held. Not `len`, which would make an empty cache false."""
        return len(self._entries)

    def _renew(self, epoch: int) -> None:
        if epoch != self._epoch:
            self._entries.clear()
            self._epoch = epoch
