"""`moveToGroup`: move objects to another group, perhaps into a container there.

What moves, and what is left behind, is decided in `graph.policies.move_to_group`.
"""

from __future__ import annotations

from enum import Enum

import strawberry

from graphql_api.graph.request import NewContainer, OperationRequest
from graphql_api.schema.mutations.import_files import NewContainerInput
from graphql_api.schema.mutations.operations import (
    Info,
    OperationInput,
    OperationPayload,
    common,
    operate,
)


@strawberry.enum(description="What becomes of tags that cannot come along.")
class TagPolicy(Enum):
    """Ways with tags."""

    LEAVE = strawberry.enum_value("LEAVE", description="They stay, and the links are cut.")
    COPY = strawberry.enum_value(
        "COPY", description="They stay, and copies of them are linked in the new group."
    )
    MATCH_BY_NAME = strawberry.enum_value(
        "MATCH_BY_NAME",
        description="They stay; tags of the same text in the new group are linked, and made where "
        "there are none.",
    )


@strawberry.input(description="What to move where.")
class MoveToGroupInput(OperationInput):
    """Input of `moveToGroup`."""

    group: strawberry.ID = strawberry.field(description="The group to move to.")
    into: strawberry.ID | None = strawberry.field(
        default=None,
        description="A container in that group that gets the targets which it can hold.",
    )
    new_container: NewContainerInput | None = strawberry.field(
        default=None,
        description="A container to be made there for the targets, owned by their owner.",
    )
    tag_policy: TagPolicy = strawberry.field(
        default=TagPolicy.LEAVE, description="What becomes of tags that cannot come along."
    )


def _move_to_group(info: Info, input: MoveToGroupInput) -> OperationPayload:
    """Move."""

    def make() -> OperationRequest:
        new = input.new_container
        return OperationRequest(
            "move_to_group",
            **common(input),
            group=str(input.group),
            into=None if input.into is None else str(input.into),
            new_container=None
            if new is None
            else NewContainer(new.type, new.name, new.description),
            tag_policy=str(input.tag_policy.value),
        )

    return operate(info, input, make)


@strawberry.type
class MoveMutations:
    """Mutations of this file."""

    move_to_group: OperationPayload = strawberry.field(
        resolver=_move_to_group,
        description="Move objects to another group with what belongs to them. Links to what stays "
        "are cut; the report of a dry run lists them.",
    )
