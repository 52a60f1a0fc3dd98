"""Stored plans of graph operations: what was shown, so that just that can be done.

Per class, state and reason a plan keeps a count and an order-independent digest of ids; rows are
kept only for what does not simply go along.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, Code, Identified, Micros, is_one_of, table_args

SECTIONS = ("UNLINKED", "LEFT_BEHIND", "DELETED", "BLOCKER", "COPY")


class StoredPlan(Identified, Base):
    """A plan of one person, good for a day and for one execution."""

    __tablename__ = "plan"
    __table_args__ = table_args(
        Index("ix_plan_user_id", "user_id", "id"), Index("ix_plan_expires_at", "expires_at")
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    kind: Mapped[Code]
    request: Mapped[dict[str, Any]] = mapped_column(JSON)
    fingerprint: Mapped[list[Any]] = mapped_column(JSON)
    """Rows of class, state, reason, count and digest, sorted."""
    report: Mapped[dict[str, Any]] = mapped_column(JSON)
    """The summary as GraphQL shows it, without its pages."""
    created_at: Mapped[Micros]
    expires_at: Mapped[Micros]
    used_at: Mapped[int | None]


class PlanItem(Identified, Base):
    """One object or link that does not simply go along; references are texts like `Image:5`."""

    __tablename__ = "plan_item"
    __table_args__ = table_args(
        UniqueConstraint("plan_id", "section", "position"),
        CheckConstraint(is_one_of("section", SECTIONS), name="section"),
    )

    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"))
    section: Mapped[Code]
    position: Mapped[int]
    object: Mapped[str]
    """The object or link meant; of a copy its original."""
    name: Mapped[str | None]
    parent: Mapped[str | None]
    """A link's parent; a blocker's holder; of a copy the copy."""
    child: Mapped[str | None]
    """A link's child; what a blocker's two objects share."""
    stays: Mapped[Code | None]
    """Which end of a link stays behind: PARENT, CHILD or BOTH."""
    reason: Mapped[Code | None]
