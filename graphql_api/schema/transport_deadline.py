"""The ten seconds of an operation: when they are over, its statements are interrupted.

A thread cannot be killed, so the deadline works through the database: the operation's connections
are interrupted and no further statement starts. A mutation is thereby rolled back as a whole.
"""

from __future__ import annotations

import contextlib
import threading
import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

from graphql_api.schema.errors import TIMEOUT, LimitExceeded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from shared.database import Database

_current: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


@dataclass(eq=False, slots=True)
class Deadline:
    """When an operation must have ended (monotonic seconds), and what it holds until then."""

    seconds: float
    ends_at: float = 0.0
    is_over: bool = False
    _held: list[Any] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.ends_at = time.monotonic() + self.seconds

    def left(self) -> float:
        """Seconds that remain."""
        return self.ends_at - time.monotonic()

    def expire(self) -> None:
        """Interrupt every statement that runs, and refuse further ones."""
        with self._lock:
            self.is_over = True
            for connection in self._held:
                _interrupt(connection)

    def check(self) -> None:
        """Raises `LimitExceeded` (TIMEOUT) when the time is over."""
        if self.is_over:
            raise timed_out(self.seconds)

    def hold(self, connection: Any) -> None:
        """A connection was taken."""
        with self._lock:
            self._held.append(connection)

    def let_go(self, connection: Any) -> None:
        """A connection was given back, and may serve somebody else from now on."""
        with self._lock, contextlib.suppress(ValueError):
            self._held.remove(connection)


def timed_out(seconds: float) -> LimitExceeded:
    """The error that an overdue operation answers."""
    return LimitExceeded(
        TIMEOUT, f"The operation took longer than {seconds:g} seconds and was given up."
    )


@contextlib.contextmanager
def running_deadline(seconds: float) -> Iterator[Deadline]:
    """Make a deadline current for this context and the threads started from it."""
    deadline = Deadline(seconds)
    token = _current.set(deadline)
    try:
        yield deadline
    finally:
        _current.reset(token)


def extend_deadline(seconds: float) -> None:
    """Add to the current operation's time: what `wait` asks for does not count."""
    deadline = _current.get()
    if deadline is not None:
        deadline.ends_at += seconds


def time_left(margin: float) -> float | None:
    """When work must stop so that so many seconds (or a third of all) are left to answer, in
    monotonic seconds; None outside an operation.
    """
    deadline = _current.get()
    return None if deadline is None else deadline.ends_at - min(margin, deadline.seconds / 3)


def watch_deadlines(database: Database) -> None:
    """Make both engines heed the current deadline."""
    for engine in {database.main, database.live}:
        _watch(engine)


def _watch(engine: Engine) -> None:
    @event.listens_for(engine, "checkout")
    def _taken(connection: Any, _record: object, _proxy: object) -> None:
        deadline = _current.get()
        if deadline is not None:
            deadline.hold(connection)

    @event.listens_for(engine, "checkin")
    def _given_back(connection: Any, _record: object) -> None:
        deadline = _current.get()
        if deadline is not None:
            deadline.let_go(connection)

    @event.listens_for(engine, "before_cursor_execute")
    def _starts(*_arguments: object) -> None:
        deadline = _current.get()
        if deadline is not None:
            deadline.check()


def _interrupt(connection: Any) -> None:
    stop = getattr(connection, "interrupt", None) or getattr(connection, "cancel", None)
    if stop is not None:
        stop()
