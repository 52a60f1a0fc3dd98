"""User and Group. Owners of visible objects are named; more of a person needs a shared group.

Memberships of private groups are seen by their leaders and by administrators only. What the caller
may do with people comes from `people_rights`, at no statement of its own.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

import strawberry
from sqlalchemy import ColumnElement, and_, case, or_, true

from graphql_api.compiler.declare import (
    Batched,
    Linked,
    ToOne,
    column,
    connection,
    planned,
    rows_of,
)
from graphql_api.compiler.scope import Scope, Source
from graphql_api.schema.scalars import DateTime
from graphql_api.schema.types.annotatable import Annotatable
from graphql_api.schema.types.connections import Connection
from graphql_api.schema.types.counts import LazyObjectCounts, group_counts, user_counts
from graphql_api.schema.types.objects import Node
from graphql_api.schema.types.orders import GroupOrder, UserOrder
from graphql_api.schema.types.people_rights import (
    GROUP_FLAGS,
    USER_COLUMNS,
    USER_FLAGS,
    AdminPrivilege,
    GroupViewerCan,
    UserViewerCan,
    seen_privileges,
)
from graphql_api.schema.types.references import LazyGroup, LazyUser
from graphql_api.schema.types.where import GroupWhere, UserWhere
from shared.auth.select import visible_groups, visible_users
from shared.models import people
from shared.one_of import one_of

if TYPE_CHECKING:
    from collections.abc import Callable


@strawberry.enum(description="A group's level: what its members see and do of each other's data.")
class GroupPermissions(Enum):
    """A group's level, by OMERO's permission string."""

    PRIVATE = strawberry.enum_value("rw----", description="Members see only their own data.")
    READ_ONLY = strawberry.enum_value("rwr---", description="Members see everybody's data.")
    READ_ANNOTATE = strawberry.enum_value(
        "rwra--", description="Members see and annotate everybody's data."
    )
    READ_WRITE = strawberry.enum_value(
        "rwrw--", description="Members act as co-owners of everybody's data."
    )


def _seen_memberships(scope: Scope) -> ColumnElement[bool]:
    """One's own memberships, and those of groups in which one sees the others."""
    principal = scope.principal
    if principal.is_admin:
        return true()
    private = people.GroupPermissions.PRIVATE
    opened = [
        group_id
        for group_id, leads in principal.memberships.items()
        if leads or principal.levels[group_id] is not private
    ]
    link = scope.link
    return or_(link.c.user_id == principal.user_id, one_of(link.c.group_id, opened))


def _seen_leaders(scope: Scope) -> ColumnElement[bool]:
    return and_(scope.link.c.is_owner.is_(True), _seen_memberships(scope))


def _if_seen(name: str) -> Callable[[Scope], ColumnElement[Any]]:
    """A column that only those get who see the person, not everybody who meets the name."""
    return lambda scope: case(
        (visible_users(scope.principal, scope.table), scope.table.c[name]), else_=None
    )


USERS = Source(
    people.User,
    computed={
        "seen_email": _if_seen("email"),
        "seen_institution": _if_seen("institution"),
        **USER_COLUMNS,
    },
    seen=lambda scope: visible_users(scope.principal, scope.table),
    has_details=False,
)
GROUPS = Source(
    people.Group,
    seen=lambda scope: visible_groups(scope.principal, scope.table),
    has_details=False,
)


@rows_of(USERS)
@strawberry.type(description="A person with an account (OMERO: Experimenter).")
class User(Annotatable, Node):
    """A person with an account."""

    login: str = column("login", "The name for logging in.")
    first_name: str = column("first_name", "First name.")
    middle_name: str | None = column("middle_name", "Middle name.")
    last_name: str = column("last_name", "Last name.")
    email: str | None = column("seen_email", "E-mail address, for those who share a group.")
    institution: str | None = column("seen_institution", "Institution, likewise.")
    is_active: bool | None = column(
        "seen_active", "Whether the account can log in, for those who see the person.", bool
    )
    is_administrator: bool | None = column(
        "seen_administrator", "Whether this is an administrator, likewise.", bool
    )
    admin_privileges: list[AdminPrivilege] | None = planned(
        Batched(("id", "login", "withheld", "seen_administrator"), seen_privileges),
        "What the person may do as administrator, for himself and administrators; one's own are "
        "those that this session enjoys, under sudo and with an access token too.",
    )
    default_group: LazyGroup | None = planned(
        ToOne("Group", "default_group_id"),
        "Where new objects are made; for the person himself and administrators.",
    )
    created_at: DateTime = column("created_at", "When the account was made.")
    version: int = column("version", "Rises with each change; updates take it as expectedVersion.")
    viewer_can: UserViewerCan = planned(USER_FLAGS, "What the caller may do with the account.")
    counts: LazyObjectCounts = user_counts()
    groups: Connection[LazyGroup] = connection(
        Linked("Group", people.Membership, "user_id", "group_id", seen=_seen_memberships),
        "Groups in which the caller sees this person.",
        where=GroupWhere,
        order=GroupOrder,
    )


@rows_of(GROUPS)
@strawberry.type(description="A group of people who share data (OMERO: ExperimenterGroup).")
class Group(Annotatable, Node):
    """A group of people who share data."""

    name: str = column("name", "Its name.")
    description: str | None = column("description", "What it is for.")
    permissions: GroupPermissions = column("permissions", "Its level.", GroupPermissions)
    link_owner_follows_content: bool = column(
        "link_owner_follows_content",
        "Links that a leader makes between other people's data belong to the owner of the content, "
        "who can then cut them.",
        bool,
    )
    created_at: DateTime = column("created_at", "When the group was made.")
    version: int = column("version", "Rises with each change; updates take it as expectedVersion.")
    viewer_can: GroupViewerCan = planned(GROUP_FLAGS, "What the caller may do with the group.")
    counts: LazyObjectCounts = group_counts()
    members: Connection[LazyUser] = connection(
        Linked("User", people.Membership, "group_id", "user_id", seen=_seen_memberships),
        "Its members; in a private group only leaders and administrators see the others.",
        where=UserWhere,
        order=UserOrder,
    )
    owners: Connection[LazyUser] = connection(
        Linked("User", people.Membership, "group_id", "user_id", seen=_seen_leaders),
        "Its leaders, likewise.",
        where=UserWhere,
        order=UserOrder,
    )
