"""Put single links, annotations and ROIs into the trash, under an Activity that ends at once.

The Activity is the trash entry's name: `restore` gives back what lies in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, update

from shared.clock import now
from shared.database import ids_in
from shared.journal import begin_event, record
from shared.models.activities import Activity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from shared.auth.principal import Principal


def ended_activity(
    connection: Connection,
    principal: Principal,
    kind: str,
    request: dict[str, Any],
    *,
    report: dict[str, Any] | None = None,
    result: Sequence[str] | None = None,
    began_at: int | None = None,
) -> int:
    """An Activity that has succeeded with this transaction; answers its id."""
    moment = now()
    statement = (
        insert(Activity)
        .values(
            kind=kind,
            state="SUCCEEDED",
            user_id=principal.user_id,
            sudoer_id=principal.sudoer_id,
            session_id=principal.session_id,
            scopes=None if principal.scopes is None else " ".join(sorted(principal.scopes)),
            request=request,
            report=report,
            result=None if result is None else list(result),
            created_at=began_at or moment,
            started_at=began_at or moment,
            finished_at=moment,
        )
        .returning(Activity.id)
    )
    return int(connection.execute(statement).scalar_one())


def begin_change(
    connection: Connection, principal: Principal, kind: str, targets: Sequence[str]
) -> tuple[int, int]:
    """An Activity that ends with this transaction and the journal's event of it, so that it can be
    undone: (activity id, event id).
    """
    activity = ended_activity(connection, principal, kind, {"targets": list(targets)})
    event_id = begin_event(
        connection,
        user_id=principal.user_id,
        sudoer_id=principal.sudoer_id,
        session_id=principal.session_id,
        activity_id=activity,
        kind=kind,
    )
    return activity, event_id


def discard(
    connection: Connection,
    event_id: int,
    activity_id: int,
    table: Any,
    ids_of: Mapping[tuple[str, int], Sequence[int]],
) -> None:
    """Trash rows of one table; `ids_of` lists them by class name and group id."""
    ids = sorted(number for listed in ids_of.values() for number in listed)
    if not ids:
        return
    connection.execute(
        update(table)
        .where(ids_in(connection, table.c.id, ids))
        .values(
            trash_id=activity_id,
            update_event_id=event_id,
            updated_at=now(),
            version=table.c.version + 1,
        )
    )
    for (class_name, group_id), listed in sorted(ids_of.items()):
        record(connection, event_id, class_name, "TRASH", sorted(listed), group_id=group_id)
