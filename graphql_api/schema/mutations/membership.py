"""`addToGroup`, `removeFromGroup`, `setDefaultGroup`, `setAdminPrivileges`.

A person's data stay where they are, whatever becomes of the membership.
"""

from __future__ import annotations

import strawberry

from graphql_api.compiler.planner import fetch_nodes
from graphql_api.context import RequestContext
from graphql_api.editing.people.memberships import (
    add_to_group,
    remove_from_group,
    set_default_group,
)
from graphql_api.editing.people.privileges import set_privileges
from graphql_api.schema.mutations.outcomes import MutationError, attempt
from graphql_api.schema.mutations.users import UserPayload
from graphql_api.schema.types.people_rights import AdminPrivilege
from graphql_api.schema.types.references import LazyGroup, LazyUser
from shared.models.people import Privilege
from shared.refs import ObjectRef

Info = strawberry.Info[RequestContext, None]


@strawberry.input(description="Who joins which group.")
class AddToGroupInput:
    """Input of `addToGroup`."""

    user: strawberry.ID = strawberry.field(description="The new member.")
    group: strawberry.ID = strawberry.field(description="The group.")
    as_owner: bool | None = strawberry.field(
        default=None,
        description="true makes a leader (OMERO: group owner) of the member, false an ordinary "
        "member of a leader; left out, that stays as it is.",
    )


@strawberry.input(description="Who leaves which group.")
class RemoveFromGroupInput:
    """Input of `removeFromGroup`."""

    user: strawberry.ID = strawberry.field(description="The member.")
    group: strawberry.ID = strawberry.field(description="The group that he leaves.")


@strawberry.input(description="Where somebody's new objects are made.")
class SetDefaultGroupInput:
    """Input of `setDefaultGroup`."""

    group: strawberry.ID = strawberry.field(description="One of the user's groups.")
    user: strawberry.ID | None = strawberry.field(
        default=None, description="The user; the caller himself unless said."
    )


@strawberry.input(description="What somebody may do as administrator.")
class SetAdminPrivilegesInput:
    """Input of `setAdminPrivileges`."""

    user: strawberry.ID = strawberry.field(description="The user.")
    privileges: list[AdminPrivilege] = strawberry.field(
        description="All that he may do; what is not listed is withheld."
    )
    administrator: bool | None = strawberry.field(
        default=None,
        description="true makes an administrator of the user, false an ordinary user; left out, "
        "that stays as it is.",
    )


@strawberry.type(description="The group and the user as they are now, or why nothing was changed.")
class MembershipPayload:
    """Answer of `addToGroup`."""

    group: LazyGroup | None = strawberry.field(
        default=None, description="The group; null where the caller does not see it."
    )
    user: LazyUser | None = strawberry.field(
        default=None, description="The user; null where the caller does not see him."
    )
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why nothing was changed."
    )


@strawberry.type(description="The group without the user, or why he is still a member.")
class RemoveFromGroupPayload:
    """Answer of `removeFromGroup`."""

    group: LazyGroup | None = strawberry.field(
        default=None, description="The group; null where the caller no longer sees it."
    )
    user: LazyUser | None = strawberry.field(
        default=None, description="The user; null where the caller no longer sees him."
    )
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why nothing was changed."
    )


def _add_to_group(info: Info, input: AddToGroupInput) -> MembershipPayload:
    """Add a member."""
    context = info.context

    def work() -> MembershipPayload:
        add_to_group(
            context.database,
            context.require_principal(),
            input.group,
            input.user,
            as_owner=input.as_owner,
        )
        context.reload_principal()
        group, user = ObjectRef.parse(input.group), ObjectRef.parse(input.user)
        return MembershipPayload(
            group=fetch_nodes(info, [group], "group")[0],
            user=fetch_nodes(info, [user], "user")[0],
        )

    return attempt(context, work, lambda found: MembershipPayload(errors=found))


def _remove_from_group(info: Info, input: RemoveFromGroupInput) -> RemoveFromGroupPayload:
    """Remove a member."""
    context = info.context

    def work() -> RemoveFromGroupPayload:
        remove_from_group(context.database, context.require_principal(), input.group, input.user)
        context.reload_principal()
        group, user = ObjectRef.parse(input.group), ObjectRef.parse(input.user)
        return RemoveFromGroupPayload(
            group=fetch_nodes(info, [group], "group")[0],
            user=fetch_nodes(info, [user], "user")[0],
        )

    return attempt(context, work, lambda found: RemoveFromGroupPayload(errors=found))


def _set_default_group(info: Info, input: SetDefaultGroupInput) -> UserPayload:
    """Choose a default group."""
    context = info.context

    def work() -> UserPayload:
        principal = context.require_principal()
        ref = set_default_group(context.database, principal, input.group, input.user)
        context.reload_principal()
        return UserPayload(user=fetch_nodes(info, [ref], "user")[0])

    return attempt(context, work, lambda found: UserPayload(errors=found))


def _set_admin_privileges(info: Info, input: SetAdminPrivilegesInput) -> UserPayload:
    """Choose privileges."""
    context = info.context

    def work() -> UserPayload:
        ref = set_privileges(
            context.database,
            context.require_principal(),
            input.user,
            frozenset(Privilege(str(each.value)) for each in input.privileges),
            administrator=input.administrator,
        )
        context.reload_principal()
        return UserPayload(user=fetch_nodes(info, [ref], "user")[0])

    return attempt(context, work, lambda found: UserPayload(errors=found))


@strawberry.type
class MembershipMutations:
    """Mutations of this file."""

    add_to_group: MembershipPayload = strawberry.field(
        resolver=_add_to_group,
        description="Make a user a member of a group, or a leader of it; for its leaders and "
        "administrators with ModifyGroupMembership.",
    )
    remove_from_group: RemoveFromGroupPayload = strawberry.field(
        resolver=_remove_from_group,
        description="Take a user out of a group, within five seconds everywhere.",
    )
    set_default_group: UserPayload = strawberry.field(
        resolver=_set_default_group,
        description="Choose in which of his groups somebody's new objects are made.",
    )
    set_admin_privileges: UserPayload = strawberry.field(
        resolver=_set_admin_privileges,
        description="Choose what an administrator may do. Nobody grants what he lacks or lifts "
        "his own restrictions; whoever loses a privilege is logged out.",
    )
