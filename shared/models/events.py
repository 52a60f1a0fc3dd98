"""Events and the journal: who did what, when, and what it was before.

One Event per writing transaction, one JournalEntry per object it changed. Both are append-only;
history,
undo and audit read them.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, Code, Identified, Micros, is_one_of, table_args

ACTIONS = ("INSERT", "UPDATE", "DELETE", "CHGRP", "CHOWN", "TRASH", "RESTORE")


class Event(Identified, Base):
    """A writing transaction: its time, the acting user and, under sudo, who stands behind."""

    __tablename__ = "event"
    __table_args__ = table_args(
        Index("ix_event_user_id", "user_id", "id"), Index("ix_event_activity_id", "activity_id")
    )

    at: Mapped[Micros]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    sudoer_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    session_id: Mapped[int | None] = mapped_column(ForeignKey("session.id"))
    activity_id: Mapped[int | None] = mapped_column(ForeignKey("activity.id", use_alter=True))
    kind: Mapped[Code]


class JournalEntry(Identified, Base):
    """One object changed by an event. `before` holds only the columns that changed."""

    __tablename__ = "journal_entry"
    __table_args__ = table_args(
        CheckConstraint(is_one_of("action", ACTIONS), name="action"),
        Index("ix_journal_entry_object", "class_name", "object_id", "id"),
        Index("ix_journal_entry_event_id", "event_id"),
    )

    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"))
    class_name: Mapped[Code]
    object_id: Mapped[int]
    action: Mapped[Code]
    group_id: Mapped[int | None]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
