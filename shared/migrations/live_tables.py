"""Make the tables of the live database, and make them again when their shape changes.

What they hold may be lost, so they are never migrated. On PostgreSQL they are unlogged.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from sqlalchemy import Column, MetaData, Table, Text, inspect, select, text
from sqlalchemy.schema import CreateIndex, CreateTable

from shared.database import POSTGRESQL
from shared.models.live import LiveBase

if TYPE_CHECKING:
    from sqlalchemy import Connection

MARK = "live_shape"
_mark = Table(MARK, MetaData(), Column("shape", Text, nullable=False))
"""A table of one row that says for which shape the others were made."""


def make_live_tables(connection: Connection) -> None:
    """Make the live tables unless they are there in the wanted shape."""
    if stored_shape(connection) == wanted_shape():
        return
    tables = LiveBase.metadata
    for name in tables.tables:
        connection.execute(text(f"DROP TABLE IF EXISTS {name}"))
    _mark.drop(connection, checkfirst=True)
    tables.create_all(connection)
    if connection.dialect.name == POSTGRESQL:
        for name in tables.tables:
            connection.execute(text(f"ALTER TABLE {name} SET UNLOGGED"))
    _mark.create(connection)
    connection.execute(_mark.insert().values(shape=wanted_shape()))


def stored_shape(connection: Connection) -> str | None:
    """The shape for which the live tables were made, or None when there are none."""
    if not inspect(connection).has_table(MARK):
        return None
    found: str | None = connection.execute(select(_mark.c.shape)).scalar()
    return found


def wanted_shape() -> str:
    """A digest of the live tables as this version declares them."""
    parts = []
    for table in LiveBase.metadata.sorted_tables:
        parts.append(str(CreateTable(table)))
        parts.extend(sorted(str(CreateIndex(index)) for index in table.indexes))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
