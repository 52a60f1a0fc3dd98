"""The table of what is to be undone: each object of the journal with what it was before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Column,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    case,
    cast,
    delete,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    text,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.schema import CreateTable

from graphql_api.graph.edges import CODES, NAMES, rows_of
from shared.database import POSTGRESQL
from shared.models.annotations import ANNOTATION_CLASSES
from shared.models.events import JournalEntry
from shared.models.links import LINKS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

_METADATA = MetaData()
UNDONE = Table(
    "graph_undone",
    _METADATA,
    Column("cls", SmallInteger, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("action", String(16), primary_key=True),
    Column("number", BigInteger),
    Column("words", Text),
    prefixes=["TEMPORARY"],
)
"""`number` is the group, owner or parent folder of before; `words` a channel's name of before."""
COLUMNS = {
    ("LogicalChannel", "UPDATE"): "name",
    ("Folder", "UPDATE"): "parent_folder_id",
}
"""Which column a change of these classes is about."""


def gather(connection: Connection, events: Sequence[int], activity_id: int | None) -> None:
    """Fill the table from the journal of these events, and from the Activity's trash."""
    connection.execute(CreateTable(UNDONE, if_not_exists=True))
    connection.execute(delete(UNDONE))
    entry = JournalEntry.__table__.c
    codes = {**CODES, **dict.fromkeys(ANNOTATION_CLASSES, CODES["Annotation"])}
    cls = case(codes, value=entry.class_name)
    owner = cast(_before(connection, entry.before, "owner_id"), BigInteger)
    parent = cast(_before(connection, entry.before, "parent_folder_id"), BigInteger)
    number = case(
        (entry.action == "CHGRP", entry.group_id),
        (entry.action == "CHOWN", owner),
        (entry.class_name == "Folder", parent),
        else_=null(),
    )
    words = case((entry.class_name == "LogicalChannel", _before(connection, entry.before, "name")))
    known = sorted({name for name, _ in COLUMNS})
    chosen = (
        select(cls, entry.object_id, entry.action, func.max(number), func.max(words))
        .where(
            entry.event_id.in_(events),
            entry.class_name.in_(sorted(codes)),
            or_(
                entry.action.in_(("CHGRP", "CHOWN", "INSERT")),
                (entry.action == "UPDATE") & entry.class_name.in_(known),
            ),
        )
        .group_by(cls, entry.object_id, entry.action)
    )
    names = [column.name for column in UNDONE.c]
    connection.execute(insert(UNDONE).from_select(names, chosen))
    if activity_id is not None:
        arms = []
        for name, code in CODES.items():
            row = rows_of(name)
            arms.append(
                select(
                    literal(code, SmallInteger), row.c.id, literal("TRASH", String),
                    cast(null(), BigInteger), cast(null(), Text),
                ).where(row.c.trash_id == activity_id)
            )  # fmt: skip
        trashed = union_all(*arms).subquery()
        connection.execute(insert(UNDONE).from_select(names, select(*trashed.c).where(true())))
    if connection.dialect.name == POSTGRESQL:
        connection.execute(text("ANALYZE graph_undone"))


def _before(connection: Connection, column: Any, name: str) -> Any:
    if connection.dialect.name == POSTGRESQL:
        return cast(column, JSONB)[name].astext
    return func.json_extract(column, f"$.{name}")


def classes(connection: Connection, action: str) -> list[str]:
    """The classes of which the table holds rows with this action."""
    found = connection.execute(
        select(UNDONE.c.cls).distinct().where(UNDONE.c.action == action)
    ).scalars()
    return sorted(NAMES[code] for code in found)


def undone(class_name: str, action: str) -> Any:
    """(alias, clauses) of the rows of a class and action."""
    row = UNDONE.alias()
    return row, [row.c.cls == CODES[class_name], row.c.action == action]


def is_link(class_name: str) -> bool:
    """Whether rows of the class are links."""
    return class_name in LINKS
