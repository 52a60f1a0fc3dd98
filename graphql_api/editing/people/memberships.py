"""Put people into groups, make leaders of them, take them out, and choose their default group.

A person's data stay where they are and stay his. The guards (nobody without a group, root stays in
`system`, ...) are rights and stand in `shared.auth.rules_admin`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, select, update

from graphql_api.editing.links import open_event
from graphql_api.editing.people.holding import hold_user
from graphql_api.editing.places import find_group
from shared.auth.epoch import bump_epoch
from shared.auth.principal import ROOT_LOGIN
from shared.auth.rules_admin import (
    AdminAction,
    check_addition,
    check_default_group,
    check_removal,
    membership_action,
    require_administer,
)
from shared.auth.sessions import close_sessions_of
from shared.errors import Conflict, Invalid
from shared.journal import record
from shared.models.people import (
    GUEST_GROUP,
    SPECIAL_GROUPS,
    SYSTEM_GROUP,
    USER_GROUP,
    Group,
    Membership,
)
from shared.refs import ObjectRef

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from graphql_api.editing.people.holding import HeldUser
    from shared.auth.creation import GroupFacts
    from shared.auth.principal import Principal
    from shared.database import Database


def add_to_group(
    database: Database,
    principal: Principal,
    group: str,
    user: str,
    *,
    as_owner: bool | None = None,
) -> None:
    """Make a user a member of a group. `as_owner` makes a leader of him, or no longer one; None
    leaves that as it is. Doing it again is no error.

    Raises `NotFound` for either id, `Denied` without the right, `Conflict` or `Invalid` where a
    guard forbids.
    """
    with database.write() as connection:
        place = find_group(connection, principal, group, ("group",))
        held = hold_user(connection, principal, user)
        ref = ObjectRef("Group", place.id)
        require_administer(
            principal, membership_action(place), ref, group=place, user=held.standing
        )
        check_addition(principal, place, held.standing)
        _check_special(place, as_owner=as_owner)
        if join(connection, principal, place, held, as_owner=as_owner):
            bump_epoch(connection)


def join(
    connection: Connection,
    principal: Principal,
    group: GroupFacts,
    held: HeldUser,
    *,
    as_owner: bool | None,
) -> bool:
    """Write the membership where it is not as wanted; answers whether anything was written."""
    person = held.standing.user_id
    found = _membership(connection, person, group.id)
    if found is not None and as_owner in {None, bool(found.is_owner)}:
        return False
    event_id = open_event(connection, principal, "addToGroup")
    if found is not None:
        connection.execute(
            update(Membership).where(Membership.id == found.id).values(is_owner=as_owner)
        )
        before = {found.id: {"is_owner": bool(found.is_owner)}}
        record(
            connection, event_id, "Membership", "UPDATE", [found.id], group_id=group.id,
            before=before,
        )  # fmt: skip
        return True
    made = connection.scalar(
        insert(Membership)
        .values(
            user_id=person,
            group_id=group.id,
            is_owner=bool(as_owner),
            position=_next_position(connection, person, group),
        )
        .returning(Membership.id)
    )
    record(connection, event_id, "Membership", "INSERT", [int(made or 0)], group_id=group.id)
    return True


def remove_from_group(database: Database, principal: Principal, group: str, user: str) -> None:
    """Remove a user from a group; one who is no member of it is a `Conflict`.

    Raises `NotFound` for either id, `Denied` without the right, `Conflict` where a guard forbids.
    """
    with database.write() as connection:
        place = find_group(connection, principal, group, ("group",))
        held = hold_user(connection, principal, user)
        person, ref = held.standing, ObjectRef("Group", place.id)
        require_administer(principal, membership_action(place), ref, group=place, user=person)
        _check_special(place)
        check_removal(principal, place, person)
        leave(connection, principal, place, held)
        if place.name in {USER_GROUP, SYSTEM_GROUP}:
            close_sessions_of(connection, person.user_id)
        bump_epoch(connection)


def leave(connection: Connection, principal: Principal, group: GroupFacts, held: HeldUser) -> None:
    """Delete the membership; raises `Conflict` when there is none."""
    person = held.standing
    row = _membership(connection, person.user_id, group.id)
    if row is None:
        raise Conflict(
            f"{person.login} is no member of {group.name}.",
            hint="Somebody may have been quicker.",
            target=str(held.ref),
        )
    event_id = open_event(connection, principal, "removeFromGroup")
    before = {
        row.id: {
            "user_id": person.user_id,
            "group_id": group.id,
            "is_owner": bool(row.is_owner),
            "position": row.position,
        }
    }
    connection.execute(delete(Membership).where(Membership.id == row.id))
    _close_gap(connection, person.user_id, row.position)
    record(
        connection, event_id, "Membership", "DELETE", [row.id], group_id=group.id, before=before
    )  # fmt: skip


def set_default_group(
    database: Database, principal: Principal, group: str, user: str | None = None
) -> ObjectRef:
    """Choose in which group somebody's new objects are made; answers the person.

    Raises `NotFound`, `Denied`, or `Conflict` when he is no member of it.
    """
    with database.write() as connection:
        held = hold_user(connection, principal, user or f"User:{principal.user_id}")
        place = find_group(connection, principal, group, ("group",))
        action = AdminAction.SET_DEFAULT_GROUP
        require_administer(principal, action, held.ref, user=held.standing)
        check_default_group(place, held.standing)
        order = connection.execute(
            select(Membership.id, Membership.group_id, Membership.position)
            .where(Membership.user_id == held.standing.user_id)
            .order_by(Membership.position, Membership.id)
        ).all()
        wanted = sorted(order, key=lambda row: row.group_id != place.id)
        changed = [(row, at) for at, row in enumerate(wanted) if row.position != at]
        if order[0].group_id == place.id and order[0].position == 0:
            return held.ref
        event_id = open_event(connection, principal, "setDefaultGroup")
        for row, position in changed:
            connection.execute(
                update(Membership).where(Membership.id == row.id).values(position=position)
            )
        before = {row.id: {"position": row.position} for row, _ in changed}
        record(connection, event_id, "Membership", "UPDATE", sorted(before), before=before)
        bump_epoch(connection)
        return held.ref


def special_group(connection: Connection, name: str) -> str:
    """The id of `user` or `system`, as it is printed."""
    return f"Group:{connection.execute(select(Group.id).where(Group.name == name)).scalar_one()}"


def _membership(connection: Connection, user_id: int, group_id: int) -> Any:
    return connection.execute(
        select(Membership.id, Membership.is_owner, Membership.position).where(
            Membership.group_id == group_id, Membership.user_id == user_id
        )
    ).one_or_none()


def _check_special(group: GroupFacts, *, as_owner: bool | None = None) -> None:
    """Nobody is put among the guests or leads a group of the system; raises `Conflict`."""
    if group.name == GUEST_GROUP:
        raise Conflict(
            f"The account {GUEST_GROUP} alone is in {group.name}.",
            hint="Use a group of your own.",
            target=f"Group:{group.id}",
        )
    if group.is_special and as_owner:
        raise Invalid(
            f"Nobody leads the group {group.name}.",
            hint="Leave asOwner out.",
            path=("asOwner",),
            target=f"Group:{group.id}",
        )


def _next_position(connection: Connection, user_id: int, group: GroupFacts) -> int:
    """Behind all others; a first ordinary group becomes the default one (position 0)."""
    if not group.is_special:
        ordinary = connection.scalar(
            select(Membership.id)
            .join(Group, Group.id == Membership.group_id)
            .where(Membership.user_id == user_id, Group.name.not_in(SPECIAL_GROUPS))
            .limit(1)
        )
        if ordinary is None:
            return 0
    last = connection.scalar(
        select(func.max(Membership.position)).where(Membership.user_id == user_id)
    )
    return int(last or 0) + 1


def _close_gap(connection: Connection, user_id: int, position: int) -> None:
    """The next ordinary group becomes the default one when the default one goes (position 0)."""
    if position != 0:
        return
    following = connection.scalar(
        select(Membership.id)
        .join(Group, Group.id == Membership.group_id)
        .where(Membership.user_id == user_id, Group.name.not_in(SPECIAL_GROUPS))
        .order_by(Membership.position, Membership.id)
        .limit(1)
    )
    if following is not None:
        connection.execute(update(Membership).where(Membership.id == following).values(position=0))


def deactivate(database: Database, principal: Principal, user: str) -> None:
    """Take an account out of `user`: nobody can log in with it, its sessions end, its data stay.

    Raises as `remove_from_group`; the refusal names the account.
    """
    _activation(database, principal, user, active=False)


def reactivate(database: Database, principal: Principal, user: str) -> None:
    """Let an account log in again; raises as `add_to_group`, naming the account."""
    _activation(database, principal, user, active=True)


def _activation(database: Database, principal: Principal, user: str, *, active: bool) -> None:
    with database.write() as connection:
        held = hold_user(connection, principal, user)
        person = held.standing
        require_administer(principal, AdminAction.ACTIVATE_USER, held.ref, user=person)
        if person.login in {ROOT_LOGIN, GUEST_GROUP}:
            raise Conflict(
                f"The account {person.login} stays as it is.",
                hint="The system needs it.",
                target=str(held.ref),
            )
        number = int(special_group(connection, USER_GROUP).partition(":")[2])
        place = find_group(connection, principal, f"Group:{number}")
        if active:
            written = join(connection, principal, place, held, as_owner=None)
        else:
            check_removal(principal, place, person)
            written = person.is_active
            if written:
                leave(connection, principal, place, held)
                close_sessions_of(connection, person.user_id)
        if written:
            bump_epoch(connection)
