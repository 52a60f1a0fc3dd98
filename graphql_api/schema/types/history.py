"""History: what was done with an object, by whom, and what it was before.

Whoever sees an object sees its history: a gift brings its past along. Values from before are shown
only for times when it lay in a group of the caller's; administrators see all.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

import strawberry
from sqlalchemy import ColumnElement, true

from graphql_api.compiler.declare import (
    CLASSES,
    Batched,
    Foreign,
    PerClass,
    ToOne,
    column,
    connection,
    planned,
    rows_of,
)
from graphql_api.compiler.filters import OnColumn, Predicate, where_field
from graphql_api.compiler.scope import Join, Scope, Source
from graphql_api.schema.scalars import JSON, DateTime
from graphql_api.schema.types.connections import Connection
from graphql_api.schema.types.filters import DateTimeFilter
from graphql_api.schema.types.orders import PlainOrder
from graphql_api.schema.types.references import LazyGroup, LazyHistoryEntry, LazyUser
from shared.models.events import Event, JournalEntry
from shared.refs import parse_ref

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from graphql_api.compiler.declare import Values
    from graphql_api.compiler.run import Run
    from shared.auth.principal import Principal


@strawberry.enum(description="What was done with an object.")
class HistoryAction(Enum):
    """What was done with an object; values are those of the journal."""

    INSERT = strawberry.enum_value("INSERT", description="It was made or imported.")
    UPDATE = strawberry.enum_value("UPDATE", description="It was changed.")
    DELETE = strawberry.enum_value("DELETE", description="It was erased.")
    CHGRP = strawberry.enum_value("CHGRP", description="It was moved to another group.")
    CHOWN = strawberry.enum_value("CHOWN", description="It was given to somebody else.")
    TRASH = strawberry.enum_value("TRASH", description="It was deleted, to the trash.")
    RESTORE = strawberry.enum_value("RESTORE", description="It came back from the trash.")


REFERENCES = {"owner_id": "User", "group_id": "Group", "image_id": "Image", "parent_id": None}
"""Columns that are shown as the ids of what they refer to."""


def _befores(run: Run, rows: Sequence[Values], _arguments: Mapping[str, Any]) -> list[Any]:
    return [
        _shown(row["before"])
        if row["before"] and _may_see(run.principal, row["group_id"])
        else None
        for row in rows
    ]


def _may_see(principal: Principal, group_id: int | None) -> bool:
    return principal.is_admin or group_id is None or group_id in principal.memberships


def _shown(before: Mapping[str, Any]) -> dict[str, Any]:
    """Columns under the names of the schema; sort keys and the like stay inside."""
    found: dict[str, Any] = {}
    for name, value in before.items():
        if name.endswith(("_key", "_event_id")) or name in {"updated_at", "version", "trash_id"}:
            continue
        kind = REFERENCES.get(name)
        if kind is not None:
            found[_camel(name.removesuffix("_id"))] = value and f"{kind}:{value}"
        else:
            found[_camel(name)] = value
    return found


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


ENTRIES = Source(
    JournalEntry,
    joins={"event": Join(Event, "event_id")},
    computed={"at": lambda scope: scope.joined("event").c.at},
    seen=lambda _scope: true(),  # reached only from an object that the caller sees
    has_details=False,
)


@rows_of(ENTRIES, class_name="HistoryEntry")
@strawberry.type(description="Something that was done with an object.")
class HistoryEntry:
    """Something that was done with an object."""

    at: DateTime = column("event.at", "When.")
    action: HistoryAction = column("action", "What was done.", HistoryAction)
    verb: str = column("event.kind", "By which operation, such as import or moveToGroup.")
    user: LazyUser | None = planned(ToOne("User", "event.user_id", always=True), "Who did it.")
    sudoer: LazyUser | None = planned(
        ToOne("User", "event.sudoer_id", always=True), "Who stood behind, acting as that user."
    )
    group: LazyGroup | None = planned(
        ToOne("Group", "group_id"), "In which group it lay; null where the caller does not see it."
    )
    before: JSON | None = planned(
        Batched(("before", "group_id"), _befores),
        "What was changed, as it was before; null where the caller may not know.",
    )


def _by(scope: Scope, _class_name: str, value: str) -> ColumnElement[bool]:
    ref = parse_ref(value)
    number = ref.id if ref is not None and ref.class_name == "User" else 0
    found: ColumnElement[bool] = scope.joined("event").c.user_id == number
    return found


@strawberry.input(description="Conditions on what was done.")
class HistoryActionFilter:
    """Conditions on what was done."""

    eq: HistoryAction | None = strawberry.field(description="Just this.", default=strawberry.UNSET)
    in_: list[HistoryAction] | None = strawberry.field(
        description="One of these.", name="in", default=strawberry.UNSET
    )


@strawberry.input(description="Which entries a history holds.")
class HistoryWhere:
    """Which entries a history holds."""

    at: DateTimeFilter | None = where_field(OnColumn("at"), "By when it was done.")
    action: HistoryActionFilter | None = where_field(OnColumn("action"), "By what was done.")
    user: strawberry.ID | None = where_field(Predicate(_by), "Done by this user.")


def _of_class(class_name: str) -> Foreign:
    """The journal writes concrete classes; the rows of all of them share one range of ids."""
    named = {class_name, *(name for name, base in CLASSES.items() if base == class_name)}

    def narrow(scope: Scope, _arguments: Mapping[str, Any]) -> list[ColumnElement[bool]]:
        return [scope.table.c.class_name.in_(sorted(named))]

    return Foreign("HistoryEntry", "object_id", narrow)


def history_field() -> Any:
    """`history` of whatever has an owner."""
    field: Connection[LazyHistoryEntry] = connection(
        PerClass(_of_class),
        "What was done with it, oldest first; `last` gives the newest.",
        where=HistoryWhere,
        order=PlainOrder,
    )
    return field
