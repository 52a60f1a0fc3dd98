"""Give every object that is copied its new id: one statement per class, none per object.

The table `graph_copy` maps originals to copies; what copies refer to stands in it with its own id,
so that columns and link ends are translated by one join whatever becomes of what they name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    delete,
    func,
    insert,
    literal,
    literal_column,
    select,
    text,
)
from sqlalchemy.schema import CreateTable

from graphql_api.graph.edges import CARRIERS, CODES, table_of
from graphql_api.graph.planner.tables import REACHED
from graphql_api.graph.words import State
from shared.database import POSTGRESQL

if TYPE_CHECKING:
    from sqlalchemy import Connection

_METADATA = MetaData()
COPIES = Table(
    "graph_copy",
    _METADATA,
    Column("cls", SmallInteger, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("copy_id", BigInteger, nullable=False),
    prefixes=["TEMPORARY"],
    sqlite_with_rowid=False,
)
PART_CODES: Mapping[str, int] = {name: 1000 + place for place, name in enumerate(CARRIERS)}
"""Codes of the rows without details, which the planner does not know one by one."""


def code(class_name: str) -> int:
    """The code of a class or part in the table of copies."""
    found = CODES.get(class_name)
    return PART_CODES[class_name] if found is None else found


def prepare_ids(connection: Connection) -> None:
    """Have the table, with what the copies refer to, as its own copy."""
    connection.execute(CreateTable(COPIES, if_not_exists=True))
    if connection.dialect.name == POSTGRESQL:
        connection.execute(text("TRUNCATE graph_copy"))
    else:
        connection.execute(delete(COPIES))
    row = REACHED.c
    referred = select(row.cls, row.id, row.id).where(row.state == int(State.REFER))
    connection.execute(insert(COPIES).from_select(["cls", "id", "copy_id"], referred))


def number_nodes(connection: Connection, class_name: str) -> None:
    """New ids for everything of a class that is copied, in the order of the originals."""
    row = REACHED.c
    originals = select(row.id).where(row.cls == CODES[class_name], row.state >= int(State.IN))
    _number(connection, class_name, originals)


def number_parts(connection: Connection, part: str) -> None:
    """New ids for the rows without details that copied rows carry."""
    table = table_of(part)
    carrier, column = CARRIERS[part]
    copied = COPIES.alias()
    originals = select(table.c.id).join(
        copied,
        (copied.c.cls == code(carrier))
        & (copied.c.id == table.c[column])
        & (copied.c.copy_id != copied.c.id),
    )
    _number(connection, part, originals)


def _number(connection: Connection, class_name: str, originals: Any) -> None:
    table = table_of(class_name)
    new: Any
    if connection.dialect.name == POSTGRESQL:
        found = originals.order_by(originals.selected_columns[0]).subquery()
        new = literal_column(f"nextval('{table.name}_id_seq'::regclass)")
    else:
        found = originals.subquery()
        sequence = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
        seq = sequence.bindparams(name=table.name).columns(seq=Integer).scalar_subquery()
        greatest = func.coalesce(seq, 0)
        new = greatest + func.row_number().over(order_by=found.c[0])
    source = select(literal(code(class_name), SmallInteger), found.c[0], new)
    connection.execute(insert(COPIES).from_select(["cls", "id", "copy_id"], source))


def analyze_ids(connection: Connection) -> None:
    """Tell PostgreSQL what the table holds by now."""
    if connection.dialect.name == POSTGRESQL:
        connection.execute(text("ANALYZE graph_copy"))
