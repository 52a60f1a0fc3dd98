"""`setGroupPermissions`: change a group's level; on the way to private data are destroyed.

What goes and what forbids it is decided in `graph.policies.change_level`.
"""

from __future__ import annotations

import strawberry

from graphql_api.graph.request import OperationRequest
from graphql_api.schema.mutations.operations import Info, OperationPayload, WhenInput, operate
from graphql_api.schema.types.people import GroupPermissions


@strawberry.input(description="Which group gets which level.")
class SetGroupPermissionsInput(WhenInput):
    """Input of `setGroupPermissions`."""

    group: strawberry.ID = strawberry.field(description="The group.")
    permissions: GroupPermissions = strawberry.field(description="Its new level.")


def _set_group_permissions(info: Info, input: SetGroupPermissionsInput) -> OperationPayload:
    """Change a level."""

    def make() -> OperationRequest:
        return OperationRequest(
            "change_level", (str(input.group),), permissions=str(input.permissions.value)
        )

    return operate(info, input, make)


@strawberry.type
class GroupLevelMutations:
    """Mutations of this file."""

    set_group_permissions: OperationPayload = strawberry.field(
        resolver=_set_group_permissions,
        description="Change a group's level, for its leaders and for administrators with "
        "ModifyGroup; READ_WRITE is given by administrators alone. PRIVATE destroys what joins "
        "different owners: look at a dry run.",
    )
