"""Activity: the durable row behind every import and graph operation, and a trash entry's name.

A claim is a short transaction that raises `claim`; the effect commits together with
`state = SUCCEEDED WHERE claim = :mine`. Heartbeats and progress stand in the live database.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, Code, Identified, Micros, is_one_of, table_args

STATES = ("QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED")
ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")


class Activity(Identified, Base):
    """One long-running job: who asked for what, how far it is and how it ended."""

    __tablename__ = "activity"
    __table_args__ = table_args(
        CheckConstraint(is_one_of("state", STATES), name="state"),
        Index("ix_activity_user_id", "user_id", "id"),
        Index("ix_activity_state", "state", "id"),
    )

    kind: Mapped[Code]
    state: Mapped[Code] = mapped_column(default="QUEUED")
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    sudoer_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    session_id: Mapped[int | None] = mapped_column(ForeignKey("session.id"))
    scopes: Mapped[str | None]
    """Space-separated scopes of the access token that asked for it; null for a session."""
    request: Mapped[dict[str, Any]] = mapped_column(JSON)
    report: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    result: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    """References of what it made or changed, such as `["Image:42"]`."""
    errors: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    """Error values of the GraphQL form: code, message, hint, path, target."""
    claim: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[Micros]
    started_at: Mapped[int | None]
    finished_at: Mapped[int | None]
    dismissed_at: Mapped[int | None]
