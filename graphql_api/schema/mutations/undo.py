"""`undoActivity`: take back what an Activity did, where the data and today's rights still allow it.

What goes back and what forbids it is decided in `graph.policies.undo`.
"""

from __future__ import annotations

import strawberry

from graphql_api.graph.request import OperationRequest
from graphql_api.schema.mutations.operations import Info, OperationPayload, WhenInput, operate


@strawberry.input(description="What to take back.")
class UndoActivityInput(WhenInput):
    """Input of `undoActivity`."""

    activity: strawberry.ID = strawberry.field(
        description="A link, unlink, relink, move, change of owner or naming of channels; or an "
        "Event of such a one."
    )


def _undo_activity(info: Info, input: UndoActivityInput) -> OperationPayload:
    """Undo."""
    return operate(info, input, lambda: OperationRequest("undo", activity=str(input.activity)))


@strawberry.type
class UndoMutations:
    """Mutations of this file."""

    undo_activity: OperationPayload = strawberry.field(
        resolver=_undo_activity,
        description="Take back what an activity did, exactly, or say why that cannot be any more.",
    )
