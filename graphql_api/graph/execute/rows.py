"""Set-wise changes of what a plan reached: details, trash, journal; one statement per class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import String, case, func, insert, literal, null, select, update

from graphql_api.graph.edges import CODES, NAMES, table_of
from graphql_api.graph.planner.tables import REACHED
from graphql_api.graph.words import State
from shared.clock import now
from shared.database import POSTGRESQL
from shared.models.events import JournalEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from sqlalchemy import Connection

    from graphql_api.graph.plan import Plan

Verb = Literal["INSERT", "UPDATE", "DELETE", "CHGRP", "CHOWN", "TRASH", "RESTORE"]
IN_STATES = (State.IN, State.FORCED)
TRASHED_STATES = (State.CUT, State.DESTROY)


@dataclass(slots=True)
class Execution:
    """A plan being carried out: under which event and Activity, and how to report progress."""

    connection: Connection
    plan: Plan
    event_id: int
    activity_id: int
    beat: Callable[[int, int, str], None]
    claim: int = 0
    """The number of the claim under which the Activity runs."""
    done: int = 0

    def advance(self, rows: int) -> None:
        """Report that so many more planned rows are dealt with."""
        self.done = min(self.done + rows, self.plan.size)
        self.beat(self.done, max(self.plan.size, 1), "rows")

    def classes(self, states: Collection[State]) -> list[str]:
        """The classes and links of which the plan holds rows in one of these states."""
        names = {
            each.class_name if each.is_link or each.class_name in CODES else "Annotation"
            for each in self.plan.tallies
            if each.state in states
        }
        return sorted(names)


def chosen(class_name: str, states: Collection[State]) -> Any:
    """The ids of a class that are in one of these states, as a subquery."""
    return select(REACHED.c.id).where(
        REACHED.c.cls == CODES[class_name], REACHED.c.state.in_([int(each) for each in states])
    )


def change(work: Execution, states: Collection[State], values: dict[str, Any]) -> None:
    """Set columns of everything in these states, with its update event, time and version."""
    moment = now()
    for name in work.classes(states):
        table = table_of(name)
        statement = (
            update(table)
            .where(table.c.id.in_(chosen(name, states)))
            .values(
                **values,
                update_event_id=work.event_id,
                updated_at=moment,
                version=table.c.version + 1,
            )
        )
        work.advance(work.connection.execute(statement).rowcount)


def discard(work: Execution, states: Collection[State] = TRASHED_STATES) -> None:
    """Put everything in these states into the trash of the Activity, and say so in the journal."""
    if not work.classes(states):
        return
    note(work, states, "TRASH")
    change(work, states, {"trash_id": work.activity_id})


def note(
    work: Execution, states: Collection[State], action: Verb, before: str | None = None
) -> None:
    """Write the journal for everything in these states, in one statement.

    `before` names a column of the planner's table whose value was changed, such as `owner_id`.
    """
    row = REACHED.c
    value: Any = null()
    if before is not None:
        value = json_object(work.connection, before, row[before])
    name = case(
        {code: literal(NAMES[code], String) for code in sorted(NAMES)}, value=row.cls
    )  # fmt: skip
    source = (
        select(literal(work.event_id), name, row.id, literal(action), row.group_id, value)
        .where(row.state.in_([int(each) for each in states]))
        .order_by(row.cls, row.id)
    )
    columns = ["event_id", "class_name", "object_id", "action", "group_id", "before"]
    work.connection.execute(insert(JournalEntry).from_select(columns, source))


def json_object(connection: Connection, name: str, value: Any) -> Any:
    """A before-image of one column, made in the database."""
    is_postgres = connection.dialect.name == POSTGRESQL
    make = func.json_build_object if is_postgres else func.json_object
    return make(literal(name, String), value)
