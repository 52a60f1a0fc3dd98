"""What every table has in common: naming, column types, details, trash.

Times are integer microseconds UTC. Ids are never given twice (`AUTOINCREMENT` on SQLite). A column
ending in `_key` is the sort key of its neighbour: casefolded NFKC, compared bytewise everywhere.
"""

from __future__ import annotations

import unicodedata
from typing import Annotated, Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Text,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}

IdType = BigInteger().with_variant(Integer(), "sqlite")
KeyType = Text().with_variant(Text(collation="C"), "postgresql")
"""Text compared bytewise on both databases (SQLite compares so by default)."""

Id = Annotated[int, mapped_column(IdType, primary_key=True, autoincrement=True)]
Micros = Annotated[int, mapped_column(BigInteger)]
Small = Annotated[int, mapped_column(SmallInteger)]
SortKey = Annotated[str, mapped_column(KeyType)]
Code = Annotated[str, mapped_column(String(64))]
"""A word from a closed list, held by a check."""

LIVE = text("trash_id IS NULL")


class Base(DeclarativeBase):
    """Base of the tables in the main database."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {int: BigInteger(), float: Float(53), str: Text()}  # noqa: RUF012  # SQLAlchemy reads it so


def table_args(*items: Any) -> tuple[Any, ...]:
    """Constraints and indexes of a table, with ids that are never reused."""
    return (*items, {"sqlite_autoincrement": True})


def sort_key(name: str) -> str:
    """The stored key by which a name is ordered and searched: NFKC, casefolded, NFKC again."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return unicodedata.normalize("NFKC", folded)


class Identified:
    """A row with an id of its own."""

    id: Mapped[Id]


class Details(Identified):
    """Owner, group, times, events, version and trash: on each owned row and each link.

    `trash_id` is the Activity that deleted the row; a row with one is invisible to everybody.
    """

    @declared_attr
    def owner_id(cls) -> Mapped[int]:  # noqa: N805  # SQLAlchemy calls it with the class
        """The one user to whom the row belongs."""
        return mapped_column(ForeignKey("user_account.id"))

    @declared_attr
    def group_id(cls) -> Mapped[int]:  # noqa: N805
        """The one group in which the row lies."""
        return mapped_column(ForeignKey("user_group.id"))

    @declared_attr
    def creation_event_id(cls) -> Mapped[int | None]:  # noqa: N805
        """The transaction that made the row."""
        return mapped_column(ForeignKey("event.id"))

    @declared_attr
    def update_event_id(cls) -> Mapped[int | None]:  # noqa: N805
        """The transaction that changed the row last."""
        return mapped_column(ForeignKey("event.id"))

    @declared_attr
    def trash_id(cls) -> Mapped[int | None]:  # noqa: N805
        """The Activity that put the row into the trash, or null."""
        return mapped_column(ForeignKey("activity.id"))

    created_at: Mapped[Micros]
    updated_at: Mapped[Micros]
    version: Mapped[int] = mapped_column(default=1, server_default="1")


def details_indexes(table: str, *order_keys: str) -> tuple[Index, ...]:
    """Indexes for root lists: one keyset range per group, and per group and owner.

    Each order key gives (group, key, id) and (group, owner, key, id), on live rows only; id alone
    is always among them. A last one finds what a trash entry holds.
    """
    found = []
    for key in ("", *order_keys):
        tail = [key, "id"] if key else ["id"]
        mark = key or "id"
        for prefix in (["group_id"], ["group_id", "owner_id"]):
            name = f"ix_{table}_{'owner' if len(prefix) > 1 else 'group'}_{mark}"
            found.append(Index(name, *prefix, *tail, sqlite_where=LIVE, postgresql_where=LIVE))
    trash = text("trash_id IS NOT NULL")
    found.append(Index(f"ix_{table}_trash", "trash_id", sqlite_where=trash, postgresql_where=trash))
    found.append(Index(f"ix_{table}_owner", "owner_id", "id"))
    return tuple(found)


def live_index(name: str, *columns: str, unique: bool = False) -> Index:
    """An index over rows that are not in the trash."""
    return Index(name, *columns, unique=unique, sqlite_where=LIVE, postgresql_where=LIVE)


def is_one_of(column: str, words: tuple[str, ...]) -> str:
    """The text of a check that a column holds one of these words."""
    listed = ", ".join(f"'{word}'" for word in words)
    return f"{column} IN ({listed})"


def is_live(table: Any) -> ColumnElement[bool]:
    """The predicate that a row is not in the trash."""
    predicate: ColumnElement[bool] = table.trash_id.is_(None)
    return predicate
