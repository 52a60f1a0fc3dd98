"""`executePlan`: do exactly what a dry run showed, or answer `Conflict`."""

from __future__ import annotations

import strawberry

from graphql_api.graph.booking import begin_plan
from graphql_api.schema.mutations.operations import Info, OperationPayload, answer


@strawberry.input(description="Which plan to carry out.")
class ExecutePlanInput:
    """Input of `executePlan`."""

    plan_id: strawberry.ID = strawberry.field(description="The planId of a dry run's report.")
    wait: int = strawberry.field(
        default=0,
        description="A large operation answers only when it has ended, or after so many seconds "
        "(to 30).",
    )
    idempotency_key: str | None = strawberry.field(
        default=None, description="The same key within 24 hours does it once."
    )


def _execute_plan(info: Info, input: ExecutePlanInput) -> OperationPayload:
    """Execute a plan."""
    return answer(
        info,
        input.wait,
        lambda desk: begin_plan(desk, str(input.plan_id), key=input.idempotency_key),
    )


@strawberry.type
class ExecutePlanMutations:
    """Mutations of this file."""

    execute_plan: OperationPayload = strawberry.field(
        resolver=_execute_plan,
        description="Do what a dry run of the caller's showed, once and within 24 hours; Conflict "
        "when the data have changed since.",
    )
