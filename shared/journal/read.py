"""Read the journal: the history of one object, newest first.

Nothing is filtered by rights here: whoever calls has made sure that the object may be seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from shared.models.events import Event, JournalEntry

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of the journal with its event. `id` orders changes and pages through them."""

    id: int
    event_id: int
    at: int
    kind: str
    class_name: str
    object_id: int
    action: str
    user_id: int | None
    sudoer_id: int | None
    activity_id: int | None
    group_id: int | None
    before: dict[str, Any] | None


def history(
    connection: Connection,
    class_name: str,
    object_id: int,
    *,
    before_id: int | None = None,
    limit: int = 100,
) -> list[Change]:
    """The changes of one object, newest first; the next page starts before the last one's id."""
    statement = (
        _changes()
        .where(JournalEntry.class_name == class_name, JournalEntry.object_id == object_id)
        .order_by(JournalEntry.id.desc())
        .limit(limit)
    )
    if before_id is not None:
        statement = statement.where(JournalEntry.id < before_id)
    return [Change(*row) for row in connection.execute(statement)]


def changes_of_activity(connection: Connection, activity_id: int) -> list[Change]:
    """Everything that one Activity changed, in the order in which it was done."""
    statement = _changes().where(Event.activity_id == activity_id).order_by(JournalEntry.id)
    return [Change(*row) for row in connection.execute(statement)]


def _changes() -> Any:
    return select(
        JournalEntry.id,
        Event.id,
        Event.at,
        Event.kind,
        JournalEntry.class_name,
        JournalEntry.object_id,
        JournalEntry.action,
        Event.user_id,
        Event.sudoer_id,
        Event.activity_id,
        JournalEntry.group_id,
        JournalEntry.before,
    ).join(Event, Event.id == JournalEntry.event_id)
