"""What runs an Activity of each kind: our own handlers and those of other packages.

A handler does its work outside any transaction, calls `work.beat` often, and commits its effect
together with `work.finish(connection, ...)`. It may be run again from the start after a crash.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, TypeAlias

from shared.activities.claims import Claim, LostClaim, Stopping
from shared.activities.pulses import Progress, beat
from shared.activities.queue import finish
from shared.database import interrupt
from shared.errors import Conflict, Unsupported

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.auth.principal import Principal
    from shared.database import Database
    from shared.settings import Settings
    from shared.storage import Storage

ENTRY_POINT = "tessera.activities"
BEAT_EVERY_S = 0.25
"""Progress is written at most so often, however often a handler reports it."""


@dataclass(slots=True)
class Work:
    """One run of an Activity: what the handler may use."""

    database: Database
    storage: Storage
    settings: Settings
    claim: Claim
    principal: Principal
    """Whoever asked, with the rights of now."""
    stop: threading.Event
    lost: threading.Event
    cancelled: threading.Event = field(default_factory=threading.Event)
    _beaten_at: float = field(default=0.0)
    _running: Connection | None = field(default=None)

    @property
    def request(self) -> Mapping[str, Any]:
        """What was booked."""
        return self.claim.request

    def beat(self, done: int, total: int, unit: str) -> None:
        """Report progress; let whatever it raises pass.

        Raises `Cancelled`, `LostClaim`, or `Stopping` when the process is told to stop.
        """
        self.check()
        moment = time.monotonic()
        if moment - self._beaten_at < BEAT_EVERY_S and done < total:
            return
        self._beaten_at = moment
        beat(self.database, self.claim, Progress(done, total, unit))

    @contextmanager
    def interruptible(self, connection: Connection) -> Iterator[None]:
        """While this lasts, a wish to cancel ends the statement that runs on the connection."""
        self._running = connection
        try:
            yield
        finally:
            self._running = None

    def cancel(self) -> None:
        """Called by the heartbeat's thread when somebody wishes to cancel."""
        self.cancelled.set()
        self._interrupt()

    def hand_over(self) -> None:
        """Called by the heartbeat's thread when this process is to do no more of it."""
        self.stop.set()
        self._interrupt()

    def _interrupt(self) -> None:
        running = self._running
        if running is not None:
            interrupt(running)

    def check(self) -> None:
        """Raise `LostClaim` or `Stopping` when the work should not go on; costs nothing."""
        if self.lost.is_set():
            raise LostClaim(self.claim.activity_id)
        if self.stop.is_set():
            raise Stopping(self.claim.activity_id)

    def finish(
        self,
        connection: Connection,
        *,
        report: dict[str, Any] | None = None,
        result: list[str] | None = None,
    ) -> None:
        """Say, in the transaction of the effect, that the work is done; see `queue.finish`."""
        finish(connection, self.claim, report=report, result=result)


Handler: TypeAlias = Callable[[Work], None]


class HandlerRegistry:
    """Handlers by the kind of Activity."""

    def __init__(self, handlers: Mapping[str, Handler]) -> None:
        self._handlers = dict(handlers)

    @classmethod
    def load(cls, handlers: Mapping[str, Handler]) -> HandlerRegistry:
        """These handlers and those of installed packages (entry points `tessera.activities`).

        Raises `Conflict` when a package's handler cannot be imported or takes a name of ours.
        """
        found = dict(handlers)
        for entry in entry_points(group=ENTRY_POINT):
            try:
                loaded = entry.load()
            except (ImportError, AttributeError) as error:
                raise Conflict(
                    f"The handler {entry.value} cannot be imported: {error}.",
                    hint="Repair or uninstall the package that offers it.",
                ) from error
            if found.setdefault(entry.name, loaded) is not loaded:
                raise Conflict(
                    f"Two packages handle activities of kind {entry.name!r}.",
                    hint=f"Uninstall the package that offers {entry.value}.",
                )
        return cls(found)

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of Activity that can be run."""
        return frozenset(self._handlers)

    def handler(self, kind: str) -> Handler:
        """The handler of a kind. Raises `Unsupported`."""
        try:
            return self._handlers[kind]
        except KeyError:
            raise Unsupported(
                f"Nothing here runs activities of kind {kind!r}.",
                hint="Install the package that does.",
            ) from None
