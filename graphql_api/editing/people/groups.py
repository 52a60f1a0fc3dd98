"""Make groups and change what they are called; their level is changed by `setGroupPermissions`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from graphql_api.editing.links import open_event
from graphql_api.editing.people.holding import (
    changes,
    check_version,
    hold_group,
    hold_user,
    taken,
    write_changes,
)
from graphql_api.editing.people.memberships import join
from graphql_api.editing.people.words import valid_group_name
from graphql_api.editing.places import load_group
from graphql_api.editing.texts import valid_description
from shared.auth.epoch import bump_epoch
from shared.auth.rules_admin import AdminAction, check_group_change, require_administer
from shared.clock import now
from shared.errors import Invalid
from shared.journal import record
from shared.models.base import sort_key
from shared.models.people import Group, GroupPermissions
from shared.refs import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from shared.auth.principal import Principal
    from shared.database import Database


@dataclass(frozen=True, slots=True)
class NewGroup:
    """A group that is to be made; ids as they were given."""

    name: str
    description: str | None = None
    permissions: GroupPermissions = GroupPermissions.PRIVATE
    link_owner_follows_content: bool = False
    members: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupChange:
    """New values of one group. What is not in `values` stays; None is the value null."""

    id: str
    values: Mapping[str, Any] = field(default_factory=dict)
    """By column: `name`, `description`, `link_owner_follows_content`."""
    expected_version: int | None = None


def create_group(connection: Connection, principal: Principal, new: NewGroup) -> ObjectRef:
    """Make a group with its people, as part of the caller's write transaction.

    Raises `Denied`, `NotFound`, `Invalid`, or `Conflict` for a name that is taken; then the
    transaction must not be committed.
    """
    require_administer(principal, AdminAction.CREATE_GROUP)
    if new.members or new.owners:
        require_administer(principal, AdminAction.MANAGE_MEMBERSHIP)
    name = valid_group_name(new.name)
    _check_name(connection, name)
    event_id = open_event(connection, principal, "createGroup")
    moment = now()
    try:
        number = connection.execute(
            insert(Group)
            .values(
                name=name,
                name_key=sort_key(name),
                description=valid_description(new.description),
                permissions=new.permissions.value,
                link_owner_follows_content=new.link_owner_follows_content,
                is_ldap=False,
                created_at=moment,
                updated_at=moment,
                version=1,
            )
            .returning(Group.id)
        ).scalar_one()
    except IntegrityError as error:
        raise taken(name, ("name",)) from error
    record(connection, event_id, "Group", "INSERT", [number], group_id=number)
    group = load_group(connection, number)
    for path, texts, leads in (("owners", new.owners, True), ("members", new.members, None)):
        for text in dict.fromkeys(texts):
            held = hold_user(connection, principal, text, (path,))
            join(connection, principal, group, held, as_owner=leads)
    bump_epoch(connection)
    return ObjectRef("Group", number)


def update_group(database: Database, principal: Principal, change: GroupChange) -> ObjectRef:
    """Change a group; answers it. Leaders may describe theirs, the rest takes ModifyGroup.

    Raises `NotFound`, `Denied`, `Conflict` for a stale version, a special group or a name that is
    taken, or `Invalid`; then nothing has changed.
    """
    values = _checked(change.values)
    with database.write() as connection:
        held = hold_group(connection, principal, change.id, ("id",))
        only_text = values.keys() <= {"description"}
        action = AdminAction.DESCRIBE_GROUP if only_text else AdminAction.MODIFY_GROUP
        require_administer(principal, action, held.ref, group=held.facts)
        check_group_change(held.facts)
        check_version(held, change.expected_version)
        changed = changes(held, values)
        if "name" in changed:
            _check_name(connection, str(changed["name"]), held.facts.id)
        if changed:
            event_id = open_event(connection, principal, "updateGroup")
            write_changes(connection, held, event_id, changed)
            bump_epoch(connection)
        return held.ref


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(values)
    if "name" in found:
        if found["name"] is None:
            raise Invalid("A group has a name.", hint="Leave name out to keep it.", path=("name",))
        found["name"] = valid_group_name(found["name"])
        found["name_key"] = sort_key(found["name"])
    if "description" in found:
        found["description"] = valid_description(found["description"])
    if found.get("link_owner_follows_content", True) is None:
        raise Invalid(
            "linkOwnerFollowsContent is true or false.",
            hint="Leave it out to keep it.",
            path=("linkOwnerFollowsContent",),
        )
    return found


def _check_name(connection: Connection, name: str, own: int = 0) -> None:
    other = connection.scalar(
        select(Group.id).where(Group.name_key == sort_key(name), Group.id != own)
    )
    if other is not None:
        raise taken(name, ("name",))
