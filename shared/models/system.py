"""Tables of the machinery: instance, rights epoch, idempotency and file intents."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, Code, Identified, Micros, is_one_of, table_args

INTENTS = ("CREATE", "ERASE")


class Instance(Base):
    """One row: which installation this is (part of the cookie's name) and whether it has its
    demo.
    """

    __tablename__ = "instance"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    uuid: Mapped[str]
    created_at: Mapped[Micros]
    demo_state: Mapped[Code | None]
    """`building` or `complete`; null where no demo was asked for."""


class RightsEpoch(Base):
    """One row: raised as the last statement of every change of rights or existence."""

    __tablename__ = "rights_epoch"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    value: Mapped[int]


class Idempotency(Base):
    """What a mutation answered for a key, for 24 hours."""

    __tablename__ = "idempotency"
    __table_args__ = (Index("ix_idempotency_created_at", "created_at"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    mutation: Mapped[Code] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    input_hash: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[Micros]


class FileIntent(Identified, Base):
    """A file that is about to be made or erased.

    A CREATE row is committed before the file exists and removed in the transaction that refers to
    the
    file; what is left of a dead Activity is swept. An ERASE row is written by the deleting
    transaction.
    """

    __tablename__ = "file_intent"
    __table_args__ = table_args(
        CheckConstraint(is_one_of("action", INTENTS), name="action"),
        Index("ix_file_intent_activity_id", "activity_id"),
    )

    action: Mapped[Code]
    name: Mapped[str]
    """Storage name of a file or folder, such as `files/ab/<uuid>`."""
    activity_id: Mapped[int | None] = mapped_column(ForeignKey("activity.id"))
    upload_uuid: Mapped[str | None]
    created_at: Mapped[Micros]
    attempts: Mapped[int] = mapped_column(default=0)
    failure: Mapped[str | None]
    source: Mapped[str | None]
    """Storage name of what is copied there, and the claim of the Activity that copies it."""
    claim: Mapped[int | None]


class ExternalInfo(Identified, Base):
    """An object's name in another system (OME: ExternalInfo)."""

    __tablename__ = "external_info"
    __table_args__ = table_args(
        Index("uq_external_info_object", "class_name", "object_id", unique=True)
    )

    class_name: Mapped[Code]
    object_id: Mapped[int]
    entity_id: Mapped[int]
    entity_type: Mapped[str]
    lsid: Mapped[str | None]
    uuid: Mapped[str | None]
