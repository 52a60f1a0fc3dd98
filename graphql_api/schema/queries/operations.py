"""What a dialog asks before a graph operation: where to, to whom, and what lies in the trash."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from graphql_api.compiler.declare import RootList, connection
from graphql_api.compiler.planner import fetch_nodes
from graphql_api.context import RequestContext
from graphql_api.graph.prepare.giving import owner_candidates
from graphql_api.graph.prepare.moving import move_targets
from graphql_api.schema.types.connections import Connection
from graphql_api.schema.types.orders import PlainOrder
from graphql_api.schema.types.people import Group, User
from graphql_api.schema.types.trash import TrashEntry
from graphql_api.schema.types.where import ActivityWhere
from shared.errors import NotFound
from shared.refs import ObjectRef

Info = strawberry.Info[RequestContext, None]
Targets = Annotated[
    list[strawberry.ID], strawberry.argument(description="What is to be moved or given.")
]


@strawberry.type(description="A group to which a selection can be moved.")
class GroupChoice:
    """A group to which a selection can be moved."""

    group: Group = strawberry.field(description="The group.")
    owners_are_members: bool = strawberry.field(
        description="Whether every owner of the selection is a member: else they will not see "
        "their data there."
    )


def _move_targets(info: Info, targets: Targets) -> list[GroupChoice]:
    principal = info.context.require_principal()
    try:
        found = move_targets(info.context.connection, principal, [str(each) for each in targets])
    except* NotFound:
        found = []
    groups: list[Any] = fetch_nodes(info, [ObjectRef("Group", row[0]) for row in found], "group")
    return [
        GroupChoice(group=group, owners_are_members=row[2])
        for row, group in zip(found, groups, strict=True)
    ]


def _owner_candidates(info: Info, targets: Targets) -> list[User]:
    principal = info.context.require_principal()
    try:
        found = owner_candidates(
            info.context.connection, principal, [str(each) for each in targets]
        )
    except* NotFound:
        found = []
    people: list[Any] = fetch_nodes(info, [ObjectRef("User", number) for number in found])
    return people


@strawberry.type
class OperationQueries:
    """Queries of this file."""

    move_targets: list[GroupChoice] = strawberry.field(
        resolver=_move_targets,
        description="Groups that the targets may be moved to: those of all their owners, and every "
        "group for holders of Chgrp. Empty when the caller may not move them, or sees one not.",
    )
    owner_candidates: list[User] = strawberry.field(
        resolver=_owner_candidates,
        description="People to whom the targets may be given; empty when the caller may not.",
    )
    trash: Connection[TrashEntry] = connection(
        RootList("TrashEntry"),
        "Deletions of which something can still be restored or purged.",
        where=ActivityWhere,
        order=PlainOrder,
    )
