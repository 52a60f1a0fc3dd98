"""Take somebody out of a group.

His data stay where they are and stay his; he keeps seeing them. The guards (nobody without a group,
root stays in `system`, ...) are rights and stand in `shared.auth.rules_admin`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update

from graphql_api.editing.links import open_event
from graphql_api.editing.places import find_group, find_user
from shared.auth.epoch import bump_epoch
from shared.auth.principal import load_standings
from shared.auth.rules_admin import check_removal, membership_action, require_administer
from shared.auth.sessions import close_sessions_of
from shared.errors import Conflict
from shared.journal import record
from shared.models.people import SPECIAL_GROUPS, USER_GROUP, Group, Membership, User
from shared.refs import ObjectRef

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.auth.principal import Principal
    from shared.database import Database


def remove_from_group(database: Database, principal: Principal, group: str, user: str) -> None:
    """Remove a user from a group; one who is no member of it is a `Conflict`.

    Raises `NotFound` for either id, `Denied` without the right, `Conflict` where a guard forbids.
    """
    with database.write() as connection:
        place = find_group(connection, principal, group, ("group",))
        person = find_user(connection, principal, user, ("user",))
        ref = ObjectRef("Group", place.id)
        require_administer(principal, membership_action(place), ref, group=place, user=person)
        # Two removals at once must not leave a person in no group: the second one waits here.
        connection.execute(select(User.id).where(User.id == person.user_id).with_for_update())
        person = load_standings(connection, [person.user_id])[person.user_id]
        check_removal(principal, place, person)
        row = connection.execute(
            select(Membership.id, Membership.is_owner, Membership.position).where(
                Membership.group_id == place.id, Membership.user_id == person.user_id
            )
        ).one_or_none()
        if row is None:
            raise Conflict(
                f"{person.login} is no member of {place.name}.",
                hint="Somebody may have been quicker.",
                target=f"User:{person.user_id}",
            )
        event_id = open_event(connection, principal, "removeFromGroup")
        before = {
            row.id: {
                "user_id": person.user_id,
                "group_id": place.id,
                "is_owner": bool(row.is_owner),
                "position": row.position,
            }
        }
        connection.execute(delete(Membership).where(Membership.id == row.id))
        _close_gap(connection, person.user_id, row.position)
        record(
            connection,
            event_id,
            "Membership",
            "DELETE",
            [row.id],
            group_id=place.id,
            before=before,
        )
        if place.name == USER_GROUP:
            close_sessions_of(connection, person.user_id)
        bump_epoch(connection)


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
