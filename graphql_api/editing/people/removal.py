"""Delete accounts and groups that are empty; whatever still holds data is refused with its counts.

Data in the trash count: they can be restored. History counts for a person: the journal tells who
did what, so whoever has done something is deactivated instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, literal, select, union_all

from graphql_api.editing.links import open_event
from graphql_api.editing.people.holding import hold_group, hold_user
from shared.auth.epoch import bump_epoch
from shared.auth.rules_admin import AdminAction, check_group_change, require_administer
from shared.errors import Conflict
from shared.journal import record
from shared.models import Base
from shared.models.people import (
    SPECIAL_GROUPS,
    AccessToken,
    Group,
    Membership,
    Session,
    User,
    WithheldPrivilege,
)
from shared.models.plans import PlanItem, StoredPlan
from shared.models.system import Idempotency

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection

    from shared.auth.principal import Principal

OWN_ROWS = (WithheldPrivilege, AccessToken, Idempotency, StoredPlan, Session)
"""Rows about a person, which go with him, in this order."""
_NAMES: Mapping[str, str] = {
    mapper.local_table.name: mapper.class_.__name__  # type: ignore[attr-defined]  # tables do
    for mapper in Base.registry.mappers
}
_SHOWN = 12


def delete_user(connection: Connection, principal: Principal, user: str) -> None:
    """Delete an account that has never done anything and owns nothing, in the caller's write
    transaction.

    Raises `NotFound`, `Denied`, or `Conflict` with the count of what is in the way.
    """
    held = hold_user(connection, principal, user)
    person, ref = held.standing, str(held.ref)
    require_administer(principal, AdminAction.DELETE_USER, held.ref, user=person)
    if person.user_id == principal.user_id or person.login in {"root", "guest"}:
        raise Conflict(
            f"The account {person.login} cannot be deleted.",
            hint="Nobody deletes himself, and the system needs root and guest.",
            target=ref,
        )
    found = _counted(connection, User, person.user_id, (Membership, *OWN_ROWS))
    if found:
        raise Conflict(
            f"{person.login} still has {_told(found)}.",
            hint="Give the data to somebody else or purge them; deactivate an account that "
            "stands in the history.",
            target=ref,
        )
    event_id = open_event(connection, principal, "deleteUser")
    before = {
        person.user_id: {
            "login": held.row.login,
            "first_name": held.row.first_name,
            "last_name": held.row.last_name,
            "email": held.row.email,
        }
    }
    plans = select(StoredPlan.id).where(StoredPlan.user_id == person.user_id)
    connection.execute(delete(PlanItem).where(PlanItem.plan_id.in_(plans)))
    own: Any
    for own in (Membership, *OWN_ROWS):
        connection.execute(delete(own).where(own.user_id == person.user_id))
    connection.execute(delete(User).where(User.id == person.user_id))
    record(connection, event_id, "User", "DELETE", [person.user_id], before=before)
    bump_epoch(connection)


def delete_group(connection: Connection, principal: Principal, group: str) -> None:
    """Delete a group without data, in the caller's write transaction; its members must be in
    another one.

    Raises `NotFound`, `Denied`, or `Conflict` with the count of what is in the way.
    """
    held = hold_group(connection, principal, group)
    place, ref = held.facts, str(held.ref)
    require_administer(principal, AdminAction.DELETE_GROUP, held.ref, group=place)
    check_group_change(place)
    found = _counted(connection, Group, place.id, (Membership,))
    if found:
        raise Conflict(
            f"The group {place.name} still holds {_told(found)}.",
            hint="Move the data to another group, or delete and purge them.",
            target=ref,
        )
    _require_other_groups(connection, place.id, place.name)
    event_id = open_event(connection, principal, "deleteGroup")
    before = {
        place.id: {
            "name": held.row.name,
            "description": held.row.description,
            "permissions": held.row.permissions,
        }
    }
    connection.execute(delete(Membership).where(Membership.group_id == place.id))
    connection.execute(delete(Group).where(Group.id == place.id))
    record(connection, event_id, "Group", "DELETE", [place.id], before=before)
    bump_epoch(connection)


def _counted(
    connection: Connection, model: type[Base], number: int, apart: Iterable[type[Base]]
) -> list[tuple[str, int]]:
    """What refers to a user or group, by class: one statement over all tables.

    Rows `apart` that are about this very person or group go with it and are not counted.
    """
    target: Any = model.__table__
    passed = {each.__table__ for each in apart}
    parts = []
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if table in passed and column.name in {"user_id", "group_id"}:
                continue
            if any(key.column.table is target for key in column.foreign_keys):
                parts.append(
                    select(literal(_NAMES[table.name]).label("name"), func.count().label("count"))
                    .select_from(table)
                    .where(column == number)
                )
    totals: dict[str, int] = {}
    for row in connection.execute(union_all(*parts)):
        if row[1]:
            totals[row[0]] = totals.get(row[0], 0) + row[1]
    return sorted(totals.items(), key=lambda item: (-item[1], item[0]))


def _told(found: list[tuple[str, int]]) -> str:
    """`3 Image, 1 Dataset and more`."""
    text = ", ".join(f"{count} {name}" for name, count in found[:_SHOWN])
    return f"{text} and more" if len(found) > _SHOWN else text


def _require_other_groups(connection: Connection, group_id: int, name: str) -> None:
    """Raise `Conflict` naming members who would be in no group."""
    others = (
        select(Membership.id)
        .join(Group, Group.id == Membership.group_id)
        .where(
            Membership.user_id == User.id, Group.id != group_id, Group.name.not_in(SPECIAL_GROUPS)
        )
        .exists()
    )
    query = (
        select(User.login)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.group_id == group_id, ~others)
        .order_by(User.login_key)
        .limit(_SHOWN)
    )
    alone = list(connection.scalars(query))
    if alone:
        raise Conflict(
            f"{', '.join(alone)} would be in no group without {name}.",
            hint="Put them into another group first.",
            target=f"Group:{group_id}",
        )
