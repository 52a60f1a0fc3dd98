"""The planner's temporary tables: one row per object or link that an operation reached.

It belongs to the connection, so two plans never see each other's rows; `prepare` empties it.
"""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    bindparam,
    column,
    delete,
    func,
    select,
    text,
    true,
)
from sqlalchemy import table as light_table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable

from graphql_api.graph.edges import POOL
from shared.database import POSTGRESQL, has_temporary_tables, have_on_connections

if TYPE_CHECKING:
    from sqlalchemy import Connection, FromClause

GUESSED = 2_000
"""So many rows need no statistics."""
_METADATA = MetaData()
REACHED = Table(
    "graph_reached",
    _METADATA,
    Column("cls", SmallInteger, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("owner_id", BigInteger, nullable=False),
    Column("group_id", BigInteger, nullable=False),
    Column("sub", String(64)),
    Column("state", Integer, nullable=False),
    Column("reason", Integer, nullable=False),
    Column("wave", Integer, nullable=False),
    prefixes=["TEMPORARY"],
    sqlite_with_rowid=False,
)
"""`cls` is a code of `edges.CODES`, `sub` the class of an annotation; `wave` is the distance from
the targets, or minus the round in which the row was held back."""

_LIGHT = light_table(REACHED.name, *(column(each.name, each.type) for each in REACHED.c))
_ALIASES = cycle([_LIGHT.alias() for _ in range(4 * POOL)])


def reached_rows() -> Any:
    """An alias of the planner's table to read from, unlike the others of the same SELECT."""
    return next(_ALIASES)


BLOCKERS = Table(
    "graph_blocker",
    _METADATA,
    Column("cls", SmallInteger, nullable=False),
    Column("id", BigInteger, nullable=False),
    Column("holder_cls", SmallInteger),
    Column("holder_id", BigInteger),
    Column("shared_cls", SmallInteger),
    Column("shared_id", BigInteger),
    Column("reason", Integer, nullable=False),
    prefixes=["TEMPORARY"],
)
"""Why an operation is refused: this object, because of that holder, over something shared."""


_MAKE = [CreateTable(table, if_not_exists=True) for table in (REACHED, BLOCKERS)]
for _statement in _MAKE:
    have_on_connections(str(_statement.compile(dialect=sqlite.dialect())))


def prepare(connection: Connection) -> None:
    """Have the tables, empty. A plan is rolled back, and with it whatever it made first; so on
    SQLite connections have them from the start.
    """
    if connection.dialect.name == POSTGRESQL:
        made = [str(each.compile(dialect=connection.dialect)) for each in _MAKE]
        together = "; ".join((*made, "TRUNCATE graph_reached, graph_blocker"))
        connection.exec_driver_sql(together, execution_options={"no_parameters": True})
        return
    if not has_temporary_tables(connection):
        for statement in _MAKE:
            connection.execute(statement)
    for table in (REACHED, BLOCKERS):
        connection.execute(delete(table))


def add(connection: Connection, arms: FromClause, wave: int) -> int:
    """Insert the union of arms (cls, id, owner_id, group_id, sub, code); a stronger verdict
    replaces a weaker one. Answers how many rows are new or stronger.
    """
    rows = arms.c
    code: Any = func.max(rows.code)
    chosen = (
        select(
            rows.cls, rows.id, func.max(rows.owner_id), func.max(rows.group_id),
            func.max(rows.sub), code // 100, code % 100,
            bindparam("wave", wave, type_=Integer, unique=True),
        )
        .where(true())
        .group_by(rows.cls, rows.id)
    )  # fmt: skip
    dialect = postgresql if connection.dialect.name == POSTGRESQL else sqlite
    statement = dialect.insert(REACHED).from_select([c.name for c in REACHED.c], chosen)
    new = statement.excluded
    statement = statement.on_conflict_do_update(
        index_elements=["cls", "id"],
        set_={"state": new.state, "reason": new.reason, "wave": new.wave},
        where=new.state > REACHED.c.state,
    )
    result = connection.execute(statement, execution_options={"preserve_rowcount": True})
    return result.rowcount


def analyze(connection: Connection, rows: int) -> None:
    """Tell PostgreSQL what the table holds by now, unless it holds so little that its guess from
    the table's size will do.
    """
    if connection.dialect.name == POSTGRESQL and rows > GUESSED:
        connection.execute(text("ANALYZE graph_reached"))
