"""`cancelActivity`: stop a long-running job; what it had begun is swept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import strawberry

from graphql_api.compiler.planner import fetch_nodes
from graphql_api.context import RequestContext
from graphql_api.editing.activities import cancel
from graphql_api.schema.mutations.outcomes import MutationError, attempt

if TYPE_CHECKING:
    from graphql_api.schema.types.activities import Activity

Info = strawberry.Info[RequestContext, None]
LazyActivity = Annotated["Activity", strawberry.lazy("graphql_api.schema.types.activities")]


@strawberry.input(description="Which job to stop.")
class CancelActivityInput:
    """Input of `cancelActivity`."""

    activity: strawberry.ID = strawberry.field(description="The job.")


@strawberry.type(description="The job, or why it goes on.")
class CancelActivityPayload:
    """Answer of `cancelActivity`."""

    activity: LazyActivity | None = strawberry.field(
        default=None, description="The job; a running one stops at its next heartbeat."
    )
    errors: list[MutationError] = strawberry.field(
        default_factory=list, description="Why nothing was done."
    )


def _cancel_activity(info: Info, input: CancelActivityInput) -> CancelActivityPayload:
    """Cancel an Activity."""
    context = info.context

    def work() -> CancelActivityPayload:
        ref = cancel(context.database, context.require_principal(), input.activity)
        context.renew()
        return CancelActivityPayload(activity=fetch_nodes(info, [ref], "activity")[0])

    return attempt(context, work, lambda found: CancelActivityPayload(errors=found))


@strawberry.type
class ActivityMutations:
    """Mutations of this file."""

    cancel_activity: CancelActivityPayload = strawberry.field(
        resolver=_cancel_activity, description="Stop a queued or running job."
    )
