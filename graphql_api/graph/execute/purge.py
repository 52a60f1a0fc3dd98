"""Carry out a purge: rows are erased table by table, files by intents swept after the commit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import String, delete, func, insert, literal, or_, select, update

from graphql_api.graph.edges import CARRIERS, NAMES, table_of
from graphql_api.graph.execute.rows import IN_STATES, chosen, note
from shared.clock import now
from shared.models import MODELS
from shared.models.base import Base
from shared.models.links import LINKS
from shared.models.system import ExternalInfo, FileIntent

if TYPE_CHECKING:
    from graphql_api.graph.execute.rows import Execution

_DETAILS = {"owner_id", "group_id", "creation_event_id", "update_event_id", "trash_id"}
_CLASS_OF = {table_of(name).name: name for name in MODELS}


def execute_purge(work: Execution) -> list[str]:
    """Erase what the plan says; nothing is created."""
    note(work, IN_STATES, "DELETE")
    names = work.classes(IN_STATES)
    _erase_files(work, names)
    for name in names:
        if name not in LINKS:
            _let_go(work, name)
    going = set(names)
    for table in reversed(Base.metadata.sorted_tables):
        own = _CLASS_OF.get(table.name)
        if own in going:
            ids = chosen(own, IN_STATES)
            info = ExternalInfo.__table__.c
            work.connection.execute(
                delete(ExternalInfo).where(info.class_name == own, info.object_id.in_(ids))
            )
            gone = work.connection.execute(delete(table).where(table.c.id.in_(ids)))
            work.advance(gone.rowcount)
        elif own is not None and own in CARRIERS:
            _erase_parts(work, own, going)
    return []


def _erase_parts(work: Execution, part: str, going: set[str]) -> None:
    """Erase the rows without details that a purged row carries."""
    ids, carrier = _carried(part)
    if carrier in going:
        table = table_of(part)
        work.connection.execute(delete(table).where(table.c.id.in_(ids)))


def _carried(part: str) -> tuple[Any, str]:
    """The ids of a part's purged rows, and the class that carries them in the end."""
    carrier, column = CARRIERS[part]
    table = table_of(part)
    if carrier in CARRIERS:
        above, carrier = _carried(carrier)
    else:
        above = chosen(carrier, IN_STATES)
    return select(table.c.id).where(table.c[column].in_(above)), carrier


def _let_go(work: Execution, name: str) -> None:
    """Empty the columns by which rows that stay, or rows of the same table, name purged rows."""
    purged = table_of(name)
    for table in Base.metadata.sorted_tables:
        for column in table.c:
            if not column.nullable or column.name in _DETAILS:
                continue
            if not any(key.column.table is purged for key in column.foreign_keys):
                continue
            statement = update(table).where(column.in_(chosen(name, IN_STATES)))
            own = _CLASS_OF.get(table.name)
            if own in NAMES.values() and own != name:
                statement = statement.where(table.c.id.not_in(chosen(str(own), IN_STATES)))
            work.connection.execute(statement.values({column.name: None}))


def _erase_files(work: Execution, names: list[str]) -> None:
    """Note the folders and files of purged rows, to be erased once this is committed."""
    sources = []
    for name, folder in (("Fileset", "files"), ("Fileset", "derived"), ("Pixels", "derived")):
        if name in names:
            table = table_of(name)
            place = literal(f"{folder}/", String) + func.substr(table.c.uuid, 1, 2)
            sources.append(
                select(literal("ERASE", String), place + "/" + table.c.uuid, literal(now())).where(
                    table.c.id.in_(chosen(name, IN_STATES))
                )
            )
    if "OriginalFile" in names:
        table = table_of("OriginalFile")
        sources.append(
            select(literal("ERASE", String), table.c.storage_name, literal(now())).where(
                table.c.id.in_(chosen("OriginalFile", IN_STATES)),
                or_(
                    table.c.storage_name.like("attachments/%"),
                    table.c.storage_name.like("uploads/%"),
                ),
            )
        )
    for source in sources:
        columns = ["action", "name", "created_at", "attempts"]
        rows = source.with_only_columns(*source.selected_columns, literal(0))
        work.connection.execute(insert(FileIntent).from_select(columns, rows))
