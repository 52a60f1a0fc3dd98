"""`createGroup`, `updateGroup` and `deleteGroup`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import strawberry

from graphql_api.compiler.planner import fetch_nodes
from graphql_api.context import RequestContext
from graphql_api.editing.idempotency import once
from graphql_api.editing.people.groups import GroupChange, NewGroup
from graphql_api.editing.people.groups import create_group as make_group
from graphql_api.editing.people.groups import update_group as write_group
from graphql_api.editing.people.removal import delete_group
from graphql_api.schema.mutations.outcomes import MutationError, attempt
from graphql_api.schema.mutations.update import given_values
from graphql_api.schema.types.people import GroupPermissions
from graphql_api.schema.types.references import LazyGroup
from shared.models import people
from shared.refs import ObjectRef

if TYPE_CHECKING:
    from sqlalchemy import Connection

Info = strawberry.Info[RequestContext, None]
_KEY = "A repeat with the same key and input does nothing and answers the same, for 24 hours."


@strawberry.input(description="A new group.")
class CreateGroupInput:
    """Input of `createGroup`."""

    name: str = strawberry.field(
        description="1 to 255 characters; names that differ only in case are the same."
    )
    description: str | None = strawberry.field(default=None, description="What it is for.")
    permissions: GroupPermissions = strawberry.field(
        default=GroupPermissions.PRIVATE, description="Its level."
    )
    link_owner_follows_content: bool = strawberry.field(
        default=False,
        description="Whether links that a leader makes belong to the owner of the content.",
    )
    members: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="Its members; takes ModifyGroupMembership."
    )
    owners: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="Its leaders, who are members too; likewise."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=_KEY)


@strawberry.input(description="What is to change in a group; what is left out stays.")
class UpdateGroupInput:
    """Input of `updateGroup`."""

    id: strawberry.ID = strawberry.field(description="The group.")
    expected_version: int | None = strawberry.field(
        default=None, description="The version that was seen; another one is a Conflict."
    )
    name: str | None = strawberry.field(
        default=strawberry.UNSET, description="Another name; takes ModifyGroup."
    )
    description: str | None = strawberry.field(
        default=strawberry.UNSET, description="What it is for, or null; leaders may change it."
    )
    link_owner_follows_content: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whether links that a leader makes belong to the owner of the content; takes "
        "ModifyGroup.",
    )


@strawberry.input(description="Which group is to go.")
class DeleteGroupInput:
    """Input of `deleteGroup`."""

    group: strawberry.ID = strawberry.field(description="The group.")
    idempotency_key: str | None = strawberry.field(default=None, description=_KEY)


@strawberry.type(description="The group, or why nothing was done.")
class GroupPayload:
    """Answer of `createGroup` and `updateGroup`."""

    group: LazyGroup | None = strawberry.field(default=None, description="The group.")
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why nothing was done."
    )


@strawberry.type(description="The group that is gone, or why it is still there.")
class DeleteGroupPayload:
    """Answer of `deleteGroup`."""

    deleted: strawberry.ID | None = strawberry.field(default=None, description="Its id.")
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why it is still there; `message` counts what it holds."
    )


def _create_group(info: Info, input: CreateGroupInput) -> GroupPayload:
    """Make a group."""
    context = info.context

    def work() -> GroupPayload:
        principal = context.require_principal()
        new = NewGroup(
            input.name,
            input.description,
            people.GroupPermissions(str(input.permissions.value)),
            input.link_owner_follows_content,
            tuple(map(str, input.members)),
            tuple(map(str, input.owners)),
        )
        with context.database.write() as connection:
            refs = once(
                connection, principal, "createGroup", input.idempotency_key, asdict(new),
                lambda: [make_group(connection, principal, new)],
            )  # fmt: skip
        return _answer(info, refs[0])

    return attempt(context, work, lambda found: GroupPayload(errors=found))


def _update_group(info: Info, input: UpdateGroupInput) -> GroupPayload:
    """Change a group."""
    context = info.context

    def work() -> GroupPayload:
        values = given_values(input, "name", "description", "link_owner_follows_content")
        change = GroupChange(str(input.id), values, input.expected_version)
        ref = write_group(context.database, context.require_principal(), change)
        return _answer(info, ref)

    return attempt(context, work, lambda found: GroupPayload(errors=found))


def _delete_group(info: Info, input: DeleteGroupInput) -> DeleteGroupPayload:
    """Delete a group."""
    context = info.context

    def work() -> DeleteGroupPayload:
        principal, text = context.require_principal(), str(input.group)

        def erase(connection: Connection) -> list[ObjectRef]:
            delete_group(connection, principal, text)
            return [ObjectRef.parse(text)]

        with context.database.write() as connection:
            refs = once(
                connection, principal, "deleteGroup", input.idempotency_key, {"group": text},
                lambda: erase(connection),
            )  # fmt: skip
        return DeleteGroupPayload(deleted=strawberry.ID(str(refs[0])))

    return attempt(context, work, lambda found: DeleteGroupPayload(errors=found))


def _answer(info: Info, ref: ObjectRef) -> GroupPayload:
    info.context.reload_principal()
    return GroupPayload(group=fetch_nodes(info, [ref], "group")[0])


@strawberry.type
class GroupMutations:
    """Mutations of this file."""

    create_group: GroupPayload = strawberry.field(
        resolver=_create_group, description="Make a group; takes ModifyGroup."
    )
    update_group: GroupPayload = strawberry.field(
        resolver=_update_group,
        description="Rename, describe or configure a group; its level is changed by "
        "setGroupPermissions.",
    )
    delete_group: DeleteGroupPayload = strawberry.field(
        resolver=_delete_group,
        description="Delete a group that holds no data, in the trash neither, and whose members "
        "are in other groups.",
    )
