"""`changeOwner`: give objects, or all that some people own, to somebody else.

What is given and what is cut, level by level, is decided in `graph.policies.change_owner`.
"""

from __future__ import annotations

import strawberry

from graphql_api.graph.request import OperationRequest
from graphql_api.schema.mutations.operations import (
    Info,
    OperationInput,
    OperationPayload,
    common,
    operate,
)


@strawberry.input(description="What to give to whom.")
class ChangeOwnerInput(OperationInput):
    """Input of `changeOwner`."""

    targets: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="What to give; may be empty with allDataOf."
    )
    owner: strawberry.ID = strawberry.field(description="Who gets it.")
    all_data_of: list[strawberry.ID] = strawberry.field(
        default_factory=list,
        description="People all of whose data are given, in the groups where the caller may.",
    )
    merge_identical_links: bool = strawberry.field(
        default=False,
        description="Drop links that the recipient has already, instead of refusing.",
    )
    give_rendering_settings: bool = strawberry.field(
        default=False,
        description="Give the old owner's rendering settings too, where the new one has none.",
    )


def _change_owner(info: Info, input: ChangeOwnerInput) -> OperationPayload:
    """Give."""

    def make() -> OperationRequest:
        return OperationRequest(
            "change_owner",
            **common(input),
            owner=str(input.owner),
            all_data_of=tuple(str(each) for each in input.all_data_of),
            merge_identical_links=input.merge_identical_links,
            give_rendering_settings=input.give_rendering_settings,
        )

    return operate(info, input, make)


@strawberry.type
class ChangeOwnerMutations:
    """Mutations of this file."""

    change_owner: OperationPayload = strawberry.field(
        resolver=_change_owner,
        description="Give objects to somebody else: for administrators with Chown, and for leaders "
        "of the group when the recipient is a member.",
    )
