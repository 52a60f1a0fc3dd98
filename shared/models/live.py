"""Tables of the live database: heartbeats, progress, session touches, login throttle.

They lie in a second file on SQLite (`live.db`) and in unlogged tables on PostgreSQL, so that a
long write
locks nobody's heartbeat out. All of it may be lost: whoever reads treats a missing row as "never".
"""

from __future__ import annotations

from sqlalchemy import Index, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.models.base import NAMING, Base, Id, Micros


class LiveBase(DeclarativeBase):
    """Base of the tables in the live database."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = Base.type_annotation_map  # SQLAlchemy reads it so


class ActivityPulse(LiveBase):
    """Heartbeat, progress and cancel flag of a running Activity."""

    __tablename__ = "activity_pulse"

    activity_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    claim: Mapped[int] = mapped_column(default=0)
    beat_at: Mapped[Micros] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    unit: Mapped[str] = mapped_column(default="")
    cancel_requested: Mapped[bool] = mapped_column(default=False)


class SessionTouch(LiveBase):
    """When a session or access token was last used, to the minute. `key` is `s<id>` or `t<id>`."""

    __tablename__ = "session_touch"

    key: Mapped[str] = mapped_column(primary_key=True)
    touched_at: Mapped[Micros]


class LoginFailure(LiveBase):
    """A refused login, by account and by address."""

    __tablename__ = "login_failure"
    __table_args__ = (Index("ix_login_failure_key", "key", "at"),)

    id: Mapped[Id]
    key: Mapped[str]
    at: Mapped[Micros]


class ProcessPulse(LiveBase):
    """A service process that is alive, for readiness and sweeping."""

    __tablename__ = "process_pulse"

    process: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    beat_at: Mapped[Micros]
