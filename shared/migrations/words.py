"""Short words in which the migrations say tables: columns, details and their indexes.

Migrations are history: never change what a word means here; add another word beside it.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
LIVE = "trash_id IS NULL"
TRASHED = "trash_id IS NOT NULL"


def id_() -> sa.Column[int]:
    """The row's id; never given twice."""
    return sa.Column("id", ID, primary_key=True, autoincrement=True)


def ref(name: str, table: str, **options: Any) -> sa.Column[int]:
    """An id in another table."""
    return _column(name, ID, sa.ForeignKey(f"{table}.id"), **options)


def whole(name: str, **options: Any) -> sa.Column[int]:
    """A 64-bit integer."""
    return _column(name, sa.BigInteger(), **options)


def real(name: str, **options: Any) -> sa.Column[float]:
    """A double."""
    return _column(name, sa.Float(53), **options)


def words(name: str, **options: Any) -> sa.Column[str]:
    """Text of any length."""
    return _column(name, sa.Text(), **options)


def code(name: str, **options: Any) -> sa.Column[str]:
    """A word from a closed list."""
    return _column(name, sa.String(64), **options)


def key(name: str, **options: Any) -> sa.Column[str]:
    """A sort key, compared bytewise."""
    return _column(name, KEY, **options)


def flag(name: str, **options: Any) -> sa.Column[bool]:
    """True or false."""
    return _column(name, sa.Boolean(), **options)


def json(name: str, **options: Any) -> sa.Column[Any]:
    """A JSON value."""
    return _column(name, sa.JSON(), **options)


def blob(name: str, **options: Any) -> sa.Column[bytes]:
    """Bytes."""
    return _column(name, sa.LargeBinary(), **options)


def _column(
    name: str, kind: sa.types.TypeEngine[Any], *rest: Any, null: bool = False, **options: Any
) -> sa.Column[Any]:
    return sa.Column(name, kind, *rest, nullable=null, **options)


def details() -> list[sa.Column[Any]]:
    """Id, owner, group, events, trash, times and version."""
    return [
        id_(),
        ref("owner_id", "user_account"),
        ref("group_id", "user_group"),
        ref("creation_event_id", "event", null=True),
        ref("update_event_id", "event", null=True),
        ref("trash_id", "activity", null=True),
        whole("created_at"),
        whole("updated_at"),
        whole("version", server_default="1"),
    ]


def one_of(column: str, *allowed: str, name: str) -> sa.CheckConstraint:
    """A check that a column holds one of these words."""
    listed = ", ".join(f"'{word}'" for word in allowed)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=name)


def make(table: str, *items: Any) -> None:
    """Create a table with an id that is never given twice."""
    op.create_table(table, *items, sqlite_autoincrement=True)


def make_plain(table: str, *items: Any) -> None:
    """Create a table whose key is made elsewhere."""
    op.create_table(table, *items)


def index(
    name: str, table: str, *columns: str, unique: bool = False, where: str | None = None
) -> None:
    """Create an index, partial when `where` is given."""
    clause = sa.text(where) if where else None
    op.create_index(
        name, table, list(columns), unique=unique, sqlite_where=clause, postgresql_where=clause
    )


def live(name: str, table: str, *columns: str, unique: bool = False) -> None:
    """Create an index over rows that are not in the trash."""
    index(name, table, *columns, unique=unique, where=LIVE)


def details_indexes(table: str, *order_keys: str) -> None:
    """Indexes for root lists, by group and by group and owner, for the id and each order key."""
    for order in ("", *order_keys):
        tail = [order, "id"] if order else ["id"]
        live(f"ix_{table}_group_{order or 'id'}", table, "group_id", *tail)
        live(f"ix_{table}_owner_{order or 'id'}", table, "group_id", "owner_id", *tail)
    index(f"ix_{table}_trash", table, "trash_id", where=TRASHED)
    index(f"ix_{table}_owner", table, "owner_id", "id")


def make_link(table: str, parent: str, child: str) -> None:
    """Create a link table with its indexes."""
    make(table, ref("parent_id", parent), ref("child_id", child), *details())
    details_indexes(table)
    live(f"uq_{table}", table, "parent_id", "child_id", "owner_id", unique=True)
    live(f"ix_{table}_child", table, "child_id", "parent_id")


def drop(*tables: str) -> None:
    """Drop tables, in the order given."""
    for table in tables:
        op.drop_table(table)
