"""Carry out an undo: rows get back what the journal says they had, new ones go to the trash."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, insert, literal, select, update

from graphql_api.graph.edges import CODES, table_of
from graphql_api.graph.execute.rows import chosen, discard, json_object
from graphql_api.graph.planner.reversal import COLUMNS, undone
from graphql_api.graph.planner.tables import reached_rows
from graphql_api.graph.words import State
from shared.clock import now
from shared.models.events import JournalEntry

if TYPE_CHECKING:
    from graphql_api.graph.execute.rows import Execution

_BACK = {"CHGRP": "group_id", "CHOWN": "owner_id"}


def execute_undo(work: Execution) -> list[str]:
    """Do what the plan says; nothing is created."""
    present = work.plan.facts["present"]
    for action, column in _BACK.items():
        for name in present[action]:
            _note(work, name, action, "owner_id" if action == "CHOWN" else None)
            _set(work, name, action, column, "number")
    discard(work)
    for name in present["TRASH"]:
        _note(work, name, "TRASH", None)
        _restore(work, name)
    for name in present["UPDATE"]:
        column = COLUMNS[name, "UPDATE"]
        _note(work, name, "UPDATE", column)
        _set(work, name, "UPDATE", column, "words" if column == "name" else "number")
    return []


def _details(work: Execution, table: Any) -> dict[str, Any]:
    return {
        "update_event_id": work.event_id, "updated_at": now(), "version": table.c.version + 1
    }  # fmt: skip


def _set(work: Execution, name: str, action: str, column: str, source: str) -> None:
    table = table_of(name)
    row, clauses = undone(name, action)
    statement = (
        update(table)
        .where(table.c.id == row.c.id, *clauses)
        .values({column: row.c[source], **_details(work, table)})
    )
    if column == "parent_folder_id":  # a folder that was put elsewhere meanwhile stays there
        statement = statement.where(table.c.parent_folder_id.is_(None), _parent_is_there(row))
    work.advance(work.connection.execute(statement).rowcount)


def _parent_is_there(row: Any) -> Any:
    parent = table_of("Folder").alias()
    found = select(parent.c.id).where(parent.c.id == row.c.number, parent.c.trash_id.is_(None))
    return found.exists()


def _restore(work: Execution, name: str) -> None:
    table = table_of(name)
    row, clauses = undone(name, "TRASH")
    mine = select(row.c.id).where(*clauses)
    back = chosen(name, (State.FORCED,))
    done = work.connection.execute(
        update(table)
        .where(table.c.id.in_(mine), table.c.id.in_(back))
        .values(trash_id=None, **_details(work, table))
    )
    work.advance(done.rowcount)


def _note(work: Execution, name: str, action: str, before: str | None) -> None:
    """Write the journal of what goes back."""
    row, clauses = undone(name, action)
    table, reached = table_of(name).alias(), reached_rows()
    verb = "RESTORE" if action == "TRASH" else action
    image: Any = None
    if before is not None:
        image = json_object(work.connection, before, table.c[before])
    values = [literal(work.event_id), literal(name), row.c.id, literal(verb), table.c.group_id]
    names = ["event_id", "class_name", "object_id", "action", "group_id"]
    if image is not None:
        values.append(image)
        names.append("before")
    source = (
        select(*values)
        .select_from(
            row.join(table, table.c.id == row.c.id).join(
                reached, and_(reached.c.cls == CODES[name], reached.c.id == row.c.id)
            )
        )
        .where(*clauses, reached.c.state == int(State.FORCED))
        .order_by(row.c.id)
    )
    work.connection.execute(insert(JournalEntry).from_select(names, source))
