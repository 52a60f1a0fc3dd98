"""`setGroupPermissions`: open a group wider, or close it; closing it to private destroys.

What is destroyed, and what stands in the way, is decided in `graph.policies.change_level`.
"""

from __future__ import annotations

import strawberry

from graphql_api.graph.request import OperationRequest
from graphql_api.schema.mutations.operations import Info, OperationPayload, WhenInput, operate
from graphql_api.schema.types.people import GroupPermissions


@strawberry.input(description="Which level a group gets.")
class SetGroupPermissionsInput(WhenInput):
    """Input of `setGroupPermissions`."""

    group: strawberry.ID = strawberry.field(description="The group.")
    permissions: GroupPermissions = strawberry.field(
        description="Its new level. READ_WRITE is given by administrators only."
    )


def _set_group_permissions(info: Info, input: SetGroupPermissionsInput) -> OperationPayload:
    """Change a level."""

    def make() -> OperationRequest:
        level = str(input.permissions.value)
        return OperationRequest("change_level", targets=(str(input.group),), permissions=level)

    return operate(info, input, make)


@strawberry.type
class GroupPermissionsMutations:
    """Mutations of this file."""

    set_group_permissions: OperationPayload = strawberry.field(
        resolver=_set_group_permissions,
        description="Change a group's level, as leader or with ModifyGroup. Wider and narrower "
        "shared levels change no data; private cuts every link between two people's data and "
        "deletes what others put there. A dry run lists it.",
    )
