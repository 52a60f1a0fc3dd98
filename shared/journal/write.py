"""Write the journal: one event per writing transaction, one entry per object that it changed.

Write in the transaction that makes the change, and in sets: one statement whatever the number of
objects. An entry keeps only the columns that changed, as they were before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from sqlalchemy import insert, literal, select

from shared.clock import now
from shared.models.events import Event, JournalEntry

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection, Select

Action: TypeAlias = Literal["INSERT", "UPDATE", "DELETE", "CHGRP", "CHOWN", "TRASH", "RESTORE"]


def begin_event(
    connection: Connection,
    *,
    user_id: int | None,
    sudoer_id: int | None = None,
    session_id: int | None = None,
    activity_id: int | None = None,
    kind: str,
) -> int:
    """Open the event of this transaction and answer its id.

    `kind` names the verb, such as `link` or `import`; `sudoer_id` is who stands behind `user_id`.
    """
    statement = (
        insert(Event)
        .values(
            at=now(),
            user_id=user_id,
            sudoer_id=sudoer_id,
            session_id=session_id,
            activity_id=activity_id,
            kind=kind,
        )
        .returning(Event.id)
    )
    return int(connection.execute(statement).scalar_one())


def record(
    connection: Connection,
    event_id: int,
    class_name: str,
    action: Action,
    ids: Iterable[int],
    *,
    group_id: int | None = None,
    before: Mapping[int, dict[str, Any]] | None = None,
) -> None:
    """Note that the event did `action` to these objects of one class.

    `before` maps an id to the columns that changed and their old values (JSON values only);
    `group_id` is the group in which the objects lay before.
    """
    images = before or {}
    rows = [
        {
            "event_id": event_id,
            "class_name": class_name,
            "object_id": object_id,
            "action": action,
            "group_id": group_id,
            "before": images.get(object_id),
        }
        for object_id in ids
    ]
    if rows:
        connection.execute(insert(JournalEntry), rows)


def record_selected(
    connection: Connection,
    event_id: int,
    class_name: str,
    action: Action,
    selected: Select[Any, Any],
) -> None:
    """Note the objects that a query names, without fetching them.

    `selected` has two columns: the object's id and its group's id (or null).
    """
    rows = selected.subquery()
    objects, groups = rows.c
    source = select(literal(event_id), literal(class_name), objects, literal(action), groups)
    columns = ["event_id", "class_name", "object_id", "action", "group_id"]
    connection.execute(insert(JournalEntry).from_select(columns, source))
