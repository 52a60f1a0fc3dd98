"""Find the group and the people that a mutation names, and hold a group while links change in it.

A group that one is no member of, or a user whom one does not see, is `NotFound`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from graphql_api.editing.targets import not_found
from shared.auth.creation import GroupFacts
from shared.auth.principal import Standing, load_standings
from shared.auth.select import visible_groups, visible_users
from shared.errors import Invalid
from shared.models.people import GUEST_GROUP, Group, GroupPermissions, User
from shared.refs import parse_ref

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from shared.auth.principal import Principal


def find_group(
    connection: Connection, principal: Principal, text: str, path: tuple[str, ...] = ()
) -> GroupFacts:
    """The group that an id names; raises `NotFound`."""
    ref = parse_ref(text)
    if ref is None or ref.class_name != "Group":
        raise not_found(text, path)
    found = _group(connection, ref.id, principal)
    if found is None:
        raise not_found(text, path)
    return found


def load_group(connection: Connection, group_id: int) -> GroupFacts:
    """A group whose id is already known to be one's to see, such as a visible object's."""
    found = _group(connection, group_id, None)
    if found is None:
        raise not_found(f"Group:{group_id}")
    return found


def find_user(
    connection: Connection, principal: Principal, text: str, path: tuple[str, ...] = ()
) -> Standing:
    """The person that an id names; raises `NotFound`."""
    ref = parse_ref(text)
    if ref is None or ref.class_name != "User":
        raise not_found(text, path)
    seen = connection.scalar(select(User.id).where(User.id == ref.id, visible_users(principal)))
    if seen is None and ref.id != principal.user_id:
        raise not_found(text, path)
    return load_standings(connection, [ref.id])[ref.id]


def require_owner(principal: Principal, group: GroupFacts, owner: Standing) -> None:
    """Raise `Invalid` unless new things in the group may belong to this person.

    That is every member, and oneself where one may create at all (an administrator in a group that
    is not his). Data of anybody else would lie where their owner never works; the built-in guest
    only looks.
    """
    if owner.user_id == principal.user_id:
        return
    if group.id in owner.memberships and GUEST_GROUP not in owner.special:
        return
    raise Invalid(
        f"{owner.login} is no member of {group.name}, so nothing new there can be theirs.",
        hint="Name a member of the group, or add them first.",
        path=("owner",),
        target=f"User:{owner.user_id}",
    )


def _group(connection: Connection, group_id: int, principal: Principal | None) -> GroupFacts | None:
    statement = select(
        Group.id, Group.permissions, Group.name, Group.link_owner_follows_content
    ).where(Group.id == group_id)
    if principal is not None:
        statement = statement.where(visible_groups(principal))
    row = connection.execute(statement).one_or_none()
    if row is None:
        return None
    return GroupFacts(
        row.id, GroupPermissions(row.permissions), row.name, bool(row.link_owner_follows_content)
    )
